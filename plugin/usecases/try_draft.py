"""Try a draft on one patient: what would be otherwise, and the panel as it would be, today or on a past day.

The two futures are decided by what decides a reassessment, and compared by what compares them in a preview.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from plugin.domain.account import SignedIn
from plugin.domain.assessment import EffectKind
from plugin.domain.configuration import ConfigDraft, ConfigVersion
from plugin.domain.due_moves import DueMove, due_moves
from plugin.domain.errors import BadProgram, UnknownName
from plugin.domain.foresight import Foreseen, compare
from plugin.domain.ledger import EffectState, LedgerRow
from plugin.domain.panel import OnFile, panel_of, why_of
from plugin.domain.panel.view import Panel, Why
from plugin.domain.permissions import Action, Data, check_can
from plugin.domain.preview import PatientChange
from plugin.domain.reader import Reader
from plugin.domain.record import Record
from plugin.domain.source import Source
from plugin.domain.tracking import PatientRow
from plugin.usecases.decide import ground_of, look, weigh
from plugin.usecases.draft_rules import versions_with
from plugin.usecases.on_file import bare_file, checked_and_named
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.rules import rules_of
from plugin.usecases.services import Services
from plugin.usecases.show_as_of import past_file, past_row
from plugin.usecases.show_panel import write_down

_NEXT = 0
"""A place in the backlog is given when something is stored. Here it is the next one, with the draft and without it."""


class Asked(NamedTuple):
    """Which draft, on whom, and when: None is now."""

    draft_id: int
    reader: Reader
    moment: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """``change`` and ``due_moves`` say what the draft alone would do; the panels are with it and without it."""

    draft: ConfigDraft
    at: datetime
    is_past: bool
    change: PatientChange
    due_moves: Sequence[DueMove]
    with_draft: Panel
    without: Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """One patient at a moment, and all that an assessment by any rules needs. ``file`` is of that moment and holds nothing
    that was assessed; ``ledger`` is what the assessment is weighed against."""

    file: OnFile
    row: PatientRow
    record: Record
    ledger: Sequence[LedgerRow]
    versions: Sequence[ConfigVersion]

    @property
    def source(self) -> Source:
        return self.file.source


def draft_to_try(services: Services, me: SignedIn, draft_id: int) -> ConfigDraft:
    """The draft. UnknownName when it was published or discarded meanwhile, BadProgram when it cannot be right yet."""
    check_can(me.roles, Action.READ, Data.PLAN)
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    with services.database.begin(reading=True) as uow:
        return _right_draft(services, uow, draft_id)


def try_draft(services: Services, asked: Asked) -> Trial:
    """One audit row: who looked at whom, with which revision of which draft. Raises as ``draft_to_try`` does; UnknownName,
    too, for a patient of whom nothing was known at that moment, or whom nobody tracks."""
    draft, at, files, foreseen = _tried(services, asked)
    without, with_draft = files
    change = compare(*foreseen, patient_id=0, patient=asked.reader.patient, practice=without.rules.practice, now=at)
    _note(services, asked, without.source, draft, "read:trial")
    return Trial(
        draft=draft,
        at=at,
        is_past=asked.moment is not None,
        change=change,
        due_moves=due_moves(foreseen[0].milestones, foreseen[1].milestones),
        with_draft=panel_of(with_draft),
        without=panel_of(without),
    )


def why_tried(services: Services, asked: Asked, milestone: str, *, with_draft: bool) -> Why:
    """Why a step would be as it would be; or, without the draft, as it is."""
    draft, _, files, _ = _tried(services, asked)
    file = files[1] if with_draft else files[0]
    found = why_of(milestone, file)
    _note(services, asked, file.source, draft, "read:why")
    if found is None:
        raise UnknownName("There is no such step in this patient's plan.")
    return found


def _tried(
    services: Services, asked: Asked
) -> tuple[ConfigDraft, datetime, tuple[OnFile, OnFile], tuple[Foreseen, Foreseen]]:
    """Without the draft, and with it."""
    roles = asked.reader.roles
    check_can(roles, Action.READ, Data.PLAN)
    check_can(roles, Action.READ, Data.PROGRAMS)
    with services.database.begin(reading=True) as uow:
        draft = _right_draft(services, uow, asked.draft_id)
        at = asked.moment or services.clock()
        stage = _stage(services, uow, asked, at)
        both = [_by(services, uow, stage, v, at) for v in (stage.versions, versions_with(stage.versions, draft))]
        (without, before), (with_draft, after) = both
        files = checked_and_named(uow, without), checked_and_named(uow, with_draft)
        return draft, at, files, (before, after)


def _right_draft(services: Services, uow: UnitOfWork, draft_id: int) -> ConfigDraft:
    draft = uow.drafts.get(draft_id)
    wrong = sum(fault.is_wrong for fault in services.catalog.check(draft.kind, draft.body))
    if wrong and draft.of != "retirement":
        raise BadProgram(f"draft {draft.id}: {wrong} things in it are wrong: it cannot be tried yet")
    return draft


def _stage(services: Services, uow: UnitOfWork, asked: Asked, at: datetime) -> _Stage:
    source = uow.sources.by_id(asked.reader.source_id)
    staged = _staged_now if asked.moment is None else _staged_then
    found = staged(services, uow, asked.reader, source, at)
    if found is None:
        raise UnknownName("Nothing was known of this patient then.")
    return found


def _staged_now(services: Services, uow: UnitOfWork, reader: Reader, source: Source, at: datetime) -> _Stage | None:
    tracked = uow.patients.look(source, reader.patient)
    if tracked is None:
        return None
    row, versions = tracked.row, uow.configurations.current(at)
    record, effects = uow.patients.records([row])[0], uow.ledger.told(row.id)
    file = bare_file(services, reader, source, record, rules=rules_of(services, versions, source), now=at)
    file = replace(file, tracked=tracked, effects=effects, work=uow.work_items.of_patient(row.id), can_act=False)
    came = {effect.id: effect.changed_at for effect in effects}
    ledger = [replace(of, changed_at=came.get(of.id)) for of in uow.ledger.of_patients([row.id]).get(row.id, ())]
    return _Stage(file=file, row=row, record=record, ledger=ledger, versions=versions)


def _staged_then(services: Services, uow: UnitOfWork, reader: Reader, source: Source, at: datetime) -> _Stage | None:
    past = uow.history.of_patient(source, reader.patient, at)
    if past is None:
        return None
    versions = uow.configurations.in_force_at(at)
    file = past_file(services, reader, source, past=past, rules=rules_of(services, versions, source), moment=at)
    return _Stage(file=file, row=past_row(reader, past), record=past.record, ledger=past.effects, versions=versions)


def _by(
    services: Services, uow: UnitOfWork, stage: _Stage, versions: Sequence[ConfigVersion], at: datetime
) -> tuple[OnFile, Foreseen]:
    """The patient by these versions: what a page shows, and what would stand in ledger and queues."""
    ground = ground_of(uow, stage.source, rules_of(services, versions, stage.source))
    outcome = weigh(look(stage.row, stage.record, ground, at), stage.ledger, ground, lambda: _NEXT, at)
    foreseen = Foreseen(ledger=tuple(stage.ledger), items=tuple(stage.file.work)).after(outcome)
    told = [row for row in foreseen.ledger if row.kind is not EffectKind.WRITE or row.state is EffectState.FAILED]
    file = replace(stage.file, rules=ground.rules, plans=outcome.assessment.plans, effects=told, work=foreseen.items)
    return file, foreseen


def _note(services: Services, asked: Asked, source: Source, draft: ConfigDraft, action: str) -> None:
    as_of = {} if asked.moment is None else {"as_of": asked.moment.isoformat()}
    now = services.clock()
    write_down(services, asked.reader, source, action, now=now, draft=draft.id, revision=draft.revision, **as_of)

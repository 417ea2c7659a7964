"""The fake of the lists: every line is made anew from the fake tables, sorted, narrowed and counted in Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from plugin.domain.assessment import EffectKind, Milestone, PlanState
from plugin.domain.ledger import EffectState
from plugin.domain.queue import (
    NO_PROGRAM,
    At,
    GapLine,
    Listing,
    OwnerName,
    PatientLine,
    PlanName,
    Show,
    Tried,
    Wanted,
    Whom,
    Whose,
    WorkLine,
    acting_gaps,
    rank,
)
from plugin.domain.record import Patient, Said
from plugin.domain.tally import ASLEEP, Cell
from plugin.domain.work import OPEN, WorkItem
from tests.fake_tables import Known, Part, Tables

_ATTEMPTS = (EffectKind.MESSAGE, EffectKind.NOTICE, EffectKind.REPORT)
_TRIED = (EffectState.DONE, EffectState.FAILED)

Line = TypeVar("Line", WorkLine, GapLine, PatientLine)


class FakeQueues(Part):
    """The port ``Queues``."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)

    def work(self, wanted: Wanted, at: At | None, limit: int) -> tuple[Sequence[WorkLine], bool]:
        return _page(self._work(wanted), _work_key, at, limit)

    def work_lines(self, ids: Sequence[int]) -> Sequence[WorkLine]:
        items = {item.id: item for item in self._tables.work.values()}
        return [self._work_line(items[id_]) for id_ in ids if id_ in items]

    def gaps(self, wanted: Wanted, at: At | None, limit: int) -> tuple[Sequence[GapLine], bool]:
        return _page(self._gaps(wanted), _gap_key, at, limit)

    def patients(self, wanted: Wanted, at: At | None, limit: int) -> tuple[Sequence[PatientLine], bool]:
        return _page(self._patients(wanted), _patient_key, at, limit)

    def cells(
        self,
        listing: Listing,
        today: date,
        *,
        among: Sequence[int] | None = None,
        owner: Sequence[OwnerName] | None = None,
    ) -> Sequence[Cell]:
        everything = Wanted(
            who="", roles=(), today=today, among=None if among is None else tuple(among), show=Show.ALL,
            owner=None if owner is None else tuple(owner),
        )  # fmt: skip
        cells: Counter[Cell] = Counter()
        if listing is Listing.WORK:
            for line in self._work(everything):
                item = line.item
                state = ASLEEP if _sleeps(item, today) else item.state
                named = item.owner is not None
                cells[Cell(item.priority, item.role, line.program, line.stage, state, named, 0)] += 1
        elif listing is Listing.GAPS:
            for gap in self._gaps(everything):
                named, role, status = gap.step.owner.reference is not None, gap.step.owner.role, gap.step.status.value
                cells[Cell(gap.step.tier, role, gap.program, gap.stage, status, named, 0)] += 1
        else:
            for patient in self._patients(everything):
                cells.update(Cell(patient.tier, None, plan.program, plan.stage, "", False, 0) for plan in patient.plans)
        return [cell._replace(lines=count) for cell, count in cells.items()]

    def tiers(self, *, among: Sequence[int] | None = None) -> Mapping[int, int]:
        everything = Wanted(who="", roles=(), today=date.min, among=None if among is None else tuple(among))
        return Counter(line.tier for line in self._patients(everything))

    def find(self, words: Sequence[str], limit: int) -> Sequence[int]:
        found = [
            known.id
            for known in self._tables.patients.values()
            if all(any(one.startswith(word) for one in (known.found_by or "").split()) for word in words)
        ]
        return found[:limit]

    # -------------------------------------------------------------------------------------------------------- the lines
    def _work(self, wanted: Wanted) -> list[WorkLine]:
        lines = [self._work_line(item) for item in self._tables.work.values() if item.state in OPEN]
        return [line for line in lines if _shows_work(line.item, wanted) and self._fits(line, wanted)]

    def _work_line(self, item: WorkItem) -> WorkLine:
        plans = self._tables.plans.get(item.patient_id, ())
        risk = sum(plan.risk for plan in plans)
        of_item = [(plan, m) for plan in plans for key, _ in item.milestones for m in plan.milestones if m.key == key]
        known = [plan for plan, _ in of_item]
        known += [plan for plan in plans for key, _ in item.milestones if plan.plan == key]
        highest = max((m.tier for plan in plans for m in acting_gaps(plan.milestones)), default=0)
        tier = max((m.tier for _, m in of_item), default=highest or item.priority)
        return WorkLine(
            item=replace(item, priority=tier),
            whom=self._whom(item.patient_id),
            rank=rank(tier, risk, item.due_at),
            program=known[0].program if known else None,
            stage=known[0].stage if known else None,
            steps=tuple(m for _, m in of_item),
            tried=tuple(self._of_steps(item)),
        )

    def _of_steps(self, item: WorkItem) -> list[Tried]:
        tried = {one for key, _ in item.milestones for one in self._tried(item.patient_id, key)}
        return sorted(tried, key=lambda one: one.at)

    def _gaps(self, wanted: Wanted) -> list[GapLine]:
        lines = [
            self._gap_line(id_, plan, step)
            for id_, plans in self._tables.plans.items()
            for plan in plans
            for step in acting_gaps(plan.milestones)
        ]
        return [line for line in lines if _shows_gap(line.step, wanted) and self._fits(line, wanted)]

    def _gap_line(self, id_: int, plan: PlanState, step: Milestone) -> GapLine:
        risk = sum(one.risk for one in self._tables.plans[id_])
        return GapLine(
            step=replace(step, days_past_due=None),
            whom=self._whom(id_),
            rank=rank(step.tier, risk, step.due),
            program=plan.program,
            stage=plan.stage,
            tried=self._tried(id_, step.key),
        )

    def _patients(self, wanted: Wanted) -> list[PatientLine]:
        lines = [self._patient_line(known) for known in self._tables.patients.values() if known.tracked]
        return [
            line
            for line in lines
            if (line.tier or wanted.show is not Show.TODO)
            and wanted.tier in (None, line.tier)
            and _is_among(line.whom, wanted)
            and _has_plan(line, wanted)
        ]

    def _patient_line(self, known: Known) -> PatientLine:
        plans = self._tables.plans.get(known.id, ())
        gaps = [step for plan in plans for step in acting_gaps(plan.milestones)]
        waiting = gaps or [m for plan in plans for m in plan.milestones if not m.status.is_final]
        due = min((step.due for step in waiting if step.due), default=None)
        tier = max((step.tier for step in gaps), default=0)
        whom = self._whom(known.id)
        return PatientLine(
            whom=whom,
            rank=rank(tier, 0, None) if not plans else rank(tier, whom.risk, due),
            tier=tier,
            gaps=len(gaps),
            due=due,
            plans=tuple(PlanName(plan.title, plan.program, plan.stage) for plan in plans),
            is_assessed=known.found_by is not None,
        )

    # ------------------------------------------------------------------------------------------------------- what they say
    def _whom(self, id_: int) -> Whom:
        known = self._known(id_)
        fact = self._tables.facts.get((known.source_id, known.ref, known.ref))
        risk = sum(plan.risk for plan in self._tables.plans.get(id_, ()))
        return Whom(id_, known.source_id, known.ref, risk, fact if isinstance(fact, Patient) else None)

    def _known(self, id_: int) -> Known:
        return next(known for known in self._tables.patients.values() if known.id == id_)

    def _tried(self, id_: int, key: str) -> tuple[Tried, ...]:
        known = self._known(id_)
        said = [s for (source, ref, _), s in self._tables.statements.items() if (source, ref) == known_as(known)]
        undone = {s.target for s in said if s.said is Said.UNDO}
        calls = [
            Tried(s.at, None, "contact", s.outcome)
            for s in said
            if s.said is Said.CONTACT and s.milestone == key and s.id not in undone
        ]
        rows = [e for e in self._tables.effects.values() if e.row.patient_id == id_ and e.row.milestone == key]
        sent = [
            Tried(e.changed_at, e.row.kind, e.row.what, has_failed=e.row.state is EffectState.FAILED)
            for e in rows
            if e.row.kind in _ATTEMPTS and e.row.state in _TRIED and e.changed_at is not None
        ]
        return tuple(sorted((*calls, *sent), key=lambda one: one.at))

    def _fits(self, line: WorkLine | GapLine, wanted: Wanted) -> bool:
        if isinstance(line, WorkLine):
            tier, owner = line.item.priority, line.item.owner
            role: str | None = line.item.role
            is_roles = _is_in_roles(line, wanted)
        else:
            tier, role, owner = line.step.tier, line.step.owner.role, line.step.owner.reference
            is_roles = owner is None and role in wanted.roles
        return (
            _is_among(line.whom, wanted)
            and {Whose.MINE: _is_one_of(owner, line.whom, wanted.names), Whose.ROLES: is_roles, Whose.ALL: True}[
                wanted.whose
            ]
            and wanted.tier in (None, tier)
            and wanted.role in (None, role)
            and (wanted.owner is None or _is_one_of(owner, line.whom, wanted.owner))
            and wanted.program in (None, line.program or NO_PROGRAM)
            and wanted.stage in (None, line.stage)
        )


def _is_among(whom: Whom, wanted: Wanted) -> bool:
    return wanted.among is None or whom.id in wanted.among


def known_as(known: Known) -> tuple[int, str]:
    """Under which statements are kept."""
    return known.source_id, known.ref


def _is_in_roles(line: WorkLine, wanted: Wanted) -> bool:
    item = line.item
    is_free = item.owner is None or item.state == "open" or _is_one_of(item.owner, line.whom, wanted.names)
    return item.role in wanted.roles and is_free


def _is_one_of(owner: str | None, whom: Whom, names: Sequence[OwnerName]) -> bool:
    return any(owner == name.who and name.source_id in (None, whom.source_id) for name in names)


def _shows_work(item: WorkItem, wanted: Wanted) -> bool:
    sleeps = _sleeps(item, wanted.today)
    is_free = item.state == "open" or (item.state == "snoozed" and item.owner is None and not sleeps)
    return {Show.SNOOZED: sleeps, Show.FREE: is_free, Show.TODO: not sleeps}.get(wanted.show, True)


def _sleeps(item: WorkItem, today: date) -> bool:
    return item.state == "snoozed" and item.until is not None and item.until > today


def _shows_gap(step: Milestone, wanted: Wanted) -> bool:
    if wanted.show is Show.TODO:
        return step.status not in ("scheduled", "on-hold")
    wants = {Show.BOOKED: "scheduled", Show.ON_HOLD: "on-hold", Show.REVIEW: "in-review"}.get(wanted.show)
    return wants in (None, step.status)


def _has_plan(line: PatientLine, wanted: Wanted) -> bool:
    if wanted.program is None and wanted.stage is None:
        return True
    return any(
        wanted.program in (None, plan.program or NO_PROGRAM) and wanted.stage in (None, plan.stage)
        for plan in line.plans
    )


def _work_key(line: WorkLine) -> tuple[int, int, str]:
    return line.rank, line.item.id, ""


def _gap_key(line: GapLine) -> tuple[int, int, str]:
    return line.rank, line.whom.id, line.step.key


def _patient_key(line: PatientLine) -> tuple[int, int, str]:
    return line.rank, line.whom.id, ""


def _page(
    lines: Sequence[Line], key: Callable[[Line], tuple[int, int, str]], at: At | None, limit: int
) -> tuple[Sequence[Line], bool]:
    ordered = sorted(lines, key=key)
    if at is None:
        return ordered[:limit], len(ordered) > limit
    here = (at.rank, at.id, at.key)
    if at.is_back:
        before = [line for line in ordered if key(line) < here]
        return before[-limit:], len(before) > limit
    after = [line for line in ordered if key(line) > here]
    return after[:limit], len(after) > limit

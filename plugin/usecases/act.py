"""Act on a milestone, from the panel or from the patient's page: one statement, the patient reassessed with it, and the
EHR told at once.

A stale page writes nothing: another patient's, another version's, an ended session's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plugin.domain.act import ABOUT, SAID, UNDO_WITHIN, Act, can_still_be_undone, statement_of, undoing
from plugin.domain.act_check import WHOLE_FORM, Ground, check_act
from plugin.domain.assessment import Milestone
from plugin.domain.errors import BadAct, SessionEnded, Stale, UnknownName
from plugin.domain.permissions import Action, check_can
from plugin.domain.reader import Reader
from plugin.domain.record import Record, Said, Statement
from plugin.domain.source import Source
from plugin.domain.tracking import PatientRow
from plugin.domain.writes import derived_id
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.reassess import reassess_locked
from plugin.usecases.services import Services

WAIT = timedelta(milliseconds=500)
"""So long a person's act waits for a patient whom somebody else has in hand (DESIGN §9)."""

_SHORTEST_TOKEN = 16

_ABOUT_SAID = {SAID[kind]: data for kind, data in ABOUT.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """What was said. ``is_repeated``: it had been said before under the same token, and nothing was written now.
    ``is_assessed``: the plan shows it already; else it will, when the patient has been read or can be assessed again."""

    statement: Statement
    is_repeated: bool = False
    is_assessed: bool = True

    @property
    def undo_until(self) -> datetime | None:
        """Until when it can be taken back; taking back cannot."""
        return None if self.statement.said is Said.UNDO else self.statement.at + UNDO_WITHIN


def act(services: Services, reader: Reader, wish: Act, *, patient: str, version: str) -> Acted:
    """Says it. ``patient`` and ``version`` are what the person's page was drawn with. The same token twice is one act.

    Raises Forbidden, SessionEnded, Stale, UnknownName (no such milestone), BadAct, RecordBusy; then nothing was written.
    """
    check_can(reader.roles, Action.ACT, ABOUT[wish.kind])
    with _turn(services, reader, patient, (wish.once, wish.kind, wish.milestone)) as turn:
        if turn.repeated is not None:
            return turn.repeated
        milestone = turn.milestone(wish.milestone, version)
        ground = Ground(milestone=milestone, record=turn.record, today=services.practice.day(turn.now))
        said = statement_of(check_act(wish, ground), milestone, id_=turn.id, by=reader.who, at=turn.now)
        return turn.say(said, version)


def undo(services: Services, reader: Reader, statement: str, *, patient: str, once: str) -> Acted:
    """Takes an act back: what held before holds again. One's own within its time, somebody else's with the right to it.

    Raises as ``act`` does; Stale when it was taken back already, or its time is over.
    """
    with _turn(services, reader, patient, (once, Said.UNDO, statement)) as turn:
        if turn.repeated is not None:
            return turn.repeated
        target = _to_be_undone(turn, statement)
        return turn.say(undoing(target, id_=turn.id, by=reader.who, at=turn.now))


def _to_be_undone(turn: _Turn, statement: str) -> Statement:
    """The act of that id, where this person may take it back now."""
    target = next((said for said in turn.record.statements if said.id == statement), None)
    if target is None or target.said not in _ABOUT_SAID:
        raise UnknownName("There is no such entry in this patient's plan.")
    about = _ABOUT_SAID[target.said]
    check_can(turn.reader.roles, Action.ACT, about)
    if target.by != turn.reader.who:
        check_can(turn.reader.roles, Action.UNDO, about)
    if any(said.said is Said.UNDO and said.target == target.id for said in turn.record.statements):
        raise Stale("This has been taken back already.")
    if not can_still_be_undone(target, turn.now):
        raise Stale("It is too late to take this back. Say what holds now instead.")
    return target


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """One person's turn with one locked patient, in one transaction. ``id`` is that of the statement to come."""

    services: Services
    reader: Reader
    uow: UnitOfWork
    source: Source
    row: PatientRow
    id: str
    now: datetime
    record: Record

    @property
    def repeated(self) -> Acted | None:
        """What was said under this form's token before: a double click, or an answer that was lost."""
        found = next((said for said in self.record.statements if said.id == self.id), None)
        return None if found is None else Acted(statement=found, is_repeated=True)

    def milestone(self, key: str, version: str) -> Milestone:
        """As it is stored. UnknownName where this patient has none of that key, Stale where it is another by now."""
        plans, versions = self.uow.plans.shown(self.row.id, self.services.practice.day(self.now))
        found = next((step for plan in plans for step in plan.milestones if step.key == key), None)
        if found is None:
            raise UnknownName("There is no such step in this patient's plan.")
        if versions.get(key) != version:
            raise Stale("This step has changed since the page was drawn. Nothing was saved.")
        return found

    def say(self, said: Statement, version: str = "") -> Acted:
        """Statement, audit row and reassessment in this transaction; then the EHR is told."""
        told = {**self.reader.told, "version": version}
        self.uow.statements.add(self.source, self.row.ref, said, self.now, told=told)
        is_assessed = self._is_readable() and self._assess(said)
        self.uow.commit()
        self.services.jobs.deliver_now(self.row.id)
        return Acted(statement=said, is_assessed=is_assessed)

    def _assess(self, said: Statement) -> bool:
        record = replace(self.record, statements=(*self.record.statements, said))
        return reassess_locked(self.services, self.uow, self.row, record, now=self.now, by=self.reader.who)

    def _is_readable(self) -> bool:
        """Half a chart would make gaps that are none: who waits for a reading is assessed after it."""
        tracked = self.uow.patients.look(self.source, self.row.ref)
        return tracked is not None and tracked.waits_since is None and self.source.last_read_at is not None


@contextmanager
def _turn(services: Services, reader: Reader, patient: str, token: tuple[str, str, str]) -> Iterator[_Turn]:
    """Locks the reader's patient, and lets go at the end of the block; what was not committed is gone. The token of the
    form, with what it was used for, makes the id."""
    if services.clock() >= reader.ends_at:
        raise SessionEnded("This session is over. Open the chart again.")
    if patient != reader.patient:
        raise Stale("This page was drawn for another patient. Nothing was saved.")
    if len(token[0]) < _SHORTEST_TOKEN:
        raise BadAct({WHOLE_FORM: "This form cannot be used. Open it again."})
    with services.database.begin(reading=True) as uow:
        source = uow.sources.by_id(reader.source_id)
    with services.database.begin() as uow:
        row = uow.patients.lock(source, reader.patient, WAIT)
        yield _Turn(
            services=services,
            reader=reader,
            uow=uow,
            source=source,
            row=row,
            id=derived_id("say", reader.seat, *token),
            now=services.clock(),
            record=uow.patients.records([row])[0],
        )

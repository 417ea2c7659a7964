"""One person's turn with one locked work item, in one transaction; and with its patient, where something is said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plugin.domain.account import SignedIn
from plugin.domain.act import ActKind, Checked, statement_of, undoing
from plugin.domain.audit import AuditEntry
from plugin.domain.errors import UnknownName
from plugin.domain.permissions import Action, Data, check_can
from plugin.domain.record import Record, Said, Statement
from plugin.domain.source import Source
from plugin.domain.tracking import PatientRow
from plugin.domain.work import ABOUT, WhyNot, WorkAct, WorkItem, why_not
from plugin.domain.work_check import Finish
from plugin.domain.writes import derived_id
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.reassess import reassess_locked
from plugin.usecases.services import Services

WAIT = timedelta(milliseconds=500)
"""So long a person's act waits for what somebody else has in hand (DESIGN §9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """What became of an act: the item as it stands now, and why it could not be done, if so. ``is_repeated``: it had been
    done before, by the same person."""

    item: WorkItem
    why_not: WhyNot | None = None
    is_repeated: bool = False


class WorkTurn:
    """The item is locked until the transaction ends."""

    def __init__(self, me: SignedIn, uow: UnitOfWork, item: WorkItem, now: datetime) -> None:
        self.item = item
        self._me = me
        self._uow = uow
        self._now = now

    def stopped(self, act: WorkAct, seen: int | None = None) -> Did | None:
        """Why it goes no further: it cannot be done now, or was done before. ``seen`` is the revision on the screen.
        Forbidden for whom no role allows this kind of work."""
        item = self.item
        check_can(self._me.roles, Action.ACT, Data.WORK)
        check_can(self._me.roles, Action.ACT, ABOUT.get(item.kind, Data.PLAN))
        if self._is_repeated(act, seen):
            return Did(item=item, is_repeated=True)
        reason = why_not(item, act, self._me.who, self._me.roles, self._now)
        if reason is None and seen not in (None, item.revision):
            reason = WhyNot.CHANGED
        return None if reason is None else Did(item=item, why_not=reason)

    def move(self, after: WorkItem, act: WorkAct) -> WorkItem:
        """Stores it, with its audit row."""
        before, self.item = self.item, self._uow.work_items.move(self.item, after, self._now)
        entry = AuditEntry(
            at=self._now,
            who=self._me.who,
            action=f"work:{act.value}",
            record=self._record(),
            why=self.item.reason or "",
            detail={**self._me.told, **_detail(before, self.item)},
        )
        self._uow.audit.write([entry])
        return self.item

    def _is_repeated(self, act: WorkAct, seen: int | None) -> bool:
        """A double click, or an answer that was lost."""
        item, who = self.item, self._me.who
        if act is WorkAct.CLAIM:
            return item.state == "claimed" and item.owner == who
        if act is WorkAct.RELEASE:
            return item.state == "open" and item.by == who
        was_mine = seen is not None and item.revision == seen + 1 and item.by == who
        if act is WorkAct.FINISH:
            return was_mine and item.outcome is not None
        return act is WorkAct.SNOOZE and was_mine and item.state == "snoozed" and item.outcome is None

    def _record(self) -> str:
        """As the audit names the patient."""
        reading = self._uow.patients.reading_of(self.item.patient_id)
        if reading is None:
            return f"work-item/{self.item.id}"
        source_id, ref, _ = reading
        return f"{self._uow.sources.by_id(source_id).slug}/{ref}"


class PatientTurn(WorkTurn):
    """The patient is locked, too, and was locked before the item: an assessment takes them in that order."""

    def __init__(
        self, services: Services, me: SignedIn, uow: UnitOfWork, item: WorkItem, whose: tuple[Source, PatientRow]
    ) -> None:
        super().__init__(me, uow, item, services.clock())
        self._services = services
        self._source, self._row = whose
        self._record_of: Record = uow.patients.records([self._row])[0]

    def contacts(self, wish: Finish) -> Sequence[Statement]:
        """That the patient was called, said of each step that the item lists. The ids follow from the item's revision, so
        it is said once."""
        check_can(self._me.roles, Action.ACT, Data.SCHEDULE)
        plans, _ = self._uow.plans.shown(self._row.id, self._services.practice.day(self._now))
        steps = {step.key: step for plan in plans for step in plan.milestones}
        contact = Checked(
            kind=ActKind.CONTACT, outcome=wish.outcome, reason=wish.reason, note=wish.note, next_on=wish.next_on
        )
        return [
            statement_of(contact, steps[key], id_=self._id("work", key), by=self._me.who, at=self._now)
            for key, _ in self.item.milestones
            if key in steps
        ]

    def taking_back(self) -> Sequence[Statement]:
        """The words that take back what was said together with the item's last move."""
        item, said = self.item, self._record_of.statements
        undone = {one.target for one in said if one.said is Said.UNDO}
        together = [
            one
            for one in said
            if one.said is Said.CONTACT and one.by == item.by and one.at == item.changed_at and one.id not in undone
        ]
        return [undoing(one, id_=self._id("work-undo", one.id), by=self._me.who, at=self._now) for one in together]

    def say(self, said: Sequence[Statement]) -> Did:
        """Statements with their audit rows, and the patient reassessed with them, in this transaction; then the EHR is told."""
        told = {**self._me.told, "work_item": str(self.item.id)}
        for one in said:
            self._uow.statements.add(self._source, self._row.ref, one, self._now, told=told)
        if said and self._is_readable():
            record = replace(self._record_of, statements=(*self._record_of.statements, *said))
            reassess_locked(self._services, self._uow, self._row, record, now=self._now, by=self._me.who)
        self._uow.commit()
        if said:
            self._services.jobs.deliver_now(self._row.id)
        return Did(item=self.item)

    def _is_readable(self) -> bool:
        """Half a chart would make gaps that are none: who waits for a reading is assessed after it."""
        tracked = self._uow.patients.look(self._source, self._row.ref)
        return tracked is not None and tracked.waits_since is None and self._source.last_read_at is not None

    def _id(self, what: str, about: str) -> str:
        return derived_id(what, str(self.item.id), str(self.item.revision), about)


@contextmanager
def about_patient(services: Services, me: SignedIn, id_: int) -> Iterator[PatientTurn]:
    """Locks the item's patient, then the item, and lets go at the end of the block; what was not committed is gone."""
    with services.database.begin(reading=True) as uow:
        item = uow.work_items.by_number([id_]).get(id_)
        reading = uow.patients.reading_of(item.patient_id) if item else None
        if reading is None:
            raise UnknownName(f"There is no work item with the number {id_}.")
        source = uow.sources.by_id(reading[0])
    with services.database.begin() as uow:
        row = uow.patients.lock(source, reading[1], WAIT)
        yield PatientTurn(services, me, uow, uow.work_items.lock(id_, WAIT), (source, row))


def _detail(before: WorkItem, after: WorkItem) -> Mapping[str, object]:
    """Everything but the words, for which their hash stands: the audit is read by more people than the chart."""
    detail = {
        "item": after.id,
        "kind": after.kind,
        "state": [before.state, after.state],
        "owner": [before.owner, after.owner] if before.owner != after.owner else None,
        "role": [before.role, after.role] if before.role != after.role else None,
        "outcome": after.outcome,
        "until": after.until.isoformat() if after.until else None,
        "note_sha256": hashlib.sha256(after.note.encode()).hexdigest()
        if after.note != before.note and after.note
        else None,
    }
    return {name: value for name, value in detail.items() if value is not None}

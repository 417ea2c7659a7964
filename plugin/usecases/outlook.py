"""What a draft would change for some patients, on one snapshot: their future with it and without it, compared.

Both futures are decided by ``decide``, as a reassessment would decide them. Up to the moment from which the draft is to
hold, time goes by as it would: each look at its moment, by the rules of that day, and whatever is due is carried out.
So what time alone brings is in both futures, and none of it is the draft's doing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import TypeVar

from plugin.domain.calendar import Practice
from plugin.domain.configuration import ConfigDraft, ConfigVersion
from plugin.domain.errors import TemporaryFailure
from plugin.domain.foresight import Foreseen, compare, known_after, load_of
from plugin.domain.preview import PatientChange, PreviewSums
from plugin.domain.record import Record
from plugin.domain.tracking import Outcome, PatientRow, Tracked
from plugin.usecases.concern import concerned_by
from plugin.usecases.decide import Ground, ground_of, look, weigh
from plugin.usecases.draft_rules import versions_with
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.rules import rules_of
from plugin.usecases.services import Services

_AN_INSTANT = timedelta(microseconds=1)
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class _Way:
    """One patient: the looks that time brings before the draft holds, and the one at that moment without and with it."""

    row: PatientRow
    steps: Sequence[tuple[datetime, Outcome]]
    without: Outcome
    with_draft: Outcome

    @property
    def stands_still(self) -> bool:
        """Without the draft nothing would move."""
        return not self.steps and self.without.unchanged


@dataclass
class _Told:
    """What was found of some patients so far. ``work`` and ``messages``: what time alone brings and takes."""

    changes: list[PatientChange] = field(default_factory=list)
    failed: int = 0
    work: Counter[tuple[str, date]] = field(default_factory=Counter)
    messages: Counter[date] = field(default_factory=Counter)

    def alone(self, of_one: Callable[[], Found]) -> Iterator[Found]:
        """One patient fails alone and is counted; what will work again for all is no patient's failure."""
        try:
            yield of_one()
        except TemporaryFailure:
            raise
        except Exception:  # noqa: BLE001 one patient fails alone
            self.failed += 1

    def sums(self, caseload: int) -> PreviewSums:
        """Of so many patients."""
        of_changes = PreviewSums.of(self.changes)
        return replace(
            of_changes, caseload=caseload, failed=self.failed, work_before=self.work, messages_before=self.messages
        )


class Outlook:
    """``now`` is when the snapshot was made, ``at`` from when on the draft is to hold, for plans that start on ``plans_from``
    or later (None: for all); so many belong to the backlog."""

    def __init__(
        self,
        services: Services,
        uow: UnitOfWork,
        draft: ConfigDraft,
        *,
        now: datetime,
        at: datetime,
        plans_from: date | None,
        backlog: int,
    ) -> None:
        self._services, self._uow = services, uow
        self._now, self._at = now, at
        coming = (made.from_ for made in uow.configurations.scheduled(now))
        self._turns = sorted({moment for moment in coming if moment is not None and moment <= at})
        self._versions = [uow.configurations.current(moment) for moment in (now, *self._turns)]
        self._drafted = versions_with(self._versions[-1], draft, plans_from)
        self._concerned = concerned_by(services, self._versions[-1], draft) if not self._turns else None
        self._grounds: dict[tuple[int, int], Ground] = {}
        self._places = count(backlog)
        self._place_of: dict[int, int] = {}

    def of(self, tracked: Sequence[Tracked]) -> tuple[Sequence[PatientChange], PreviewSums]:
        """What would change for these patients, those left out for whom nothing would."""
        told = _Told()
        looked_at = self._looked_at(tracked)
        records = self._uow.patients.records([one.row for one in looked_at])
        pairs = zip(looked_at, records, strict=True)
        ways = [way for one, record in pairs for way in told.alone(lambda: self._way(one, record)) if way]  # noqa: B023 called at once
        ids = [way.row.id for way in ways]
        ledgers = self._uow.ledger.of_patients(ids) if ids else {}
        items = self._uow.previews.items(ids) if ids else {}
        for way in ways:
            stands = Foreseen(ledger=tuple(ledgers.get(way.row.id, ())), items=tuple(items.get(way.row.id, ())))
            told.changes.extend(told.alone(lambda: self._compared(way, stands, told)))  # noqa: B023 called at once
        return [change for change in told.changes if change.shows], told.sums(len(tracked))

    def _looked_at(self, tracked: Sequence[Tracked]) -> Sequence[Tracked]:
        """Without those whom the draft cannot concern, by what was found of them last; where that may be another by then,
        everybody is looked at."""
        if self._concerned is None:
            return tracked
        settled = [one.row.id for one in tracked if self._is_settled(one)]
        quiet = frozenset(settled) - self._concerned(self._uow.previews, settled) if settled else frozenset()
        return [one for one in tracked if one.row.id not in quiet]

    def _is_settled(self, one: Tracked) -> bool:
        """What is stored is what the rules in force will want at the moment, too."""
        due = one.row.next_change_at
        return bool(one.row.digest) and one.failed is None and (due is None or due > self._at)

    # -------------------------------------------------------------------------------------------------- the two futures
    def _way(self, one: Tracked, record: Record) -> _Way | None:
        """None where the draft changes nothing, and nothing else does."""
        row, steps = one.row, []
        moment = self._next(row, None)
        while moment is not None and moment < self._at:
            outcome = look(row, record, self._ground(row.source_id, moment), moment)
            steps.append((moment, outcome))
            row, record = _later(row, record, outcome)
            moment = self._next(row, moment)
        with_draft = look(row, record, self._ground_with_draft(row.source_id), self._at)
        is_settled = self._is_settled(one) and (moment is None or moment > self._at)
        if is_settled and with_draft.unchanged:
            return None
        without = look(row, record, self._ground(row.source_id, self._at), self._at)
        way = _Way(one.row, steps, without, with_draft)
        return None if way.stands_still and with_draft.digest == without.digest else way

    def _next(self, row: PatientRow, after: datetime | None) -> datetime | None:
        """When the patient is looked at next: when they are due, or when other rules come into force."""
        due = row.next_change_at
        if due is not None:
            due = max(due, self._now) if after is None or due > after else None
        turn = next((moment for moment in self._turns if moment > (after or self._now)), None)
        return min((moment for moment in (due, turn) if moment is not None), default=None)

    def _compared(self, way: _Way, stands: Foreseen, told: _Told) -> PatientChange:
        practice = self._ground(way.row.source_id, self._at).rules.practice
        foreseen = stands
        for moment, outcome in way.steps:
            foreseen = foreseen.delivered(moment - _AN_INSTANT, practice)
            foreseen = foreseen.after(self._weighed(outcome, foreseen, moment)).delivered(moment, practice)
        if self._at > self._now:
            foreseen = foreseen.delivered(self._at - _AN_INSTANT, practice)
        without = foreseen.after(self._weighed(way.without, foreseen, self._at))
        with_draft = foreseen.after(self._weighed(way.with_draft, foreseen, self._at, has_draft=True))
        if not way.stands_still:
            self._drift(stands, without, practice, told)
        return compare(without, with_draft, patient_id=way.row.id, patient=way.row.ref, practice=practice, now=self._at)

    def _weighed(self, outcome: Outcome, foreseen: Foreseen, moment: datetime, *, has_draft: bool = False) -> Outcome:
        source_id = outcome.row.source_id
        ground = self._ground_with_draft(source_id) if has_draft else self._ground(source_id, moment)
        return weigh(outcome, foreseen.ledger, ground, lambda: self._place(outcome.row.id), moment)

    def _drift(self, stands: Foreseen, without: Foreseen, practice: Practice, told: _Told) -> None:
        before, after = load_of(stands, practice, self._at), load_of(without, practice, self._at)
        told.work.update(after.work)
        told.work.subtract(before.work)
        told.messages.update(after.messages)
        told.messages.subtract(before.messages)

    def _place(self, patient_id: int) -> int:
        """In the backlog: a patient's is the same in both futures."""
        if patient_id not in self._place_of:
            self._place_of[patient_id] = next(self._places)
        return self._place_of[patient_id]

    # --------------------------------------------------------------------------------------------------------- the rules
    def _ground(self, source_id: int, moment: datetime) -> Ground:
        """Those of a day, as far as it is known today."""
        turn = bisect_right(self._turns, moment)
        return self._known_ground(source_id, turn, self._versions[turn])

    def _ground_with_draft(self, source_id: int) -> Ground:
        return self._known_ground(source_id, -1, self._drafted)

    def _known_ground(self, source_id: int, turn: int, versions: Sequence[ConfigVersion]) -> Ground:
        known = self._grounds.get((source_id, turn))
        if known is None:
            source = self._uow.sources.by_id(source_id)
            known = ground_of(self._uow, source, rules_of(self._services, versions, source))
            self._grounds[source_id, turn] = known
        return known


def _later(row: PatientRow, record: Record, outcome: Outcome) -> tuple[PatientRow, Record]:
    """Both, once this outcome is stored."""
    next_change_at = outcome.assessment.next_change_at
    if outcome.unchanged:
        return replace(row, next_change_at=next_change_at), record
    later = replace(
        row, digest=outcome.digest, backlog=bool(outcome.backlog), next_change_at=outcome.assessment.next_change_at
    )
    return later, replace(record, known=known_after(record.known, outcome.assessment))

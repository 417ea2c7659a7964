"""Tracked patients: who they are, whose records were merged, who waits for a read-back, which codes are looked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Text, and_, bindparam, case, func, not_, or_, select, update

from plugin.domain.errors import UnknownName
from plugin.domain.record import CarePlan, Coding, Record
from plugin.domain.source import Source
from plugin.domain.tracking import PatientRow, Tracked
from plugin.storage import tables
from plugin.storage.codec import decode_fact
from plugin.storage.column_types import is_of_type, moment
from plugin.storage.merges import move_to_survivor
from plugin.storage.records import owners_of, read_record, read_records
from plugin.storage.tables import fact, named_code, patient, practice
from plugin.storage.transaction import AnyRow, Transaction, Value
from plugin.storage.written import Written

_NEW = ("source_id", "ref", "tracked_at", "survivor_ref", "next_change_at", "waits_since", "digest", "backlog")
_LONGEST_AWAITED = timedelta(hours=2)
"""So long newly named codes keep a source's patients from being assessed, when it does not answer."""
_IS_TRACKED = patient.c.tracked_at.is_not(None)
_TOLD = ("assessed_at", "failed", "waits_since", "read_at")
_ROW = tuple(patient.c[name] for name in ("id", "source_id", "ref", "next_change_at", "digest", "backlog", "found_by"))
_OWN = patient.alias("own")
_SURVIVOR = select(_OWN.c.survivor_ref).where(
    _OWN.c.source_id == bindparam("of_source"), _OWN.c.ref == bindparam("asked_for")
)
_LOOK = Written(
    select(*_ROW, *(patient.c[name] for name in _TOLD)).where(
        patient.c.source_id == bindparam("of_source"),
        patient.c.ref == func.coalesce(_SURVIVOR.scalar_subquery(), bindparam("asked_for", type_=Text)),
        _IS_TRACKED,
    )
)


class SqlPatients:
    """The port ``Patients``. A row that has a survivor is never tracked itself: it only leads to the survivor."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def track(self, source: Source, refs: Sequence[str], now: datetime, read_back: bool) -> Sequence[str]:
        """See the port. A replaced record's plan makes its survivor tracked."""
        wanted = sorted(set(self._survivors(source, refs).values()))
        known = self._transaction.column(select(patient.c.ref).where(self._of(source, wanted), _IS_TRACKED))
        new = sorted(set(wanted) - set(known))
        waits = now if read_back else None
        rows = [(source.id, ref, now, None, now, waits, "", False) for ref in new]
        marks = ("tracked_at", "next_change_at", "waits_since")
        self._transaction.put(patient, _NEW, rows, key=("source_id", "ref"), replace=marks)
        return new

    def tracked(self, source: Source, refs: Sequence[str]) -> frozenset[str]:
        """See the port."""
        survivors = self._survivors(source, refs)
        query = select(patient.c.ref).where(self._of(source, list(survivors.values())), _IS_TRACKED)
        known = frozenset(self._transaction.column(query))
        return frozenset(ref for ref, survivor in survivors.items() if survivor in known)

    def merge(self, source: Source, survivors: Mapping[str, str], now: datetime) -> None:
        """See the port. A first reading brings many at once: those take a handful of statements."""
        new = self._unassessed(source, survivors)
        rows = [(source.id, replaced, None, survivor, None, None, "", False) for replaced, survivor in new.items()]
        self._transaction.put(patient, _NEW, rows, key=("source_id", "ref"), replace=_NEW[2:7])
        if new:
            self.mark(source, new.values(), now)
        for replaced, survivor in survivors.items():
            if replaced not in new:
                self._merge(source, replaced, survivor, now)

    def _unassessed(self, source: Source, survivors: Mapping[str, str]) -> dict[str, str]:
        """Of these pairs those of whose replaced record nothing but facts is stored, which have to do with no other
        merge, and which make nobody tracked who was not."""
        refs = sorted({*survivors, *survivors.values()})
        query = select(patient.c.ref, _IS_TRACKED, patient.c.digest, patient.c.survivor_ref)
        known = {ref: row for ref, *row in self._transaction.rows(query.where(self._of(source, refs)))}
        follows = and_(patient.c.source_id == source.id, self._transaction.among(patient.c.survivor_ref, refs))
        busy = {*self._transaction.column(select(patient.c.survivor_ref).where(follows))}
        busy |= {ref for ref, (_, _, followed) in known.items() if followed} | (
            survivors.keys() & set(survivors.values())
        )
        unknown = (False, "", None)

        def is_easy(replaced: str, survivor: str) -> bool:
            is_tracked, digest, _ = known.get(replaced, unknown)
            return (
                digest == "" and (not is_tracked or known.get(survivor, unknown)[0]) and not {replaced, survivor} & busy
            )

        return {replaced: survivor for replaced, survivor in sorted(survivors.items()) if is_easy(replaced, survivor)}

    def _merge(self, source: Source, replaced: str, survivor: str, now: datetime) -> None:
        """Merged again, a record follows to the last survivor; merged back, the direction turns."""
        last = self.survivor(source, survivor)
        if last == replaced:
            self._set_survivor(source, survivor, None)
            last = survivor
        if last == replaced or self.survivor(source, replaced) == last:
            return
        was_tracked = bool(self.tracked(source, [replaced]))
        self._set_survivor(source, replaced, last)
        if was_tracked:
            self.track(source, [last], now, read_back=True)  # of the untracked, no facts were kept
            move_to_survivor(self._transaction, source, replaced, last)
        self.mark(source, [last], now)

    def mark(self, source: Source, refs: Iterable[str], now: datetime) -> int:
        """See the port."""
        survivors = set(self._survivors(source, sorted(set(refs))).values())
        return self._mark(now, self._of(source, sorted(survivors)))

    def mark_all(self, now: datetime, source: Source | None = None) -> int:
        """See the port."""
        return self._mark(now, patient.c.source_id == source.id if source else self._of_practice())

    def weigh_anew(self, source: Source, now: datetime) -> int:
        """See the port. A digest that no assessment has: the marks have waited for assessments that were under way."""
        marked = self.mark_all(now, source)
        assessed = and_(patient.c.source_id == source.id, patient.c.digest != "")
        self._transaction.run(update(patient).where(assessed).values(digest=patient.c.digest + "+"))
        return marked

    def waiting_for_read_back(self, source: Source, limit: int) -> Sequence[tuple[str, date | None]]:
        """See the port."""
        waiting = and_(patient.c.source_id == source.id, patient.c.waits_since.is_not(None))
        query = select(patient.c.ref).where(waiting).order_by(patient.c.waits_since, patient.c.id).limit(limit)
        refs = self._transaction.column(query)
        starts = self._plan_starts(source.id, refs)
        return [(ref, starts.get(ref)) for ref in refs]

    def read_back_done(self, source: Source, ref: str, *, began: datetime, now: datetime) -> None:
        """See the port."""
        was_wanted = patient.c.waits_since <= began
        new = {
            "read_at": now,
            "waits_since": case((was_wanted, None), else_=patient.c.waits_since),
            "next_change_at": case((was_wanted, moment(now)), else_=patient.c.next_change_at),
        }
        self._transaction.run(update(patient).where(self._of(source, [ref])).values(new))

    def read_at(self, source: Source, ref: str) -> datetime | None:
        """See the port."""
        survivor = self.survivor(source, ref)
        return next(iter(self._transaction.column(select(patient.c.read_at).where(self._of(source, [survivor])))), None)

    def reading_of(self, patient_id: int) -> tuple[int, str, date | None] | None:
        """See the port."""
        query = select(patient.c.source_id, patient.c.ref).where(patient.c.id == patient_id, _IS_TRACKED)
        for source_id, ref in self._transaction.rows(query):
            return source_id, ref, self._plan_starts(source_id, [ref]).get(ref)
        return None

    def want_read_back(self, source: Source, refs: Sequence[str], now: datetime) -> None:
        """See the port."""
        survivors = sorted(set(self._survivors(source, refs).values()))
        chosen = self._in_order(and_(self._of(source, survivors), _IS_TRACKED))
        self._transaction.run(update(patient).where(chosen).values(waits_since=now, next_change_at=_earlier(now)))

    def replaced_by(self, source: Source, ref: str) -> Sequence[str]:
        """See the port."""
        return sorted(set(owners_of(self._transaction, source.id, [ref])) - {ref})

    def claim_due(self, now: datetime, limit: int, *, patient_id: int | None = None) -> Sequence[PatientRow]:
        """See the port."""
        order = (patient.c.next_change_at, patient.c.id)
        query = select(*_ROW).where(self._is_due(now)).order_by(*order).limit(limit)
        if patient_id is not None:
            query = query.where(patient.c.id == patient_id)
        return [_patient_row(row) for row in self._transaction.rows(query.with_for_update(skip_locked=True))]

    def lock(self, source: Source, ref: str, wait: timedelta) -> PatientRow:
        """See the port. On SQLite this waits only as the unit's first act; after it, the unit is the one writer."""
        with self._transaction.waiting(wait):
            survivor = self.survivor(source, ref)
            query = select(*_ROW).where(self._of(source, [survivor]), _IS_TRACKED).with_for_update()
            rows = self._transaction.rows(query)
        if not rows:
            raise UnknownName(f"{ref} of source {source.slug} is not tracked: it has no plan")
        return _patient_row(rows[0])

    def look(self, source: Source, ref: str) -> Tracked | None:
        """See the port."""
        rows = self._transaction.answers(_LOOK, of_source=source.id, asked_for=ref)
        if not rows:
            return None
        row, told = rows[0][: len(_ROW)], rows[0][len(_ROW) :]
        return Tracked(row=_patient_row(row), **dict(zip(_TOLD, told, strict=True)))

    def by_number(self, patient_id: int) -> tuple[int, str] | None:
        """See the port."""
        query = select(patient.c.source_id, patient.c.ref).where(self._of_practice(), patient.c.id == patient_id)
        return next(((source_id, ref) for source_id, ref in self._transaction.rows(query)), None)

    def due_count(self, now: datetime) -> int:
        """See the port."""
        return int(self._transaction.column(select(func.count()).select_from(patient).where(self._is_due(now)))[0])

    def backlog_count(self) -> int:
        """See the port."""
        ours = select(practice.c.id).where(practice.c.id == self._transaction.practice_id)
        self._transaction.run(ours.with_for_update(key_share=True))
        return int(self._transaction.column(select(func.count()).select_from(patient).where(patient.c.backlog))[0])

    def records(self, rows: Sequence[PatientRow]) -> Sequence[Record]:
        """See the port."""
        return read_records(self._transaction, rows)

    def record(self, source: Source, row: PatientRow) -> Record:
        """See the port."""
        return read_record(self._transaction, source, row.ref)

    def names_codes(self, source: Source, codes: Sequence[Coding], late: bool = False) -> frozenset[Coding]:
        """See the port."""
        rows = [(source.id, *pair, late) for pair in sorted({(coding.system, coding.code) for coding in codes})]
        names = ("source_id", "system", "code", "late")
        self._transaction.put(named_code, names, rows, key=names[:3])
        query = select(named_code.c.system, named_code.c.code).where(named_code.c.source_id == source.id)
        named_late = {(system, code) for system, code in self._transaction.rows(query.where(named_code.c.late))}
        return frozenset(coding for coding in codes if (coding.system, coding.code) in named_late)

    def named_codes(self, source: Source) -> frozenset[tuple[str, str]]:
        """See the port."""
        query = select(named_code.c.system, named_code.c.code).where(named_code.c.source_id == source.id)
        return frozenset((system, code) for system, code in self._transaction.rows(query))

    def survivor(self, source: Source, ref: str) -> str:
        """The reference that a patient's record is read under."""
        return self._survivors(source, [ref])[ref]

    def _survivors(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        """Each reference with the one it is read under: itself, unless it was replaced."""
        replaced = and_(self._of(source, refs), patient.c.survivor_ref.is_not(None))
        found = self._transaction.pairs(select(patient.c.ref, patient.c.survivor_ref).where(replaced))
        return {ref: found.get(ref, ref) for ref in refs}

    def _set_survivor(self, source: Source, ref: str, survivor: str | None) -> None:
        row = (source.id, ref, None, survivor, None, None, "", False)
        self._transaction.put(patient, _NEW, [row], key=("source_id", "ref"), replace=_NEW[2:7])
        if survivor is not None:
            followers = and_(patient.c.source_id == source.id, patient.c.survivor_ref == ref)
            self._transaction.run(update(patient).where(followers).values(survivor_ref=survivor))

    def _mark(self, now: datetime, which: ColumnElement[bool]) -> int:
        """First the locks, for all of them: whoever is being assessed right now will be asleep when we get the lock, and
        only then it shows whether the mark is needed."""
        chosen = and_(which, _IS_TRACKED)
        locked = select(patient.c.id).where(chosen).order_by(patient.c.id).with_for_update().subquery()
        self._transaction.run(select(func.count()).select_from(locked))
        later = or_(patient.c.next_change_at.is_(None), patient.c.next_change_at > now)
        return self._transaction.run(update(patient).where(chosen, later).values(next_change_at=now)).rowcount

    def _plan_starts(self, source_id: int, refs: Sequence[str]) -> Mapping[str, date]:
        owners = owners_of(self._transaction, source_id, refs)
        plans = and_(fact.c.source_id == source_id, self._transaction.among(fact.c.patient_ref, sorted(owners)))
        query = select(fact.c.patient_ref, fact.c.ref, fact.c.body).where(plans, is_of_type(fact.c.ref, "CarePlan"))
        starts: dict[str, date] = {}
        for owner, ref, body in self._transaction.rows(query):
            plan = decode_fact(ref, body)
            start = _first_day(plan) if isinstance(plan, CarePlan) else None
            if start is not None:
                starts[owners[owner]] = min(start, starts.get(owners[owner], start))
        return starts

    def _of(self, source: Source, refs: Sequence[str]) -> ColumnElement[bool]:
        return and_(patient.c.source_id == source.id, self._transaction.among(patient.c.ref, refs))

    def _of_practice(self) -> ColumnElement[bool]:
        return patient.c.practice_id == self._transaction.practice_id

    def _is_due(self, now: datetime) -> ColumnElement[bool]:
        """The sources are asked for first, so that what remains is one range of one index."""
        c = tables.source.c
        awaits = and_(c.awaits_since.is_not(None), c.awaits_since > now - _LONGEST_AWAITED)
        was_read = and_(c.practice_id == self._transaction.practice_id, c.last_read_at.is_not(None), not_(awaits))
        read = self._transaction.among(
            patient.c.source_id, self._transaction.column(select(tables.source.c.id).where(was_read))
        )
        due = and_(patient.c.waits_since.is_(None), patient.c.next_change_at <= now)
        return and_(self._of_practice(), due, read)

    def _in_order(self, which: ColumnElement[bool]) -> ColumnElement[bool]:
        """Locks rows in the order of their ids first: two who mark many patients cannot wait for each other."""
        return patient.c.id.in_(select(patient.c.id).where(which).order_by(patient.c.id).with_for_update())


def _earlier(now: datetime) -> ColumnElement[datetime]:
    return case((patient.c.next_change_at < now, patient.c.next_change_at), else_=moment(now))


def _patient_row(row: AnyRow | Sequence[Value]) -> PatientRow:
    id_, source_id, ref, next_change_at, digest, backlog, found_by = row
    return PatientRow(
        id=id_,
        source_id=source_id,
        ref=ref,
        next_change_at=next_change_at,
        digest=digest,
        backlog=backlog,
        found_by=found_by,
    )


def _first_day(plan: CarePlan) -> date | None:
    """The first day that a plan's start may mean: of a year, its first."""
    if plan.start is None:
        return None
    try:
        return date.fromisoformat((plan.start + "-01-01")[:10])
    except ValueError:
        return None

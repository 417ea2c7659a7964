"""The port ``Database`` in memory: tables are dictionaries of frozen values, a transaction works on copies of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import Self, cast

from plugin.domain.audit import AuditEntry
from plugin.domain.errors import BadInput, CannotDo, TemporaryFailure, UnknownName
from plugin.domain.ledger import EffectState
from plugin.domain.record import CarePlan, Coding, Record, Statement
from plugin.domain.source import Cursor, SetAside, Source
from plugin.domain.tracking import PatientRow, Tracked
from tests.fake_accounts import FakeAccounts
from tests.fake_audit import FakeAudit, FakeAuditLog, FakeSeals
from tests.fake_codes import FakeCodes
from tests.fake_effects import FakeLedger, FakePlans, FakeSent, FakeWorkItems
from tests.fake_facts import FakeFacts
from tests.fake_history import FakeHistory
from tests.fake_job_runs import FakeJobRuns
from tests.fake_people import FakeIssuers, FakePeople
from tests.fake_previews import FakePreviews
from tests.fake_queues import FakeQueues
from tests.fake_reading import FakeOnFile, FakeReadingCosts
from tests.fake_sinks import FakeCompanionLinks, FakeStaffAccounts, FakeStaffMessages
from tests.fake_tables import Entry, Known, Part, Tables
from tests.fake_versions import FakeConfigurations, FakeDrafts


class FakeDatabase:
    """In memory. ``poison`` are patients whose assessment it refuses to store; ``open`` counts transactions."""

    def __init__(self) -> None:
        self.tables = Tables()
        self.poison: set[str] = set()
        self.open = 0

    def begin(self, *, reading: bool = False) -> FakeUnitOfWork:
        return FakeUnitOfWork(self)

    @contextmanager
    def recording(self, entries: Sequence[AuditEntry]) -> Iterator[None]:
        with self.begin() as unit:
            unit.audit.write(entries)
            unit.commit()
        yield

    def check(self) -> None:
        """It always fits."""

    def close(self) -> None:
        """Nothing is open."""


class ForgetfulDatabase(FakeDatabase):
    """It does not answer when its rows about looks should stand."""

    @contextmanager
    def recording(self, entries: Sequence[AuditEntry]) -> Iterator[None]:
        yield
        raise TemporaryFailure("The database does not answer.")


class FakeUnitOfWork:
    """The port ``UnitOfWork``."""

    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self.tables = database.tables.copy()
        self.audit = FakeAudit(self.tables)
        self.sources = FakeSources(self.tables, self.audit)
        self.facts = FakeFacts(self.tables)
        self.on_file = FakeOnFile(self.tables)
        self.reading_costs = FakeReadingCosts(self.tables)
        self.patients = FakePatients(self.tables)
        self.plans = FakePlans(self.tables, database.poison)
        self.ledger = FakeLedger(self.tables)
        self.sent = FakeSent(self.tables)
        self.work_items = FakeWorkItems(self.tables)
        self.queues = FakeQueues(self.tables)
        self.history = FakeHistory(self.tables)
        self.statements = FakeStatements(self.tables)
        self.audit_log = FakeAuditLog(self.tables)
        self.seals = FakeSeals(self.tables)
        self.configurations = FakeConfigurations(self.tables, self.audit)
        self.drafts = FakeDrafts(self.tables)
        self.previews = FakePreviews(self.tables)
        self.codes = FakeCodes(self.tables)
        self.issuers = FakeIssuers(self.tables, self.sources, self.audit)
        self.people = FakePeople(self.tables, self.issuers, self.sources, self.audit)
        self.accounts = FakeAccounts(self.tables, self.people, self.audit)
        self.job_runs = FakeJobRuns(self.tables)
        self.companion_links = FakeCompanionLinks(self.tables)
        self.staff_messages = FakeStaffMessages(self.tables)
        self.staff_accounts = FakeStaffAccounts(self.tables)

    def __enter__(self) -> Self:
        self._database.open += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.open -= 1

    def commit(self) -> None:
        self._database.tables = self.tables.copy()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        before = self.tables.copy()
        try:
            yield
        except BaseException:
            self.tables.become(before)
            raise


_OF_HEALTH = frozenset({"last_read_at", "last_error", "last_error_at"})


class FakeSources(Part):
    """The port ``Sources``."""

    def __init__(self, tables: Tables, audit: FakeAudit) -> None:
        super().__init__(tables)
        self._audit = audit

    def add(
        self, source: Source, now: datetime, *, by: str = "milepost", told: Mapping[str, object] | None = None
    ) -> Source:
        if any(known.slug == source.slug for known in self._tables.sources.values()):
            raise BadInput(f"source {source.slug}: the slug is taken")
        before = next((old for old in self._tables.removed.values() if old.slug == source.slug), None)
        if before is not None and before.base_url != source.base_url:
            raise BadInput(f"source {source.slug}: was here before: {before.slug} ({before.base_url})")
        known = len(self._tables.sources) + len(self._tables.removed)
        added = replace(source, id=known + 1 if before is None else before.id)
        self._tables.removed.pop(added.id, None)
        self._tables.sources[added.id] = added
        self._told("add-source", added, now, by, {**(told or {}), "base_url": added.base_url, "kind": added.kind})
        return added

    def get(self, slug: str) -> Source:
        for source in self._tables.sources.values():
            if source.slug == slug:
                return source
        raise UnknownName(f"no source {slug}")

    def by_id(self, id_: int) -> Source:
        return self._tables.sources.get(id_) or self._tables.removed[id_]

    def forget(self, source: Source, now: datetime, *, by: str, told: Mapping[str, object]) -> None:
        self._told("remove-source", source, now, by, told)
        self._forget_rows(source.id, now)
        gone = self._tables.sources.pop(source.id)
        self._tables.removed[source.id] = replace(
            gone, leaving=None, paused=True, hook_path=None, hook_secret=None, token=None, staff_secret=None
        )

    def _forget_rows(self, id_: int, now: datetime) -> None:
        tables = self._tables
        tables.staff_accounts.pop(id_, None)
        by_source = (
            *(tables.facts, tables.cursors, tables.aside, tables.codes, tables.sent, tables.bodies),
            *(tables.on_file, tables.costs, tables.moved_at, tables.companion_links, tables.staff_messages),
        )
        for kept in cast(Iterable[dict[tuple[object, ...], object]], by_source):
            for key in [key for key in kept if key[0] == id_]:
                del kept[key]
        whose = {known.id for known in tables.patients.values() if known.source_id == id_}
        for key, known in tables.patients.items():
            if known.source_id == id_:
                tables.patients[key] = replace(known, tracked=False, next_change_at=None, waits_since=None)
        for patient in whose:
            tables.plans.pop(patient, None)
        tables.effects.update(
            {key: _withdrawn(entry, now) for key, entry in tables.effects.items() if entry.row.source_id == id_}
        )
        over = {
            key: item
            for key, item in tables.work.items()
            if item.patient_id in whose and item.state in ("open", "claimed", "snoozed")
        }
        tables.work.update({key: replace(item, state="withdrawn", changed_at=now) for key, item in over.items()})
        tables.issuers.update(
            {
                key: replace(each, is_active=False)
                for key, each in tables.issuers.items()
                if id_ in tables.sources and each.source == tables.sources[id_].slug
            }
        )

    def lock(self, source: Source) -> None:
        """There is one writer."""
        known = self._tables.sources.get(source.id)
        if source.id in self._tables.removed or (known is not None and known.leaving is not None):
            raise CannotDo(f"Source {source.slug}: it is being removed.")

    def by_hook(self, path: str) -> Source | None:
        return next((s for s in self._tables.sources.values() if s.hook_path == path), None)

    def all(self) -> Sequence[Source]:
        return sorted(self._tables.sources.values(), key=lambda source: source.slug)

    def update(
        self, source: Source, now: datetime, *, by: str = "milepost", told: Mapping[str, object] | None = None
    ) -> None:
        before = self.by_id(source.id)
        names = (each.name for each in fields(Source) if each.name not in _OF_HEALTH)
        changed = sorted(name for name in names if getattr(before, name) != getattr(source, name))
        if changed:
            self._tables.sources[source.id] = source
            self._told("change-source", source, now, by, {**(told or {}), "changed": changed})

    def _told(self, action: str, source: Source, now: datetime, by: str, detail: Mapping[str, object]) -> None:
        record = f"source/{source.slug}"
        self._audit.write([AuditEntry(at=now, who=by, action=action, record=record, detail=detail)])

    def cursor(self, source: Source, type_: str) -> Cursor:
        return self._tables.cursors.get((source.id, type_), Cursor())

    def cursors(self, source: Source, types: Sequence[str]) -> Mapping[str, Cursor]:
        return {type_: self.cursor(source, type_) for type_ in types}

    def begun(self, source: Source) -> frozenset[str]:
        moved = {key: cursor for key, cursor in self._tables.cursors.items() if cursor.complete or cursor.watermark}
        return frozenset(type_ for id_, type_ in moved if id_ == source.id)

    def move(self, source: Source, type_: str, cursor: Cursor, now: datetime) -> None:
        self._tables.cursors[source.id, type_] = cursor
        self._tables.moved_at[source.id, type_] = now

    def moved(self, source: Source) -> Mapping[str, datetime]:
        standing = (key for key, cursor in self._tables.cursors.items() if cursor.watermark is not None)
        return {type_: self._tables.moved_at[id_, type_] for id_, type_ in standing if id_ == source.id}

    def read_ok(self, source: Source, now: datetime) -> None:
        known = self.by_id(source.id)
        self._tables.sources[source.id] = replace(known, last_read_at=now, last_error=None, last_error_at=None)

    def read_failed(self, source: Source, now: datetime, error: str) -> None:
        self._tables.sources[source.id] = replace(self.by_id(source.id), last_error=error, last_error_at=now)

    def await_codes(self, source: Source, now: datetime) -> None:
        self._tables.awaits[source.id] = now

    def codes_read(self, source: Source, began: datetime) -> None:
        if source.id in self._tables.awaits and self._tables.awaits[source.id] <= began:
            del self._tables.awaits[source.id]

    def set_aside(self, source: Source, records: Sequence[SetAside], now: datetime) -> None:
        self._tables.aside.update({(source.id, record.ref): record for record in records})

    def clear_aside(self, source: Source, refs: Sequence[str]) -> None:
        for ref in refs:
            self._tables.aside.pop((source.id, ref), None)

    def aside(self, source: Source, type_: str | None = None) -> Sequence[SetAside]:
        mine = [record for (id_, _), record in self._tables.aside.items() if id_ == source.id]
        return [record for record in mine if type_ is None or record.ref.startswith(f"{type_}/")]

    def care_plans(self, source: Source) -> Mapping[str, int]:
        counts = Counter(record.reason for record in self.aside(source, "CarePlan"))
        aside = {record.ref for record in self.aside(source, "CarePlan")}
        plans = {
            ref: fact
            for (id_, ref, _), fact in self._tables.facts.items()
            if id_ == source.id and isinstance(fact, CarePlan) and ref not in aside
        }
        for plan in plans.values():
            counts["ended" if plan.status in ("completed", "revoked") else "tracked"] += 1
        return counts


def _withdrawn(entry: Entry, now: datetime) -> Entry:
    if entry.row.state not in (EffectState.PLANNED, EffectState.CLAIMED, EffectState.FAILED):
        return entry
    return replace(entry, row=replace(entry.row, state=EffectState.WITHDRAWN), ready_at=None, changed_at=now)


class FakePatients(Part):
    """The port ``Patients``."""

    def track(self, source: Source, refs: Sequence[str], now: datetime, read_back: bool) -> Sequence[str]:
        new = [ref for ref in {self._survivor(source, ref) for ref in refs} if not self._known(source, ref).tracked]
        waits = now if read_back else None
        for ref in new:
            self._put(replace(self._known(source, ref), tracked=True, next_change_at=now, waits_since=waits))
        return sorted(new)

    def tracked(self, source: Source, refs: Sequence[str]) -> frozenset[str]:
        return frozenset(ref for ref in refs if self._known(source, self._survivor(source, ref)).tracked)

    def merge(self, source: Source, survivors: Mapping[str, str], now: datetime) -> None:
        for replaced, survivor in survivors.items():
            self._merge(source, replaced, survivor, now)

    def _merge(self, source: Source, replaced: str, survivor: str, now: datetime) -> None:
        was = self._known(source, replaced)
        self._put(replace(was, tracked=False, survivor=survivor, next_change_at=None))
        if was.tracked:
            self.track(source, [survivor], now, read_back=True)
        self.mark(source, [survivor], now)

    def replaced_by(self, source: Source, ref: str) -> Sequence[str]:
        return [k.ref for k in self._tables.patients.values() if k.source_id == source.id and k.survivor == ref]

    def mark(self, source: Source, refs: Iterable[str], now: datetime) -> int:
        return sum(self._mark(self._known(source, self._survivor(source, ref)), now) for ref in refs)

    def mark_all(self, now: datetime, source: Source | None = None) -> int:
        return sum(
            self._mark(k, now)
            for k in list(self._tables.patients.values())
            if source is None or k.source_id == source.id
        )

    def weigh_anew(self, source: Source, now: datetime) -> int:
        marked = self.mark_all(now, source)
        for known in [k for k in self._tables.patients.values() if k.source_id == source.id and k.digest]:
            self._put(replace(known, digest=f"{known.digest}+"))
        return marked

    def waiting_for_read_back(self, source: Source, limit: int) -> Sequence[tuple[str, date | None]]:
        waiting = [k for k in self._tables.patients.values() if k.source_id == source.id and k.waits_since is not None]
        return [(k.ref, None) for k in waiting][:limit]

    def read_back_done(self, source: Source, ref: str, *, began: datetime, now: datetime) -> None:
        if (source.id, ref) not in self._tables.patients:
            return
        known = replace(self._known(source, ref), read_at=now)
        if known.waits_since is not None and known.waits_since <= began:
            known = replace(known, waits_since=None, next_change_at=now)
        self._put(known)

    def read_at(self, source: Source, ref: str) -> datetime | None:
        return self._known(source, self._survivor(source, ref)).read_at

    def reading_of(self, patient_id: int) -> tuple[int, str, date | None] | None:
        known = next((known for known in self._tables.patients.values() if known.id == patient_id), None)
        return (known.source_id, known.ref, None) if known and known.tracked else None

    def want_read_back(self, source: Source, refs: Sequence[str], now: datetime) -> None:
        for ref in refs:
            known = self._known(source, self._survivor(source, ref))
            if known.tracked:
                self._put(replace(known, waits_since=now))
                self._mark(self._known(source, known.ref), now)

    def claim_due(self, now: datetime, limit: int, *, patient_id: int | None = None) -> Sequence[PatientRow]:
        found = (k for k in self._tables.patients.values() if self._is_due(k, now) and patient_id in (None, k.id))
        due = sorted(found, key=lambda k: (k.next_change_at, k.id))
        return [known.row for known in due[:limit]]

    def lock(self, source: Source, ref: str, wait: timedelta) -> PatientRow:
        known = self._known(source, self._survivor(source, ref))
        if not known.tracked:
            raise UnknownName(f"{ref} is not tracked")
        return known.row

    def look(self, source: Source, ref: str) -> Tracked | None:
        known = self._known(source, self._survivor(source, ref))
        if not known.tracked:
            return None
        return Tracked(
            row=known.row,
            assessed_at=known.assessed_at,
            failed=known.failed,
            waits_since=known.waits_since,
            read_at=known.read_at,
        )

    def by_number(self, patient_id: int) -> tuple[int, str] | None:
        return next(((k.source_id, k.ref) for k in self._tables.patients.values() if k.id == patient_id), None)

    def due_count(self, now: datetime) -> int:
        return sum(1 for known in self._tables.patients.values() if self._is_due(known, now))

    def backlog_count(self) -> int:
        return sum(1 for known in self._tables.patients.values() if known.backlog)

    def records(self, rows: Sequence[PatientRow]) -> Sequence[Record]:
        return [self._record(row) for row in rows]

    def record(self, source: Source, row: PatientRow) -> Record:
        return replace(self._record(row), known=())

    def names_codes(self, source: Source, codes: Sequence[Coding], late: bool = False) -> frozenset[Coding]:
        for code in codes:
            self._tables.codes.setdefault((source.id, code.system, code.code), late)
        return frozenset(code for code in codes if self._tables.codes[source.id, code.system, code.code])

    def named_codes(self, source: Source) -> frozenset[tuple[str, str]]:
        return frozenset((system, code) for id_, system, code in self._tables.codes if id_ == source.id)

    def _record(self, row: PatientRow) -> Record:
        source = self._tables.sources[row.source_id]
        refs = {row.ref, *self.replaced_by(source, row.ref)}
        facts = [f for (id_, _, p), f in self._tables.facts.items() if id_ == row.source_id and p in refs]
        said = [s for (id_, p, _), s in self._tables.statements.items() if id_ == row.source_id and p in refs]
        steps = [step for (id_, _), step in self._tables.steps.items() if id_ == row.id]
        return Record.of(row.ref, source.slug, facts, said, known=steps)

    def _is_due(self, known: Known, now: datetime) -> bool:
        awaits = self._tables.awaits.get(known.source_id)
        is_awaited = awaits is not None and awaits > now - timedelta(hours=2)
        is_read = self._tables.sources[known.source_id].last_read_at is not None and not is_awaited
        is_free = known.tracked and known.waits_since is None and is_read
        return is_free and known.next_change_at is not None and known.next_change_at <= now

    def _mark(self, known: Known, now: datetime) -> bool:
        later = known.tracked and (known.next_change_at is None or known.next_change_at > now)
        if later:
            self._put(replace(known, next_change_at=now))
        return later

    def _known(self, source: Source, ref: str) -> Known:
        return self._tables.patients.get(
            (source.id, ref), Known(id=len(self._tables.patients) + 1, ref=ref, source_id=source.id)
        )

    def _survivor(self, source: Source, ref: str) -> str:
        return self._known(source, ref).survivor or ref

    def _put(self, known: Known) -> None:
        self._tables.patients[known.source_id, known.ref] = known


class FakeStatements(Part):
    """The port ``Statements``."""

    def add(
        self,
        source: Source,
        patient: str,
        statement: Statement,
        now: datetime,
        *,
        told: Mapping[str, str] | None = None,
    ) -> bool:
        if any(id_ == statement.id for _, _, id_ in self._tables.statements):
            return False
        self._tables.statements[source.id, patient, statement.id] = statement
        self._tables.said_at[source.id, patient, statement.id] = now
        FakePatients(self._tables).mark(source, [patient], now)
        record = f"{source.slug}/{patient}"
        entry = AuditEntry(
            at=now, who=statement.by, action=f"say:{statement.said.value}", record=record, detail=told or {}
        )
        FakeAudit(self._tables).write([entry])
        return True

    def of_patient(self, source: Source, patient: str) -> Sequence[Statement]:
        mine = [s for (id_, p, _), s in self._tables.statements.items() if id_ == source.id and p == patient]
        return sorted(mine, key=lambda statement: (statement.at, statement.id))

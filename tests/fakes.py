"""One fake per port outside storage: an EHR in memory, a catalog, jobs, metrics, a clock, and faults on demand."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from plugin.catalog.loader import FileCatalog
from plugin.catalog.practice_reader import calendar_of, limits_of
from plugin.domain.calendar import Practice
from plugin.domain.configuration import ConfigVersion, Limits
from plugin.domain.edit import owned_digest
from plugin.domain.errors import PermanentFailure, TemporaryFailure
from plugin.domain.fault import Fault, Known
from plugin.domain.job import Periodic
from plugin.domain.ladder import STANDARD, Ladder
from plugin.domain.ledger import LedgerRow
from plugin.domain.program import Program
from plugin.domain.record import Coding, Fact, Link, Order
from plugin.domain.source import Cursor, Draft, HowToTakeBack, Page, SetAside, Standing, TakenBack, Written
from plugin.domain.writes import TaskContent, flag_ref, gap_ref, notice_ref, task_ref
from plugin.usecases.keeping import patients_of
from plugin.usecases.ports import Gauge

START = datetime(2026, 6, 15, 12, tzinfo=UTC)
FEED = (
    "Patient",
    "CarePlan",
    "Task",
    "ServiceRequest",
    "Appointment",
    "Encounter",
    "Goal",
    "Practitioner",
    "Observation",
)
FOLLOWED = ("MedicationRequest", "RequestGroup")
DEVICE = "Device/milepost"

_REFS = {"task": task_ref, "detected-issue": gap_ref, "flag": flag_ref, "overdue": notice_ref}


@dataclass
class FakeClock:
    """Stands still until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> datetime:
        """Moves on by a timedelta's keywords."""
        self.now += timedelta(**span)
        return self.now


@dataclass
class FakeServer:
    """What stands on a FHIR server: facts by reference, each with its stamp; what we wrote, by reference."""

    facts: dict[str, Fact] = field(default_factory=dict)
    stamps: dict[str, datetime] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """References of resources that cannot be mapped."""
    written: dict[str, Draft] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    writes: Counter[str] = field(default_factory=Counter)
    refused: dict[str, str] = field(default_factory=dict)
    """References that are refused, with the server's words."""
    authors: dict[str, str] = field(default_factory=dict)
    taken_back: HowToTakeBack | None = None
    down: bool = False
    stamps_changes: bool = True
    """Whether a fact's stamp says when it came to be."""
    _tick: int = 0

    def put(self, *facts: Fact) -> None:
        """Writes facts, each with a new version and a later stamp."""
        for fact in facts:
            self._tick += 1
            version = str(int(self.facts[fact.ref].version) + 1) if fact.ref in self.facts else "1"
            self.stamps[fact.ref] = START + timedelta(milliseconds=self._tick)
            seen = self.stamps[fact.ref] if self.stamps_changes else None
            self.facts[fact.ref] = replace(fact, version=version, seen=seen)

    def put_late(self, fact: Fact, stamp: datetime) -> None:
        """A transaction that committed after the feed had gone past its stamp."""
        self.facts[fact.ref] = replace(fact, version="1", seen=stamp)
        self.stamps[fact.ref] = stamp

    def delete(self, ref: str) -> None:
        """As a DELETE does: no search shows it any more."""
        self.facts.pop(ref)
        self.stamps.pop(ref)

    def edit_task(self, ref: str, status: str, author: str | None = None) -> None:
        """A person changes our Task in the EHR."""
        draft = self.written[ref]
        self.written[ref] = replace(draft, body={**draft.body, "status": status}, digest=f"edited-{status}")
        self.versions[ref] += 1
        if author is not None:
            self.authors[ref] = author
        self._touch(ref)

    def task(self, ref: str) -> Order:
        """Our Task as the mapping would read it."""
        body = self.written[ref].body
        return task_of(ref, body, version=str(self.versions[ref]), seen=self.stamps[ref])

    def _touch(self, ref: str) -> None:
        self._tick += 1
        self.stamps[ref] = START + timedelta(milliseconds=self._tick)

    def accept(self, draft: Draft) -> Written:
        """One PUT. What is equal to what stands keeps its version."""
        if draft.ref in self.refused:
            return Written(draft.ref, None, error=self.refused[draft.ref])
        standing = self.versions.get(draft.ref)
        if draft.ref in self.written and self.written[draft.ref].digest == draft.digest:
            return Written(draft.ref, str(standing))
        if draft.if_match is not None and draft.if_match != str(standing):
            return Written(draft.ref, None, error=f"{draft.ref}: version {standing} stands there", conflict=True)
        self.versions[draft.ref] = (standing or 0) + 1
        self.written[draft.ref] = draft
        self.writes[draft.ref] += 1
        self._touch(draft.ref)
        return Written(draft.ref, str(self.versions[draft.ref]))

    def everything(self) -> dict[str, Fact]:
        """The facts, and our Tasks as they come back."""
        return {**self.facts, **{ref: self.task(ref) for ref in self.written if ref.startswith("Task/")}}


def task_of(ref: str, body: Mapping[str, object], *, version: str = "", seen: datetime | None = None) -> Order:
    """A body of ours, read back."""
    owner = body.get("owner")
    return Order(
        ref=ref,
        version=version,
        seen=seen,
        ours=True,
        subject=str(body["patient"]),
        status=str(body["status"]),
        owner=Link(owner) if isinstance(owner, str) else None,
    )


class FakeEhr:
    """The port ``Ehr`` over a ``FakeServer``; small pages, so that there are several."""

    def __init__(self, server: FakeServer, page_size: int = 4, types: Sequence[str] = FEED) -> None:
        self.server = server
        self.types = tuple(types)
        self.followed = FOLLOWED
        self.not_offered: Sequence[str] = ()
        self._size = page_size

    def probe(self) -> Mapping[str, object]:
        self._ask()
        return {"types": {name: {} for name in self.types}, "fhir_version": "4.0.1"}

    def pages(self, type_: str, cursor: Cursor) -> Iterator[Page]:
        """A cursor's watermark is the last stamp that was taken; no overlap."""
        since = None if cursor.watermark is None else datetime.fromisoformat(cursor.watermark)
        found = [ref for ref in self._in_order(type_) if since is None or self.server.stamps[ref] > since]
        for start in range(0, len(found), self._size) or (0,):
            self._ask()
            chosen = found[start : start + self._size]
            is_last = start + self._size >= len(found)
            mark = self.server.stamps[chosen[-1]].isoformat() if chosen else cursor.watermark
            page = self._page(type_, chosen)
            yield replace(page, cursor=Cursor(mark, complete=is_last or cursor.complete))

    def pages_of(self, cursors: Mapping[str, Cursor]) -> Iterator[Page]:
        for type_, cursor in cursors.items():
            yield from self.pages(type_, cursor)

    def read(self, refs: Sequence[str]) -> Iterator[Page]:
        self._ask()
        known = self.server.everything()
        for ref in refs:
            if ref in known:
                yield self._page(ref.partition("/")[0], [ref])

    def ordered(self, codes: Sequence[Coding]) -> Iterator[Page]:
        wanted = {(coding.system, coding.code) for coding in codes}
        facts = self.server.everything()
        for type_ in ("ServiceRequest", "Task"):
            self._ask()
            orders = [fact for ref in self._in_order(type_) if isinstance(fact := facts[ref], Order)]
            found = [o.ref for o in orders if any((c.system, c.code) in wanted for c in o.concept.codings)]
            if found:
                yield self._page(type_, found)

    def read_patient(self, patient: str, since: date | None) -> Iterator[Page]:
        for type_ in self.types:
            self._ask()
            facts = self.server.everything()
            found = [ref for ref in self._in_order(type_) if patient in patients_of(facts[ref])]
            if found:
                yield self._page(type_, found)

    def references(self, type_: str) -> Iterator[Sequence[tuple[str, str]]]:
        self._ask()
        facts = self.server.everything()
        yield [(ref, facts[ref].version) for ref in self._in_order(type_)]

    def count(self, type_: str) -> int:
        self._ask()
        return len(self._in_order(type_))

    def draft(self, row: LedgerRow) -> Draft:
        content = dict(row.content or {})
        ref = _REFS[row.what](str(content["key"]))
        if row.what == "task":
            content["status"] = TaskContent.from_json(content).task_status
        if row.what == "overdue":
            content["about"] = [content["task"]]
        return replace(drafted(ref, content), by=row.by)

    def device(self) -> Draft:
        return drafted(DEVICE, {})

    def accompanied(self, drafts: Sequence[Draft], at: datetime) -> Sequence[Draft]:
        names = hashlib.sha256("".join(draft.ref + draft.digest for draft in drafts).encode()).hexdigest()[:12]
        people = sorted({draft.by for draft in drafts if draft.by})
        return [*drafts, drafted(f"Provenance/{names}", {"people": people})]

    def write(self, drafts: Sequence[Draft]) -> Sequence[Written]:
        self._ask()
        return [self.server.accept(draft) for draft in drafts]

    def authors(self, ref: str, version: str) -> Sequence[str]:
        self._ask()
        return [self.server.authors[ref]] if ref in self.server.authors else []

    def ours(self) -> Iterator[Sequence[Standing]]:
        self._ask()
        yield self.standing(list(self.server.written))

    def standing(self, refs: Sequence[str]) -> Sequence[Standing]:
        self._ask()
        there = [self.server.written[ref] for ref in refs if ref in self.server.written]
        return [Standing(d.ref, str(self.server.versions[d.ref]), d.digest, d.owned) for d in there]

    def ours_by_type(self) -> Mapping[str, int]:
        self._ask()
        return Counter(ref.partition("/")[0] for ref in self.server.written)

    def take_back(self, how: HowToTakeBack) -> Iterator[TakenBack]:
        """Deleted, all of it; of what says that it counts no more, the server only remembers that it was asked."""
        self._ask()
        if self.server.taken_back == how:
            return
        for type_, count in self.ours_by_type().items():
            yield TakenBack(type_, count)
        self.server.taken_back = how
        if how == "delete":
            self.server.written.clear()

    def subscribe(self, endpoint: str, secret: str) -> str | None:
        self._ask()
        return "Subscription/hook"

    def _ask(self) -> None:
        if self.server.down:
            raise TemporaryFailure("The server does not answer.")

    def _in_order(self, type_: str) -> list[str]:
        found = [ref for ref in self.server.everything() if ref.startswith(f"{type_}/")]
        return sorted(found, key=lambda ref: (self.server.stamps[ref], ref))

    def _page(self, type_: str, refs: Sequence[str]) -> Page:
        facts = self.server.everything()
        good = tuple(facts[ref] for ref in refs if ref not in self.server.broken)
        aside = tuple(SetAside(ref, facts[ref].version, "no status") for ref in refs if ref in self.server.broken)
        return Page(type=type_, facts=good, set_aside=aside, read=len(refs))


def drafted(ref: str, body: Mapping[str, object]) -> Draft:
    """A draft with the digests that go with its body."""
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    owned = owned_digest(task_of(ref, body)) if ref.startswith("Task/") else ""
    return Draft(ref=ref, body=body, digest=digest, owned=owned)


@dataclass
class FakeCatalog:
    """The port ``Catalog``: programs and ladders as they are, by code and version."""

    programs: Mapping[str, Program] = field(default_factory=dict)

    def shipped(self) -> Sequence[ConfigVersion]:
        made = [ConfigVersion(kind="program", code=p.code, version=p.version, body={}) for p in self.programs.values()]
        return [*made, ConfigVersion(kind="ladder", code=STANDARD.code, version=STANDARD.version, body={})]

    def program(self, version: ConfigVersion) -> Program:
        return self.programs[version.code]

    def ladder(self, version: ConfigVersion) -> Ladder:
        return STANDARD

    def calendar(self, version: ConfigVersion, zone: ZoneInfo) -> Practice:
        return calendar_of(version.body, zone)

    def limits(self, version: ConfigVersion) -> Limits:
        return limits_of(version.body)

    def program_so_far(self, body: Mapping[str, object]) -> Program | None:
        return FileCatalog().program_so_far(body)

    def ladder_so_far(self, body: Mapping[str, object]) -> Ladder | None:
        return FileCatalog().ladder_so_far(body)

    def check(self, kind: str, body: Mapping[str, object], known: Known | None = None) -> Sequence[Fault]:
        """As the real one: a check needs nothing that is stored."""
        return FileCatalog().check(kind, body, known)


PERIODIC = (
    Periodic("milepost.tick", "milepost.tick", every=timedelta(seconds=30)),
    Periodic("milepost.reconcile.sources", "milepost.tick", at=time(4, 15)),
)


@dataclass
class FakeJobs:
    """The port ``Jobs``: remembers what was asked for."""

    asked: list[str] = field(default_factory=list)

    def poll(self, source_id: int) -> None:
        self.asked.append(f"poll {source_id}")

    def tick(self) -> None:
        self.asked.append("tick")

    def deliver(self) -> None:
        self.asked.append("deliver")

    def reconcile(self, source_id: int) -> None:
        self.asked.append(f"reconcile {source_id}")

    def read(self, patient_id: int) -> None:
        self.asked.append(f"read {patient_id}")

    def deliver_now(self, patient_id: int) -> None:
        self.asked.append(f"deliver-now {patient_id}")

    def preview(self, preview_id: int) -> None:
        self.asked.append(f"preview {preview_id}")

    def leave(self, source_id: int) -> None:
        self.asked.append(f"leave {source_id}")

    def periodic(self) -> Sequence[Periodic]:
        return PERIODIC

    def run(self, name: str) -> None:
        self.asked.append(f"run {name}")

    def check(self) -> None:
        """It always answers."""


@dataclass
class FakeMetrics:
    """The port ``Metrics``: adds up counters."""

    counters: Counter[str] = field(default_factory=Counter)

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        self.counters[name] += by

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        self.counters[name] += 1

    def page(self, gauges: Iterable[Gauge]) -> str:
        return "\n".join(sorted({*self.counters, *(gauge.name for gauge in gauges)}))


@dataclass
class FakeProcesses:
    """The port ``Processes``: who has ended is what is said to have ended."""

    me: str = "test:1"
    gone: set[str] = field(default_factory=set)

    def name(self) -> str:
        return self.me

    def is_gone(self, name: str) -> bool:
        return name in self.gone


class Killed(BaseException):
    """The process dies here, as of ``kill -9``: nothing that runs afterwards in it counts."""


class Faults:
    """Counts every call of the ports that it stands before, and raises at the one that was chosen: before it has
    happened, or after (the answer is lost)."""

    def __init__(self, at: int | None = None, *, after: bool = False, error: type[BaseException] = Killed) -> None:
        self.calls = 0
        self.fell_at: str | None = None
        self._at, self._after, self._error = at, after, error

    def before(self, port: object) -> Stand:
        """The same port, with us before it."""
        return Stand(port, self)

    def run(self, name: str, call: Callable[[], object]) -> object:
        """One call of a port."""
        self.calls += 1
        is_chosen = self.calls == self._at
        if is_chosen and not self._after:
            self._fall(name)
        answer = call()
        if is_chosen:
            self._fall(name)
        return answer

    def _fall(self, name: str) -> None:
        self.fell_at = name
        if issubclass(self._error, TemporaryFailure):
            raise self._error("A fault, on purpose.")
        raise self._error


class Stand:
    """Stands before a port; what a call gives back that is a port itself (a unit of work) is stood before as well."""

    _PORTS = frozenset(
        (
            "sources",
            "facts",
            "patients",
            "plans",
            "ledger",
            "sent",
            "work_items",
            "statements",
            "configurations",
            "issuers",
            "people",
        )
    )

    def __init__(self, port: object, faults: Faults) -> None:
        self._port, self._faults = port, faults

    def __getattr__(self, name: str) -> object:
        value = getattr(self._port, name)
        if name in self._PORTS:
            return Stand(value, self._faults)
        if not callable(value) or name == "savepoint":
            return value

        def call(*args: object, **kwargs: object) -> object:
            answer = self._faults.run(name, lambda: value(*args, **kwargs))
            if isinstance(answer, Iterator):
                return self._each(f"next of {name}", answer)
            return Stand(answer, self._faults) if name == "begin" else answer

        return call

    def _each(self, name: str, items: Iterator[object]) -> Iterator[object]:
        """Page by page, each of them a call."""
        end = object()
        while (item := self._faults.run(name, lambda: next(items, end))) is not end:
            yield item

    def __enter__(self) -> Stand:
        self._port.__enter__()  # type: ignore[attr-defined]  # a unit of work, behind the proxy
        return self

    def __exit__(self, *args: object) -> None:
        self._port.__exit__(*args)  # type: ignore[attr-defined]  # a unit of work, behind the proxy


class FakeCipher:
    """The port ``Cipher``: what is sealed is turned round, and cannot be read by its words."""

    def encrypt(self, plain: str, belongs_to: str = "") -> str:
        return "sealed:" + base64.urlsafe_b64encode(f"{belongs_to}\n{plain}".encode()).decode()

    def decrypt(self, encrypted: str, belongs_to: str = "") -> str:
        try:
            whose, _, plain = base64.urlsafe_b64decode(encrypted.removeprefix("sealed:")).decode().partition("\n")
        except ValueError as problem:
            raise PermanentFailure("This does not open.") from problem
        if whose != belongs_to:
            raise PermanentFailure("This does not open.")
        return plain

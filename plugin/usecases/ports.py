"""The ports of the use cases: what storage, EHR, broker and clock must be able to do. Nothing concrete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from plugin.domain.audit import AuditEntry
from plugin.domain.calendar import Practice
from plugin.domain.configuration import ConfigVersion, Limits
from plugin.domain.fault import Fault, Known
from plugin.domain.job import Periodic
from plugin.domain.ladder import Ladder
from plugin.domain.ledger import LedgerRow
from plugin.domain.program import Program
from plugin.domain.record import Coding
from plugin.domain.source import Cursor, Draft, HowToTakeBack, Page, Standing, TakenBack, Written
from plugin.usecases.admin_ports import Accounts, AuditLog, Codes, Drafts, History, JobRuns, Previews, Seals
from plugin.usecases.panel_ports import Issuers, People
from plugin.usecases.queue_ports import Queues
from plugin.usecases.reading_ports import OnFile, ReadingCosts
from plugin.usecases.sink_ports import CompanionLinks, StaffAccounts, StaffMessages
from plugin.usecases.storage_ports import (
    Audit,
    Configurations,
    Facts,
    Ledger,
    Patients,
    Plans,
    Sent,
    Sources,
    Statements,
    WorkItems,
)

Clock = Callable[[], datetime]
"""Now, aware, in UTC."""


# --------------------------------------------------------------------------------------------------- sources and feed
class TaskSink(Protocol):
    """Where milestone Tasks and what goes with them are written. Raises TemporaryFailure or PermanentFailure."""

    def draft(self, row: LedgerRow) -> Draft | None:
        """The resource that a write or a notice is to leave on the server, not yet guarded by a version; None where this
        sink has no use for it: there is nothing to be done. Raises PermanentFailure for this one row."""

    def device(self) -> Draft:
        """Milepost itself: written once to each source, before anything refers to it."""

    def accompanied(self, drafts: Sequence[Draft], at: datetime) -> Sequence[Draft]:
        """The drafts in the order in which a server can take them, each patient's followed by a Provenance of them."""

    def write(self, drafts: Sequence[Draft]) -> Sequence[Written]:
        """One transaction; a batch that fails is halved until the culprit stands alone. One answer per draft, in order.
        A version conflict is answered as such, for its own draft: the caller reads and decides again."""

    def authors(self, ref: str, version: str) -> Sequence[str]:
        """Whom Provenance names as the authors of one version of a resource, Milepost itself left out; none is usual."""

    def ours(self) -> Iterator[Sequence[Standing]]:
        """Everything on the server that carries our tag, page by page: a lost database adopts it before it writes."""

    def standing(self, refs: Sequence[str]) -> Sequence[Standing]:
        """Resources of ours as they stand now, by reference, after a conflict; what is gone is not in the answer."""

    def ours_by_type(self) -> Mapping[str, int]:
        """How many resources of each type carry our tag there."""

    def take_back(self, how: HowToTakeBack) -> Iterator[TakenBack]:
        """Everything that carries our tag says that it counts no more, or is deleted, part by part. What the server
        refuses is told, and the rest is done. May be done again."""


class Ehr(TaskSink, Protocol):
    """One source: what is read of it, and the sink of its milestone Tasks. Raises TemporaryFailure or PermanentFailure; never
    returns a part of an answer."""

    @property
    def types(self) -> Sequence[str]:
        """The types of the feed, in the order in which a first sweep must read them (Patient, CarePlan, …)."""

    @property
    def followed(self) -> Sequence[str]:
        """Types that are read as far as something refers to them; of what was read so, changes are followed."""

    @property
    def not_offered(self) -> Sequence[str]:
        """Types of the feed that the server does not have, by its own account of when it was asked last."""

    def probe(self) -> Mapping[str, object]:
        """What the server can do, JSON-able (capability.py)."""

    def pages(self, type_: str, cursor: Cursor) -> Iterator[Page]:
        """All pages of a type since the cursor, each with the cursor that stands after it; flat in memory."""

    def pages_of(self, cursors: Mapping[str, Cursor]) -> Iterator[Page]:
        """The same of several types, one type after the other, in the order in which they are given."""

    def read(self, refs: Sequence[str]) -> Iterator[Page]:
        """Resources by reference (``Type/id``), in batches; what is gone or forbidden is simply not in the answer."""

    def ordered(self, codes: Sequence[Coding]) -> Iterator[Page]:
        """Orders and Tasks with one of these codes, of all patients: whose plan begins with an order is known so before
        anything else is read."""

    def read_patient(self, patient: str, since: date | None) -> Iterator[Page]:
        """All of one patient's resources of the feed's types, from a day on: a read-back."""

    def references(self, type_: str) -> Iterator[Sequence[tuple[str, str]]]:
        """(``Type/id``, version) of all resources of a type, page by page: reconciliation."""

    def count(self, type_: str) -> int:
        """The server's own count of a type (``_summary=count``), under the source's search filter."""

    def subscribe(self, endpoint: str, secret: str) -> str | None:
        """Registers the rest-hook Subscription; its reference, or None when the server cannot."""


# ------------------------------------------------------------------------------------------------------------- storage
class UnitOfWork(AbstractContextManager["UnitOfWork"], Protocol):
    """One transaction. Leaving the block without ``commit()`` rolls back."""

    @property
    def sources(self) -> Sources: ...

    @property
    def facts(self) -> Facts: ...

    @property
    def on_file(self) -> OnFile: ...

    @property
    def reading_costs(self) -> ReadingCosts: ...

    @property
    def patients(self) -> Patients: ...

    @property
    def plans(self) -> Plans: ...

    @property
    def ledger(self) -> Ledger: ...

    @property
    def sent(self) -> Sent: ...

    @property
    def work_items(self) -> WorkItems: ...

    @property
    def queues(self) -> Queues: ...

    @property
    def history(self) -> History: ...

    @property
    def statements(self) -> Statements: ...

    @property
    def configurations(self) -> Configurations: ...

    @property
    def drafts(self) -> Drafts: ...

    @property
    def previews(self) -> Previews: ...

    @property
    def issuers(self) -> Issuers: ...

    @property
    def people(self) -> People: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def job_runs(self) -> JobRuns: ...

    @property
    def codes(self) -> Codes: ...

    @property
    def companion_links(self) -> CompanionLinks: ...

    @property
    def staff_messages(self) -> StaffMessages: ...

    @property
    def staff_accounts(self) -> StaffAccounts: ...

    @property
    def audit(self) -> Audit: ...

    @property
    def audit_log(self) -> AuditLog: ...

    @property
    def seals(self) -> Seals: ...

    def commit(self) -> None:
        """Makes it so."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A part that can fail alone."""


class Database(Protocol):
    """Makes units of work."""

    def begin(self, *, reading: bool = False) -> UnitOfWork:
        """A new transaction; with ``reading``, one that sees the database at one moment, locks nothing and may not
        write (status, pages). On SQLite every other transaction is the one writer from its first statement on."""

    def recording(self, entries: Sequence[AuditEntry]) -> AbstractContextManager[None]:
        """Audit rows about a look, which belongs to no change: written in a transaction of their own while the block goes
        on. Its end waits until they stand, and raises where they do not: what was made in the block goes no further."""

    def check(self) -> None:
        """Raises TemporaryFailure when the database does not answer, PermanentFailure when its schema is not this one's."""

    def close(self) -> None:
        """Gives back the connections that are kept open; the next unit opens new ones."""


class Processes(Protocol):
    """Processes of this machine, by a name that is never given twice."""

    def name(self) -> str:
        """Of this process."""

    def is_gone(self, name: str) -> bool:
        """True only for a process of this machine that has surely ended."""


class Catalog(Protocol):
    """Programs and ladders: those that are shipped, and how a stored version of one is read again."""

    def shipped(self) -> Sequence[ConfigVersion]:
        """What this version of Milepost ships, as published versions."""

    def program(self, version: ConfigVersion) -> Program:
        """BadProgram when its body is none."""

    def ladder(self, version: ConfigVersion) -> Ladder:
        """BadProgram when its body is none."""

    def calendar(self, version: ConfigVersion, zone: ZoneInfo) -> Practice:
        """BadProgram when its body is none."""

    def limits(self, version: ConfigVersion) -> Limits:
        """BadProgram when its body is none."""

    def program_so_far(self, body: Mapping[str, object]) -> Program | None:
        """What can be read of a draft that may be wrong, for showing it; None of one that is too large."""

    def ladder_so_far(self, body: Mapping[str, object]) -> Ladder | None:
        """Likewise."""

    def check(self, kind: str, body: Mapping[str, object], known: Known | None = None) -> Sequence[Fault]:
        """Everything that is wrong with the body of a draft, or may be; ``known`` is what the practice has. Never raises. A
        body without a wrong fault can be read, one with such a fault cannot (but for what ``known`` alone says)."""


class Jobs(Protocol):
    """Asks the broker for work, by task name; ids only. Losing a job loses nothing: the sweep finds it."""

    def poll(self, source_id: int) -> None:
        """Poll this source now."""

    def tick(self) -> None:
        """Reassess what is due now."""

    def deliver(self) -> None:
        """Deliver what is due now."""

    def reconcile(self, source_id: int) -> None:
        """Compare this source with what is stored."""

    def read(self, patient_id: int) -> None:
        """Read this patient afresh, before anything that nobody waits for."""

    def deliver_now(self, patient_id: int) -> None:
        """Deliver what a person's act has made due for this patient, before anything that nobody waits for."""

    def preview(self, preview_id: int) -> None:
        """Work out this preview, or help whoever has begun."""

    def leave(self, source_id: int) -> None:
        """Carry out that this source is removed."""

    def periodic(self) -> Sequence[Periodic]:
        """What the beat asks for by itself."""

    def run(self, name: str) -> None:
        """One of them now, beside its times."""

    def check(self) -> None:
        """Raises TemporaryFailure when the broker does not answer."""


class Gauge(NamedTuple):
    """A number as it stands now, under a declared name."""

    name: str
    value: float
    labels: Mapping[str, str] = {}


class Metrics(Protocol):
    """Counters and timings, by declared name (plugin/ops/metrics.py)."""

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Adds to a counter."""

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Adds a duration to a histogram."""

    def page(self, gauges: Iterable[Gauge]) -> str:
        """Everything that was counted, and these gauges, in Prometheus' text form."""

"""The ports of the use cases for what is stored: a repository for each subject. ``ports.UnitOfWork`` has them all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from plugin.domain.assessment import EffectKind, PlanState
from plugin.domain.audit import AuditEntry
from plugin.domain.configuration import ConfigVersion, Enactment
from plugin.domain.ledger import LedgerRow
from plugin.domain.record import Coding, Fact, Record, Statement
from plugin.domain.source import Cursor, Draft, SetAside, Source, Standing, Written
from plugin.domain.tracking import Move, Outcome, PatientRow, Stored, Tracked
from plugin.domain.work import WorkItem


class Facts(Protocol):
    """Facts by (source, reference, patient). A fact of several patients (a group appointment) has a row for each; one
    of none (a practitioner) has the patient ``""``."""

    def store(self, source: Source, facts: Sequence[tuple[Fact, Sequence[str]]], seen_at: datetime) -> Stored:
        """Upserts facts with *all* patients' references for whom they are kept (``("",)`` where it is of none). A version
        that is stored already changes nothing; the body that stood before goes to ``fact_history``. A row of a patient
        whom a new version no longer names is removed (and that patient is in ``changed``). A version older than what
        stands is left out when what stands was seen after ``seen_at`` (pages that overtook each other). Idempotent."""

    def delete(self, source: Source, refs: Sequence[str], seen_at: datetime) -> frozenset[str]:
        """Removes facts (to history, marked as deleted); the patients concerned."""

    def references(self, source: Source, type_: str) -> Iterator[Sequence[str]]:
        """All stored references of a type, in pages (each reference once)."""

    def known(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        """Reference -> stored version, of those that are stored."""

    def get(self, source: Source, refs: Sequence[str]) -> Sequence[Fact]:
        """Stored facts by reference."""

    def within(
        self,
        source: Source,
        type_: str,
        *,
        patients: Collection[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Mapping[str, str]:
        """Reference -> stored version of the facts of a type that are kept for one of these patients (None: for anybody)
        and begin at ``since`` or later, and before ``until``. Only appointments are found by when they begin."""


class Patients(Protocol):
    """Tracked patients: those with a plan."""

    def track(self, source: Source, refs: Sequence[str], now: datetime, read_back: bool) -> Sequence[str]:
        """Makes patients tracked, and marked; with ``read_back`` they wait for it before they are assessed. Those that
        were not tracked before."""

    def tracked(self, source: Source, refs: Sequence[str]) -> frozenset[str]:
        """Of these references, the tracked ones (a merged record counts by its survivor)."""

    def merge(self, source: Source, survivors: Mapping[str, str], now: datetime) -> None:
        """Facts, plans and statements of each replaced record are read under its survivor from now on (S7)."""

    def mark(self, source: Source, refs: Iterable[str], now: datetime) -> int:
        """Marks patients for reassessment: ``next_change_at`` becomes ``now`` unless it is earlier."""

    def mark_all(self, now: datetime, source: Source | None = None) -> int:
        """Marks every tracked patient (new program version)."""

    def weigh_anew(self, source: Source, now: datetime) -> int:
        """Marks every tracked patient of a source, and has the ledger compared with what is wanted also where the assessment
        says the same as before."""

    def waiting_for_read_back(self, source: Source, limit: int) -> Sequence[tuple[str, date | None]]:
        """Patients to be read back, with the earliest start of their plans (or None)."""

    def read_back_done(self, source: Source, ref: str, *, began: datetime, now: datetime) -> None:
        """A reading of all of this patient that ``began`` then is complete. A patient who waited for it may be assessed,
        unless another was wanted since."""

    def read_at(self, source: Source, ref: str) -> datetime | None:
        """When that was last; None for a patient who was only ever read with all the others."""

    def reading_of(self, patient_id: int) -> tuple[int, str, date | None] | None:
        """What is needed to read one patient: source, reference, the earliest start of the plans (or None). Nothing for
        one who is not tracked (any more)."""

    def want_read_back(self, source: Source, refs: Sequence[str], now: datetime) -> None:
        """A code was newly named: these patients are read back before they are assessed again. Said while a read-back
        is under way, it is wanted anew."""

    def replaced_by(self, source: Source, ref: str) -> Sequence[str]:
        """The records whose survivor this is: they are read back with it."""

    def claim_due(self, now: datetime, limit: int, *, patient_id: int | None = None) -> Sequence[PatientRow]:
        """Locks up to ``limit`` patients with ``next_change_at <= now`` (not those that wait for a read-back, nor those
        of a source that was never read completely: half a chart would make gaps that are none), in order of it; skips
        rows that somebody else has locked. On SQLite the one writer is the lock. With a patient, only this one."""

    def lock(self, source: Source, ref: str, wait: timedelta) -> PatientRow:
        """Locks one patient for a person's act; TemporaryFailure("busy") after ``wait``."""

    def look(self, source: Source, ref: str) -> Tracked | None:
        """One patient as a page reads it, without a lock: the survivor of a replaced record; None when not tracked."""

    def by_number(self, patient_id: int) -> tuple[int, str] | None:
        """Source and reference of the patient with our number, also of a record that was replaced; None when there is no
        such number in this practice."""

    def due_count(self, now: datetime) -> int:
        """How many are due."""

    def backlog_count(self) -> int:
        """How many patients belong to the backlog (DESIGN §5). Until the transaction ends nobody else is told, so that no
        place in it is given twice."""

    def records(self, rows: Sequence[PatientRow]) -> Sequence[Record]:
        """The records of locked patients: facts (a replaced record's too), statements, known steps. One query each."""

    def record(self, source: Source, row: PatientRow) -> Record:
        """One patient's record as a page reads it: facts and statements, without the known steps."""

    def names_codes(self, source: Source, codes: Sequence[Coding], late: bool = False) -> frozenset[Coding]:
        """Adds codes to the source's named codes. ``late``: the feed has gone past evidence that it did not keep, for
        want of this name. Those of ``codes`` that are or were named late, now or before: a patient whose step newly
        names one is read back."""

    def named_codes(self, source: Source) -> frozenset[tuple[str, str]]:
        """(system, code) that programs, steps, goals and scores of this source name."""


class Plans(Protocol):
    """What ``assess`` said, indexed for queues and reports."""

    def save(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Stores assessments of locked patients: plans, milestones (changed ones only), transitions, ledger changes,
        one audit row per changed patient, ``next_change_at`` and digest. Steps that are gone stay, with the status that
        the assessment gives them. Set-based: a handful of statements for the whole batch."""

    def of_patient(self, source: Source, ref: str, today: date) -> Sequence[PlanState]:
        """One patient's stored plans with their milestones, as ``assess`` said them (for explain, panel); days past due
        are those of ``today``, the practice's local date."""

    def shown(self, patient_id: int, today: date) -> tuple[Sequence[PlanState], Mapping[str, str]]:
        """``of_patient`` and ``versions`` of one look, for a page."""

    def versions(self, patient_id: int) -> Mapping[str, str]:
        """What stands for each milestone as it is stored, by its key: who has seen one and acts on it says which."""

    def moves(self, patient_id: int, limit: int) -> Sequence[Move]:
        """The newest changes of a milestone's status, newest first; that a milestone came to be is none."""

    def summary(self, source: Source | None = None) -> Mapping[str, object]:
        """Counts: patients, plans by status and stage, milestones by status, open gaps by tier, flags."""

    def following(self) -> Mapping[tuple[str, str], int]:
        """(program, version) -> how many plans follow it and have not ended."""


class Ledger(Protocol):
    """Effects and their states."""

    def of_patients(self, patient_ids: Sequence[int]) -> Mapping[int, Sequence[LedgerRow]]:
        """All rows of these patients, also done and withdrawn ones (an effect acts once). Their content, which ``digest``
        stands for, comes only with gaps and flags: those are written over when they are wanted no more."""

    def told(self, patient_id: int) -> Sequence[LedgerRow]:
        """One patient's effects as a page tells them, each with when it came to its state: messages, work, notices and
        reports; and of the writes those that failed for good."""

    def contents(self, patient_id: int, what: str) -> Sequence[Mapping[str, object]]:
        """What a patient's writes of one sort (``task``) are wanted to say."""

    def claim(
        self, kinds: Sequence[EffectKind], now: datetime, limit: int, worker: str, *, patient_id: int | None = None
    ) -> Sequence[LedgerRow]:
        """Takes planned effects whose ``at`` has come (or None), of these kinds, and those claimed longer than the lease
        ago (a crash); sets claimed, worker and claim time. Rows locked by others are skipped. Writes and notices of
        paused sources are not claimed. What needs no server comes first, a notice after all writes. With a patient, only
        this one's."""

    def claimants(self, kinds: Sequence[EffectKind], now: datetime) -> frozenset[str]:
        """The workers who have claimed effects of these kinds and whose lease still runs."""

    def release(self, kinds: Sequence[EffectKind], workers: Iterable[str], now: datetime) -> int:
        """What these workers, who are gone, had claimed may be claimed at once; how many."""

    def done(self, ids: Sequence[int], now: datetime, digests: Mapping[int, str] | None = None) -> None:
        """Carried out. A write whose wanted digest moved on meanwhile goes back to planned."""

    def failed(self, id_: int, now: datetime, error: str, retry_at: datetime | None) -> None:
        """Failed: tried again from ``retry_at`` on (``at`` stays what was wanted), or never (None)."""

    def again(self, source: Source, now: datetime, *, patients: Sequence[str] | None = None) -> int:
        """What stood in the way is gone: writes and notices of this source (of these patients) that failed, or wait for
        their next try, are tried at once; how many."""

    def start_over(self, source: Source, now: datetime) -> bool:
        """What is written for this source goes elsewhere from now on, where nothing of it stands: writes are as if they had
        never been carried out, and come back with the next assessment as far as they are wanted. Notices that were given
        are not given again. False while somebody is just writing: the caller gives up then, without a commit."""

    def summary(self) -> Mapping[str, Mapping[str, int]]:
        """kind -> state -> count."""


class Sent(Protocol):
    """Bodies that we sent to a source: what is ours and what is theirs (DESIGN §10)."""

    def remember(self, source: Source, drafts: Sequence[Draft], now: datetime) -> None:
        """Before sending: stores digest and owned digest of each body (kept: every one that was ever sent)."""

    def written(self, source: Source, written: Sequence[Written], now: datetime) -> None:
        """After the answer: the version that the server gave."""

    def versions(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        """Last known version of our resources on the server, for If-Match."""

    def last_digests(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        """Digest of the body last known to stand on the server."""

    def unsettled(self, source: Source, refs: Sequence[str]) -> frozenset[str]:
        """Those of which it is not known what body stands there: a write is unanswered, or only a version was seen."""

    def owned(self, source: Source, refs: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Owned digests of every body that was ever sent, by reference."""

    def settled(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        """The owned digest of the body that stands there as far as we know, of resources without an unanswered write:
        whatever comes in a later version, we did not write it."""

    def adopt(self, source: Source, standing: Standing, now: datetime) -> None:
        """A resource of ours as found on the server (a lost database, or a person's edit that was taken as a statement):
        its version, the digest of its body ("" when only its version matters), one more owned digest."""

    def start_over(self, source: Source) -> None:
        """What is written goes elsewhere from now on: nothing is known of what stands there. Bodies that were ever sent
        stay known as ours."""


class WorkItems(Protocol):
    """Work items; those of one patient for one role on one morning are one item that lists them."""

    def open(self, item: WorkItem, now: datetime) -> None:
        """Creates the item by its key, or adds its milestones to the open one of that key. Idempotent."""

    def withdraw_step(self, patient_id: int, milestone: str, kinds: Sequence[str], now: datetime) -> None:
        """Takes a resolved step off its open items; an item without steps is withdrawn."""

    def of_patient(self, patient_id: int) -> Sequence[WorkItem]:
        """All of one patient's, oldest first, each with the steps that it lists now and when it was opened and changed."""

    def by_number(self, ids: Sequence[int]) -> Mapping[int, WorkItem]:
        """Those of these numbers that there are."""

    def lock(self, id_: int, wait: timedelta) -> WorkItem:
        """One item as it stands, which until the transaction ends nobody else changes. UnknownName where there is none,
        TemporaryFailure("busy") after ``wait``."""

    def move(self, before: WorkItem, after: WorkItem, now: datetime) -> WorkItem:
        """Stores what a person made of an item, with the transition; Stale when ``before`` is not what stands there. The
        item as it stands then, a revision later."""

    def summary(self) -> Mapping[str, Mapping[str, int]]:
        """role -> kind -> open count."""


class Statements(Protocol):
    """Statements of people: append-only."""

    def add(
        self,
        source: Source,
        patient: str,
        statement: Statement,
        now: datetime,
        *,
        told: Mapping[str, str] | None = None,
    ) -> bool:
        """Appends one, marks the patient, writes the audit row; False when its id is there already (said twice).
        ``told`` is what the audit row is to say beside it (from which launch, over which version)."""

    def of_patient(self, source: Source, patient: str) -> Sequence[Statement]:
        """All of one patient, oldest first."""


class Sources(Protocol):
    """Sources, cursors, health, set-aside records."""

    def add(
        self, source: Source, now: datetime, *, by: str = "milepost", told: Mapping[str, object] | None = None
    ) -> Source:
        """A new source, with its id. PermanentFailure when slug or base URL is taken."""

    def get(self, slug: str) -> Source:
        """By slug; PermanentFailure with the known slugs when there is none."""

    def by_id(self, id_: int) -> Source:
        """By id."""

    def lock(self, source: Source) -> None:
        """Until the transaction ends, no other page of this source is stored: who is tracked and where the cursors
        stand must not move between the two questions. On SQLite the one writer is the lock. CannotDo for a source that
        is being removed, or was: what a reading still brings is not stored."""

    def by_hook(self, path: str) -> Source | None:
        """By the hook's path part."""

    def all(self) -> Sequence[Source]:
        """Every source, by slug."""

    def update(
        self, source: Source, now: datetime, *, by: str = "milepost", told: Mapping[str, object] | None = None
    ) -> None:
        """Stores changed fields (capability, paused, hook, aliases, token, leaving), with an audit row: who, and what
        else is to be told."""

    def forget(self, source: Source, now: datetime, *, by: str, told: Mapping[str, object]) -> None:
        """The source is removed: what was read of it is deleted, its patients are tracked no more, what was planned for
        them is withdrawn, its issuers let nobody in. What people said and did stays on record, and so does the slug: the
        same server can be added again under it, and nothing else can."""

    def cursor(self, source: Source, type_: str) -> Cursor:
        """Where the feed of a type stands."""

    def cursors(self, source: Source, types: Sequence[str]) -> Mapping[str, Cursor]:
        """Where the feeds of these types stand, in their order: one look, since each poll asks for all."""

    def begun(self, source: Source) -> frozenset[str]:
        """The types whose feed has moved."""

    def move(self, source: Source, type_: str, cursor: Cursor, now: datetime) -> None:
        """Stores a cursor."""

    def moved(self, source: Source) -> Mapping[str, datetime]:
        """When each cursor that stands anywhere was stored last, by type or by what else keeps its place so."""

    def read_ok(self, source: Source, now: datetime) -> None:
        """A complete, successful read ended."""

    def read_failed(self, source: Source, now: datetime, error: str) -> None:
        """A read failed, in words."""

    def await_codes(self, source: Source, now: datetime) -> None:
        """A program newly names codes: nobody of this source is assessed until it was read for them, or two hours have
        passed (a source that does not answer must not stop everything else)."""

    def codes_read(self, source: Source, began: datetime) -> None:
        """A complete reading that began then has ended: what was awaited until then was read."""

    def set_aside(self, source: Source, records: Sequence[SetAside], now: datetime) -> None:
        """Remembers records set aside or left out (one row per reference; a later good version clears it)."""

    def clear_aside(self, source: Source, refs: Sequence[str]) -> None:
        """These are good now."""

    def aside(self, source: Source, type_: str | None = None) -> Sequence[SetAside]:
        """What is set aside."""

    def care_plans(self, source: Source) -> Mapping[str, int]:
        """Accounting of CarePlans: tracked, ended, entered-in-error, and left out by reason."""


class Configurations(Protocol):
    """Versioned configuration of the practice: versions, which never change, and their enactments, which say from when on
    each holds. ``told`` is what audit rows say of the session."""

    def store(self, version: ConfigVersion, now: datetime) -> bool:
        """Stores a version that does not hold yet; False when the same body stands already under it, BadInput when another
        does."""

    def publish(self, version: ConfigVersion, now: datetime, told: Mapping[str, object] | None = None) -> bool:
        """Stores a version and enacts it, from its ``published_from``; where it names none, from now on, or since ever when
        nothing of its code was in force before. False (and nothing is enacted) when it is stored already."""

    def versions(self, kind: str, code: str) -> Sequence[ConfigVersion]:
        """All, oldest first, each as it was published first; also those that came with Milepost and were only offered."""

    def codes(self, kind: str) -> Sequence[str]:
        """Of everything of a kind that was ever stored, also of what is retired."""

    def enact(self, made: Enactment, told: Mapping[str, object] | None = None) -> Enactment:
        """A stored version (or with None: nothing) holds from a moment on, with an audit row. Of two for one moment, the
        later enacted holds. From a moment that has come it is applied at once: the caller marks the patients."""

    def current(self, now: datetime) -> Sequence[ConfigVersion]:
        """The versions to work by, by kind and code: whose moment has come, or that were applied (by another clock). One of
        each, the newest, with those that earlier plans keep in its ``earlier``."""

    def in_force_at(self, moment: datetime) -> Sequence[ConfigVersion]:
        """The versions that were in force at a moment, by kind and code; what was decided later does not change it."""

    def history(self, kind: str, code: str) -> Sequence[Enactment]:
        """All enactments, the latest moment first; those taken back too."""

    def enactment(self, id_: int) -> Enactment:
        """UnknownName."""

    def scheduled(self, now: datetime) -> Sequence[Enactment]:
        """Those to come, the next first."""

    def come(self, now: datetime) -> Sequence[Enactment]:
        """Those whose moment has come and that were not applied. One indexed query: every tick asks."""

    def applied(self, made: Sequence[Enactment], now: datetime) -> None:
        """The patients were marked, in this transaction."""

    def take_back(
        self, id_: int, *, by: str, why: str, now: datetime, told: Mapping[str, object] | None = None
    ) -> Enactment:
        """Before its moment; Stale when that has come, or somebody else has taken it back."""

    def lock(self) -> None:
        """Until the transaction ends nobody else publishes or applies."""

    def last_decided(self) -> datetime | None:
        """When anything was last enacted or taken back."""


class Audit(Protocol):
    """The audit log: rows are written in the transaction of what they record, with their content's hash."""

    def write(self, entries: Sequence[AuditEntry]) -> None:
        """Appends rows."""

    def entries(self, limit: int = 100) -> Sequence[AuditEntry]:
        """The newest rows first."""

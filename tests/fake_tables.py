"""What the fake database stores: dictionaries of frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import NamedTuple

from plugin.domain.account import Account
from plugin.domain.assessment import PlanState
from plugin.domain.audit import AuditEntry
from plugin.domain.companion import PatientLink
from plugin.domain.configuration import Aside, ConfigDraft, ConfigVersion, Enactment, Publication
from plugin.domain.issuer import Issuer
from plugin.domain.job import JobRun
from plugin.domain.known_code import CodeSeen
from plugin.domain.launch import PanelSession
from plugin.domain.ledger import LedgerRow
from plugin.domain.person import Person
from plugin.domain.preview import PatientChange, Preview, PreviewPart, PreviewSums
from plugin.domain.record import Fact, KnownStep, Statement
from plugin.domain.seal import Link
from plugin.domain.source import Cursor, ReadingCost, SetAside, Source
from plugin.domain.staff_account import StaffAccount
from plugin.domain.staff_message import StaffMessage
from plugin.domain.tracking import Move, PatientRow
from plugin.domain.work import WorkItem, WorkState

FactKey = tuple[int, str, str]
"""Source, reference, and the patient's."""


class PastFact(NamedTuple):
    """A version that stood from when it was seen until another came, or none."""

    key: FactKey
    fact: Fact
    seen_at: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Known:
    """A row of the patients."""

    id: int
    ref: str
    source_id: int
    tracked: bool = False
    survivor: str | None = None
    next_change_at: datetime | None = None
    waits_since: datetime | None = None
    digest: str = ""
    backlog: bool = False
    failed: str | None = None
    assessed_at: datetime | None = None
    read_at: datetime | None = None
    found_by: str | None = None

    @property
    def row(self) -> PatientRow:
        return PatientRow(
            id=self.id,
            source_id=self.source_id,
            ref=self.ref,
            next_change_at=self.next_change_at,
            digest=self.digest,
            backlog=self.backlog,
            found_by=self.found_by,
        )


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A row of the ledger, from when on it may be claimed, and whether it was withdrawn while somebody had it."""

    row: LedgerRow
    ready_at: datetime | None = None
    is_withdrawn: bool = False
    worker: str | None = None
    changed_at: datetime | None = None


@dataclass
class Tables:
    """Everything that is stored."""

    sources: dict[int, Source] = field(default_factory=dict)
    cursors: dict[tuple[int, str], Cursor] = field(default_factory=dict)
    moved_at: dict[tuple[int, str], datetime] = field(default_factory=dict)
    aside: dict[tuple[int, str], SetAside] = field(default_factory=dict)
    awaits: dict[int, datetime] = field(default_factory=dict)
    facts: dict[tuple[int, str, str], Fact] = field(default_factory=dict)
    fact_seen: dict[FactKey, datetime] = field(default_factory=dict)
    past_facts: dict[int, PastFact] = field(default_factory=dict)
    on_file: dict[tuple[int, str], None] = field(default_factory=dict)
    costs: dict[tuple[int, date], ReadingCost] = field(default_factory=dict)
    codes: dict[tuple[int, str, str], bool] = field(default_factory=dict)
    patients: dict[tuple[int, str], Known] = field(default_factory=dict)
    plans: dict[int, tuple[PlanState, ...]] = field(default_factory=dict)
    steps: dict[tuple[int, str], KnownStep] = field(default_factory=dict)
    moves: dict[int, tuple[Move, ...]] = field(default_factory=dict)
    past_steps: dict[int, tuple[int, KnownStep, datetime]] = field(default_factory=dict)
    statuses: dict[tuple[int, str], tuple[tuple[datetime, str], ...]] = field(default_factory=dict)
    effects: dict[str, Entry] = field(default_factory=dict)
    wanted_at: dict[str, datetime] = field(default_factory=dict)
    sent: dict[tuple[int, str], tuple[str | None, str | None, str | None]] = field(default_factory=dict)
    bodies: dict[tuple[int, str], tuple[tuple[str, str], ...]] = field(default_factory=dict)
    work: dict[str, WorkItem] = field(default_factory=dict)
    worked: dict[str, tuple[tuple[datetime, WorkState], ...]] = field(default_factory=dict)
    listed: dict[str, dict[str, str]] = field(default_factory=dict)
    taken_off: dict[tuple[str, str], datetime] = field(default_factory=dict)
    statements: dict[tuple[int, str, str], Statement] = field(default_factory=dict)
    said_at: dict[tuple[int, str, str], datetime] = field(default_factory=dict)
    configurations: dict[tuple[str, str, str], ConfigVersion] = field(default_factory=dict)
    enactments: dict[int, Enactment] = field(default_factory=dict)
    drafts: dict[int, ConfigDraft] = field(default_factory=dict)
    ended_drafts: dict[int, ConfigDraft] = field(default_factory=dict)
    revisions: dict[tuple[int, int], tuple[Mapping[str, object], str, datetime]] = field(default_factory=dict)
    drafts_aside: dict[tuple[int, int], Aside] = field(default_factory=dict)
    settled_aside: dict[tuple[int, int], tuple[str, datetime]] = field(default_factory=dict)
    publications: dict[int, Publication] = field(default_factory=dict)
    issuers: dict[int, Issuer] = field(default_factory=dict)
    job_runs: dict[str, JobRun] = field(default_factory=dict)
    removed: dict[int, Source] = field(default_factory=dict)
    codes_seen: dict[tuple[str, str], CodeSeen] = field(default_factory=dict)
    codes_counted: dict[str, datetime] = field(default_factory=dict)
    previews: dict[int, Preview] = field(default_factory=dict)
    preview_parts: dict[tuple[int, int], tuple[PreviewPart, str | None, PreviewSums | None]] = field(
        default_factory=dict
    )
    preview_changes: dict[tuple[int, int], PatientChange] = field(default_factory=dict)
    people: dict[int, Person] = field(default_factory=dict)
    accounts: dict[int, Account] = field(default_factory=dict)
    recovery: dict[tuple[int, str], bool] = field(default_factory=dict)
    launches: dict[str, PanelSession] = field(default_factory=dict)
    companion_links: dict[tuple[int, str], PatientLink] = field(default_factory=dict)
    staff_messages: dict[tuple[int, str], StaffMessage] = field(default_factory=dict)
    staff_accounts: dict[int, StaffAccount] = field(default_factory=dict)
    audit: dict[int, AuditEntry] = field(default_factory=dict)
    links: dict[int, Link] = field(default_factory=dict)

    def copy(self) -> Tables:
        """Values are frozen, so the dictionaries are all that has to be copied."""
        return Tables(**{f.name: dict(getattr(self, f.name)) for f in fields(self)})

    def become(self, other: Tables) -> None:
        """Takes over another state."""
        for f in fields(self):
            setattr(self, f.name, getattr(other, f.name))


class Part:
    """A repository over the tables of one transaction."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

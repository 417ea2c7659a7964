"""What the fake database stores: dictionaries of frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime

from plugin.domain.assessment import PlanState
from plugin.domain.audit import AuditEntry
from plugin.domain.configuration import ConfigVersion
from plugin.domain.issuer import Issuer
from plugin.domain.launch import PanelSession
from plugin.domain.ledger import LedgerRow
from plugin.domain.person import Person
from plugin.domain.record import Fact, KnownStep, Statement
from plugin.domain.source import Cursor, SetAside, Source
from plugin.domain.tracking import Move, PatientRow
from plugin.domain.work import WorkItem


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

    @property
    def row(self) -> PatientRow:
        return PatientRow(
            id=self.id,
            source_id=self.source_id,
            ref=self.ref,
            next_change_at=self.next_change_at,
            digest=self.digest,
            backlog=self.backlog,
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
    aside: dict[tuple[int, str], SetAside] = field(default_factory=dict)
    facts: dict[tuple[int, str, str], Fact] = field(default_factory=dict)
    codes: dict[tuple[int, str, str], bool] = field(default_factory=dict)
    patients: dict[tuple[int, str], Known] = field(default_factory=dict)
    plans: dict[int, tuple[PlanState, ...]] = field(default_factory=dict)
    steps: dict[tuple[int, str], KnownStep] = field(default_factory=dict)
    moves: dict[int, tuple[Move, ...]] = field(default_factory=dict)
    effects: dict[str, Entry] = field(default_factory=dict)
    sent: dict[tuple[int, str], tuple[str | None, str | None, str | None]] = field(default_factory=dict)
    bodies: dict[tuple[int, str], tuple[tuple[str, str], ...]] = field(default_factory=dict)
    work: dict[str, WorkItem] = field(default_factory=dict)
    statements: dict[tuple[int, str, str], Statement] = field(default_factory=dict)
    configurations: dict[tuple[str, str, str], ConfigVersion] = field(default_factory=dict)
    issuers: dict[int, Issuer] = field(default_factory=dict)
    people: dict[int, Person] = field(default_factory=dict)
    launches: dict[str, PanelSession] = field(default_factory=dict)
    audit: dict[int, AuditEntry] = field(default_factory=dict)

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

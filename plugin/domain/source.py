"""A source and what passes between it and us: cursors, pages, drafts and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from plugin.domain.record import Fact

OPENEMR = "openemr"
"""The kind of a source that is an OpenEMR: it has no Task, and every answer of it is kept there."""

HowToTakeBack = Literal["cancel", "delete"]
"""What becomes of what we wrote to a server: it says that it counts no more, or it is deleted."""
Leaving = Literal["keep", "cancel", "delete"]
"""The same of a source that is removed; ``keep``: it stays there as it stands."""


SourceUse = Literal["ehr", "store"]
"""What a source is for: an EHR is read; a companion store only takes the milestone Tasks of a source that has no Task."""
SinkKind = Literal["own", "companion", "message"]
"""Where milestone Tasks of a source go: to itself, to a companion FHIR store, or as staff messages through its own API."""


class ReadingCost(NamedTuple):
    """What reading a source took, on one local day: requests, bytes of the answers, seconds that its server worked."""

    day: date
    requests: int
    bytes_: int
    seconds: float


class TakenBack(NamedTuple):
    """A part of what was taken back: of which type, how many, and why what could not be was not."""

    type: str
    done: int
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One FHIR server (DESIGN §3). ``search_filter`` is added to every search (``{"_tag": "…"}``). ``capability`` is the
    stored probe (JSON-able) or None. ``token`` is the decrypted static bearer, never in ``repr``."""

    id: int
    slug: str
    base_url: str
    kind: str = "hapi"
    search_filter: Mapping[str, str] = field(default_factory=dict)
    link_aliases: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False)
    capability: Mapping[str, object] | None = None
    paused: bool = False
    hook_path: str | None = None
    """Unguessable path part of the Subscription's hook, and its secret below."""
    hook_secret: str | None = field(default=None, repr=False)
    last_read_at: datetime | None = None
    """End of the last complete, successful read (DESIGN §5, perceived gaps)."""
    last_error: str | None = None
    last_error_at: datetime | None = None
    client_id: str | None = None
    """As whom we ask this server's authorization server for our own tokens (SMART Backend Services); None: we do not."""
    auth_scopes: tuple[str, ...] = ()
    """What we ask for there, where it differs from what we ask for everywhere."""
    auth_hosts: tuple[str, ...] = ()
    """Where its token endpoint may lie (``host`` or ``host:port``), beside its own host."""
    leaving: Leaving | None = None
    """It is being removed: nothing is read or written there any more but what is taken back."""
    use: SourceUse = "ehr"
    sink: SinkKind = "own"
    companion: str | None = None
    """The slug of the store that takes its milestone Tasks, where ``sink`` is companion."""
    zone: str | None = None
    """The clinic's own zone, where it is another than the practice's: its server writes wall-clock times."""
    inbox: Mapping[str, str] = field(default_factory=dict)
    """Whose inbox a staff message goes to: user names of the EHR by owner (``Practitioner/…``) or role; where none fits,
    that of ``coordinator``."""
    systems: Mapping[str, str] = field(default_factory=dict)
    """By which identifier system the companion store knows one of this source's, where it is another."""
    staff_client: str | None = None
    """As what Milepost is registered there for its staff account; its secret below. Without one it is ``client_id``, with our keys."""
    staff_secret: str | None = field(default=None, repr=False)

    @property
    def is_ehr(self) -> bool:
        """It is read. A companion store only takes what is written."""
        return self.use == "ehr"


def clinic_zone(source: Source, practice: ZoneInfo) -> ZoneInfo:
    """In which zone a source's clinic lives: its own, where it is another than the practice's."""
    return ZoneInfo(source.zone) if source.zone else practice


class Cursor(NamedTuple):
    """Where a source's feed of one type stands: the watermark, as the server said it (FHIR instant), the references
    with versions already taken at or after ``watermark - overlap``, and whether the first complete pass is done."""

    watermark: str | None = None
    taken: tuple[str, ...] = ()
    complete: bool = False


class SetAside(NamedTuple):
    """A record that was set aside or left out, and why: ``Type/id``, version, reason in words without patient data."""

    ref: str
    version: str
    reason: str


class Extent(NamedTuple):
    """What an answer was complete about: all there is of one type, of these patients (None: of everybody), on these days
    (None: no bound on that side). What is stored of it and did not come is gone."""

    patients: frozenset[str] | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the feed, mapped. ``read`` counts raw resources; ``left_out`` counts dropped parts by reason."""

    type: str
    facts: tuple[Fact, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    read: int = 0
    cursor: Cursor | None = None
    """The cursor to be stored in the transaction that stores these facts; None when the page is no feed page."""
    extent: Extent | None = None
    """Where a server tells of no deletion in its feed, but answers whole: what this page is complete about. The page
    that has it holds every fact of it."""
    on_file: tuple[str, ...] = ()
    """Patients (``Patient/id``) that the server has, tracked or not: remembered, because some servers can only be asked
    for plans patient by patient."""


class Written(NamedTuple):
    """What became of one resource of a write: the server's new version, or the failure in words."""

    ref: str
    version: str | None
    error: str | None = None
    conflict: bool = False
    temporary: bool = False


class Standing(NamedTuple):
    """A resource of ours as it stands on the server; the digests as in ``Draft``."""

    ref: str
    version: str
    digest: str
    owned: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One resource to be written: a JSON body as the writeback built it, its reference, and the version that must stand
    on the server (None: not guarded). ``digest`` is of the whole body, ``owned`` of the fields that we own."""

    ref: str
    body: Mapping[str, object]
    digest: str
    owned: str = ""
    if_match: str | None = None
    by: str | None = None
    """Whose act it carries out, where it does: the Provenance names that person beside us."""

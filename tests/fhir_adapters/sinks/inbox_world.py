"""A clinic on the recorded OpenEMR, with a sink that writes to its staff, and rows of the ledger as it would get
them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.rows import Message
from deploy.openemr.recorded.server import RecordedOpenEmr, recorded_openemr
from fhir_adapters.sinks import StaffAuth, StaffMessages, StandardApi
from plugin.domain.assessment import EffectKind
from plugin.domain.ledger import EffectState, LedgerRow
from plugin.domain.source import Source, Written
from plugin.domain.staff_message import StaffMessage
from plugin.domain.writes import GapContent, NoticeContent
from plugin.outbound import Retries, Terms

NOW = datetime(2026, 11, 26, 15, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
SCOPES = "api:oemr user/patient.read user/message.write"
DAY_UUID = "2b1b2c3d-0000-4000-8000-0000000000e1"
"""Begins with a digit: OpenEMR makes chart 2 of it."""
ONCE = Terms(retries=Retries(attempts=1))


@dataclass
class FakeTokens:
    """A staff account that is signed in."""

    token: str
    has_ended: bool = False
    refused: list[str] = field(default_factory=list)

    def current(self) -> str:
        return self.token

    def replaced(self, token: str) -> bool:
        self.refused.append(token)
        return False

    def session_is_over(self) -> None:
        self.has_ended = True


class Meanwhile:
    """Something that happens in the clinic once so many more requests have been answered."""

    def __init__(self) -> None:
        self._left = 0
        self._happens: Callable[[], object] | None = None

    def after(self, count: int, happens: Callable[[], object]) -> None:
        self._left, self._happens = count, happens

    def answered(self, _seconds: float) -> None:
        """One more."""
        self._left -= 1
        if self._left == 0 and self._happens is not None:
            self._happens()


class FakeBook:
    """What is remembered of messages; each saving is kept in order."""

    def __init__(self) -> None:
        self.kept: dict[str, StaffMessage] = {}

    def of(self, refs: Sequence[str]) -> Mapping[str, StaffMessage]:
        return {ref: self.kept[ref] for ref in refs if ref in self.kept}

    def of_step(self, step: str) -> Sequence[StaffMessage]:
        return [message for message in self.kept.values() if message.step == step]

    def all(self) -> Sequence[StaffMessage]:
        return list(self.kept.values())

    def save(self, message: StaffMessage) -> None:
        self.kept[message.ref] = message

    def forget(self, ref: str) -> None:
        self.kept.pop(ref)


@dataclass
class InboxWorld:
    """``ada`` is the patient of chart 9, whose id begins with 2; chart 2 is Bert's."""

    clinic: Clinic
    openemr: RecordedOpenEmr
    tokens: FakeTokens
    inbox: Mapping[str, str]
    meanwhile: Meanwhile
    book: FakeBook = field(default_factory=FakeBook)
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.api = StandardApi(
            self.openemr.api_base, StaffAuth(self.tokens), ended=self.tokens.session_is_over, terms=ONCE
        )
        self.source = Source(id=1, slug="clinic", base_url=self.openemr.fhir_base, kind="openemr", inbox=self.inbox)
        self.sink = StaffMessages(
            self.api,
            source=self.source,
            book=self.book,
            clock=lambda: self.now,
            zone=ZONE,
            public_url="https://milepost.test",
        )

    def write(self, *rows: LedgerRow) -> Sequence[Written]:
        """As the deliverer does it."""
        drafts = [draft for row in rows if (draft := self.sink.draft(row)) is not None]
        return self.sink.write(drafts)

    def in_chart(self, pid: int) -> list[Message]:
        """All that hangs on a chart, oldest first."""
        rows = (message for message in self.clinic.messages.values() if message.pid == pid and not message.is_deleted)
        return sorted(rows, key=lambda message: message.mid)


@contextmanager
def inbox_world(**inbox: str) -> Iterator[InboxWorld]:
    """A practice with a nurse, a doctor and a coordinator."""
    clinic = Clinic(clock=lambda: NOW, zone=ZONE)
    clinic.furnish()
    for name in ("nurse", "doctor", "desk"):
        clinic.add_user(name, lname=f"Demo-{name}")
    clinic.register_patient("Bert", "Sample", dob=date(1970, 1, 2), pid=2)
    clinic.register_patient("Ada", "Example", dob=date(1968, 3, 14), pid=9, uuid=DAY_UUID)
    token = clinic.issue_token(SCOPES, user=clinic.user_named("admin"))
    named = inbox or {"Practitioner/nurse": "nurse", "provider": "doctor", "coordinator": "desk"}
    meanwhile = Meanwhile()
    with recorded_openemr(clinic, takes=meanwhile.answered) as openemr:
        yield InboxWorld(clinic, openemr, FakeTokens(token), named, meanwhile)


def a_gap(**changes: object) -> LedgerRow:
    """Ada's HbA1c, twelve days overdue, the nurse's."""
    content = GapContent(
        key="clinic|plan|hba1c",
        patient=f"Patient/{DAY_UUID}",
        task="Task/mp-1",
        title="HbA1c",
        state="open",
        tier=1,
        due="2026-11-14",
        identified="2026-11-15",
        owner="Practitioner/nurse",
    )
    return _row("detected-issue", replace(content, **changes).as_json())  # type: ignore[arg-type]  # a test's keywords


def a_notice(**changes: object) -> LedgerRow:
    """The provider is told of the same step."""
    content = NoticeContent(
        key="clinic|plan|hba1c|2026-11-14|tier-3|overdue",
        patient=f"Patient/{DAY_UUID}",
        task="Task/mp-1",
        tier=3,
        due="2026-11-14",
        role="provider",
    )
    return _row("overdue", replace(content, **changes).as_json())  # type: ignore[arg-type]  # a test's keywords


def _row(what: str, content: Mapping[str, object]) -> LedgerRow:
    kind = EffectKind.NOTICE if what == "overdue" else EffectKind.WRITE
    return LedgerRow(
        id=1,
        key=what,
        kind=kind,
        what=what,
        state=EffectState.CLAIMED,
        patient_id=41,
        source_id=1,
        milestone="clinic|plan|hba1c",
        content=content,
    )

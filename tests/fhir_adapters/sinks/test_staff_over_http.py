"""A staff account from sign-in to the end of its session, against the recorded OpenEMR: its messages, its tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.pages import with_pages
from deploy.openemr.recorded.server import RecordedOpenEmr, recorded_openemr
from deploy.openemr.recorded.staff import Staff
from deploy.services.process import free_port
from fhir_adapters.sinks import StaffAuth, StaffMessages, StandardApi
from fhir_adapters.smart import Keys, StaffAccount, StaffClient
from plugin.domain.errors import Unauthorized
from plugin.domain.rights import FOR_STAFF
from plugin.domain.source import Source
from plugin.domain.staff_account import EndedBecause
from plugin.usecases.staff_account import StaffTokens, keep
from plugin.usecases.staff_messages import Book
from tests.builders import World
from tests.fakes import FakeClock
from tests.fhir_adapters.sinks.inbox_world import DAY_UUID, NOW, ONCE, ZONE, a_gap

BACK = "https://milepost.test/admin/sources/main/staff-account/back"
VERIFIER = "v" * 64


@dataclass
class Desk:
    """An OpenEMR at which the coordinator has signed the staff account in, and Milepost beside it."""

    openemr: RecordedOpenEmr
    clinic: Clinic
    world: World
    account: StaffAccount
    worked: int = field(default=0)

    @property
    def source(self) -> Source:
        inbox = {"coordinator": "desk"}
        return Source(id=self.world.source.id, slug="main", base_url=self.openemr.fhir_base, inbox=inbox)

    def sign_in(self) -> None:
        """In a browser, with consent."""
        asked = self.account.authorize_url(state="state", verifier=VERIFIER, nonce="nonce")
        back = Staff(self.openemr.base_url, "desk").let_in(asked)
        code = parse_qs(urlsplit(back).query)["code"][0]
        signed_in = self.account.exchange(code=code, verifier=VERIFIER, nonce="nonce")
        keep(self.world.services, self.source, signed_in.tokens, who=signed_in.identity.subject, by="user:1")

    def write(self, **changes: object) -> None:
        """As a worker does it, each a new one."""
        self.worked += 1
        name = f"worker-{self.worked}"
        tokens = StaffTokens(
            self.world.database, self.source, self.account.refresh, self.world.clock, lambda: name, lambda _s: None
        )
        api = StandardApi(
            StandardApi.base_of(self.source.base_url), StaffAuth(tokens), ended=tokens.session_is_over, terms=ONCE
        )
        sink = StaffMessages(
            api, source=self.source, book=Book(self.world.database, self.source), clock=self.world.clock, zone=ZONE
        )
        draft = sink.draft(a_gap(owner=None, **changes))
        assert draft is not None
        (answer,) = sink.write([draft])
        assert answer.error is None

    def calls(self, end: str) -> int:
        """How many requests there were to addresses that end so."""
        return sum(seen.path.endswith(end) for seen in self.openemr.requests)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Signed in."""
    clock = FakeClock(NOW)
    clinic = Clinic(clock=clock, zone=ZONE)
    clinic.furnish()
    clinic.add_user("desk", lname="Demo-Desk", npi="1")
    clinic.register_patient("Ada", "Example", dob=date(1968, 3, 14), pid=9, uuid=DAY_UUID)
    client = clinic.register_client("Milepost messages", " ".join(FOR_STAFF), redirect_uris=[BACK])
    port = free_port()
    site = f"http://localhost:{port}"
    with recorded_openemr(clinic, port=port, dress=with_pages, site=site) as openemr:
        known = StaffClient(
            fhir_base=openemr.fhir_base, client_id=client.id, client_secret=client.secret, redirect_uri=BACK
        )
        account = StaffAccount(known, keys=Keys(tmp_path / "none", clock), clock=clock)
        made = Desk(openemr, clinic, World(clock=clock), account)
        made.sign_in()
        yield made


def test_messages_go_out_when_nobody_is_there(desk: Desk) -> None:
    """An hour later the token is renewed, once, and the one before is good for nothing."""
    desk.write()
    for tier in (2, 3):
        desk.world.clock.forward(minutes=90)
        desk.write(tier=tier)

    (message,) = desk.clinic.messages_of("desk")
    assert "Tier 3." in message.body
    with desk.world.look() as uow:
        account = uow.staff_accounts.get(desk.source)
    assert account is not None
    assert account.got_at == desk.world.clock()
    assert account.ended is None


def test_a_session_that_was_ended_there_ends_here(desk: Desk) -> None:
    """OpenEMR still renews, and refuses each new token with 400 (recordings 425, 436): it is asked for one, at most. What is
    to be written waits, and goes out after the next sign-in."""
    desk.write()
    desk.clinic.oauth_tokens.log_out("desk")
    desk.world.clock.forward(hours=2)

    for _ in range(4):
        with pytest.raises(Unauthorized):
            desk.write(tier=2)

    with desk.world.look() as uow:
        account = uow.staff_accounts.get(desk.source)
    assert account is not None
    assert account.why == EndedBecause.REVOKED
    assert desk.calls(f"/patient/{DAY_UUID}") == 2 + 1

    desk.sign_in()
    desk.write(tier=2)
    (message,) = desk.clinic.messages_of("desk")
    assert "Tier 2." in message.body
    assert desk.world.clock() - NOW == timedelta(hours=2)

"""The staff account of a source: kept, renewed by one worker at a time, ended when the EHR says so (row 33)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from plugin.domain.errors import PermanentFailure, RecordBusy, TemporaryFailure, Unauthorized
from plugin.domain.launch import Tokens
from plugin.domain.staff_account import EndedBecause, StaffAccount
from plugin.usecases.staff_account import NEW, TURN, StaffTokens, account_of, keep, sign_out_staff
from tests.builders import World

SCOPES = ("nonce", "user/message.write")


@dataclass
class FakeServer:
    """An authorization server whose refresh tokens are good once."""

    world: World
    issued: int = 1
    wrong: Exception | None = None
    scopes: tuple[str, ...] = SCOPES
    asked: list[str | None] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def tokens(self) -> Tokens:
        hour = self.world.clock() + timedelta(hours=1)
        return Tokens(
            access=f"access-{self.issued}", refresh=f"refresh-{self.issued}", expires_at=hour, scopes=self.scopes
        )

    def refresh(self, tokens: Tokens) -> Tokens:
        self.asked.append(tokens.refresh)
        self.meanwhile()
        if self.wrong is not None:
            raise self.wrong
        if tokens.refresh != f"refresh-{self.issued}":
            raise Unauthorized("Token has been revoked")
        self.issued += 1
        return self.tokens()


class Place:
    """A source whose staff account was signed in just now, and workers that share it."""

    def __init__(self) -> None:
        self.world = World()
        self.server = FakeServer(self.world)
        self.slept = 0.0
        keep(self.world.services, self.world.source, self.server.tokens(), who="Practitioner/n1", by="user:1")

    def worker(self, name: str = "one") -> StaffTokens:
        """One of several processes."""
        clock, source = self.world.clock, self.world.source
        return StaffTokens(self.world.database, source, self.server.refresh, clock, lambda: name, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds

    @property
    def account(self) -> StaffAccount:
        """As it is stored."""
        with self.world.look() as uow:
            account = uow.staff_accounts.get(self.world.source)
        assert account is not None
        return account


@pytest.fixture
def place() -> Place:
    """A place."""
    return Place()


def test_what_the_page_is_told(place: Place) -> None:
    """Who, since when, with which scopes; no token. What waited for it is sent."""
    shown = account_of(place.world.services, place.world.source)

    assert shown is not None
    assert (shown.who, shown.since, shown.tokens.scopes) == ("Practitioner/n1", place.world.clock(), SCOPES)
    assert (shown.tokens.access, shown.tokens.refresh) == ("", None)
    assert "access" not in repr(place.account)
    assert place.world.jobs.asked == ["deliver"]
    with place.world.look() as uow:
        (entry,) = [one for one in uow.audit.entries() if one.action == "sign-in-staff"]
    assert (entry.who, entry.detail["who"]) == ("user:1", "Practitioner/n1")


def test_a_good_token_is_used_as_it_is(place: Place) -> None:
    """Until a minute before it runs out; then it is renewed before it is used, and stored before that."""
    assert place.worker().current() == "access-1"
    place.world.clock.forward(minutes=59)

    assert place.worker().current() == "access-2"
    assert place.account.tokens.refresh == "refresh-2"
    assert place.server.asked == ["refresh-1"]


def test_another_worker_gets_what_the_first_has_got(place: Place) -> None:
    """The refresh token is shown once, whoever comes meanwhile."""
    place.world.clock.forward(hours=2)
    second = place.worker("two")

    def comes_meanwhile() -> None:
        place.server.meanwhile = lambda: None
        with pytest.raises(RecordBusy):
            second.current()

    place.server.meanwhile = comes_meanwhile

    assert place.worker("one").current() == "access-2"
    assert second.current() == "access-2"
    assert place.server.asked == ["refresh-1"]
    assert place.slept > 0


def test_a_worker_that_died_while_it_renewed(place: Place) -> None:
    """Another one takes over when its turn has run out. If the old refresh token was used up, the account has ended, and
    says that it was broken off."""
    place.world.clock.forward(hours=2)
    with place.world.database.begin() as uow:
        uow.staff_accounts.take_turn(place.account, "dead", place.world.clock() + TURN, place.world.clock())
        uow.commit()
    place.server.issued = 2
    place.world.clock.forward(minutes=2)

    with pytest.raises(Unauthorized):
        place.worker().current()

    assert place.account.why == EndedBecause.INTERRUPTED
    with pytest.raises(Unauthorized, match="interrupted"):
        place.worker().current()


def test_a_refresh_that_is_refused(place: Place) -> None:
    """The account has ended, with its tokens; nobody asks again until somebody has signed in."""
    place.world.clock.forward(days=100)
    place.server.wrong = Unauthorized("no")

    for _ in range(3):
        with pytest.raises(Unauthorized):
            place.worker().current()

    assert (place.account.why, place.account.tokens.access) == (EndedBecause.REFUSED, "")
    assert len(place.server.asked) == 1

    place.server.wrong = None
    keep(place.world.services, place.world.source, place.server.tokens(), who="Practitioner/n1", by="user:1")
    assert place.worker().current() == "access-1"


@pytest.mark.parametrize("wrong", [TemporaryFailure("down"), PermanentFailure("no discovery")])
def test_an_authorization_server_that_does_not_answer(place: Place, wrong: Exception) -> None:
    """Nothing has ended; the next one tries."""
    place.world.clock.forward(hours=2)
    place.server.wrong = wrong
    with pytest.raises(type(wrong)):
        place.worker().current()
    place.server.wrong = None

    assert place.worker("two").current() == "access-2"


def test_a_token_that_was_refused(place: Place) -> None:
    """Somebody else has renewed meanwhile: then there is another one. An old one is replaced; a new one is not, or it
    would never end."""
    worker = place.worker()

    assert worker.replaced("access-0")
    assert not worker.replaced("access-1")
    assert place.server.asked == []

    place.world.clock.forward(seconds=NEW.total_seconds())
    assert worker.replaced("access-1")
    assert not worker.replaced("access-2")
    assert place.server.asked == ["refresh-1"]


def test_a_session_that_was_ended_there(place: Place) -> None:
    """It would still be refreshed, and each new token refused: it has ended here, too."""
    worker = place.worker()
    worker.session_is_over()

    assert place.account.why == EndedBecause.REVOKED
    assert not worker.replaced("access-1")
    assert place.server.asked == []


def test_a_session_that_was_ended_while_somebody_signed_in_anew(place: Place) -> None:
    """The answer is about the token that was shown, and that is another by now: the new sign-in stands."""
    shown = place.worker().current()
    new = replace(place.account.tokens, access="access-new")
    place.world.clock.forward(minutes=1)
    keep(place.world.services, place.world.source, new, who="Practitioner/n1", by="user:1")

    place.worker().session_is_over(shown)

    assert place.account.ended is None
    assert place.worker().current() == "access-new"


def test_a_new_token_may_do_less(place: Place) -> None:
    """A narrower scope is narrow for good: somebody signs in again."""
    place.world.clock.forward(hours=2)
    place.server.scopes = SCOPES[1:]
    assert place.worker().current() == "access-2"
    place.world.clock.forward(hours=2)
    place.server.scopes = ("user/patient.read",)

    with pytest.raises(Unauthorized, match="less"):
        place.worker().current()
    assert place.account.why == EndedBecause.SCOPE


def test_an_answer_that_leaves_out_what_stays(place: Place) -> None:
    """Scopes and refresh token are then those that there were (RFC 6749, 5.1 and 6)."""
    place.world.clock.forward(hours=2)
    real = place.server.refresh
    bare = replace(place.worker(), refresh=lambda old: replace(real(old), scopes=(), refresh=None))

    assert bare.current() == "access-2"
    assert (place.account.tokens.scopes, place.account.tokens.refresh) == (SCOPES, "refresh-1")


def test_signed_out_here(place: Place) -> None:
    """What is to be sent waits; a source that nobody signed in for says so."""
    sign_out_staff(place.world.services, place.world.source, by="user:2")

    assert place.account.why == EndedBecause.SIGNED_OUT
    with place.world.database.begin() as uow:
        uow.sources.forget(place.world.source, place.world.clock(), by="user:1", told={})
        uow.commit()
    assert account_of(place.world.services, place.world.source) is None
    with pytest.raises(Unauthorized, match="nobody has signed in"):
        place.worker().current()

"""The port `Launches`: the fake and Redis keep the same promises. Threat row 25: one refresh, however many ask."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from plugin.domain.errors import LaunchRefused, Unreachable
from plugin.domain.launch import PanelSession, PendingLaunch, Refusal, Tokens
from plugin.sessions.cipher import Cipher
from plugin.sessions.connection import connect
from plugin.sessions.launches import RedisLaunches
from plugin.usecases.panel_ports import Launches
from tests.fake_launch import IDLE, FakeLaunches
from tests.fakes import FakeClock
from tests.redis_clock import time_passes

HALF = 0.6 * IDLE
"""Two of it are more than the whole."""


@dataclass
class Site:
    """The port, its clock, and a wait of half the time that makes a session idle."""

    launches: Launches
    now: Callable[[], datetime]
    half_idle: Callable[[], object]


@pytest.fixture(params=["fake", "redis"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """Redis has a clock of its own, and nobody waits for it."""
    if request.param == "fake":
        clock = FakeClock()
        yield Site(FakeLaunches(), clock, lambda: clock.forward(seconds=HALF.total_seconds()))
        return
    with closing(connect(request.getfixturevalue("redis_url"))) as client:
        launches = RedisLaunches(client, Cipher({"k1": b"k" * 32}), real_now)
        yield Site(launches, real_now, lambda: time_passes(client, HALF))


def real_now() -> datetime:
    return datetime.now(UTC)


def a_pending(now: datetime, issuer: str = "main") -> PendingLaunch:
    return PendingLaunch(
        issuer=issuer, verifier="v" * 64, nonce="n", secret_hash="0" * 64, begun_at=now, is_standalone=True
    )


def a_session(now: datetime, launch: str = "main.l1", patient: str = "Patient/p1") -> PanelSession:
    return PanelSession(
        launch=launch,
        issuer="main",
        source_id=1,
        patient=patient,
        person_id=7,
        who="Practitioner/nurse-1",
        name=None,
        roles=("provider", "coach"),
        scopes=("patient/Patient.r",),
        opened_at=now,
        ends_at=now + timedelta(hours=8),
    )


def tokens(now: datetime, access: str = "a1") -> Tokens:
    return Tokens(access=access, refresh="r1", expires_at=now + timedelta(minutes=5), scopes=("openid",))


def test_a_launch_is_taken_once(site: Site) -> None:
    """As it was begun; afterwards it never was (row 5)."""
    pending = a_pending(site.now())
    site.launches.begin("state", pending)

    assert site.launches.take("other") is None
    assert site.launches.take("state") == pending
    assert site.launches.take("state") is None


def test_of_many_who_take_a_launch_one_gets_it(site: Site) -> None:
    """Whatever they do at the same moment (row 5)."""
    site.launches.begin("state", a_pending(site.now()))
    got: list[PendingLaunch | None] = []

    at_once(20, lambda: got.append(site.launches.take("state")))

    assert len([pending for pending in got if pending]) == 1


def test_a_session_is_found_by_its_token_alone(site: Site) -> None:
    """As it was opened, with its tokens and its issuer."""
    now = site.now()
    site.launches.open("t1", a_session(now), tokens(now))
    site.launches.open("t2", a_session(now, "main.l2", "Patient/p2"), tokens(now, "a2"))

    first, second = site.launches.session("t1", now), site.launches.session("t2", now)

    assert first == a_session(now)
    assert second is not None
    assert second.patient == "Patient/p2"
    assert site.launches.tokens("t1") == tokens(now)
    assert site.launches.of_launch("main.l1") == "main"
    for name in ("main.l1", "t3", ""):
        assert site.launches.session(name, now) is None
        assert site.launches.tokens(name) is None
    assert site.launches.of_launch("t1") is None


def test_use_keeps_a_session_and_idleness_ends_it(site: Site) -> None:
    """Its tokens and its launch end with it."""
    site.launches.open("t1", a_session(site.now()), tokens(site.now()))

    for _ in range(3):
        site.half_idle()
        assert site.launches.session("t1", site.now()) is not None
    site.half_idle()
    site.half_idle()

    assert site.launches.session("t1", site.now()) is None


def test_a_page_that_asks_by_itself_keeps_nothing(site: Site) -> None:
    """Nobody is there."""
    site.launches.open("t1", a_session(site.now()), tokens(site.now()))

    site.half_idle()
    assert site.launches.session("t1", site.now(), is_active=False) is not None
    site.half_idle()

    assert site.launches.session("t1", site.now(), is_active=False) is None


def test_it_is_known_until_when_a_session_lasts_unused(site: Site) -> None:
    """The panel says so before it happens."""
    now = site.now()
    site.launches.open("t1", a_session(now), tokens(now))

    until = site.launches.idle_until("t1")

    assert until is not None
    assert now < until <= site.now() + IDLE
    assert site.launches.idle_until("t2") is None


def test_however_busy_a_session_has_an_end(site: Site) -> None:
    """A shift."""
    now = site.now()
    site.launches.open("t1", a_session(now), tokens(now))

    assert site.launches.session("t1", now + timedelta(hours=8)) is None


def test_a_session_that_was_ended_is_gone(site: Site) -> None:
    """Its tokens are handed out to be revoked, once."""
    now = site.now()
    site.launches.open("t1", a_session(now), tokens(now))

    assert site.launches.end("t1") == tokens(now)
    assert site.launches.end("t1") is None
    assert site.launches.session("t1", now) is None
    assert site.launches.tokens("t1") is None
    assert site.launches.of_launch("main.l1") is None
    assert site.launches.refreshed("t1", lambda _: pytest.fail("nothing to refresh")) is None


def test_twenty_who_refresh_at_once_are_one_refresh(site: Site) -> None:
    """Row 25: a refresh token that is shown twice ends the whole family at a strict server."""
    now = site.now()
    site.launches.open("t1", a_session(now), tokens(now))
    shown: list[str | None] = []
    got: list[Tokens | None] = []

    def use(old: Tokens) -> Tokens:
        shown.append(old.refresh)
        time.sleep(0.05)
        return replace(old, access="a2", refresh="r2")

    at_once(20, lambda: got.append(site.launches.refreshed("t1", use)))

    assert shown == ["r1"]
    assert [(new.access, new.refresh) for new in got if new] == [("a2", "r2")] * 20
    assert site.launches.tokens("t1") == replace(tokens(now), access="a2", refresh="r2")


def test_a_refresh_that_is_refused_ends_the_session(site: Site) -> None:
    """And the same refresh token is not shown by those who waited."""
    now = site.now()
    site.launches.open("t1", a_session(now), tokens(now))
    shown: list[str | None] = []
    refused: list[bool] = []

    def use(old: Tokens) -> Tokens:
        shown.append(old.refresh)
        raise LaunchRefused("refused", reason=Refusal.SESSION_REFUSED)

    def ask() -> None:
        try:
            refused.append(site.launches.refreshed("t1", use) is not None)
        except LaunchRefused:
            refused.append(True)

    at_once(5, ask)

    assert shown == ["r1"]
    assert sorted(refused) == [False] * 4 + [True]
    assert site.launches.session("t1", now) is None


def test_a_refresh_that_could_not_be_asked_ends_nothing(site: Site) -> None:
    """The server was away; next time perhaps not."""
    now = site.now()
    site.launches.open("t1", a_session(now), tokens(now))

    def away(_old: Tokens) -> Tokens:
        raise Unreachable("away")

    with pytest.raises(Unreachable):
        site.launches.refreshed("t1", away)

    assert site.launches.refreshed("t1", lambda old: replace(old, access="a2")) is not None


def test_what_was_done_often_enough_is_not_allowed_again(site: Site) -> None:
    """Each has a count of their own, for each thing."""
    minute = timedelta(minutes=1)

    assert [site.launches.allow("launch", "here", 2, minute) for _ in range(3)] == [True, True, False]
    assert site.launches.allow("launch", "there", 2, minute)
    assert site.launches.allow("session", "here", 2, minute)


def at_once(many: int, do: Callable[[], object]) -> None:
    threads = [threading.Thread(target=do) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

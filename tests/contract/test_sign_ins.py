"""The port `SignIns`: the fake and Redis keep the same promises."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from plugin.domain.account import OpenSession
from plugin.sessions.cipher import Cipher
from plugin.sessions.connection import connect
from plugin.sessions.sign_ins import IDLE, RedisSignIns
from plugin.usecases.admin_ports import SignIns
from tests.fake_sign_in import FakeSignIns
from tests.fakes import FakeClock
from tests.redis_clock import time_passes

HALF = 0.6 * IDLE
"""Two of it are more than the whole."""


@dataclass
class Site:
    """The port, its clock, and a wait of half the time that makes a session idle."""

    sign_ins: SignIns
    now: Callable[[], datetime]
    half_idle: Callable[[], object]


@pytest.fixture(params=["fake", "redis"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """Redis has a clock of its own, and nobody waits for it."""
    if request.param == "fake":
        clock = FakeClock()
        yield Site(FakeSignIns(), clock, lambda: clock.forward(seconds=HALF.total_seconds()))
        return
    with closing(connect(request.getfixturevalue("redis_url"))) as client:
        sign_ins = RedisSignIns(client, Cipher({"k1": b"k" * 32}))
        yield Site(sign_ins, real_now, lambda: time_passes(client, HALF))


def real_now() -> datetime:
    return datetime.now(UTC)


def a_session(now: datetime, **changes: object) -> OpenSession:
    session = OpenSession(
        id="s1",
        person_id=7,
        csrf="form-token",
        signed_in_at=now,
        proven_at=now,
        ends_at=now + timedelta(hours=10),
        is_complete=False,
        new_secret="secret",
    )
    return replace(session, **changes)  # type: ignore[arg-type]  # keywords of a session


def test_a_session_is_found_by_its_token_alone(site: Site) -> None:
    """As it was opened."""
    now = site.now()
    site.sign_ins.open("t1", a_session(now))
    site.sign_ins.open("t2", a_session(now, id="s2", person_id=8))

    assert site.sign_ins.session("t1", now) == a_session(now)
    assert (site.sign_ins.session("t2", now) or a_session(now)).id == "s2"
    assert [site.sign_ins.session(name, now) for name in ("s1", "form-token", "t3", "")] == [None] * 4


def test_use_keeps_a_session_and_idleness_ends_it(site: Site) -> None:
    """A page that asks by itself is no use."""
    site.sign_ins.open("t1", a_session(site.now()))

    for _ in range(3):
        site.half_idle()
        assert site.sign_ins.session("t1", site.now()) is not None
    site.half_idle()
    assert site.sign_ins.session("t1", site.now(), is_active=False) is not None
    site.half_idle()

    assert site.sign_ins.session("t1", site.now()) is None


def test_however_busy_a_session_has_an_end(site: Site) -> None:
    """A long shift."""
    now = site.now()
    site.sign_ins.open("t1", a_session(now))

    assert site.sign_ins.session("t1", now + timedelta(hours=10)) is None


def test_under_a_new_token_the_old_one_opens_nothing(site: Site) -> None:
    """As it is now; the same token may be the new one; none of a session that was ended."""
    now = site.now()
    site.sign_ins.open("t1", a_session(now))
    changed = a_session(now, is_complete=True, new_secret=None)
    site.sign_ins.renew("t1", "t2", changed)

    assert site.sign_ins.session("t1", now) is None
    assert site.sign_ins.session("t2", now) == changed
    site.sign_ins.renew("t2", "t2", a_session(now))
    assert site.sign_ins.session("t2", now) == a_session(now)
    site.sign_ins.end("t2")
    site.sign_ins.end("t2")
    assert site.sign_ins.session("t2", now) is None


def test_attempts_are_counted(site: Site) -> None:
    """For each thing and each who tries it."""
    hour = timedelta(hours=1)

    assert [site.sign_ins.count("attempts", "here", hour) for _ in range(3)] == [1, 2, 3]
    assert site.sign_ins.count("attempts", "there", hour) == 1
    assert site.sign_ins.count("refused", "here", hour) == 1

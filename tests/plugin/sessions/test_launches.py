"""Sessions in a real Redis: threat row 19 (nothing of anybody is there to be read) and row 23 (secrets at rest)."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from redis import Redis

from plugin.domain.errors import Unreachable
from plugin.domain.launch import PanelSession, PendingLaunch, Tokens
from plugin.sessions.access_tokens import AccessTokens
from plugin.sessions.cipher import Cipher
from plugin.sessions.connection import connect
from plugin.sessions.launches import RedisLaunches
from tests.fakes import START
from tests.servers import free_port

OLD_KEY, NEW_KEY = b"o" * 32, b"n" * 32
CANARIES = ("CANARY", "Patient/p1", "Practitioner/nurse-1", "Nora", "the-state", "panel-token", "main.l1")


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    client = connect(redis_url)
    yield client
    client.close()


def now() -> datetime:
    return START


def launches(redis: Redis, **keys: bytes) -> RedisLaunches:
    return RedisLaunches(redis, Cipher(keys or {"k1": OLD_KEY}), now)


def a_session(launch: str = "main.l1") -> PanelSession:
    return PanelSession(
        launch=launch,
        issuer="main",
        source_id=1,
        patient="Patient/p1",
        person_id=7,
        who="Practitioner/nurse-1",
        name="Demo-Nurse, Nora",
        roles=("provider",),
        scopes=("patient/Patient.r",),
        opened_at=START,
        ends_at=START + timedelta(hours=8),
    )


PENDING = PendingLaunch(
    issuer="main", verifier="CANARY-v", nonce="CANARY-n", secret_hash="CANARY-s", begun_at=START, is_standalone=False
)
TOKENS = Tokens(access="CANARY-access", refresh="CANARY-refresh", expires_at=START + timedelta(minutes=5))


def everything(redis: Redis) -> dict[str, str]:
    """Keys and values, as whoever got into Redis sees them."""
    return {str(key): str(redis.get(key)) for key in redis.scan_iter()}


def test_whoever_reads_redis_learns_nothing(redis: Redis) -> None:
    """Row 19: no token, state, verifier, name or patient, in no key and in no value."""
    kept = launches(redis)
    kept.begin("the-state", PENDING)
    kept.open("panel-token", a_session(), TOKENS)
    kept.refreshed("panel-token", lambda old: old)
    kept.allow("launch", "CANARY-address", 3, timedelta(minutes=1))
    AccessTokens(redis, Cipher({"k1": OLD_KEY}), now).token("CANARY-source", lambda: TOKENS)

    seen = json.dumps(everything(redis))

    assert len(everything(redis)) == 7
    assert [canary for canary in CANARIES if canary in seen] == []


def test_everything_ends_by_itself(redis: Redis) -> None:
    """Row 19: nothing stays because somebody forgot to delete it."""
    test_whoever_reads_redis_learns_nothing(redis)

    assert [key for key in everything(redis) if redis.pttl(key) <= 0] == []


def test_a_record_that_was_moved_does_not_open(redis: Redis) -> None:
    """Row 23: whoever can write into Redis cannot give one session another's tokens, or a launch's place."""
    kept = launches(redis)
    kept.open("t1", a_session("main.l1"), TOKENS)
    kept.open("t2", a_session("main.l2"), TOKENS)
    sealed = [key for key, value in everything(redis).items() if value.startswith("k1:")]
    stored = {key: redis.get(key) for key in sealed}

    for source, target in permutations(sealed, 2):
        for key, value in stored.items():
            redis.set(key, str(value))
        redis.set(target, str(stored[source]))
        found = [(kept.session(token, START), kept.tokens(token)) for token in ("t1", "t2")]
        assert sum(session is None or tokens is None for session, tokens in found) == 1


@pytest.mark.parametrize("planted", ["", "k1:", "k2:AAAA", "{}", "gASVAAAAAAAAAA==", "null"])
def test_what_is_not_ours_is_no_session(redis: Redis, planted: str) -> None:
    """Row 23: a pickle, an empty text, another key: the session is over, and nothing is run."""
    kept = launches(redis)
    kept.open("t1", a_session(), TOKENS)
    for key in redis.scan_iter():
        redis.set(key, planted)

    assert kept.session("t1", START) is None
    assert kept.tokens("t1") is None
    assert kept.end("t1") is None


def test_a_rotated_key_opens_what_the_old_one_sealed(redis: Redis) -> None:
    """Row 23: sessions outlive a rotation; without the old key they are over."""
    launches(redis, k1=OLD_KEY).open("t1", a_session(), TOKENS)

    assert launches(redis, k1=OLD_KEY, k2=NEW_KEY).tokens("t1") == TOKENS
    assert launches(redis, k2=NEW_KEY).session("t1", START) is None


def test_an_access_token_under_a_key_that_is_gone_is_asked_for_anew(redis: Redis) -> None:
    """Row 23: nothing is stuck by a rotation."""
    AccessTokens(redis, Cipher({"k1": OLD_KEY}), now).token("source", lambda: TOKENS)
    new = Tokens(access="new", expires_at=TOKENS.expires_at)

    assert AccessTokens(redis, Cipher({"k2": NEW_KEY}), now).token("source", lambda: new) == "new"


def test_without_redis_nobody_gets_in(redis_url: str) -> None:
    """A temporary failure, whose words hold no password."""
    away = launches(connect(f"redis://:CANARY@127.0.0.1:{free_port()}/0"))

    for call in (
        lambda: away.begin("s", PENDING),
        lambda: away.take("s"),
        lambda: away.open("t", a_session(), TOKENS),
        lambda: away.session("t", START),
        lambda: away.refreshed("t", lambda old: old),
        lambda: away.allow("launch", "x", 1, timedelta(minutes=1)),
    ):
        with pytest.raises(Unreachable) as failure:
            call()
        assert "CANARY" not in str(failure.value)

"""The protocol `TokenCache`: one process's own and the one in Redis keep the same promises. Threat row 25."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from fhir_adapters.auth import OwnCache, TokenCache
from plugin.domain.errors import Unreachable
from plugin.domain.launch import Tokens
from plugin.sessions.access_tokens import AccessTokens
from plugin.sessions.cipher import Cipher
from plugin.sessions.connection import connect
from tests.fakes import FakeClock


class Mint:
    """Makes tokens, and counts them."""

    def __init__(self, clock: FakeClock, lives: timedelta = timedelta(minutes=5)) -> None:
        self.made = 0
        self._clock = clock
        self._lives = lives

    def __call__(self) -> Tokens:
        self.made += 1
        time.sleep(0.02)
        return Tokens(access=f"token-{self.made}", expires_at=self._clock() + self._lives)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["own", "redis"])
def tokens(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[TokenCache]:
    if request.param == "own":
        yield OwnCache(clock)
        return
    with closing(connect(request.getfixturevalue("redis_url"))) as client:
        yield AccessTokens(client, Cipher({"k1": b"k" * 32}), clock)


def test_a_token_is_asked_for_once(tokens: TokenCache, clock: FakeClock) -> None:
    """For each key."""
    mint = Mint(clock)

    assert [tokens.token("a", mint) for _ in range(3)] == ["token-1"] * 3
    assert tokens.token("b", mint) == "token-2"


def test_twenty_who_need_one_at_once_ask_once(tokens: TokenCache, clock: FakeClock) -> None:
    """Row 25: over all threads and processes one at a time."""
    mint, got = Mint(clock), list[str]()

    at_once(20, lambda: got.append(tokens.token("a", mint)))

    assert (got, mint.made) == (["token-1"] * 20, 1)


@pytest.mark.parametrize(("lives", "asked"), [(30, 2), (31, 1)])
def test_one_that_runs_out_soon_is_not_kept(tokens: TokenCache, clock: FakeClock, lives: int, asked: int) -> None:
    """Half a minute is too little for a request and its answer."""
    mint = Mint(clock, timedelta(seconds=lives))

    for _ in range(2):
        tokens.token("a", mint)

    assert mint.made == asked


def test_one_that_was_refused_is_replaced(tokens: TokenCache, clock: FakeClock) -> None:
    """But not the one that has already replaced it."""
    mint = Mint(clock)
    old = tokens.token("a", mint)

    tokens.drop("a", old)
    new = tokens.token("a", mint)
    tokens.drop("a", old)

    assert tokens.token("a", mint) == new == "token-2"


def test_who_could_not_get_one_does_not_stand_in_the_way(tokens: TokenCache, clock: FakeClock) -> None:
    """The next one asks again."""

    def away() -> Tokens:
        raise Unreachable("away")

    with pytest.raises(Unreachable):
        tokens.token("a", away)

    assert tokens.token("a", Mint(clock)) == "token-1"


def at_once(many: int, do: Callable[[], object]) -> None:
    threads = [threading.Thread(target=do) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

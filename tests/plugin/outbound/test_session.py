"""Tests of plugin/outbound/session.py against a real server that misbehaves: threat row 15, row 16, row 26."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from plugin.domain.errors import (
    BadSettings,
    CircuitOpen,
    OutsideSource,
    TemporaryFailure,
    TooLarge,
    TooSlow,
    Unreachable,
)
from plugin.outbound import Auth, Circuit, GuardedSession, Retries, Terms, Timing
from tests import rogue as play
from tests.rogue import Rogue, rogue_server

SECRET = "canary-token"
PATIENT = Terms(
    read=timedelta(minutes=1),
    deadline=timedelta(minutes=2),
    retries=Retries(attempts=3, first_pause=timedelta(seconds=1), longest_pause=timedelta(seconds=8)),
)
"""A good answer may take its time on a busy machine; nothing but a test of slow ones waits for its end."""
ONCE = replace(PATIENT, retries=Retries(attempts=1))


class Token(Auth):
    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
def rogue() -> Iterator[Rogue]:
    with rogue_server() as server:
        yield server.plays(play.answers())


@pytest.fixture
def other() -> Iterator[Rogue]:
    """Where a token must never arrive."""
    with rogue_server() as server:
        yield server.plays(play.answers())


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def session(rogue: Rogue, pauses: list[float]) -> Iterator[GuardedSession]:
    made = a_session(rogue, pauses)
    yield made
    made.close()


def a_session(
    rogue: Rogue, pauses: list[float] | None = None, terms: Terms = PATIENT, circuit: Circuit | None = None
) -> GuardedSession:
    timing = Timing(sleep=(pauses if pauses is not None else []).append, chance=lambda: 1.0)
    return GuardedSession(rogue.url, Token(), terms=terms, timing=timing, circuit=circuit)


def test_a_request_goes_out_with_all_that_was_asked(session: GuardedSession, rogue: Rogue) -> None:
    """Path, parameters, headers, body and token arrive as given; the answer comes back whole."""
    answer = session.send("PUT", "Task/t1", params={"_pretty": "false"}, headers={"If-Match": 'W/"3"'}, body=b"{}")

    sent = rogue.seen[0]
    assert (sent.method, sent.path, sent.body) == ("PUT", "/fhir/Task/t1?_pretty=false", b"{}")
    assert sent.headers["If-Match"] == 'W/"3"'
    assert sent.headers["Authorization"] == f"Bearer {SECRET}"
    assert (answer.status_code, answer.body[:15]) == (200, b'{"resourceType"')
    assert answer.asked == f"PUT Task/t1 at {rogue.url}"


class TwoTokens(Auth):
    """The first is refused; ``others`` says how many more there are."""

    def __init__(self, others: int) -> None:
        self.others = others
        self.used = 1

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer token-{self.used}"}

    def refused(self) -> bool:
        self.used += 1
        return self.used - 1 <= self.others


@pytest.mark.parametrize(("others", "status", "shown"), [(0, 401, [1]), (1, 200, [1, 2]), (9, 401, [1, 2])])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_that_was_refused_is_replaced_once(
    rogue: Rogue, others: int, status: int, shown: list[int], method: str
) -> None:
    """A server that answers 401 has done nothing, so that even a POST is sent again; a second 401 is the answer."""
    last = play.answers(401) if status == 401 else play.answers()
    rogue.plays(play.answers(401), last)
    session = GuardedSession(rogue.url, TwoTokens(others), terms=ONCE)

    answer = session.send(method, "Patient/p1")

    session.close()
    assert answer.status_code == status
    assert [seen.headers["Authorization"] for seen in rogue.seen] == [f"Bearer token-{number}" for number in shown]


def test_connections_are_used_again(session: GuardedSession, rogue: Rogue) -> None:
    """Ten requests, one connection: its timeout is as before after each, however little time was left."""
    ports: set[int] = set()

    def notes_the_port(handler: play.Handler) -> None:
        ports.add(handler.client_address[1])
        play.answers()(handler)

    rogue.plays(notes_the_port)

    for _ in range(10):
        session.send("GET", "Patient/p1")

    assert len(ports) == 1


def test_an_answer_of_any_status_is_returned(session: GuardedSession, rogue: Rogue) -> None:
    """What a refusal means is for the caller to say; it is not repeated."""
    rogue.plays(play.answers(422))

    assert session.send("GET", "Patient/p1").status_code == 422
    assert len(rogue.seen) == 1


def test_5xx_then_200(session: GuardedSession, rogue: Rogue, pauses: list[float]) -> None:
    """A temporary failure is tried again after a growing pause, and the good answer is what the caller sees."""
    rogue.plays(play.answers(503), play.answers(502), play.answers())

    assert session.send("GET", "Patient/p1").status_code == 200
    assert pauses == [1.0, 2.0]


def test_attempts_end(session: GuardedSession, rogue: Rogue) -> None:
    """After the last attempt the caller gets the last answer."""
    rogue.plays(play.answers(503))

    assert session.send("GET", "Patient/p1").status_code == 503
    assert len(rogue.seen) == 3


def test_429_with_retry_after(session: GuardedSession, rogue: Rogue, pauses: list[float]) -> None:
    """The server gets at least the time that it asks for."""
    rogue.plays(play.answers(429, Retry_After="4"), play.answers())

    assert session.send("GET", "Patient/p1").status_code == 200
    assert len(pauses) == 1
    assert 4 <= pauses[0] <= 5


def test_a_long_retry_after_is_handed_to_the_caller(session: GuardedSession, rogue: Rogue, pauses: list[float]) -> None:
    """Nobody sleeps through ten minutes in a worker: the answer comes back at once, with the time on it."""
    rogue.plays(play.answers(503, Retry_After="600"))

    answer = session.send("GET", "Patient/p1")

    assert answer.retry_after == timedelta(minutes=10)
    assert (pauses, len(rogue.seen)) == ([], 1)


@pytest.mark.parametrize(
    ("method", "repeatable", "requests"),
    [("GET", None, 3), ("PUT", None, 3), ("DELETE", None, 3), ("POST", None, 1), ("POST", True, 3), ("PUT", False, 1)],
)
def test_only_what_may_be_repeated_is(
    session: GuardedSession, rogue: Rogue, method: str, repeatable: bool | None, requests: int
) -> None:
    """A POST is sent twice only when the caller knows that it makes nothing twice."""
    rogue.plays(play.answers(503))

    session.send(method, "Task/t1", body=b"{}" if method in ("PUT", "POST") else None, repeatable=repeatable)

    assert len(rogue.seen) == requests


@pytest.mark.parametrize("fault", [play.hangs_up, play.cuts_the_body])
def test_a_connection_that_is_cut_is_tried_again(session: GuardedSession, rogue: Rogue, fault: play.Behaviour) -> None:
    """Threat 15: an answer that ends in the middle is no answer; the next try may bring the whole one."""
    rogue.plays(fault, play.answers())

    assert session.send("GET", "Patient/p1").status_code == 200


def test_a_cut_answer_is_never_returned_in_part(rogue: Rogue) -> None:
    """Threat 15: where every answer is cut, the caller gets a temporary failure."""
    rogue.plays(play.cuts_the_body)

    with pytest.raises(Unreachable, match="cut before the answer was complete"):
        a_session(rogue, terms=ONCE).send("GET", "Patient/p1")


@pytest.mark.parametrize("fault", [play.drips_headers, play.drips_body, play.drips_chunks])
def test_a_dripping_server_is_left_at_the_deadline(rogue: Rogue, fault: play.Behaviour) -> None:
    """Threat 15: a byte now and then satisfies every read timeout, and still ends at the deadline for the whole."""
    rogue.plays(fault)

    with pytest.raises(TooSlow):
        a_session(rogue, terms=replace(ONCE, deadline=timedelta(seconds=0.3))).send("GET", "Patient/p1")


def test_a_silent_server_is_left_at_the_read_timeout(rogue: Rogue) -> None:
    """Threat 15: long before the deadline of a slow but living answer."""
    rogue.plays(play.says_nothing)

    with pytest.raises(TooSlow, match="no answer in time"):
        a_session(rogue, terms=replace(ONCE, read=timedelta(seconds=0.2))).send("GET", "Patient/p1")


def test_200_mb_of_gzip_stop_at_the_cap(rogue: Rogue) -> None:
    """Threat 15: 200 kB on the wire may be 200 MB in memory; reading stops at 20 MiB, and nobody tries again."""
    rogue.plays(play.answers(body=play.zip_bomb(200), Content_Encoding="gzip"))

    with pytest.raises(TooLarge, match="20,971,520 bytes"):
        a_session(rogue).send("GET", "Patient/p1")

    assert len(rogue.seen) == 1


@pytest.mark.parametrize(("size", "fits"), [(99, True), (100, True), (101, False)])
def test_the_cap_is_exact(rogue: Rogue, size: int, fits: bool) -> None:
    """One byte below, at, and one above."""
    rogue.plays(play.answers(body=b" " * size))
    session = a_session(rogue, terms=replace(ONCE, largest_body=100))

    if fits:
        assert len(session.send("GET", "Patient/p1").body) == size
    else:
        with pytest.raises(TooLarge):
            session.send("GET", "Patient/p1")


def test_a_foreign_address_is_never_asked(session: GuardedSession, rogue: Rogue, other: Rogue) -> None:
    """Threat 16: the same host at another port is another server, and gets no request at all."""
    with pytest.raises(OutsideSource):
        session.send("GET", f"{other.url}/Task?page=2")

    assert (rogue.seen, other.seen) == ([], [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(session: GuardedSession, rogue: Rogue, other: Rogue, status: int) -> None:
    """Threat 16: the token goes where the administrator said, and nowhere that the server says."""
    rogue.plays(play.answers(status, Location=f"{other.url}/Task"))

    assert session.send("GET", "Task").status_code == status
    assert (len(rogue.seen), other.seen) == (1, [])


def test_a_redirect_on_the_same_host_is_not_followed_either(session: GuardedSession, rogue: Rogue) -> None:
    """Threat 16: requests would keep the token there."""
    rogue.plays(play.answers(302, Location=f"{rogue.url}/elsewhere"))

    session.send("GET", "Task")

    assert [seen.path for seen in rogue.seen] == ["/fhir/Task"]


def test_the_body_of_a_redirect_is_capped_too(rogue: Rogue) -> None:
    """Threat 15: no path leads around the cap."""
    rogue.plays(play.answers(302, play.zip_bomb(30), Content_Encoding="gzip", Location="/fhir/x"))

    with pytest.raises(TooLarge):
        a_session(rogue).send("GET", "Task")


def test_netrc_does_not_replace_the_token(
    session: GuardedSession, rogue: Rogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threat 26: an entry for the server's host in netrc would turn Bearer into Basic."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login intruder password canary\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    session.send("GET", "Patient/p1")

    assert rogue.seen[0].headers["Authorization"] == f"Bearer {SECRET}"


def test_netrc_gives_no_password_where_there_is_no_token(
    rogue: Rogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threat 26: an open source is asked without any credential."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login intruder password canary\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    GuardedSession(rogue.url).send("GET", "Patient/p1")

    assert "Authorization" not in rogue.seen[0].headers


def test_a_proxy_of_the_environment_is_not_used(
    session: GuardedSession, rogue: Rogue, other: Rogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threat 26: a proxy would see every token and record."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, other.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    session.send("GET", "Patient/p1")

    assert (len(rogue.seen), other.seen) == (1, [])
    assert os.environ["http_proxy"] == other.url


def test_cookies_are_not_kept(session: GuardedSession, rogue: Rogue) -> None:
    """A server's session is none of ours: what it sets does not come back to it."""
    rogue.plays(play.answers(Set_Cookie="session=canary; Path=/"))

    session.send("GET", "Patient/p1")
    session.send("GET", "Patient/p1")

    assert "Cookie" not in rogue.seen[1].headers


def test_the_circuit_opens_and_spares_the_server(rogue: Rogue) -> None:
    """After failures in a row the server is not asked, not even for the rest of the attempts."""
    rogue.plays(play.answers(503))
    session = a_session(rogue, circuit=Circuit(threshold=2, pause=timedelta(seconds=30)))

    assert session.send("GET", "Patient/p1").status_code == 503
    with pytest.raises(CircuitOpen):
        session.send("GET", "Patient/p1")

    assert len(rogue.seen) == 2


def test_a_refusal_does_not_open_the_circuit(rogue: Rogue) -> None:
    """A server that says no is alive."""
    rogue.plays(play.answers(404))
    session = a_session(rogue, circuit=Circuit(threshold=2))

    assert [session.send("GET", "Patient/p1").status_code for _ in range(4)] == [404] * 4


def test_no_server_there(rogue: Rogue) -> None:
    """Nobody listens: a temporary failure that asks whether the server runs."""
    closed = rogue.url.replace(rogue.url.split(":")[2].split("/")[0], "1")

    with pytest.raises(Unreachable, match="is the server running there"):
        GuardedSession(closed, terms=ONCE).send("GET", "metadata")


def test_a_failure_tells_nothing_that_was_searched_for(rogue: Rogue) -> None:
    """Neither the message nor what it was raised from holds query, token or body."""
    rogue.plays(play.cuts_the_body)

    with pytest.raises(TemporaryFailure) as failure:
        a_session(rogue, terms=ONCE).send("GET", "Patient", params={"name": "canary-name"})

    told = f"{failure.value!r} {failure.value.__cause__!r} {failure.value.__cause__}"
    assert failure.value.__suppress_context__
    assert "canary" not in told
    assert "GET Patient at" in told


def test_a_token_that_breaks_the_header_is_refused_without_being_shown(rogue: Rogue) -> None:
    """A header that cannot be sent is a matter for the settings, and the message does not repeat it."""

    class Broken(Auth):
        def headers(self) -> Mapping[str, str]:
            return {"Authorization": "Bearer canary\r\nX-Evil: 1"}

    with pytest.raises(BadSettings) as refused:
        GuardedSession(rogue.url, Broken()).send("GET", "Patient/p1")

    assert "canary" not in f"{refused.value} {refused.value.__cause__}"
    assert rogue.seen == []

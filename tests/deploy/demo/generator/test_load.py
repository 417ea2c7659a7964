"""Loading goes on after a server's bad moment, and stops with its words when it refuses."""

import json
import threading
from collections.abc import Iterator

import pytest
import requests
import responses

from deploy.demo.generator.fhir import Json
from deploy.demo.generator.load import ATTEMPTS, LoadFailed, LoadRefused, load, post, target

BASE = "http://fhir.test/fhir"
TRANSACTION: Json = {"resourceType": "Bundle", "type": "transaction", "entry": []}


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """A server that must be asked all that is registered."""
    with responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
        yield mock


def test_a_bad_moment_is_waited_out(server: responses.RequestsMock) -> None:
    """5xx and 429 are tried again: after the pause that the server asks for, else after growing ones."""
    pauses: list[float] = []
    server.post(BASE, status=503)
    server.post(BASE, status=429, headers={"Retry-After": "7"})
    server.post(BASE, body=requests.ConnectionError("no"))
    server.post(BASE, json={"resourceType": "Bundle"})

    assert post(target(BASE, pause=pauses.append), TRANSACTION) is TRANSACTION

    assert pauses[1] == 7
    assert 0 < pauses[0] < 1 < pauses[2] < 3


def test_a_server_that_stays_down_is_given_up(server: responses.RequestsMock) -> None:
    """After a bounded number of attempts, with the last answer."""
    for _ in range(ATTEMPTS):
        server.post(BASE, status=502)

    with pytest.raises(LoadFailed, match="gave up after 6 attempts: 502"):
        post(target(BASE, pause=lambda _: None), TRANSACTION)


def test_a_refusal_is_told_in_the_servers_words(server: responses.RequestsMock) -> None:
    """A 4xx is not tried again; no resource stands in the message."""
    outcome = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "HAPI-1094: not found"}]}
    server.post(BASE, status=400, json=outcome)

    with pytest.raises(LoadRefused, match="400 HAPI-1094: not found"):
        post(target(BASE), TRANSACTION)


@pytest.mark.parametrize("body", ["<html>", "[]", '{"issue": [1]}', ""])
def test_an_answer_that_is_not_fhir_is_no_crash(server: responses.RequestsMock, body: str) -> None:
    """A proxy's page instead of an OperationOutcome: only the status is told."""
    server.post(BASE, status=404, body=body)

    with pytest.raises(LoadRefused, match=r"refused a transaction: 404$"):
        post(target(BASE), TRANSACTION)


def test_a_redirect_is_not_followed(server: responses.RequestsMock) -> None:
    """Charts go to the address that was given, and to no other."""
    server.post(BASE, status=307, headers={"Location": "http://elsewhere.test/"})

    with pytest.raises(LoadRefused, match="307"):
        post(target(BASE), TRANSACTION)


@pytest.mark.parametrize("base", ["", "localhost:8080", "ftp://fhir.test", "http://"])
def test_an_address_that_is_none_is_refused(base: str) -> None:
    """Before anything is made."""
    with pytest.raises(LoadRefused, match="no http address"):
        target(base)


def test_the_practice_is_in_before_any_patient() -> None:
    """Everything refers to the first transaction, so it is answered before a second one is sent."""
    arrived: list[int] = []
    lock = threading.Lock()

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        with lock:
            arrived.append(json.loads(request.body or b"{}")["number"])
        return 200, {}, "{}"

    with responses.RequestsMock() as mock:
        mock.add_callback(responses.POST, BASE, callback=answer)
        given = load(target(BASE, clients=3), ({"number": number} for number in range(9)))
        first = next(given)
        assert (first["number"], arrived) == (0, [0])
        rest = {transaction["number"] for transaction in given}

    assert rest == set(range(1, 9))
    assert sorted(arrived) == list(range(9))


def test_no_more_is_made_than_is_under_way() -> None:
    """A hundred thousand patients wait in the generator, not in memory."""
    made: list[int] = []

    def stream() -> Iterator[Json]:
        for number in range(50):
            made.append(number)
            yield {"number": number}

    with responses.RequestsMock() as mock:
        mock.post(BASE, json={})
        for loaded, _ in enumerate(load(target(BASE, clients=2), stream()), start=1):
            assert len(made) - loaded <= 4

    assert len(made) == 50

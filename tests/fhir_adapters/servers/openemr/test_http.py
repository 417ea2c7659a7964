"""Tests of an OpenEMR over HTTP: what is sent, what it has cost, and what is not taken."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
import requests
import responses

from fhir_adapters.auth import Bearer
from fhir_adapters.servers.openemr.http import LARGEST_ANSWER, OpenEmrHttp
from fhir_adapters.servers.openemr.requests import Question
from plugin.domain.errors import CannotDo, NotFhir, ServerBusy, TooLarge, Unreachable
from plugin.outbound import Retries, Terms, Timing
from tests.openemr_recordings import recording

BASE = "https://emr.example/apis/default/fhir"
WHO = "a3485482-24af-481b-bf44-53d5f3d8918c"


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
        yield mock


@pytest.fixture
def spent() -> list[tuple[int, int]]:
    return []


@pytest.fixture
def http(spent: list[tuple[int, int]]) -> OpenEmrHttp:
    return OpenEmrHttp(
        BASE,
        Bearer("canary-token"),
        spent=lambda requests, bytes_, _seconds: spent.append((requests, bytes_)),
        terms=Terms(largest_body=LARGEST_ANSWER, retries=Retries(attempts=2)),
        timing=Timing(sleep=lambda _seconds: None),
    )


def form(body: object) -> dict[str, list[str]]:
    """What was sent."""
    return parse_qs(body.decode() if isinstance(body, bytes) else str(body))


def test_a_search_is_a_form(server: responses.RequestsMock, http: OpenEmrHttp) -> None:
    """Recording 188: so no patient stands in an address, and a list may be long."""
    server.post(f"{BASE}/CarePlan/_search", body=recording(188).raw)

    found = http.search(Question("CarePlan", {"patient": WHO}))

    sent = server.calls[0].request
    assert WHO not in str(sent.url)
    assert form(sent.body) == {"patient": [WHO]}
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert [item["id"] for item in found.resources] == [item["id"] for item in recording(188).resources]


def test_a_comma_list_stays_one_value(server: responses.RequestsMock, http: OpenEmrHttp) -> None:
    """Recording 397: comma is OR; a parameter that is repeated would count once (recording 183)."""
    server.post(f"{BASE}/Appointment/_search", body=recording(397).raw)

    http.search(Question("Appointment", {"date": "2026-11,2026-12"}))

    assert form(server.calls[0].request.body) == {"date": ["2026-11,2026-12"]}


def test_what_an_answer_has_cost_is_told(
    server: responses.RequestsMock, http: OpenEmrHttp, spent: list[tuple[int, int]]
) -> None:
    """Also of one that says no: OpenEMR has logged that too."""
    server.post(f"{BASE}/Patient/_search", body=recording(84).raw)
    server.get(f"{BASE}/Patient/{WHO}", body=b"[]", status=404)

    http.search(Question("Patient", {"_count": "400"}))
    http.read("Patient", WHO)

    assert spent == [(1, len(recording(84).raw)), (1, 2)]


def test_a_search_that_failed_is_asked_once_more(server: responses.RequestsMock, http: OpenEmrHttp) -> None:
    """It reads: twice is no more than once. Then whoever asked is told."""
    for _ in range(2):
        server.post(f"{BASE}/Patient/_search", body=b"<html>502</html>", status=502)

    with pytest.raises(ServerBusy):
        http.search(Question("Patient", {"_count": "400"}))


def test_an_answer_over_the_cap_is_not_read(
    server: responses.RequestsMock, http: OpenEmrHttp, spent: list[tuple[int, int]]
) -> None:
    """Long before the size at which OpenEMR spoils it (recording 385)."""
    server.post(f"{BASE}/Patient/_search", body=b"[" + b" " * LARGEST_ANSWER + b"]")

    with pytest.raises(TooLarge):
        http.search(Question("Patient", {"_count": "400"}))

    assert spent == [(1, LARGEST_ANSWER)]


def test_an_id_that_is_not_there_is_nothing(server: responses.RequestsMock, http: OpenEmrHttp) -> None:
    """Recording 184: 404 and `[]`; one that could not be is not asked for."""
    server.get(f"{BASE}/Appointment/{WHO}", body=recording(184).raw, status=404)

    assert http.read("Appointment", WHO) is None
    assert http.read("Appointment", "garbage") is None
    assert len(server.calls) == 1


def test_another_one_than_was_asked_for_is_no_answer(server: responses.RequestsMock, http: OpenEmrHttp) -> None:
    """A mix-up on the way: taken for an answer, it would say that the one that was asked for is gone."""
    server.get(f"{BASE}/Patient/{WHO}", json={"resourceType": "Patient", "id": WHO.replace("-4", "-5", 1)})

    with pytest.raises(NotFhir, match="another one"):
        http.read("Patient", WHO)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, recording(190).raw, CannotDo),
        (404, b"<html>Not Found</html>", NotFhir),
        (200, b"[]", NotFhir),
        (200, recording(83).raw, NotFhir),
    ],
)
def test_anything_else_than_that_is_not_nothing(
    status: int, body: bytes, error: type[Exception], server: responses.RequestsMock, http: OpenEmrHttp
) -> None:
    """What is taken for gone is forgotten: a wrong address, a page, another resource must not be."""
    server.get(f"{BASE}/Appointment/{WHO}", body=body, status=status)

    with pytest.raises(error):
        http.read("Appointment", WHO)


def test_no_error_has_a_patient_or_a_token_in_it(server: responses.RequestsMock, http: OpenEmrHttp) -> None:
    """It goes to logs and screens."""
    for _ in range(2):
        server.post(f"{BASE}/CarePlan/_search", body=requests.ConnectionError(f"canary-token {WHO}"))

    with pytest.raises(Unreachable) as caught:
        http.search(Question("CarePlan", {"patient": WHO}))

    assert WHO not in str(caught.value)
    assert "canary" not in str(caught.value)

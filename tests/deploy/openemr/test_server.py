"""The recorded OpenEMR's outages and misbehaviours, and its inbox, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import requests

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.server import RecordedOpenEmr, recorded_openemr

MESSAGE = {
    "body": "Care gap",
    "to": "admin",
    "from": "admin",
    "groupname": "Default",
    "title": "Other",
    "message_status": "New",
}


@pytest.fixture
def running() -> Iterator[RecordedOpenEmr]:
    """Nine patients: their numbers are the digits that uuids begin with."""
    clinic = Clinic()
    clinic.furnish()
    for number in range(1, 10):
        clinic.register_patient("Ada", f"Sample {number}", dob=date(1968, 3, number))
    with recorded_openemr(clinic) as made:
        yield made


def _ask(running: RecordedOpenEmr, path: str, method: str = "GET", **more: Any) -> requests.Response:  # of requests
    clinic = running.clinic
    scopes = "api:oemr user/message.write user/Patient.read user/patient.read"
    token = clinic.issue_token(scopes, user=clinic.user_named("admin"))
    headers = {"Authorization": f"Bearer {token}"}
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, running.base_url + path, headers=headers, timeout=30, **more)


def test_it_listens_on_loopback_alone() -> None:
    """It knows no secrets."""
    with pytest.raises(ValueError, match="not loopback"), recorded_openemr(Clinic(), host="0.0.0.0"):
        pass


def test_what_was_asked_is_noted_without_what_was_asked_for(running: RecordedOpenEmr) -> None:
    """Method, path, status and size; no query, no token."""
    _ask(running, "/apis/default/fhir/Patient?family=Sample")

    seen = running.requests[-1]
    assert (seen.method, seen.path, seen.status) == ("GET", "/apis/default/fhir/Patient", 200)
    assert running.bytes_read("/apis/default/fhir") == seen.bytes > 0


def test_down_is_no_answer_and_up_is_one_again(running: RecordedOpenEmr) -> None:
    """The connection ends."""
    running.down()
    with pytest.raises(requests.ConnectionError):
        _ask(running, "/apis/default/fhir/Patient")
    running.up()

    assert _ask(running, "/apis/default/fhir/Patient").status_code == 200


def test_the_api_can_be_switched_off(running: RecordedOpenEmr) -> None:
    """Then it answers every call with an error."""
    running.switch_off_api()
    off = _ask(running, "/apis/default/fhir/Patient").status_code
    running.switch_on_api()

    assert (off, _ask(running, "/apis/default/fhir/Patient").status_code) == (501, 200)


@pytest.mark.parametrize(
    ("kind", "status", "is_json"),
    [
        ("html", 200, False),
        ("bad gateway", 502, False),
        ("php warning", 200, False),
        ("half", 200, False),
        ("error body", 200, True),
        ("trailing error", 200, False),
        ("empty", 200, False),
        ("server error", 500, True),
    ],
)
def test_the_next_call_misbehaves_as_planned(running: RecordedOpenEmr, kind: str, status: int, is_json: bool) -> None:
    """That one, where the path is the planned one; the next is well again."""
    running.answer_next_with(kind, path="Patient")

    other = _ask(running, "/apis/default/fhir/metadata")
    bad = _ask(running, "/apis/default/fhir/Patient")
    good = _ask(running, "/apis/default/fhir/Patient")

    assert (other.status_code, bad.status_code, _is_json(bad)) == (200, status, is_json)
    assert good.json()["total"] == 9


def _is_json(got: requests.Response) -> bool:
    try:
        got.json()
    except ValueError:
        return False
    return True


def test_a_uuid_in_place_of_a_number_is_another_patients_message(running: RecordedOpenEmr) -> None:
    """The trap that a caller has to avoid: 201, and in a stranger's chart."""
    clinic = running.clinic
    digits = next(row for row in clinic.patients.values() if row.uuid[0].isdecimal() and not row.uuid[1].isdecimal())

    got = _ask(running, f"/apis/default/api/patient/{digits.uuid}/message", "POST", json=MESSAGE)

    (message,) = clinic.messages_of("admin")
    assert (got.status_code, message.pid) == (201, int(digits.uuid[0]))
    assert clinic.messages_about(digits) == ([message] if digits.pid == message.pid else [])


def test_a_message_is_said_further_and_never_unsaid(running: RecordedOpenEmr) -> None:
    """A change appends; done is out of the inbox and stays in the chart."""
    path = "/apis/default/api/patient/1/message"
    mid = _ask(running, path, "POST", json=MESSAGE).json()["mid"]
    done = MESSAGE | {"body": "Closed", "message_status": "Done"}

    _ask(running, f"{path}/{mid}", "PUT", json=done)

    (message,) = running.clinic.messages_about(running.clinic.patients[1])
    assert ("Care gap" in message.body, "Closed" in message.body) == (True, True)
    assert running.clinic.messages_of("admin") == []

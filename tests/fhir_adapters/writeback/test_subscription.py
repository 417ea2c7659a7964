"""Tests of fhir_adapters/writeback/subscription.py: a hook that means "poll now"."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses

from fhir_adapters.http import FhirHttp
from fhir_adapters.writeback import Names, subscribe
from plugin.domain.errors import Unauthorized

BASE = "https://ehr.example/fhir"
HOOK = "https://milepost.example/hooks/fhir/abc"


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def http() -> Iterator[FhirHttp]:
    http = FhirHttp(BASE)
    yield http
    http.close()


def registered(http: FhirHttp) -> str | None:
    """The usual registration."""
    return subscribe(http, Names(), HOOK, secret="canary", types=["Patient", "Task"])


def reference() -> str:
    """The deterministic reference of the usual registration."""
    return "Subscription/mh-6onei555p4wbfng6xgid4wto7a"


def wanted(mock: responses.RequestsMock) -> dict[str, Any]:
    """What was put."""
    body: dict[str, Any] = json.loads(mock.calls[-1].request.body or b"{}")
    return body


def test_a_new_hook_is_registered_under_its_own_id(http: FhirHttp, mock: responses.RequestsMock) -> None:
    """Without payload, with the secret in a header, several types in one criterion."""
    mock.get(f"{BASE}/{reference()}", status=404, json={"resourceType": "OperationOutcome"})
    mock.put(f"{BASE}/{reference()}", status=201, json={"resourceType": "Subscription"})

    assert registered(http) == reference()
    assert wanted(mock)["criteria"] == "[Patient,Task]"
    assert wanted(mock)["channel"] == {
        "type": "rest-hook",
        "endpoint": HOOK,
        "header": ["Authorization: Bearer canary"],
    }


@pytest.mark.parametrize(("status", "calls"), [("active", 1), ("requested", 1), ("error", 2), ("off", 2)])
def test_one_that_works_is_left_alone(http: FhirHttp, mock: responses.RequestsMock, status: str, calls: int) -> None:
    """Writing it again would stop it for a moment; one that has failed is started anew."""
    standing = {
        "resourceType": "Subscription",
        "status": status,
        "criteria": "[Patient,Task]",
        "channel": {"type": "rest-hook", "endpoint": HOOK, "header": ["Authorization: Bearer canary"]},
    }
    mock.get(f"{BASE}/{reference()}", json=standing)
    if calls == 2:
        mock.put(f"{BASE}/{reference()}", json={"resourceType": "Subscription"})

    assert registered(http) == reference()
    assert len(mock.calls) == calls


@pytest.mark.parametrize("status", [400, 404, 405, 422])
def test_a_server_without_subscriptions_is_polled(http: FhirHttp, mock: responses.RequestsMock, status: int) -> None:
    """None, not an error: the hook is a hint."""
    mock.get(f"{BASE}/{reference()}", status=404)
    mock.put(f"{BASE}/{reference()}", status=status)

    assert registered(http) is None


def test_a_missing_right_is_told(http: FhirHttp, mock: responses.RequestsMock) -> None:
    """An administrator can mend that."""
    mock.get(f"{BASE}/{reference()}", status=403)

    with pytest.raises(Unauthorized):
        registered(http)

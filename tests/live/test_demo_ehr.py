"""The demo EHR's proxy before a real HAPI: its searches by patient hold, and its links lead back to the EHR."""

import uuid

import pytest

from deploy.demo.ehr.clients import Proof
from deploy.demo.ehr.parts import parts
from deploy.demo.ehr.permit import PATIENT_SEARCH, SHARED
from deploy.demo.ehr.register import Register
from deploy.demo.generator.fhir import TAG_SYSTEM
from deploy.hapi.server import HapiServer
from tests.smart_app import EHR, App, Clock, Said, browser, registered

pytestmark = pytest.mark.live


@pytest.fixture
def app(hapi: HapiServer) -> App:
    """An app with keys, of an EHR in front of the run's HAPI."""
    ehr = parts(
        EHR, hapi.base_url, [registered(Proof.KEY, scopes=("launch", "patient/*.rs", "system/*.cruds"))], clock=Clock()
    )
    return App(ehr, browser(ehr), ehr.clients["app-private_key_jwt"], asks={"scope": "launch patient/*.rs"})


def written(app: App, mark: str) -> None:
    """Two patients; the first has two tasks, the second one, and an open gap."""
    tasks = {f"{mark}-1": "a", f"{mark}-2": "a", f"{mark}-3": "b"}
    resources: list[Said] = [{"resourceType": "Patient", "id": f"{mark}-{name}"} for name in ("a", "b")]
    for id_, name in tasks.items():
        subject = {"reference": f"Patient/{mark}-{name}"}
        resources.append({"resourceType": "Task", "id": id_, "status": "ready", "intent": "order", "for": subject})
    tag = [{"system": TAG_SYSTEM, "code": mark}]
    code = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "CAREGAP"}]}
    whose = {"reference": f"Patient/{mark}-b"}
    gap = {"resourceType": "DetectedIssue", "id": f"{mark}-g", "status": "final", "code": code, "patient": whose}
    resources.append({**gap, "meta": {"tag": tag}})
    entries = [
        {"request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}, "resource": one}
        for one in resources
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = app.fhir(app.system("system/*.cruds"), "", "POST", json=bundle)
    assert answer.status_code == 200, answer.text


def test_a_token_is_held_to_its_patient_by_hapi_itself(app: App) -> None:
    """Each type that is open to a person's token has the parameter that holds it; pages lead back to the EHR."""
    mark = f"ehr-{uuid.uuid4().hex[:12]}"
    written(app, mark)
    token = app.tokens(f"{mark}-a")["access_token"]

    first = app.fhir(token, "Task?_count=1&_sort=_id").get_json(force=True)
    (link,) = [one["url"] for one in first["link"] if one["relation"] == "next"]
    second = app.fhir(token, link.removeprefix(f"{EHR}/fhir")).get_json(force=True)

    assert [one["resource"]["id"] for one in (*first["entry"], *second["entry"])] == [f"{mark}-1", f"{mark}-2"]
    assert first["entry"][0]["fullUrl"] == f"{EHR}/fhir/Task/{mark}-1"
    codes = {
        path: app.fhir(token, path).status_code
        for path in (f"Task/{mark}-1", f"Task/{mark}-3", f"Patient/{mark}-a", f"Patient/{mark}-b")
    }
    assert list(codes.values()) == [200, 403, 200, 403]
    refused = {type_ for type_ in (*PATIENT_SEARCH, *SHARED) if app.fhir(token, type_).status_code != 200}
    assert refused == set()


def test_hapi_tells_whose_charts_have_gaps(app: App) -> None:
    """What is seen first after the login is a chart with a gap in it."""
    mark = f"ehr-{uuid.uuid4().hex[:12]}"
    written(app, mark)

    assert list(Register(app.ehr.upstream, mark).with_most_gaps()) == [f"{mark}-b"]

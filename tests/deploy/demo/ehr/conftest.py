"""A demo EHR in this process, in front of a fake FHIR server with two patients, on a day that stands still."""

from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from deploy.demo.ehr.clients import Proof
from deploy.demo.ehr.parts import Parts, parts
from deploy.demo.ehr.signing import Signer
from tests.fake_hapi import FakeHapi, fake_hapi
from tests.smart_app import EHR, App, Clock, browser, registered


@pytest.fixture
def clock() -> Clock:
    """The EHR's clock."""
    return Clock()


@pytest.fixture(scope="module")
def fhir_server() -> Iterator[FakeHapi]:
    """One for a module; each test gets it as ``fhir``, with the two patients."""
    with fake_hapi() as server:
        yield server


@pytest.fixture
def fhir(fhir_server: FakeHapi) -> FakeHapi:
    """Patient a has two tasks, patient b one."""
    for held in (fhir_server.resources, fhir_server.asked, fhir_server.pages):
        held.clear()
    for id_ in ("a", "b"):
        name = [{"family": f"Sampleton-{id_}", "given": ["Testa"]}]
        fhir_server.add("Patient", id_, name=name, birthDate="1960-01-02", identifier=[{"value": f"SYN-{id_}"}])
    for id_, patient in (("t1", "a"), ("t2", "a"), ("t3", "b")):
        fhir_server.add("Task", id_, **{"for": {"reference": f"Patient/{patient}"}, "description": f"Step {id_}"})
    fhir_server.add("Practitioner", "p", name=[{"family": "Samplewright", "given": ["Testa"]}])
    return fhir_server


@pytest.fixture(scope="session")
def signer() -> Signer:
    """One for all, since making a key takes a while."""
    return Signer()


@pytest.fixture
def ehr(fhir: FakeHapi, clock: Clock, signer: Signer) -> Parts:
    """With a client of each kind."""
    clients = [registered(proof) for proof in (Proof.KEY, Proof.PUBLIC, Proof.SECRET)]
    return parts(EHR, fhir.url, clients, clock=clock, signer=signer)


@pytest.fixture
def web(ehr: Parts) -> FlaskClient:
    """A browser."""
    return browser(ehr)


@pytest.fixture
def app(ehr: Parts, web: FlaskClient) -> App:
    """The app with keys."""
    return App(ehr, web, ehr.clients["app-private_key_jwt"])


@pytest.fixture
def app_by(ehr: Parts, web: FlaskClient) -> Callable[[Proof], App]:
    """An app of any kind."""
    return lambda proof: App(ehr, web, ehr.clients[f"app-{proof.value}"])

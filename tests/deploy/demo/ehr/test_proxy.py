"""The FHIR proxy: nothing without a token, nothing beyond its scopes, nothing of another patient; all else
untouched."""

import gzip
import json

import pytest

from deploy.demo.ehr.clients import Proof
from deploy.demo.ehr.parts import parts
from tests.fake_hapi import FakeHapi
from tests.smart_app import EHR, App, Clock, Said, browser

BUNDLE = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [{"request": {"method": "PUT", "url": "Task/t9"}, "resource": {"resourceType": "Task", "id": "t9"}}],
}


def ids(said: Said) -> list[str]:
    """Of a searchset."""
    return [entry["resource"]["id"] for entry in said.get("entry", ())]


@pytest.mark.parametrize("token", [None, "nonsense", ""])
def test_without_a_token_there_is_an_outcome_and_no_more(app: App, fhir: FakeHapi, token: str | None) -> None:
    """401 as FHIR says it; the server behind is not asked."""
    answer = app.fhir(token, "Patient/a")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.get_json(force=True)["resourceType"] == "OperationOutcome"
    assert answer.content_type == "application/fhir+json"
    assert fhir.asked == []


def test_what_the_server_can_do_is_open(app: App) -> None:
    """Everybody may ask for it, and for the authorization server's address."""
    assert app.fhir(None, "metadata").get_json(force=True)["resourceType"] == "CapabilityStatement"
    said = app.fhir(None, ".well-known/smart-configuration").get_json()
    assert said["token_endpoint"] == f"{EHR}/auth/token"
    assert said["code_challenge_methods_supported"] == ["S256"]


def test_a_machines_token_reads_what_its_scopes_say(app: App, fhir: FakeHapi) -> None:
    """By type and interaction; the server is asked only where they allow it."""
    token = app.system("system/Task.rs")
    assert ids(app.fhir(token, "Task").get_json(force=True)) == ["t1", "t2", "t3"]
    assert app.fhir(token, "Task/t3").status_code == 200
    fhir.asked.clear()

    for method, path in (
        ("GET", "Patient"),
        ("GET", "Patient/a"),
        ("GET", "Patient/a/Flag"),
        ("GET", ""),
        ("GET", "_history"),
        ("POST", "Task"),
        ("PUT", "Task/t1"),
        ("PATCH", "Task/t1"),
        ("DELETE", "Task/t1"),
    ):
        refused = app.fhir(token, path, method, data="{}")
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (403, 'Bearer error="insufficient_scope"')

    assert fhir.asked == []


@pytest.mark.parametrize(
    ("scope", "may"),
    [("system/*.rs system/Task.cruds", True), ("system/*.rs", False), ("system/Task.rs", False)],
)
def test_a_transaction_is_each_of_its_entries(app: App, fhir: FakeHapi, scope: str, may: bool) -> None:
    """One that may not be done is not sent at all."""
    answer = app.fhir(app.system(scope), "", "POST", json=BUNDLE)

    assert answer.status_code == (201 if may else 403)
    assert [json.loads(asked.body) for asked in fhir.asked] == ([BUNDLE] if may else [])


@pytest.mark.parametrize(
    ("method", "path", "data"),
    [
        ("POST", "", "<Bundle/>"),
        ("POST", "$expunge", "{}"),
        ("GET", "Patient/a/$everything", None),
        ("GET", "x/y/z", None),
    ],
)
def test_what_is_not_understood_is_not_passed_on(
    app: App, fhir: FakeHapi, method: str, path: str, data: str | None
) -> None:
    """Whatever the token may."""
    assert app.fhir(app.system(), path, method, data=data).status_code == 400
    assert fhir.asked == []


def test_headers_that_matter_go_through_in_both_directions(app: App, fhir: FakeHapi) -> None:
    """Versions, conditions and caching reach the server, the token does not; its own come back, and its links lead to
    us, since it was told our name."""
    told = {
        "If-Match": 'W/"3"',
        "If-None-Exist": "identifier=x",
        "Cache-Control": "no-store",
        "Prefer": "return=minimal",
    }

    answer = app.fhir(app.system(), "Task", "POST", json={"resourceType": "Task"}, headers=told)

    (asked,) = fhir.asked
    assert {name: asked.headers[name] for name in told} == told
    assert "Authorization" not in asked.headers
    assert "Cookie" not in asked.headers
    assert (answer.headers["ETag"], answer.status_code) == ('W/"1"', 201)
    assert answer.headers["Location"] == f"{EHR}/fhir/Task/new/_history/1"


def test_a_compressed_answer_comes_as_it_was(app: App) -> None:
    """Nobody unpacks it on the way; who takes none gets none."""
    packed = app.fhir(app.system(), "Task", headers={"Accept-Encoding": "gzip"})
    plain = app.fhir(app.system(), "Task")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.data)) == plain.get_json(force=True)
    assert "Content-Encoding" not in plain.headers


def test_further_pages_are_ours(app: App) -> None:
    """The link leads to us, and the page behind it is there for a token only."""
    token = app.system()
    (link,) = app.fhir(token, "Task?_count=2").get_json(force=True)["link"]
    assert link["url"].startswith(f"{EHR}/fhir?_getpages=")
    path = link["url"].removeprefix(f"{EHR}/fhir")

    assert ids(app.fhir(token, path).get_json(force=True)) == ["t3"]
    assert app.fhir(None, path).status_code == 401


def test_a_server_that_is_away_is_a_bad_moment(app: App, clock: Clock) -> None:
    """503, which tells the other side to come again."""
    away = parts(EHR, "http://127.0.0.1:9/fhir", [app.client], clock=clock, signer=app.ehr.signer)
    left = App(away, browser(away), app.client)

    answer = left.fhir(left.system(), "Task/t1")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.get_json(force=True)["issue"][0]["code"] == "transient"


class TestOnePatient:
    """A person's token is for one patient."""

    @pytest.fixture
    def token(self, app: App) -> str:
        """For patient a."""
        return str(app.tokens("a")["access_token"])

    @pytest.mark.parametrize("path", ["Patient/a", "Task/t1", "Practitioner/p"])
    def test_it_reads_that_patient_and_the_practice(self, app: App, token: str, path: str) -> None:
        """What belongs to no patient is the practice's."""
        assert app.fhir(token, path).status_code == 200

    @pytest.mark.parametrize(
        "path",
        [
            "Patient/b",
            "Task/t3",
            "Task/none",
            "Task?patient=b",
            "Task?patient=Patient/b",
            "Task?patient=a,b",
            "Task?subject:Patient=b",
            "Task?patient.name=x",
            "Task?_include=Task:patient",
            "Task?_include:iterate=Task:patient",
            "Task?_has:Provenance:target:agent=x",
            "Patient?_revinclude=Task:patient",
            "Task/_history",
            "Task/t1/_history",
            "Task/t1/_history/1",
            "Patient/a/Task",
            "Subscription",
            "AuditEvent",
            "",
        ],
    )
    def test_it_reaches_nothing_beyond(self, app: App, token: str, path: str) -> None:
        """By no detour."""
        answer = app.fhir(token, path)

        assert answer.status_code == 403
        assert "Sampleton-b" not in answer.text

    @pytest.mark.parametrize(
        ("method", "path"),
        [("POST", "Task"), ("PUT", "Task/t1"), ("PATCH", "Task/t1"), ("DELETE", "Task/t1"), ("PUT", "Task?_id=t1")],
    )
    def test_it_writes_nothing(self, app: App, fhir: FakeHapi, token: str, method: str, path: str) -> None:
        """This server gives a person's app no right to."""
        fhir.asked.clear()

        assert app.fhir(token, path, method, json={"resourceType": "Task"}).status_code == 403
        assert fhir.asked == []

    def test_it_posts_no_bundle(self, app: App, token: str) -> None:
        """Nor what a Bundle would do for it."""
        assert app.fhir(token, "", "POST", json=BUNDLE).status_code == 400

    @pytest.mark.parametrize(
        ("path", "found"),
        [
            ("Task", ["t1", "t2"]),
            ("Task?status=ready", ["t1", "t2"]),
            ("Task?patient=Patient/a", ["t1", "t2"]),
            ("Task?_id=t3", []),
            ("Patient", ["a"]),
            ("Patient?_id=b", []),
            ("Practitioner", ["p"]),
        ],
    )
    def test_a_search_is_held_to_the_patient(self, app: App, token: str, path: str, found: list[str]) -> None:
        """Whether or not it says so itself."""
        assert ids(app.fhir(token, path).get_json(force=True)) == found

    def test_a_search_by_form_is_held_too(self, app: App, fhir: FakeHapi, token: str) -> None:
        """What the form says of another patient is refused, and ours is added to the address."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}

        assert app.fhir(token, "Task/_search", "POST", data="patient=b", headers=kind).status_code == 403
        app.fhir(token, "Task/_search", "POST", data="status=ready", headers=kind)

        assert fhir.asked[-1].target == "/fhir/Task/_search?patient=a"

    def test_pages_of_another_patients_search_are_closed(self, app: App, token: str) -> None:
        """Even to somebody who knows their name."""
        (link,) = app.fhir(token, "Task?_count=1").get_json(force=True)["link"]
        path = link["url"].removeprefix(f"{EHR}/fhir")
        other = app.tokens("b")["access_token"]

        assert ids(app.fhir(token, path).get_json(force=True)) == ["t2"]
        assert app.fhir(other, path).status_code == 403
        assert app.fhir(token, f"{path}&_getpages=6f0b8b0e-0000-0000-0000-000000000000").status_code == 403

    def test_it_reads_only_types_that_were_granted(self, app: App) -> None:
        """Also of its own patient."""
        app.asks = {"scope": "launch patient/Patient.r"}
        token = app.tokens("a")["access_token"]

        assert app.fhir(token, "Patient/a").status_code == 200
        assert app.fhir(token, "Patient").status_code == 403
        assert app.fhir(token, "Task/t1").status_code == 403


def test_a_token_of_a_public_client_is_held_the_same(app: App) -> None:
    """However it was had."""
    public = App(app.ehr, app.web, app.ehr.clients[f"app-{Proof.PUBLIC.value}"])

    assert public.fhir(public.tokens("b")["access_token"], "Patient/a").status_code == 403

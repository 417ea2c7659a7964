"""The EHR's pages: who gets in, what a chart shows, which app is framed in it; and that each page says what it is."""

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from deploy.demo.ehr.parts import Practice, parts
from deploy.demo.ehr.people import PEOPLE, Person
from tests.fake_hapi import FakeHapi
from tests.smart_app import EHR, App, Clock, browser, query_of

FRAME = re.compile(r'<iframe class="panel" src="([^"]+)" title="([^"]+)"')


def an_issue(fhir: FakeHapi, id_: str, patient: str, **more: object) -> None:
    """A care gap in a chart."""
    fhir.add("DetectedIssue", id_, patient={"reference": f"Patient/{patient}"}, status="final", **more)


@pytest.mark.parametrize("path", ["/", "/patients", "/chart/a", "/side-by-side"])
def test_charts_are_for_people_who_have_logged_in(web: FlaskClient, path: str) -> None:
    """Everybody else sees the door."""
    assert web.get(path).location == "/login"


@pytest.mark.parametrize("person", PEOPLE, ids=[person.role for person in PEOPLE])
def test_each_of_the_four_gets_in_and_out(web: FlaskClient, app: App, person: Person) -> None:
    """The cookie is no script's, goes to no other site, and means nothing afterwards."""
    answer = web.post("/login", data={"login": person.login})
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert person.name in web.get("/patients").text

    word = cookie.split(";")[0].partition("=")[2]
    web.post("/logout")

    web.set_cookie(app.ehr.cookie, word, domain="127.0.0.1")
    assert web.get("/patients").location == "/login"


def test_nobody_else_gets_in(web: FlaskClient) -> None:
    """And the way in leads to no foreign address."""
    assert web.post("/login", data={"login": "somebody"}).location == "/login"
    into = web.post("/login", data={"login": "stubbins", "then": "https://evil.example/"}).location
    assert into.startswith("/auth/https:")


def test_the_first_thing_seen_is_the_chart_with_most_gaps(app: App, fhir: FakeHapi) -> None:
    """Closed gaps do not count; without any there is the list."""
    app.log_in()
    assert app.web.get("/").location == "/patients"
    an_issue(fhir, "i1", "a", mitigation=[{}])
    an_issue(fhir, "i2", "a", mitigation=[{}])
    an_issue(fhir, "i3", "b")

    assert app.web.get("/").location == "/chart/b"


def test_the_one_that_is_to_be_seen_first_is(app: App, fhir: FakeHapi) -> None:
    """As long as that patient is there."""
    an_issue(fhir, "i1", "b")

    for first, seen in (("a", "/chart/a"), ("nobody", "/chart/b")):
        told = replace(app.ehr, practice=Practice(first=first))
        other = App(told, browser(told), app.client)
        other.log_in()
        assert other.web.get("/").location == seen


def test_a_chart_shows_the_patient_its_facts_and_the_app(app: App, fhir: FakeHapi) -> None:
    """The app is launched from another origin, for this patient, with a word of its own each time."""
    booked = {"start": "2026-12-01T09:30:00-06:00", "status": "booked", "description": "Lab visit"}
    actors = [{"actor": {"reference": one}} for one in ("Patient/a", "Practitioner/p")]
    fhir.add("Appointment", "ap", participant=actors, **booked)
    detail = {"code": {"text": "HbA1c"}, "status": "not-started", "scheduledString": "in spring"}
    ordered = {"reference": {"reference": "Task/t1"}}
    fhir.add(
        "CarePlan", "c", subject={"reference": "Patient/a"}, title="A plan", activity=[{"detail": detail}, ordered]
    )
    app.log_in()

    text = app.web.get("/chart/a").text

    for word in ("Testa Sampleton-a", "1960-01-02", "SYN-a", "2026-12-01 09:30", "Lab visit", "Testa Samplewright"):
        assert word in text
    assert re.search(r"HbA1c</th><td>not-started</td><td>in spring", text)
    assert re.search(r"Step t1</th><td>as ordered", text)
    ((first, title),) = FRAME.findall(text)
    assert first.startswith("http://localhost:18790/launch?")
    assert title == "An app for Testa Sampleton-a"
    ((second, _),) = FRAME.findall(app.web.get("/chart/a").text)
    launches = [query_of(address.replace("&amp;", "&")) for address in (first, second)]
    assert {launch["iss"] for launch in launches} == {f"{EHR}/fhir"}
    assert launches[0]["launch"] != launches[1]["launch"]


def test_two_charts_side_by_side_are_two_launches(app: App) -> None:
    """Each frame names its own patient; a chart alone is joined by another."""
    app.log_in()

    for query in ("?left=a&right=b", "?left=a", ""):
        frames = FRAME.findall(app.web.get(f"/side-by-side{query}").text)
        assert [title for _, title in frames] == ["An app for Testa Sampleton-a", "An app for Testa Sampleton-b"]
        patients = [
            app.ehr.grants.launches.get(query_of(address.replace("&amp;", "&"))["launch"]) for address, _ in frames
        ]
        assert [launch.patient for launch in patients if launch] == ["a", "b"]


def test_a_link_of_the_app_into_the_chart_is_a_page(app: App, fhir: FakeHapi) -> None:
    """A browser that opens a FHIR address sees the record in words, after the login, with whose it is."""
    quantity = {"value": 7.1, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    whose = {"reference": "Patient/a"}
    fhir.add("Observation", "o", subject=whose, code={"text": "HbA1c"}, valueQuantity=quantity, meta={"versionId": "3"})
    link = app.web.get("/fhir/Observation/o", headers={"Accept": "text/html,*/*"}).location
    assert app.web.get(link).location == "/login"
    app.log_in()

    text = app.web.get(link).text

    assert "Testa Sampleton-a" in text
    assert re.search(r"Code</th><td>HbA1c</td>", text)
    assert re.search(r"Value Quantity</th><td>7.1 %</td>", text, re.IGNORECASE)
    assert "versionId" not in text
    for path in ("/record/Observation/none", "/record/observation/o", "/record/Observation/%2e%2e"):
        assert app.web.get(path).status_code == 404


@pytest.mark.parametrize("id_", ["nobody", "a,b", "%2e%2e", "a%3F_id=b"])
def test_a_chart_that_is_not_there_is_not_found(app: App, id_: str) -> None:
    """Whatever stands in the address."""
    app.log_in()

    assert app.web.get(f"/chart/{id_}").status_code == 404


@pytest.mark.parametrize(
    ("asked", "search"),
    [
        ("", ""),
        ("sampleton 0003", "name=sampleton&name=0003&"),
        ("1960-01-02", "birthdate=1960-01-02&"),
        ("SYN-000003", "identifier=https%3A%2F%2Fsampleton.example%2Fmrn%7CSYN-000003&"),
    ],
)
def test_patients_are_found_by_what_one_has_at_hand(app: App, fhir: FakeHapi, asked: str, search: str) -> None:
    """Name, date of birth or record number, a page at a time."""
    app.log_in()
    fhir.asked.clear()

    app.web.get("/patients", query_string={"q": asked, "page": 3})

    (question,) = fhir.asked
    assert question.target.startswith(f"/fhir/Patient?{search}_sort=family%2Cgiven&_count=20&_offset=40")


@pytest.mark.parametrize(
    "path", ["/login", "/patients", "/chart/a", "/side-by-side", "/chart/nobody", "/auth/x/patient", "/record/Task/t1"]
)
def test_every_page_says_that_it_is_a_demonstration(app: App, path: str) -> None:
    """And has one heading, a title that begins with it, no script of its own, and frames the app only."""
    app.log_in()

    answer = app.web.get(path)

    assert "Demonstration only." in answer.text
    (heading,) = re.findall(r"<h1>(.*?)</h1>", answer.text)
    assert re.search(rf"<title>{heading} - Demo EHR</title>", answer.text)
    assert not re.search(r"<script(?! src=)|<style|\son[a-z]+=|\sstyle=", answer.text)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-src 'self' http://localhost:18790;" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"


def test_names_with_markup_are_names(app: App, fhir: FakeHapi) -> None:
    """What stands in a record is text."""
    fhir.resources["Patient/a"]["name"] = [{"family": "<script>alert(1)</script>"}]
    app.log_in()

    for path in ("/patients", "/chart/a", "/side-by-side"):
        assert "<script>alert" not in app.web.get(path).text


@pytest.mark.parametrize("path", ["/login", "/logout", "/auth/token"])
def test_a_form_of_another_page_does_nothing(web: FlaskClient, path: str) -> None:
    """Neither does a page that calls us by a name of its own."""
    assert web.post(path, headers={"Origin": "http://localhost:18790"}).status_code == 403
    assert web.post(path, headers={"Host": "evil.example:18800"}).status_code == 403
    assert web.get("/login", headers={"Host": "evil.example"}).status_code == 403


def test_records_that_do_not_answer_are_said_to(app: App, clock: Clock) -> None:
    """A page, not an error."""
    away = parts(EHR, "http://127.0.0.1:9/fhir", [app.client], clock=clock, signer=app.ehr.signer)
    left = App(away, browser(away), app.client)
    left.log_in()

    for path in ("/patients", "/chart/a"):
        answer = left.web.get(path)
        assert answer.status_code == 503
        assert "The records do not answer" in answer.text

"""The recorded OpenEMR's pages: what people do there is in the clinic afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from deploy.openemr.recorded.__main__ import small_clinic
from deploy.openemr.recorded.auth_clients import Client
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.pages import with_pages
from deploy.openemr.recorded.pages_admin import API_CLIENTS
from deploy.openemr.recorded.pages_desk import BOARD, INBOX
from deploy.openemr.recorded.pages_login import CHART, FINDER
from deploy.openemr.recorded.pages_plan import PLAN
from deploy.openemr.recorded.server import RecordedOpenEmr, recorded_openemr
from deploy.openemr.recorded.staff import Staff

APP: dict[str, Any] = {  # Any: further words of a registration
    "redirect_uris": ["http://localhost:8000/callback"],
    "initiate_login_uri": "http://localhost:8000/launch",
}
PAGES = (FINDER, CHART, f"{PLAN}/1", BOARD, INBOX, API_CLIENTS)


@pytest.fixture
def emr() -> Iterator[RecordedOpenEmr]:
    """A small clinic of one's own."""
    with recorded_openemr(small_clinic(), dress=with_pages) as running:
        yield running


@pytest.fixture(scope="module")
def untouched() -> Iterator[RecordedOpenEmr]:
    """For tests that only look."""
    with recorded_openemr(small_clinic(), dress=with_pages) as running:
        yield running


@pytest.fixture
def nurse(emr: RecordedOpenEmr) -> Staff:
    """Logged in, with Ada Marlow's chart open."""
    return at_the_chart(emr, "nurse")


def at_the_chart(emr: RecordedOpenEmr, username: str) -> Staff:
    """Somebody who has opened the first chart."""
    one = Staff(emr.base_url, username)
    one.log_in()
    one.open_chart(1)
    return one


def word(one: Staff) -> str:
    """What one's forms must have in them."""
    found = re.search(r'name="csrf" value="(\w+)"', one.get(FINDER).text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_what_it_is_and_has_one_heading(untouched: RecordedOpenEmr, path: str) -> None:
    """Nobody takes it for OpenEMR; it has a title and no script in it."""
    page = at_the_chart(untouched, "admin").get(path)

    assert page.status_code == 200
    assert "Recorded OpenEMR, for demonstration." in page.text
    assert len(re.findall("<h1", page.text)) == 1
    assert "<title></title>" not in page.text
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", page.text)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_for_those_who_are_logged_in(untouched: RecordedOpenEmr, path: str) -> None:
    """Everybody else is led to the login."""
    answer = Staff(untouched.base_url, "nurse").get(path)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/interface/login_screen.php?error=1&site=default")


def test_another_password_lets_nobody_in(untouched: RecordedOpenEmr) -> None:
    """Nor a user who is no person."""
    for username, password in (("nurse", "guess"), ("oe-system", "pass"), ("nobody", "pass")):
        one = Staff(untouched.base_url, username, password)
        one.log_in()

        assert one.get(FINDER).status_code == 302


def test_a_foreign_name_is_refused(untouched: RecordedOpenEmr) -> None:
    """A page elsewhere cannot reach this machine under its own name."""
    answer = requests.get(
        f"{untouched.base_url}/", headers={"Host": "elsewhere.example"}, allow_redirects=False, timeout=20
    )

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path", [f"{CHART}/visit", f"{PLAN}/1", f"{PLAN}/1/delete", f"{BOARD}/1", f"{INBOX}/1", f"{API_CLIENTS}/x"]
)
def test_a_form_without_our_word_changes_nothing(untouched: RecordedOpenEmr, path: str) -> None:
    """403."""
    nurse = at_the_chart(untouched, "nurse")

    assert nurse.post(path, {"csrf": "guessed", "pid": "1", "do": "delete"}).status_code == 403


def test_only_enabled_apps_with_the_scope_launch_have_a_button(emr: RecordedOpenEmr) -> None:
    """The administrator's page switches it on and off; a nurse cannot."""
    clinic = emr.clinic
    shown = clinic.register_client("Milepost", "openid launch user/Patient.read", is_enabled=False, **APP)
    clinic.register_client("Other", "openid user/Patient.read", **APP)
    nurse, admin = at_the_chart(emr, "nurse"), at_the_chart(emr, "admin")
    assert "data-launch" not in nurse.open_chart(1)

    assert nurse.post(f"{API_CLIENTS}/{shown.id}", {"csrf": word(nurse), "is_enabled": "on"}).status_code == 403
    admin.post(f"{API_CLIENTS}/{shown.id}", {"csrf": word(admin), "is_enabled": "on", "skips_login": "on"})

    assert re.findall('data-launch="([^"]*)"', nurse.open_chart(1)) == ["Milepost"]
    changed = clinic.clients.get(shown.id)
    assert changed is not None
    assert changed.skips_login


@pytest.mark.parametrize("skips_login", [True, False])
def test_somebody_in_python_launches_an_app_and_lets_it_in(emr: RecordedOpenEmr, skips_login: bool) -> None:
    """Silently, or with login and consent; a refusal is no token."""
    client = emr.clinic.register_client("Milepost", "openid launch user/Patient.read", skips_login=skips_login, **APP)
    nurse = at_the_chart(emr, "nurse")
    launched = parse_qs(urlsplit(nurse.launch("Milepost", nurse.open_chart(2))).query)
    asked = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": client.redirect_uris[0],
        "scope": "openid launch user/Patient.read",
        "state": "ours",
        "aud": emr.fhir_base,
        "launch": launched["launch"][0],
    }
    address = f"{emr.base_url}/oauth2/default/authorize?{urlencode(asked)}"

    token = redeemed(emr, client, nurse.let_in(address))
    refused = redeemed(emr, client, nurse.let_in(address, refuse=True))

    second = emr.clinic.patient_of(2)
    assert second is not None
    assert (token["patient"], token["scope"]) == (
        second.uuid,
        "launch openid user/Patient.read" if not skips_login else asked["scope"],
    )
    assert ("access_token" in refused) is skips_login


def redeemed(emr: RecordedOpenEmr, client: Client, back: str) -> dict[str, Any]:
    """What the token endpoint says to the code in the app's address."""
    (code,) = parse_qs(urlsplit(back).query)["code"]
    form = {"grant_type": "authorization_code", "code": code, "client_id": client.id, "client_secret": client.secret}
    form["redirect_uri"] = client.redirect_uris[0]
    answered: dict[str, Any] = requests.post(f"{emr.base_url}/oauth2/default/token", data=form, timeout=20).json()
    return answered


def test_the_care_plan_form_saves_all_its_lines_anew(emr: RecordedOpenEmr, nurse: Staff) -> None:
    """Changed, left out and new lines; what the form does not show stays."""
    lines = [
        {"description": "Follow-up visit", "plan_status": "completed", "proposed_date": "2026-12-01T00:00:00"},
        {"description": "Repeat HbA1c"},
        {"description": "Phone call", "proposed_date": "2026-12-05T09:30"},
        {"description": ""},
    ]
    filled = {name: [line.get(name, "") for line in lines] for name in ("description", "plan_status", "proposed_date")}
    rest = {name: [""] * len(lines) for name in ("code", "codetext", "date", "date_end")}

    nurse.post(
        f"{PLAN}/1",
        {"csrf": word(nurse), "left_out": "1", "care_plan_type": ["plan_of_care"] * 4, **filled, **rest},
    )

    (form,) = [form for form in emr.clinic.forms.values() if form.eid == 1]
    first, second = emr.clinic.care_plan(form)
    assert (first.description, first.plan_status, first.user) == ("Follow-up visit", "completed", "admin")
    assert (second.description, second.proposed_date, second.user) == (
        "Phone call",
        datetime.fromisoformat("2026-12-05T09:30"),
        "nurse",
    )


def test_a_new_encounter_is_the_open_one_and_can_have_a_plan(emr: RecordedOpenEmr, nurse: Staff) -> None:
    """Written in the chart that the form was in."""
    nurse.post(f"{CHART}/visit", {"csrf": word(nurse), "pid": "1", "reason": "Dizzy"})

    eid = max(emr.clinic.encounters)
    assert (emr.clinic.encounters[eid].pid, emr.clinic.encounters[eid].reason) == (1, "Dizzy")
    assert "Open encounter" in nurse.get(CHART).text
    assert "New line" in nurse.get(f"{PLAN}/{eid}").text


def test_the_flow_board_marks_a_no_show_and_moves_a_visit(emr: RecordedOpenEmr, nurse: Staff) -> None:
    """A mark leaves ``pc_time`` as it was."""
    before = emr.clinic.appointments[1]

    nurse.post(f"{BOARD}/1", {"csrf": word(nurse), "do": "mark", "status": "?"})
    marked = emr.clinic.appointments[1]
    nurse.post(f"{BOARD}/1", {"csrf": word(nurse), "do": "move", "day": "2026-12-24", "start": "08:15"})
    moved = emr.clinic.appointments[1]
    nurse.post(f"{BOARD}/1", {"csrf": word(nurse), "do": "delete"})

    assert (marked.status, marked.changed) == ("?", before.changed)
    assert (moved.day, moved.start) == (date(2026, 12, 24), time(8, 15))
    assert 1 not in emr.clinic.appointments


def test_a_visit_is_booked_from_the_chart(emr: RecordedOpenEmr, nurse: Staff) -> None:
    """For the patient of the chart, whatever another tab has opened since."""
    nurse.open_chart(2)

    nurse.post(
        f"{CHART}/booking",
        {"csrf": word(nurse), "pid": "1", "day": "2026-12-24", "start": "08:15", "provider": "adams"},
    )

    (booked,) = [one for one in emr.clinic.appointments.values() if one.day == date(2026, 12, 24)]
    assert (booked.pid, booked.start) == (1, time(8, 15))


def test_everybody_has_an_inbox_of_their_own(emr: RecordedOpenEmr, nurse: Staff) -> None:
    """What is done is gone from it; nobody can say "done" for another."""
    send(emr.clinic, "nurse", "Call her")
    other = send(emr.clinic, "adams", "Sign this")

    assert "Call her" in nurse.get(INBOX).text
    assert "Sign this" not in nurse.get(INBOX).text
    nurse.post(f"{INBOX}/1", {"csrf": word(nurse)})
    nurse.post(f"{INBOX}/{other}", {"csrf": word(nurse)})

    assert [emr.clinic.messages[mid].status for mid in (1, other)] == ["Done", "New"]
    assert "No messages." in nurse.get(INBOX).text


def send(clinic: Clinic, to: str, body: str) -> int:
    """A message about the first patient; its number."""
    return clinic.send_message(pid=1, to=to, sender="milepost", body=body, title="Milepost").mid

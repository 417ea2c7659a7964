"""Markup and letters of any script in what an OpenEMR says (names, steps, staff, the calendar): pages show them as
text, and nothing else (row 8)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.admin import OURS, AdminClient, signed_in_client
from tests.fake_launch import TOKENS
from tests.full_chart import a_session
from tests.openemr_world import Beside, a_line, beside_openemr
from tests.tabs import an_issuer, shown

ODD = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}} مريم \u202e Žofie 李'
PAGES = ("/admin", "/admin/work", "/admin/gaps", "/admin/links", "/admin/sources/shelf/links", "/admin/sources/shelf")
PAGES_OF_STAFF = ("/admin/sources/inbox", "/admin/sources/inbox/settings")


class Tags(HTMLParser):
    """What a browser would take for markup."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: set[str] = set()
        self.odd: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.odd += [name for name, _ in attrs if name.startswith("on") or name in ("style", "srcdoc")]
        if tag == "script":
            self.scripts.add(dict(attrs).get("src") or "inline")
        if tag == "img" and not (dict(attrs).get("src") or "").startswith("/"):
            self.odd.append(tag)


@pytest.fixture(scope="module")
def beside(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """Everything that has a name has an odd one, and the birth dates in the store are others."""
    with beside_openemr(tmp_path_factory.mktemp("odd"), empty_sqlite) as made:
        clinic = made.clinic
        for who, patient in made.patients.items():
            clinic.edit_patient(patient.pid, lname=ODD, fname=ODD)
            clinic.save_care_plan(
                made.forms[who], [a_line(-12, ODD), a_line(30, f"{ODD} again", "SNOMED-CT:390906007")]
            )
        for user in list(clinic.users.values()):
            clinic.users[user.id] = replace(user, lname=ODD, fname=ODD)
        for booked in clinic.appointments_of(made.patients["Bert"]):
            clinic.appointments[booked.eid] = replace(booked, title=ODD, comment=ODD)
        for slug in ("shelf", "inbox"):
            made.poll(slug)
        yield made


@pytest.fixture(scope="module")
def admin(beside: Beside) -> AdminClient:
    """Somebody who may see all of it."""
    return signed_in_client(beside.world, roles=("administrator", "coordinator"))


def check(page: str) -> None:
    """Our own scripts, and no handler."""
    tags = Tags(page)
    assert tags.odd == []
    assert all(source.startswith("/") for source in tags.scripts)
    assert "49 مريم" not in page


def test_admin_pages_show_it_as_text(beside: Beside, admin: AdminClient) -> None:
    """Of patients, of who is linked to whom, and of inboxes."""
    tracked = [f"/admin/patients/{row['id']}" for row in beside.columns("patient")["patient"] if row["tracked_at"]]
    for path in (*PAGES, *PAGES_OF_STAFF, *tracked):
        answer = admin.get(path)
        assert answer.status_code == 200, path
        check(answer.text)
        assert path not in (*tracked, *PAGES_OF_STAFF[1:]) or "<script>alert(2)</script>" in unescape(answer.text), path


def test_the_panel_shows_it_as_text(beside: Beside, admin: AdminClient) -> None:
    """Of a patient whose name, steps and staff are so called."""
    token = secrets.token_urlsafe(32)
    patient = f"Patient/{beside.patients['Ada'].uuid}"
    session = replace(a_session(beside.world, patient), source_id=beside.source("shelf").id)
    with beside.world.database.begin() as uow:
        uow.issuers.add(an_issuer(source="shelf"), beside.world.clock())
        uow.commit()
    beside.world.launches.open(token, session, TOKENS)

    answer = admin.client.get("/panel", base_url=OURS, headers=shown(token))

    assert answer.status_code == 200, answer.text
    check(answer.text)
    assert "<script>alert(2)</script>" in unescape(answer.text)

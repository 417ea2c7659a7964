"""Threats row 7 and row 19 beside an OpenEMR: what its charts, its clients and a staff account's sign-in hold is in the
database, sealed or on the page, and nowhere else; and no patient stands in an address that Milepost asks for, but where
one is read by id.

Web process, workers and broker are real, with logs at their most talkative; OpenEMR is the recorded one.
"""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest
import redis
import requests
from flask import request

from deploy.openemr.recorded.answer import Answer, json_answer
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.pages import with_pages
from deploy.openemr.recorded.rows import CarePlanRow
from deploy.openemr.recorded.server import RecordedOpenEmr, recorded_openemr
from deploy.openemr.recorded.staff import Staff
from plugin import bootstrap, config
from plugin.domain.permissions import Role
from plugin.domain.rights import FOR_READING, FOR_STAFF
from plugin.domain.source import Source
from plugin.usecases.services import Services
from plugin.usecases.source_settings import Wanted, settle_source
from plugin.usecases.sources import add_source
from tests.live.admin_tab import AdminTab, with_account
from tests.live.installation import Installation, wait_for
from tests.live.test_canaries import Canaries, canary, everything_in, is_ready
from tests.servers import free_port

pytestmark = pytest.mark.live

SSN = "999-88-7766"
AN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")
ONE_BY_ID = re.compile(r"/apis/default/(fhir/\w+|api/patient)/[\w-]+")


@dataclass
class Left:
    """What was left behind, and what OpenEMR was asked."""

    texts: dict[str, str] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)
    messages: int = 0


def furnished(words: Canaries) -> Clinic:
    """One chart, with a step that is late."""
    clinic = Clinic()
    clinic.furnish("Harbour Clinic")
    clinic.add_user("desk", fname="Demo", lname="Desk", npi="1000000001")
    ada = clinic.register_patient(
        words.given, words.family, dob=date(1961, 4, 5), pubpid=words.mrn, ss=SSN, phone_home=words.telephone
    )
    begun = datetime.combine(clinic.now().date() - timedelta(days=60), time(9))
    visit = clinic.open_encounter(ada, at=begun, reason=words.chart_note)
    line = CarePlanRow(description=words.chart_note, date=begun, proposed_date=begun + timedelta(days=40))
    clinic.new_care_plan(visit, [line], at=begun)
    return clinic


def connected(made: Installation, openemr: RecordedOpenEmr, web: str, words: Canaries) -> Services:
    """The source, by its own keys, with a client for staff messages."""
    services = bootstrap.connected(config.settings(made.settings))
    clinic = openemr.clinic
    keys = [key for key in cast(dict[str, list[dict[str, str]]], services.jwks())["keys"] if key["alg"] == "RS384"]
    back = f"{web}/admin/sources/clinic/staff-account/back"
    reading = clinic.register_client("reading", " ".join(FOR_READING), jwks={"keys": keys}, redirect_uris=[back])
    staff = clinic.register_client("staff", " ".join(FOR_STAFF), redirect_uris=[back])
    words.note(staff_secret=staff.secret or "")
    wanted = Source(
        id=0,
        slug="clinic",
        base_url=openemr.fhir_base,
        kind="openemr",
        client_id=reading.id,
        staff_client=staff.id,
        staff_secret=staff.secret,
    )
    source = add_source(services, wanted)
    settle_source(services, source, Wanted(sink="message", inbox={"coordinator": "desk"}), by="test")
    with_account(services, "demo-canary", words.password, words.totp_secret, Role.ADMINISTRATOR)
    return services


def staff_signs_in(tab: AdminTab, web: str, openemr: RecordedOpenEmr, words: Canaries) -> None:
    """From the source's page, by OpenEMR's own login and consent, and back."""
    page = unescape(tab.post("/admin/sources/clinic/staff-account/begin").text)
    away = re.findall(rf'href="({re.escape(openemr.base_url)}/oauth2/[^"]+)"', page)[0]
    back = Staff(openemr.base_url, "desk").let_in(away)
    given = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    words.note(code=given["code"], state=given["state"])
    assert requests.get(back, timeout=60).ok
    answer = tab.post("/admin/sources/clinic/staff-account", code=given["code"], state=given["state"])
    assert answer.status_code == 303, answer.text


@pytest.fixture
def words() -> Canaries:
    """New ones."""
    return Canaries(given=canary("Probegunde")[:20])


@pytest.fixture
def left(tmp_path: Path, redis_url: str, words: Canaries, monkeypatch: pytest.MonkeyPatch) -> Iterator[Left]:
    """A sign-in, a sweep with a message to staff, a poll that meets an OpenEMR which repeats the chart in its errors."""
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--access-logfile -")
    bind = f"127.0.0.1:{free_port()}"
    web, found = f"http://{bind}", Left()
    database = f"sqlite:///{tmp_path / 'milepost.db'}"
    made = Installation.at(tmp_path, database, redis_url, bind=bind, public_url=web, log_level="DEBUG")
    with contextlib.ExitStack() as held:
        openemr = held.enter_context(recorded_openemr(furnished(words), dress=with_pages))
        watch(openemr, found)
        running = held.enter_context(made.running("web", "reading worker"))
        broker = held.enter_context(contextlib.closing(redis.Redis.from_url(redis_url, decode_responses=True)))
        services = connected(made, openemr, web, words)
        held.callback(services.database.close)
        wait_for("the web process answers", lambda: is_ready(web), 120, 0.1)
        tab = AdminTab(web)
        assert tab.sign_in("demo-canary", words.password, words.totp_secret).status_code == 303
        staff_signs_in(tab, web, openemr, words)
        found.texts["sweep"] = made.milepost("sweep", "clinic")
        note_tokens(services, words)
        found.messages = len(openemr.clinic.messages)
        watch(openemr, found, spoilt=words)
        with services.database.begin(reading=True) as uow:
            source = uow.sources.get("clinic")
        services.jobs.reconcile(source.id)
        worker = running["reading worker"]
        wait_for("the worker has failed", lambda: "fhir: 500" in worker.said(), 120, 0.1)
        worker.stop()
        services.jobs.poll(source.id)
        services.jobs.deliver()
        found.texts["metrics"] = requests.get(f"{web}/metrics", timeout=60).text
        found.texts["redis"] = everything_in(broker)
        running["web"].stop()
        yield _with_logs(found, {name: process.said() for name, process in running.items()})


def _with_logs(found: Left, logs: Mapping[str, str]) -> Left:
    found.texts |= logs
    return found


def watch(openemr: RecordedOpenEmr, found: Left, *, spoilt: Canaries | None = None) -> None:
    """Notes each address that is asked for, query and all; ``spoilt``: answers 500 with all of it in its words."""

    def seen(given: Answer, path: str) -> Answer:
        found.addresses.append(request.full_path)
        if spoilt is None or "/fhir/" not in path:
            return given
        return json_answer(500, {"error": "x", "message": json.dumps(vars(spoilt)), "code": 0})

    openemr.trouble.spoil = seen  # type: ignore[method-assign]  # a test's own trouble


def note_tokens(services: Services, words: Canaries) -> None:
    """Of the staff account."""
    with services.database.begin(reading=True) as uow:
        account = uow.staff_accounts.get(uow.sources.get("clinic"))
    assert account is not None
    assert account.tokens.expires_at > datetime.now(UTC)
    words.note(staff_access=account.tokens.access, staff_refresh=account.tokens.refresh or "")


def test_nothing_of_an_openemr_is_left_behind(left: Left, words: Canaries) -> None:
    """Neither name, number, words, secret nor token in logs, Redis, broker messages or metrics (row 7, row 19); what is
    looked for was there: a message about the chart went out. And no address names a patient but by one id: searches are
    forms, of an address OpenEMR's own log and every proxy on the way keep a copy."""
    assert left.messages
    assert len(words.seen) == 5
    assert all(words.seen.values())
    assert "fhir: 500; it says: ..." in left.texts["reading worker"]
    assert "/admin/sources/<slug>/staff-account/back" in left.texts["web"]
    assert "milepost.deliver" in left.texts["redis"]

    for name, text in left.texts.items():
        assert (name, words.found_in(text), SSN in text) == (name, [], False)
    paths = [path for path, _, query in (address.partition("?") for address in left.addresses) if not query]
    assert len(paths) == len(left.addresses)
    assert all(ONE_BY_ID.fullmatch(path) for path in paths if AN_ID.search(path))
    assert "/apis/default/fhir/CarePlan/_search" in paths

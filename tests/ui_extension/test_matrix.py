"""Route × role × patient: who may ask for what, and that nobody gets anything of another patient than their own.

Threats row 10 (the ids of another patient), row 12 (a role that may not), row 30 (one audit row for each reading and
each act), and on every route row 3, row 22 and row 27 (no redirect, framed by its EHR alone, kept by nobody). A new
route gets its entry here together with its answer to: who may?
"""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple, cast
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from plugin.api.access import Access, decision
from plugin.app import create_app
from plugin.domain.act import SAID, ActKind
from plugin.domain.audit import AuditEntry
from plugin.domain.permissions import Role
from plugin.domain.record import CareTeam, Coding, Member, Moment, Said, Statement
from plugin.domain.source import Source
from plugin.usecases.ports import Ehr
from tests.builders import World, a_patient, a_plan, a_result
from tests.fake_launch import NURSE, TOKENS
from tests.fake_storage import FakeDatabase
from tests.fake_tables import Tables
from tests.full_chart import a_session
from tests.tabs import Browser, an_issuer, shown
from ui_extension.panel.keys import KeyConverter

ELSEWHERE = "192.0.2.7"
ANA, BRUNO = "Patient/p1", "Patient/p2"
OWN, OTHERS, BRUNOS = "say-own", "say-others", "say-brunos"
NO_ROLE, NO_SESSION, ENDED, DISABLED = "no role", "no session", "an ended session", "a disabled person"
WITH_SESSION = (*(role.value for role in Role), NO_ROLE)
WITHOUT_SESSION = (NO_SESSION, ENDED, DISABLED)
EVERYBODY = (*WITH_SESSION, *WITHOUT_SESSION)

LEAD = frozenset({Role.PRACTICE_LEAD.value})
CLINICIANS = LEAD | {Role.PROVIDER, Role.COORDINATOR}
CARERS = CLINICIANS | {Role.COACH, Role.MEDICAL_ASSISTANT}
STAFF = CARERS | {Role.SCHEDULER}
READERS = STAFF | {Role.PROGRAM_EDITOR, Role.BILLING, Role.AUDITOR}
WHOEVER_HAS_ONE = frozenset(WITH_SESSION)


class Asked(NamedTuple):
    """One request, what it is answered to those who may, and the audit row that it leaves; 403 and none to the others.
    ``{…}`` in a path are ids of the session's own patient."""

    path: str
    may: frozenset[str] = WHOEVER_HAS_ONE
    status: int = 200
    row: str | None = None
    form: Mapping[str, str] = {}


class Entry(NamedTuple):
    """Of a route: how one proves that one may, and requests to it."""

    access: Access
    asked: Sequence[Asked]


class ActEntry(NamedTuple):
    """Of an act: who may do it with the step as it stands on the stage, and what they fill in; 409 where it makes no sense
    with that step."""

    may: frozenset[str]
    fields: Mapping[str, str] = {}
    status: int = 200


ACTS = {
    ActKind.DONE: ActEntry(CARERS, {"evidence": "Observation/o1"}),
    ActKind.NOT_APPLICABLE: ActEntry(CARERS, {"reason": "duplicate"}),
    ActKind.HOLD: ActEntry(CARERS, {"until": "2026-07-01", "reason": "away"}),
    ActKind.RELEASE: ActEntry(CARERS),
    ActKind.REASSIGN: ActEntry(CARERS, {"owner": "Practitioner/coach"}),
    ActKind.CONTACT: ActEntry(STAFF, {"outcome": "no-answer"}),
    ActKind.CONFIRM: ActEntry(CARERS, {"evidence": "Observation/o1"}),
    ActKind.REFUSE: ActEntry(CARERS, {"evidence": "Observation/o1"}),
    ActKind.REVIEWED: ActEntry(CLINICIANS, status=409),
    ActKind.NOTE: ActEntry(STAFF, {"note": "Prefers mornings."}),
}
FORMS = [Asked(f"/panel/acts/{kind}/{{key}}", act.may, act.status, "read:form") for kind, act in ACTS.items()]
SENT = [
    Asked(f"/panel/acts/{kind}/{{key}}", act.may, act.status, f"say:{SAID[kind]}", act.fields)
    for kind, act in ACTS.items()
]

MATRIX: Mapping[str, Entry] = {
    "GET /healthz": Entry(Access.ANYONE, [Asked("/healthz")]),
    "GET /readyz": Entry(Access.ANYONE, [Asked("/readyz")]),
    "GET /.well-known/jwks.json": Entry(Access.ANYONE, [Asked("/.well-known/jwks.json")]),
    "GET /static/<version>/<path:name>": Entry(Access.ANYONE, [Asked("/static/any/panel.js")]),
    "GET /metrics": Entry(Access.OPERATOR, [Asked("/metrics", status=404)]),
    "POST /hooks/fhir/<path>": Entry(Access.HOOK, [Asked("/hooks/fhir/path", status=404)]),
    "DELETE POST PUT /hooks/fhir/<path>/<type_>/<id_>": Entry(
        Access.HOOK, [Asked("/hooks/fhir/path/Task/t1", status=404)]
    ),
    "GET /launch": Entry(Access.LAUNCH, [Asked("/launch?iss=https://ehr.test/fhir&launch=x")]),
    "GET /standalone/<issuer>": Entry(Access.LAUNCH, [Asked("/standalone/ehr")]),
    "GET /callback/<issuer>": Entry(Access.LAUNCH, [Asked("/callback/ehr")]),
    "GET /p/<launch_id>": Entry(Access.LAUNCH, [Asked("/p/ehr.p2")]),
    "GET /p/<launch_id>/anew": Entry(Access.LAUNCH, [Asked("/p/ehr.p2/anew")]),
    "POST /session": Entry(Access.LAUNCH, [Asked("/session", status=403)]),
    "DELETE /session": Entry(Access.PANEL, [Asked("/session", status=204, row="close-panel")]),
    "GET /panel": Entry(Access.PANEL, [Asked("/panel", READERS, row="read:panel")]),
    "GET /panel/pulse": Entry(Access.PANEL, [Asked("/panel/pulse")]),
    "GET /panel/why/<key:milestone>": Entry(Access.PANEL, [Asked("/panel/why/{key}", READERS, row="read:why")]),
    "GET /panel/acts/<kind>/<key:milestone>": Entry(Access.PANEL, FORMS),
    "POST /panel/acts/<kind>/<key:milestone>": Entry(Access.PANEL, SENT),
    "POST /panel/undo/<statement>": Entry(
        Access.PANEL,
        [Asked(f"/panel/undo/{OWN}", CARERS, row="say:undo"), Asked(f"/panel/undo/{OTHERS}", LEAD, row="say:undo")],
    ),
}
PANEL_ROUTES = [route for route, entry in MATRIX.items() if entry.access is Access.PANEL]


class Stage:
    """Two patients of one practice, each with a step that is late and words that were said of it; the panel of both may be
    open. The EHR may not be asked for anything."""

    def __init__(self) -> None:
        self.world = World()
        self._fill()
        self._database = cast(FakeDatabase, self.world.database)
        self.before = self._database.tables.copy()
        self.asked_of_ehr: list[str] = []
        services = replace(self.world.services, token=lambda: secrets.token_urlsafe(32), ehr=self._ehr)
        self.client: FlaskClient = create_app(services).test_client()
        self.keys = {patient: self.world.milestones(patient)[0].key for patient in (ANA, BRUNO)}
        self.versions = {patient: self._version(patient) for patient in (ANA, BRUNO)}
        self._open([Role.PROVIDER], BRUNO)

    @property
    def tables(self) -> Tables:
        """What is stored now."""
        return self._database.tables

    @property
    def rows(self) -> list[AuditEntry]:
        """Audit rows of panels since the last reset: each of them names its launch."""
        new = self.tables.audit.keys() - self.before.audit.keys()
        return [row for row in (self.tables.audit[number] for number in new) if row.detail.get("launch")]

    @property
    def is_untouched(self) -> bool:
        """Nothing was written but audit rows, and nobody was asked for anything but to take tokens back."""
        now = replace(self.tables, audit=self.before.audit)
        asked = [*self.world.jobs.asked, *self.asked_of_ehr, *(set(self.world.smart.calls) - {"revoke"})]
        return now == self.before and asked == []

    def reset(self) -> None:
        """As if nobody had asked for anything."""
        self._database.tables = self.before.copy()
        for kept in (self.world.jobs.asked, self.world.smart.calls, self.asked_of_ehr):
            kept.clear()

    def token(self, who: str) -> str | None:
        """Of the first patient's panel, opened by somebody of that role; what one has who has no session."""
        if who == NO_SESSION:
            return None
        if who in (ENDED, DISABLED):
            token = self._open([Role.PROVIDER], ANA, person=2 if who == DISABLED else 1)
            if who == ENDED:
                self.world.launches.end(token)
            return token
        return self._open([] if who == NO_ROLE else [who], ANA)

    def send(self, method: str, path: str, token: str | None, form: Mapping[str, str]) -> TestResponse:
        """From another machine."""
        headers = shown(token) if token else {}
        data = form if method == "POST" else None
        return self.client.open(
            path, method=method, data=data, headers=headers, environ_base={"REMOTE_ADDR": ELSEWHERE}
        )

    def form(self, patient: str) -> dict[str, str]:
        """What a form carries of the step that it was opened for."""
        return {"patient": patient, "version": self.versions[patient], "once": secrets.token_urlsafe(32)}

    def told_of(self, patient: str, answer: TestResponse) -> set[str]:
        """What in an answer is that patient's."""
        number = patient[-1]
        words = (
            patient,
            f"canary-{number}",
            f"Observation/o{number}",
            f"CarePlan/cp{number}",
            self.keys[patient],
            self.versions[patient],
        )
        return {word for word in (*words, in_address(self.keys[patient])) if word in answer.text}

    def _open(self, roles: Sequence[str], patient: str, person: int = 1) -> str:
        token = secrets.token_urlsafe(32)
        session = replace(a_session(self.world, patient), roles=tuple(roles), person_id=person)
        self.world.launches.open(token, session, TOKENS)
        return token

    def _ehr(self, source: Source) -> Ehr:
        self.asked_of_ehr.append(source.slug)
        return self.world.ehr

    def _version(self, patient: str) -> str:
        with self.world.look() as uow:
            tracked = uow.patients.look(self.world.source, patient)
            assert tracked is not None
            return uow.plans.versions(tracked.row.id)[self.keys[patient]]

    def _fill(self) -> None:
        world, member = self.world, Member("Practitioner/coach", (Coding("", "coach"),))
        team = CareTeam(ref="CareTeam/t1", subject=ANA, status="active", members=(member,))
        for number in (1, 2):
            plan = a_plan(number, due="2026-06-08", start="2026-06-05")
            name = f"canary-{number}"
            world.server.put(
                replace(a_patient(number), name=name, mrn=name, birth_date=Moment("1961-04-02")),
                replace(plan, title=name),
                a_result(number, patient=number, on="2026-06"),
            )
        world.sweep()
        with world.database.begin() as uow:
            uow.issuers.add(an_issuer(), world.clock())
            uow.people.seen(NURSE, world.clock())
            shut_out = uow.people.seen(replace(NURSE, subject="sub-2"), world.clock())
            uow.people.disable(shut_out, True, world.clock(), "the test")
            uow.facts.store(world.source, [(team, [ANA])], world.clock())
            for statement, patient in self._said():
                uow.statements.add(world.source, patient, statement, world.clock())
            uow.commit()
        world.clock.forward(seconds=1)
        world.sweep()

    def _said(self) -> Iterator[tuple[Statement, str]]:
        """The first patient's step is on hold, by the person who asks; of both there is somebody else's note."""
        for id_, patient, said, by in (
            (OWN, ANA, Said.HOLD, "Practitioner/cho"),
            (OTHERS, ANA, Said.NOTE, "Practitioner/other"),
            (BRUNOS, BRUNO, Said.NOTE, "Practitioner/cho"),
        ):
            step, until = self.world.milestones(patient)[0], date(2026, 7, 1) if said is Said.HOLD else None
            note, at = f"canary-{patient[-1]}", self.world.clock()
            yield (
                Statement(id=id_, said=said, by=by, at=at, milestone=step.key, plan=step.plan, until=until, note=note),
                patient,
            )


@pytest.fixture(scope="module")
def standing() -> Stage:
    """Made once."""
    return Stage()


@pytest.fixture
def stage(standing: Stage) -> Stage:
    """As it was made."""
    standing.reset()
    return standing


def named(rule: Rule) -> str:
    """A route by its methods and its pattern."""
    return " ".join([*sorted((rule.methods or set()) - {"HEAD"}), rule.rule])


def in_address(key: str) -> str:
    """A key as it stands in a path."""
    return KeyConverter.to_url(None, key)  # type: ignore[arg-type]  # needs no self


def test_every_route_has_its_entry(stage: Stage) -> None:
    """And the decision that stands in it. The admin pages have a table of their own: admin/test_rights.py."""
    app = stage.client.application
    found = {named(rule): decision(app, rule.endpoint) for rule in app.url_map.iter_rules()}

    here = {route: access for route, access in found.items() if access not in (Access.ADMIN, Access.SIGN_IN)}
    assert here == {route: entry.access for route, entry in MATRIX.items()}


def test_every_act_and_every_role_is_tried() -> None:
    """A new one gets its line."""
    assert set(ACTS) == set(ActKind)
    assert READERS | {Role.ADMINISTRATOR} == set(Role)


@pytest.mark.parametrize("route", MATRIX)
def test_who_may_ask(stage: Stage, route: str) -> None:
    """Each role, somebody without one, and whoever has no open session gets the answer that stands in the matrix and leaves
    the audit row that stands there; who may not leaves nothing and learns nothing (row 12, row 30)."""
    entry = MATRIX[route]
    for method, asked in itertools.product(route.split()[:-1], entry.asked):
        path = asked.path.format(key=in_address(stage.keys[ANA]))
        answered: dict[str, tuple[int, list[str]]] = {}
        for who in EVERYBODY:
            token = stage.token(who)
            stage.reset()

            answer = stage.send(method, path, token, {**stage.form(ANA), **asked.form})

            check_head(entry.access, answer, is_certain=who in WITH_SESSION)
            status = 404 if answer.status_code == 429 else answer.status_code  # a flood of strangers at a hook
            answered[who] = status, [row.action for row in stage.rows]
            if answer.status_code in (401, 403):
                assert (stage.is_untouched, stage.told_of(ANA, answer)) == (True, set()), who

        assert answered == expected(entry.access, asked), path


def check_head(access: Access, answer: TestResponse, *, is_certain: bool) -> None:
    """No cookie and no redirect, whatever is asked; nothing that is made for somebody is kept; and only who is certain to
    be the panel's EHR may frame it, all else nobody (row 3, row 22, row 27)."""
    head, policy = answer.headers, answer.headers["Content-Security-Policy"]
    assert {"Set-Cookie", "Location", "Refresh", "Access-Control-Allow-Origin"}.isdisjoint(head.keys())
    assert (head["Referrer-Policy"], head["X-Content-Type-Options"]) == ("no-referrer", "nosniff")
    if access is not Access.ANYONE:
        assert head["Cache-Control"] == "no-store"
    if access in (Access.LAUNCH, Access.PANEL):
        framed = (access is Access.PANEL and is_certain) or answer.status_code == 200
        by = " ".join(an_issuer().ehr_origins) if framed else "'none'"
        assert policy.endswith(f"; frame-ancestors {by}")
        assert "X-Frame-Options" not in head
    else:
        assert "frame-ancestors 'none'" in policy
        assert head["X-Frame-Options"] == "DENY"


def expected(access: Access, asked: Asked) -> Mapping[str, tuple[int, list[str]]]:
    """Status and audit rows by who asks."""
    if access is not Access.PANEL:
        return dict.fromkeys(EVERYBODY, (asked.status, []))
    good = asked.status, [asked.row] if asked.row and asked.status < 400 else []
    return {
        **{who: good if who in asked.may else (403, []) for who in WITH_SESSION},
        **dict.fromkeys(WITHOUT_SESSION, (401, [])),
    }


@pytest.mark.parametrize("who", [*WITH_SESSION, DISABLED])
def test_who_gets_a_session(stage: Stage, who: str) -> None:
    """Whoever has a role in our own table that sees care plans, and was not shut out; nobody gets one by the EHR's word
    (row 12)."""
    world = stage.world
    granted = [] if who == NO_ROLE else [Role.PROVIDER.value if who == DISABLED else who]
    with world.database.begin() as uow:
        uow.issuers.update(replace(uow.issuers.get("ehr"), least_role=None), world.clock())
        person = uow.people.grant(uow.people.seen(NURSE, world.clock()), granted, world.clock(), "the test")
        uow.people.disable(person, who == DISABLED, world.clock(), "the test")
        uow.commit()
    world.smart.patients = {ANA: replace(a_patient(1), name="canary-1", birth_date=Moment("1961-04-02"))}
    tab = Browser(stage.client)
    tab.open()
    before = len(world.launches.open_sessions)

    answer = tab.come_back()

    is_one = who in READERS
    assert (answer.status_code, len(world.launches.open_sessions) - before) == ((200, 1) if is_one else (403, 0))


@pytest.mark.parametrize("route", PANEL_ROUTES)
def test_no_id_of_another_patient_opens_anything(stage: Stage, route: str) -> None:
    """Ana's panel with Bruno's step, word, launch and reference, one at a time and together, in path, form and query:
    refused, or answered about Ana alone; nothing is written, and nobody is asked about Bruno (row 10)."""
    method, pattern = route.split()
    for path, form, query in foreign(stage, method, pattern):
        token = stage.token(Role.PRACTICE_LEAD)
        stage.reset()

        answer = stage.send(method, f"{path}?{query}", token, form)

        is_named = form.get("patient") == BRUNO or any(word in path for word in (BRUNOS, in_address(stage.keys[BRUNO])))
        if is_named:
            assert answer.status_code in (403, 404, 409), path
            assert stage.is_untouched, path
        assert stage.told_of(BRUNO, answer) == set(), path
        assert stage.asked_of_ehr == [], path
        assert {row.record for row in stage.rows} <= {f"main/{ANA}"}, path
        assert bruno_in(stage) == bruno_in(stage, is_before=True), path


def foreign(stage: Stage, method: str, pattern: str) -> Iterator[tuple[str, Mapping[str, str], str]]:
    """Paths, forms and queries with at least one of Bruno's ids. An argument that is not known here has no ids yet: a new
    one gets them."""
    ids = {
        "<kind>": [*ActKind],
        "<key:milestone>": [in_address(stage.keys[patient]) for patient in (ANA, BRUNO)],
        "<statement>": [OTHERS, BRUNOS],
    }
    query = urlencode({"patient": BRUNO, "launch": "ehr.p2", "milestone": stage.keys[BRUNO], "statement": BRUNOS})
    names = re.findall("<[^>]*>", pattern)
    for chosen in itertools.product(*(ids[name] for name in names)):
        path = pattern
        for name, value in zip(names, chosen, strict=True):
            path = path.replace(name, value)
        kind = next((ACTS[each] for each in ActKind if each in chosen), None)
        filled = dict(kind.fields) if kind else {}
        for patient, step in itertools.product((ANA, BRUNO), repeat=2) if method == "POST" else [(ANA, ANA)]:
            yield path, {**filled, **stage.form(step), "patient": patient}, query


def bruno_in(stage: Stage, *, is_before: bool = False) -> list[object]:
    """What is stored of Bruno."""
    tables = stage.before if is_before else stage.tables
    kept = (tables.facts, tables.patients, tables.statements, tables.plans, tables.effects, tables.work)
    stored = [entry for table in kept for entry in cast(Mapping[object, object], table).items()]
    return [entry for entry in stored if BRUNO in repr(entry) or BRUNOS in repr(entry)]

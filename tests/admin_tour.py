"""A practice in which every admin page has something to show, all of it with markup in it; and a walk through all pages
that links lead to, and the forms on them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser
from typing import NamedTuple, cast
from urllib.parse import parse_qsl, urljoin, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from plugin.app import create_app
from plugin.catalog.loader import FileCatalog
from plugin.domain.audit import AuditEntry
from plugin.domain.companion import LinkState, PatientLink, Why
from plugin.domain.configuration import LADDER
from plugin.domain.permissions import Role
from plugin.domain.record import Identifier, Patient, Said, Statement
from plugin.domain.source import SetAside, Source
from plugin.usecases.code_search import count_codes
from plugin.usecases.preview import ask_preview
from plugin.usecases.run_preview import run_preview
from tests.admin import AdminClient, signed_in_client, with_tokens
from tests.builders import World
from tests.fake_storage import FakeDatabase
from tests.fake_tables import Tables
from tests.fakes import FakeCatalog
from tests.full_chart import chart, facts_of, lived, said
from tests.publishing import Body, an_editor, drafted, published
from tests.tabs import an_issuer

_MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}"
WORD, PATIENT, NOTE, MRN = "Canary-Word", "Canary-Patient", "Canary-Note", "DEMO-00412"
MARKUP = f"{WORD}{_MARKUP}"
"""Stands in plans, programs, ladders, names of people, reasons."""
PATIENTS_NAME, PATIENTS_NOTE = f"{PATIENT}{_MARKUP}", f"{NOTE}{_MARKUP}"
SCORE = "PHQ-9"
EVERY_RIGHT = (Role.ADMINISTRATOR.value, Role.PRACTICE_LEAD.value, Role.PROGRAM_EDITOR.value)
_AS_OFTEN = 2
"""Pages of one route that a walk looks at for each set of names in the query."""


class Form(NamedTuple):
    """A form as it stands on a page: where it goes, how, and its fields with what stands in them."""

    page: str
    method: str
    action: str
    fields: Sequence[tuple[str, str]]

    @property
    def path(self) -> str:
        """Where it goes, without a query."""
        return urlsplit(urljoin(self.page, self.action or self.page)).path


class Place:
    """That practice, as it was made, and browsers in it."""

    def __init__(self) -> None:
        self.world = World(catalog=cast(FakeCatalog, FileCatalog()))
        _live(self.world)
        _configure(self.world)
        self.app: Flask = create_app(with_tokens(self.world))
        self._database = cast(FakeDatabase, self.world.database)
        self.browsers = {role.value: self._browser(role.value, role.value) for role in Role}
        self.everybody = self._browser("everybody", *EVERY_RIGHT)
        self._before = self.tables.copy()
        self._sessions = dict(self.world.sign_ins.sessions)

    @property
    def tables(self) -> Tables:
        """What is stored now."""
        return self._database.tables

    def reset(self) -> None:
        """As it was made."""
        self._database.tables = self._before.copy()
        self.world.sign_ins.sessions = dict(self._sessions)
        self.world.jobs.asked.clear()

    def rows(self, who: str) -> list[AuditEntry]:
        """Audit rows of somebody since then."""
        new = self.tables.audit.keys() - self._before.audit.keys()
        return [row for row in (self.tables.audit[number] for number in sorted(new)) if row.who == who]

    def changed(self) -> set[str]:
        """Names of the tables, beside the audit log, in which something is otherwise than it was then."""
        names = vars(self._before).keys() - {"audit"}
        return {name for name in names if getattr(self.tables, name) != getattr(self._before, name)}

    def route(self, path: str, method: str = "GET") -> str:
        """The pattern that a path is of; "" where it is none."""
        try:
            rule, _ = self.app.url_map.bind("milepost.test").match(urlsplit(path).path, method=method, return_rule=True)
        except HTTPException:
            return ""
        return str(rule.rule)

    def _browser(self, name: str, *roles: str) -> AdminClient:
        """Of somebody with these roles, whose name has markup in it too."""
        client = self.app.test_client()
        made = signed_in_client(self.world, roles=roles, name=f"demo-{name}", person_name=MARKUP, client=client)
        made.form_token = made.csrf
        return made


@dataclass
class Walk:
    """Through every page that links lead to: what was answered, by address, and the forms that were seen."""

    place: Place
    browser: AdminClient
    pages: dict[str, TestResponse] = field(default_factory=dict)
    rows: dict[str, list[AuditEntry]] = field(default_factory=dict)
    """What the browser's person left in the audit log, by address."""
    changed: set[str] = field(default_factory=set)
    """Names of the other tables that are otherwise afterwards."""
    forms: dict[tuple[str, str, frozenset[str]], Form] = field(default_factory=dict)

    def go(self, *first: str) -> Walk:
        """All of it, in a practice as it was made, beginning with these addresses."""
        self.place.reset()
        seen, waiting = Counter[tuple[str, frozenset[str]]](), deque([*first, "/admin"])
        while waiting:
            address = waiting.popleft()
            kind = self.place.route(address), frozenset(name for name, _ in parse_qsl(urlsplit(address).query))
            seen[kind] += 1
            if address in self.pages or seen[kind] > _AS_OFTEN:
                continue
            known = len(self.place.rows(self.browser.who))
            answer = self.pages[address] = self.browser.get(address)
            self.rows[address] = self.place.rows(self.browser.who)[known:]
            if answer.mimetype == "text/html":
                waiting.extend(self._looked_at(address, answer.text))
        self.changed = self.place.changed()
        return self

    def _looked_at(self, address: str, text: str) -> Iterator[str]:
        """Where its links and its forms of method GET lead."""
        found = _Parts(address)
        found.feed(text)
        for form in found.forms:
            names = frozenset(name for name, _ in form.fields)
            self.forms.setdefault((form.method, self.place.route(form.path, form.method), names), form)
        ways = [urljoin(address, way) for way in found.ways]
        yield from (way.partition("#")[0] for way in ways if urlsplit(way).path.startswith("/admin"))


class _Parts(HTMLParser):
    """Links, what htmx asks for, and forms."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._page = page
        self.ways: list[str] = []
        self.forms: list[Form] = []
        self._fields: list[tuple[str, str]] | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        asks = ("href",) if tag == "input" else ("href", "hx-get")  # a field asks together with what is typed into it
        self.ways += [given[name] for name in asks if given.get(name, "").startswith(("/", "?"))]
        if tag == "form":
            self._fields = []
            method = given.get("method", "get").upper()
            self.forms.append(Form(self._page, method, given.get("action", ""), self._fields))
        elif self._fields is not None and given.get("name"):
            self._field(tag, given)
        elif self._fields is not None and tag == "option" and self._select:
            self._fields.append((self._select, given.get("value", "")))
            self._select = None if "selected" in given else self._select

    def _field(self, tag: str, given: Mapping[str, str]) -> None:
        assert self._fields is not None
        self._select = given["name"] if tag == "select" else None
        if tag in ("input", "textarea", "button") and given["name"] != "csrf":
            self._fields.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None
        elif tag == "select":
            self._select = None


class _Markup(HTMLParser):
    """Elements that could only come from markup in a text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        is_ours = tag != "img" and (tag != "script" or "src" in names)
        if not is_ours or any(name.startswith("on") for name in names):
            self.found.append(str(self.get_starttag_text()))


@cache
def whole_walk() -> Walk:
    """By somebody who may see everything, through a practice that all tests of a process share: each begins with it as it
    was made."""
    place = Place()
    return Walk(place, place.everybody).go("/admin/work?whose=all")


def markup_in(page: str) -> list[str]:
    """What of a text's markup has become a part of the page. Ours have no inline script and, but for drawings, no image."""
    parser = _Markup()
    parser.feed(page)
    return parser.found


def _live(world: World) -> None:
    """One patient until today, and what people said of it."""
    resources = chart(PATIENTS_NAME)
    for resource in resources:
        type_ = resource["resourceType"]
        resource |= {"title": MARKUP} if type_ == "CarePlan" else {}
        resource |= {"name": [{"text": MARKUP}]} if type_ == "Practitioner" else {}
        resource |= {"description": {"text": MARKUP}} if type_ == "Goal" else {}
        if type_ == "ServiceRequest":
            resource["code"] = {**resource["code"], "text": MARKUP}
    lived(world, facts_of(resources), said())
    step = world.milestones()[0]
    note = Statement(
        id="say-markup", said=Said.NOTE, by="Practitioner/cho", at=world.clock(), milestone=step.key, plan=step.plan,
        note=PATIENTS_NOTE,
    )  # fmt: skip
    with world.database.begin() as uow:
        uow.statements.add(world.source, "Patient/p1", note, world.clock())
        uow.issuers.add(an_issuer(), world.clock())
        aside = SetAside("Observation/broken", "1", MARKUP)
        uow.sources.set_aside(world.source, [aside], world.clock())
        uow.commit()
    count_codes(world.services)
    _clinic(world)


def _clinic(world: World) -> None:
    """An OpenEMR with a companion store, and a patient there whom nobody has linked yet."""
    now = world.clock()
    ours, theirs = (
        Patient(ref=ref, name=PATIENTS_NAME, family="Canary", identifiers=(Identifier("urn:mrn", MRN),))
        for ref in ("Patient/clinic-1", "Patient/store-1")
    )
    waits = PatientLink(
        patient=ours.ref, state=LinkState.TO_DO, candidates=(theirs.ref,), why=Why.BIRTH_DATE_DIFFERS, at=now
    )
    world.companion.put(theirs)
    with world.database.begin() as uow:
        uow.sources.add(Source(id=0, slug="store", base_url="http://127.0.0.1/store", use="store"), now)
        wanted = Source(id=0, slug="clinic", base_url="https://openemr.test/apis/default/fhir", kind="openemr")
        clinic = uow.sources.add(replace(wanted, sink="companion", companion="store", staff_client="messages"), now)
        uow.facts.store(clinic, [(ours, (ours.ref,))], now)
        uow.companion_links.save(clinic, [waits])
        uow.commit()


def _configure(world: World) -> None:
    """A version in force, one that waits for a second person, two drafts, and a preview of one of them."""
    lee, kim = an_editor(world), an_editor(world, "kim")
    published(world, lee, drafted(world, lee, _retitled))
    world.clock.forward(minutes=1)
    published(world, kim, drafted(world, kim, _retitled, code="hip-replacement"), patients=100)
    drafted(world, lee, _retitled)
    world.clock.forward(minutes=1)
    draft = drafted(world, lee, _sooner, code="standard", kind=LADDER)
    run_preview(world.services, ask_preview(world.services, lee, draft.id).id)
    world.clock.forward(minutes=1)
    published(world, lee, drafted(world, lee, _later, code="standard", kind=LADDER), from_=world.clock() + timedelta(1))


def _retitled(body: Body) -> None:
    body["title"] = MARKUP + body["title"]
    step = body["milestones"][0]
    step["title"] = MARKUP


def _sooner(body: Body) -> None:
    body["tiers"][1]["from_days"] = 3


def _later(body: Body) -> None:
    body["title"] = MARKUP

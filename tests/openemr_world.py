"""All of Milepost but its processes, beside the recorded OpenEMR: two sources of one clinic, of which one writes to a
companion store and the other to the inboxes; and what stands in the tables, to be compared."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import requests
import responses
from sqlalchemy import select

from deploy.openemr.recorded.answer import Answer
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.pages import with_pages
from deploy.openemr.recorded.rows import CarePlanRow, Form, Patient
from deploy.openemr.recorded.server import RecordedOpenEmr, recorded_openemr
from fhir_adapters.servers.openemr import http as openemr_http
from plugin import config
from plugin.bootstrap import build, prepare
from plugin.config import Settings
from plugin.domain.launch import Tokens
from plugin.domain.record import FACT_TYPES
from plugin.domain.rights import FOR_READING
from plugin.domain.source import Cursor, Source
from plugin.domain.staff_account import StaffAccount
from plugin.opening import Ehrs
from plugin.outbound import Retries, Terms
from plugin.storage.tables import metadata
from plugin.storage.unit_of_work import SqlDatabase
from plugin.usecases.deliver import deliver
from plugin.usecases.services import Services
from plugin.usecases.source_settings import Wanted, settle_source
from plugin.usecases.sources import add_source
from plugin.usecases.sync import Reading, read_source
from plugin.usecases.tick import tick
from tests.admin import with_tokens
from tests.builders import World
from tests.fakes import FakeClock
from tests.fhir_adapters.writeback.etag_server import EtagServer

NOON = datetime(2026, 11, 26, 17, tzinfo=UTC)
ZONE = "America/New_York"
STORE = "https://store.test/fhir"
STAFF_SCOPES = "api:oemr user/patient.read user/message.write"
PATIENCE = timedelta(seconds=30)
PUBPID = "http://terminology.hl7.org/CodeSystem/v2-0203"
INBOX = {"coordinator": "desk"}
SLUGS = ("shelf", "inbox")
OF_THE_READING = frozenset({"cursor", "source", "reading_cost", "audit_waiting", "set_aside"})
"""Tables that tell of the reading itself."""

_USUAL = openemr_http.terms()

Json = dict[str, Any]  # Any: FHIR's own JSON
Tables = dict[str, list[tuple[object, ...]]]


class Store(EtagServer):
    """The companion store: searched by identifier and id, too. ``asked`` are the addresses of its searches."""

    def __init__(self) -> None:
        super().__init__()
        self.people: list[Json] = []
        self.is_confused = False
        """It answers a question for a number with everybody."""
        self.asked: list[str] = []

    def knows(self, patient: Patient, id_: str, system: str) -> None:
        """A patient of the clinic, under an id of the store's own."""
        self.people.append(
            {
                "resourceType": "Patient",
                "id": id_,
                "meta": {"versionId": "1"},
                "identifier": [{"system": system, "value": patient.pubpid}],
                "name": [{"family": patient.lname, "given": [patient.fname]}],
                "birthDate": patient.dob.isoformat(),
            }
        )

    def searched(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        """By GET, or by POST with a form."""
        split = urlsplit(str(request.url))
        self.asked.append(str(request.url))
        type_ = split.path.removeprefix("/fhir/").removesuffix("/_search")
        form = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
        asked = parse_qs(f"{split.query}&{form}")
        if type_ == "metadata":
            return 200, {}, json.dumps(_statement())
        found = self.people if type_ == "Patient" else []
        if "identifier" in asked and not self.is_confused:
            wanted = asked["identifier"][0].split(",")
            found = [one for one in found if any(f"{i['system']}|{i['value']}" in wanted for i in one["identifier"])]
        elif "_id" in asked:
            found = [one for one in found if one["id"] in asked["_id"][0].split(",")]
        bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in found]}
        return 200, {"Content-Type": "application/fhir+json"}, json.dumps(bundle)


@dataclass
class Beside:
    """The installation, and all that stands around it. Ada and Bert are late with a step, Cleo has had it done."""

    clinic: Clinic
    openemr: RecordedOpenEmr
    world: World
    settings: Settings
    store: Store
    services: Services
    forms: dict[str, Form] = field(default_factory=dict)
    patients: dict[str, Patient] = field(default_factory=dict)
    client: str = ""
    patience: timedelta = PATIENCE

    def sign_in(self) -> None:
        """The staff account, for a year."""
        token = self.clinic.issue_token(STAFF_SCOPES, user=self.clinic.user_named("admin"))
        tokens = Tokens(access=token, expires_at=NOON + timedelta(days=365), scopes=tuple(STAFF_SCOPES.split()))
        account = StaffAccount(source_id=self.source("inbox").id, who="admin", tokens=tokens, since=NOON, got_at=NOON)
        with self.world.database.begin() as uow:
            uow.staff_accounts.keep(account)
            uow.commit()

    def source(self, slug: str) -> Source:
        """As it is stored now."""
        with self.world.look() as uow:
            return uow.sources.get(slug)

    def restart(self, patience: timedelta = PATIENCE) -> None:
        """Processes start anew: nothing of an outage is remembered but what is stored. ``patience``: how long they wait for the
        next byte."""
        self.patience = patience
        ehrs = Ehrs(self.settings, self.world.database, None, self.world.clock)
        self.services = replace(self.services, ehr=ehrs, companion=ehrs.companion, staff=ehrs.staff)
        self.world.services = self.services

    def poll(self, slug: str, *types: str) -> Reading:
        """As a worker does it; of these types (none: of all) everything is due."""
        self.make_due(slug, *types)
        reading = read_source(self.services, self.source(slug))
        self.work()
        return reading

    def make_due(self, slug: str, *types: str) -> None:
        """At once, as after a long pause."""
        source = self.source(slug)
        with self.world.database.begin() as uow:
            of = types or self.services.ehr(source).types
            for type_, cursor in uow.sources.cursors(source, of).items():
                if cursor.watermark and cursor.watermark.startswith("{"):
                    uow.sources.move(source, type_, _forgetful(cursor), self.world.clock())
            uow.commit()

    def work(self) -> None:
        """Assess what is due, and write."""
        tick(self.services)
        deliver(self.services)

    def tables(self) -> Tables:
        """Every row of every table but those that tell of the reading itself."""
        names = [table.name for table in metadata.sorted_tables if table.name not in OF_THE_READING]
        return {
            name: sorted((tuple(row.values()) for row in rows), key=repr) for name, rows in self.columns(*names).items()
        }

    def columns(self, *names: str) -> dict[str, list[Mapping[str, object]]]:
        """Rows of these tables, by column."""
        database = cast(SqlDatabase, self.world.database)
        with database._engine.connect() as connection:
            return {
                name: [dict(row._mapping) for row in connection.execute(select(metadata.tables[name]))]
                for name in names
            }

    def standing(self) -> Mapping[str, object]:
        """What stands in the companion store, and in the inboxes."""
        return {**self.store.standing, "messages": dict(self.clinic.messages)}

    def kept(self, slug: str) -> set[str]:
        """References of all facts of a source."""
        source = self.source(slug)
        with self.world.look() as uow:
            return {ref for type_ in FACT_TYPES for refs in uow.facts.references(source, type_) for ref in refs}

    def spoil(self, how: Callable[[Answer, str], Answer] | None) -> None:
        """What becomes of every answer of its APIs, by its path; None: nothing."""
        trouble = self.openemr.trouble
        trouble.spoil = how or (lambda given, path: given)  # type: ignore[method-assign,assignment]  # a test's own


def _forgetful(cursor: Cursor) -> Cursor:
    said = json.loads(cursor.watermark or "{}")
    for part in said["parts"].values():
        part.pop("at", None)
    return cursor._replace(watermark=json.dumps(said))


@contextmanager
def beside_openemr(folder: Path, empty: Path) -> Iterator[Beside]:
    """After the first sweep: everything is read, assessed and written. ``empty`` has a database and its key."""
    clock = FakeClock(NOON)
    clinic = Clinic(clock=clock)
    for name, there in (("empty.db", "milepost.db"), ("key", "key")):
        shutil.copy(empty / name, folder / there)
    settings = config.settings(
        {
            "MILEPOST_DATABASE_URL": f"sqlite:///{folder / 'milepost.db'}",
            "MILEPOST_KEY_FILE": str(folder / "key"),
            "MILEPOST_ZONE": ZONE,
            "MILEPOST_PUBLIC_URL": "https://milepost.test",
        }
    )
    prepare(settings)
    real = build(settings)
    with ExitStack() as held:
        held.callback(real.database.close)
        openemr = held.enter_context(recorded_openemr(clinic, dress=with_pages))
        store = held.enter_context(_a_store())
        world = World(real.database, clock=clock)
        services = replace(with_tokens(world), jwks=real.jwks, practice=real.practice)
        made = Beside(clinic, openemr, world, settings, store, services)
        held.enter_context(patch.object(openemr_http, "terms", lambda ca_bundle=None: _terms(made.patience)))
        made.restart()
        _furnish(made)
        _introduce(made)
        for slug in SLUGS:
            made.poll(slug)
        assert store.transactions
        assert clinic.messages
        yield made


def _terms(patience: timedelta) -> Terms:
    """As in production, but that nothing is tried twice."""
    return replace(_USUAL, retries=Retries(attempts=1), read=patience, deadline=2 * patience)


@contextmanager
def _a_store() -> Iterator[Store]:
    store = Store()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_passthru(re.compile(r"http://(127\.0\.0\.1|localhost):"))
        mock.add_callback(responses.POST, STORE, callback=store.answer)
        for method in (responses.GET, responses.POST):
            mock.add_callback(method, url=re.compile(rf"{re.escape(STORE)}/.*"), callback=store.searched)
        yield store


def _furnish(made: Beside) -> None:
    """A practice with three charts."""
    clinic = made.clinic
    clinic.furnish("Harbour Clinic")
    nurse = clinic.add_user("nurse", fname="Demo", lname="Nurse", npi="1000000001")
    begun = NOON.replace(tzinfo=None) - timedelta(days=60)
    for place, who in enumerate(("Ada", "Bert", "Cleo")):
        patient = clinic.register_patient(who, f"Sampleton-{who}", dob=date(1960 + place, 3, 4), pubpid=f"SYN-{who}")
        made.patients[who] = patient
        visit = clinic.open_encounter(patient, at=begun, reason="Care plan", provider=nurse)
        made.forms[who] = clinic.new_care_plan(visit, [a_line(-12 + place), a_line(40, "Visit", "SNOMED-CT:390906007")])
        made.store.knows(patient, f"s{place}", PUBPID)
    clinic.book(made.patients["Bert"], day=NOON.date() + timedelta(days=3), start=time(9), provider=nurse)
    visit = clinic.open_encounter(made.patients["Cleo"], at=begun + timedelta(days=20), provider=nurse)
    ordered = clinic.order(visit, "Blood test", code="4548-4", provider=nurse, at=begun + timedelta(days=20))
    clinic.record_result(ordered, "6.1", units="%", at=begun + timedelta(days=21))


def a_line(due_in: int, text: str = "Blood test", code: str = "LOINC:4548-4", **more: Any) -> CarePlanRow:
    """A step of a plan that began sixty days ago; ``due_in`` days from now."""
    now = NOON.replace(tzinfo=None)
    due = datetime.combine(now.date() + timedelta(days=due_in), time())
    return CarePlanRow(
        description=text, code=code, codetext=text, date=now - timedelta(days=60), proposed_date=due, **more
    )


def _introduce(made: Beside) -> None:
    """The store, and the two sources."""
    services, base = made.services, made.openemr.fhir_base
    host = urlsplit(base).netloc
    add_source(services, Source(id=0, slug="store", base_url=STORE, use="store"))
    jwks = cast(Json, made.services.jwks())
    keys = [key for key in jwks["keys"] if key["alg"] == "RS384"]
    client = made.clinic.register_client(
        "reading", " ".join(FOR_READING), jwks={"keys": keys}, redirect_uris=["https://milepost.test/callback"]
    )
    made.client = client.id
    wanted = {"shelf": Wanted(sink="companion", companion="store"), "inbox": Wanted(sink="message", inbox=INBOX)}
    for slug, where in wanted.items():  # under two names of one address: it can be a source once only
        source = Source(
            id=0,
            slug=slug,
            base_url=base,
            kind="openemr",
            client_id=client.id,
            auth_hosts=(host,),
            link_aliases=(made.openemr.fhir_base,),
        )
        base = base.replace("127.0.0.1", "localhost")
        source = add_source(services, source)
        settle_source(services, source, where, by="test")
    made.sign_in()


def _statement() -> Json:
    types = ("Patient", "Task", "DetectedIssue", "Flag", "Communication", "Provenance", "Device")
    every = [{"type": type_, "interaction": [{"code": "read"}, {"code": "update"}]} for type_ in types]
    rest = [{"mode": "server", "resource": every, "interaction": [{"code": "transaction"}]}]
    return {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "format": ["json"], "rest": rest}

"""Threats row 7 and row 19: what a chart, a login or a launch holds, and what is typed at the admin pages, is in
PostgreSQL, sealed or on the page, and nowhere else.

Everything is real: web process, worker, broker, HAPI and an EHR; logs at their most talkative, with gunicorn's own log
of requests asked for. Names, numbers, words and tokens that stand nowhere else are looked for in all that is left
behind.
"""

import base64
import contextlib
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import redis
import requests
from werkzeug.serving import make_server

from deploy.demo.ehr.app import create_app
from deploy.demo.ehr.clients import Client, Proof
from deploy.demo.ehr.grants import Grant, Grants, Issued
from deploy.demo.ehr.parts import Parts, parts
from deploy.demo.ehr.people import PEOPLE
from deploy.demo.generator.fhir import TAG_SYSTEM
from deploy.hapi.server import HapiServer
from plugin import bootstrap, config
from plugin.domain.issuer import ClientAuth
from plugin.domain.launch import Identity
from plugin.domain.permissions import Role
from plugin.domain.source import Source
from plugin.usecases.services import Services
from plugin.usecases.sources import add_source
from plugin.usecases.sweep import sweep
from tasks.app import KEY_PREFIX
from tasks.routes import PEOPLE_ROUTE
from tests.faults.gateway import Gateway, gateway_to
from tests.live.admin_tab import AdminTab, with_account
from tests.live.installation import Installation, Process, wait_for
from tests.rogue import answers
from tests.servers import FhirTag, free_port
from tests.tabs import an_issuer, shown

pytestmark = pytest.mark.live

Json = dict[str, Any]  # Any: FHIR's own JSON
NURSE = PEOPLE[1]
QUEUE = f"{KEY_PREFIX}{PEOPLE_ROUTE}"
SHORTEST = 24
"""Letters of what may be something in base64, as Celery writes its messages."""


def canary(what: str) -> str:
    """A word that stands nowhere else."""
    return f"{what}{secrets.token_hex(8)}"


@dataclass
class Canaries:
    """Of the chart, and of our own ways to be trusted; ``seen`` is what came up on the way."""

    family: str = field(default_factory=lambda: canary("Leerfall"))
    given: str = field(default_factory=lambda: canary("Probegunde"))
    mrn: str = field(default_factory=lambda: canary("MRN"))
    telephone: str = field(default_factory=lambda: f"+999{secrets.randbelow(10**12):012}")
    chart_note: str = field(default_factory=lambda: canary("chartnote"))
    act_note: str = field(default_factory=lambda: canary("actnote"))
    bearer: str = field(default_factory=lambda: canary("bearer"))
    client_secret: str = field(default_factory=lambda: canary("secret"))
    told: str = field(default_factory=lambda: canary("told"))
    password: str = field(default_factory=lambda: canary("password"))
    totp_secret: str = field(default_factory=lambda: base64.b32encode(secrets.token_bytes(20)).decode())
    source_token: str = field(default_factory=lambda: canary("sourcetoken"))
    seen: dict[str, str] = field(default_factory=dict)

    def note(self, **words: str) -> None:
        """What came up: of each launch anew."""
        self.seen |= {f"{name} {len(self.seen)}": word for name, word in words.items()}

    def found_in(self, text: str) -> list[str]:
        """Which are in a text; tokens also as an address has them."""
        named = {**{name: value for name, value in vars(self).items() if isinstance(value, str)}, **self.seen}
        return [name for name, value in named.items() if value in text or quote(value, safe="") in text]


class NotingGrants(Grants):
    """Remembers the tokens that it gives out."""

    def __init__(self, words: Canaries) -> None:
        super().__init__(time)
        self._words = words

    def issue(self, grant: Grant) -> Issued:
        issued = super().issue(grant)
        self._words.note(access_token=issued.access, refresh_token=issued.refresh or issued.access)
        return issued


@contextlib.contextmanager
def an_ehr(hapi: str, web: str, words: Canaries) -> Iterator[Parts]:
    """The demo's, in this process: Milepost is a client with a secret there."""
    url = f"http://127.0.0.1:{free_port()}"
    client = Client(
        id="milepost",
        name="Milepost",
        proof=Proof.SECRET,
        secret=words.client_secret,
        scopes=("launch", "openid", "fhirUser", "profile", "online_access", "patient/*.rs"),
        redirect_uris=(f"{web}/callback/ehr",),
        launch_url=f"{web}/launch",
    )
    ehr = replace(parts(url, hapi, [client], clock=time), grants=NotingGrants(words))
    server = make_server("127.0.0.1", urlsplit(url).port or 0, create_app(ehr), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield ehr
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def entered(base: str, tag: FhirTag, words: Canaries) -> str:
    """A patient with a step that is late; the id."""
    name, today = f"canary-{tag.code[:12]}", datetime.now(UTC).date()
    patient = {
        "resourceType": "Patient",
        "id": name,
        "name": [{"family": words.family, "given": [words.given]}],
        "birthDate": "1961-04-05",
        "telecom": [{"system": "phone", "value": words.telephone}],
        "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": words.mrn}],
    }
    detail = {
        "kind": "Task",
        "status": "not-started",
        "code": {"text": words.chart_note},
        "description": words.chart_note,
        "scheduledPeriod": {"end": (today - timedelta(days=9)).isoformat()},
    }
    plan = {
        "resourceType": "CarePlan",
        "id": name,
        "status": "active",
        "intent": "plan",
        "title": words.chart_note,
        "note": [{"text": words.chart_note}],
        "subject": {"reference": f"Patient/{name}"},
        "period": {"start": (today - timedelta(days=40)).isoformat()},
        "activity": [{"detail": detail}],
    }
    nurse = {"resourceType": "Practitioner", "id": str(NURSE.practitioner("")).partition("/")[2]}
    entries = [
        {
            "resource": {**resource, "meta": {"tag": [tag.coding]}},
            "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
        }
        for resource in (patient, nurse, plan)
    ]
    answer = requests.post(base, json={"resourceType": "Bundle", "type": "transaction", "entry": entries}, timeout=60)
    assert answer.ok, answer.text
    return name


class Tab:
    """A nurse's browser, from the chart to the panel and in it."""

    def __init__(self, web: str, ehr: Parts, patient: str, words: Canaries) -> None:
        self.web, self._ehr, self._patient, self._words = web, ehr, patient, words
        self._session = requests.Session()
        self._session.trust_env = False

    def enter(self) -> None:
        """A launch; what passes through the browser is noted."""
        ehr, client = self._ehr, self._ehr.clients["milepost"]
        address = ehr.launch(client, self._patient, ehr.grants.logins.put(NURSE), NURSE)
        page = self._session.get(address, timeout=60)
        assert page.ok, page.text
        told = {name: unescape(value) for name, value in re.findall(r'data-(\w+)="([^"]*)"', page.text)}
        back = self._session.get(told["authorize"], timeout=60, allow_redirects=False).headers["Location"]
        said = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
        self._session.get(back, timeout=60)
        self.body = {"issuer": "ehr", "secret": told["secret"], **said}
        opened = self.come_back(**self.body)
        assert opened.ok, opened.text
        self.token = opened.json()["token"]
        self._session.get(f"{self.web}/p/{opened.json()['launch']}", timeout=60)
        launch = parse_qs(urlsplit(address).query)["launch"][0]
        self._words.note(launch=launch, panel_token=self.token, secret=told["secret"], code=said["code"])
        self._words.note(state=said["state"])

    def come_back(self, **body: str) -> requests.Response:
        """What the callback's script sends."""
        return self._session.post(f"{self.web}/session", json=body, headers={"Origin": self.web}, timeout=60)

    def ask(self, path: str, **form: str) -> requests.Response:
        """The panel, or something in it."""
        method = "POST" if form else "GET"
        return self._session.request(method, f"{self.web}{path}", data=form, headers=shown(self.token), timeout=60)

    def note(self, text: str) -> None:
        """The act that says something in somebody's own words."""
        path = re.findall(r'"(/panel/acts/note/[^"?]+)', self.ask("/panel").text)[0]
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.ask(path).text))
        answer = self.ask(path, **hidden, note=text)
        assert answer.ok, answer.text


def introduced(services: Services, gateway: Gateway, ehr: Parts, tag: FhirTag, words: Canaries) -> None:
    """Source, issuer and nurse are known, and the charts are read."""
    wanted = Source(
        id=0, slug="main", base_url=gateway.url, search_filter={"_tag": f"{tag.system}|{tag.code}"}, token=words.bearer
    )
    source = add_source(services, wanted)
    host = urlsplit(ehr.url).netloc
    issuer = an_issuer(
        fhir_base=ehr.fhir,
        client_auth=ClientAuth.SECRET,
        client_secret=words.client_secret,
        oidc_issuer=ehr.url,
        ehr_origins=(ehr.url,),
        allowed_hosts=(host,),
        least_role=None,
    )
    now = services.clock()
    with services.database.begin() as uow:
        uow.issuers.add(issuer, now)
        nurse = uow.people.seen(Identity(oidc_issuer=ehr.url, subject=NURSE.login), now)
        uow.people.grant(nurse, [NURSE.role], now, "the test")
        uow.commit()
    sweep(services, source)


def gone_wrong(tab: Tab, words: Canaries) -> None:
    """Refusals and faults, each with something in it that may not be repeated."""
    assert tab.come_back(**tab.body).status_code == 400
    assert tab.come_back(**{**tab.body, "error": words.told}).status_code == 400
    assert (
        requests.get(f"{tab.web}/launch?iss=https://{words.told}.test&launch={words.told}", timeout=60).status_code
        == 400
    )
    assert (
        requests.get(f"{tab.web}/callback/{words.told}?code={words.told}&state={words.told}", timeout=60).status_code
        == 400
    )
    assert tab.ask(f"/panel/why/{words.told}?patient={words.family}").status_code == 404
    assert tab.ask("/panel/undo/none", patient=words.mrn, once=words.told).status_code == 409
    tab.come_back(**{**tab.body, "state": words.told, "secret": words.told})


def administered(web: str, services: Services, words: Canaries, ehr: str) -> str:
    """A day at the admin pages: refused, signed in, somebody is looked for and found, somebody is invited, an EHR is
    connected that does not answer; what was shown of the patient."""
    with_account(services, "demo-canary", words.password, words.totp_secret, Role.ADMINISTRATOR, Role.PRACTICE_LEAD)
    tab = AdminTab(web)
    assert tab.sign_in(words.told, words.told, words.totp_secret).status_code == 401
    assert tab.sign_in("demo-canary", words.password, words.totp_secret).status_code == 303
    found = tab.get(tab.post("/admin/patients/search", q=words.family, whose="all").headers["Location"]).text
    page = tab.get(re.findall(r'href="(/admin/patients/\d+)"', found)[0])
    assert page.ok, page.text
    invited = tab.post("/admin/people/new", name="demo-second", person_name="Demo-Second, Bo", roles="coach").text
    once = re.findall(r'<code class="mp-key">([^<]+)</code>', invited)[0]
    wanted = {"slug": "second", "base_url": ehr, "kind": "r4", "proof": "token", "token": words.source_token}
    assert tab.post("/admin/sources/new", **wanted).status_code == 422
    assert tab.get(f"/admin/{words.told}?q={words.told}").status_code == 404
    words.note(admin_cookie=tab.cookie, csrf=tab.csrf, one_time_password=unescape(once))
    return found + page.text


READ_BY: Mapping[str, Sequence[str]] = {
    "string": ("GET",),
    "hash": ("HGETALL",),
    "list": ("LRANGE", "0", "-1"),
    "set": ("SMEMBERS",),
    "zset": ("ZRANGE", "0", "-1", "WITHSCORES"),
}
"""By the type of a key: the command, and what follows on the key."""


def everything_in(broker: redis.Redis) -> str:
    """Every key and value of the test's Redis, and whatever in it was written in base64."""
    ask: Callable[..., Any] = broker.execute_command  # Any: whatever Redis answers
    found = []
    for key in broker.scan_iter():
        command, *rest = READ_BY[ask("TYPE", key)]
        found.append((key, ask(command, key, *rest)))
    text = repr(found)
    return text + "".join(_decoded(text))


def _decoded(text: str) -> Iterator[str]:
    for run in re.findall(rf"[A-Za-z0-9+/_-]{{{SHORTEST},}}", text):
        for letters in (None, b"-_"):
            with contextlib.suppress(ValueError):
                yield base64.b64decode(run + "=" * (-len(run) % 4), letters).decode(errors="replace")


@dataclass(frozen=True)
class Left:
    """What a day's work leaves behind, beside the database."""

    logs: Mapping[str, str]
    redis: str
    metrics: str
    shown: str


@pytest.fixture
def words() -> Canaries:
    """New ones."""
    return Canaries()


@pytest.fixture
def left(
    tmp_path: Path,
    postgres_url: str,
    redis_url: str,
    hapi: HapiServer,
    fhir_tag: FhirTag,
    words: Canaries,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Left]:
    """A launch, a look, acts, refusals, an EHR that answers 500 with the chart in its words, and messages that nobody has
    taken from the broker."""
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--access-logfile -")
    tag = replace(fhir_tag, system=TAG_SYSTEM)
    patient = entered(hapi.base_url, tag, words)
    bind = f"127.0.0.1:{free_port()}"
    web = f"http://{bind}"
    made = Installation.at(tmp_path, postgres_url, redis_url, bind=bind, public_url=web, log_level="DEBUG")
    services = bootstrap.connected(config.settings(made.settings))
    with contextlib.ExitStack() as held:
        held.callback(services.database.close)
        gateway = held.enter_context(gateway_to(hapi.base_url))
        ehr = held.enter_context(an_ehr(hapi.base_url, web, words))
        running = held.enter_context(made.running("web", "people worker"))
        broker = held.enter_context(contextlib.closing(redis.Redis.from_url(redis_url, decode_responses=True)))
        introduced(services, gateway, ehr, tag, words)
        tab = Tab(web, ehr, patient, words)
        wait_for("the web process answers", lambda: is_ready(web), 120, 0.1)
        tab.enter()
        seen = tab.ask("/panel").text
        why = re.findall(r'"(/panel/why/[^"?]+)', seen)[0]
        seen += tab.ask(why).text
        tab.note(words.act_note)
        seen += administered(web, services, words, f"http://127.0.0.1:{free_port()}/{words.told}")
        worked = running["people worker"]
        wait_for("the worker has nothing left to do", lambda: is_idle(broker), 120, 0.1)
        spoiled = json.dumps({"resourceType": "OperationOutcome", "issue": [{"diagnostics": f"{vars(words)}"}]})
        gateway.spoil = lambda exchange: answers(500, spoiled.encode())
        tab.enter()
        wait_for("the worker has failed", lambda: has_failed(worked), 120, 0.1)
        gone_wrong(tab, words)
        worked.stop()
        tab.note(words.act_note)
        assert broker.llen(QUEUE) > 0
        metrics = requests.get(f"{web}/metrics", timeout=60).text
        dumped = everything_in(broker)
        running["web"].stop()
        yield Left({name: process.said() for name, process in running.items()}, dumped, metrics, seen)


def is_ready(web: str) -> bool:
    """Whether somebody listens."""
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{web}/healthz", timeout=30).ok
    return False


def is_idle(broker: redis.Redis) -> bool:
    """Whether every message was taken, and done with."""
    return broker.llen(QUEUE) == broker.hlen(f"{KEY_PREFIX}unacked") == 0


def has_failed(worker: Process) -> bool:
    """Whether a task met the EHR's 500."""
    return "/fhir: 500" in worker.said()


def test_nothing_of_a_chart_or_a_login_is_left_behind(left: Left, words: Canaries) -> None:
    """Neither name, number, words, password nor token in logs (gunicorn's own too), in Redis and its broker messages, or among the
    metrics; and what is looked for was there to be found (row 7, row 19)."""
    assert {"family", "given", "mrn", "chart_note", "act_note"} <= set(words.found_in(left.shown + words.act_note))
    assert "milepost.deliver.now" in left.redis
    assert "/fhir: 500; it says: ..." in left.logs["people worker"]
    assert "launch_refused" in left.logs["web"]
    assert "/panel/why/<key:milestone>" in left.logs["web"]
    assert "/admin/patients/search" in left.logs["web"]
    assert len(words.seen) == 17

    for name, text in {**left.logs, "redis": left.redis, "metrics": left.metrics}.items():
        assert (name, words.found_in(text)) == (name, [])

"""The clinic of the recordings as far as signing in goes, over HTTP, and how a recorded exchange is asked and
compared."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import Key, RSAKey

from deploy.openemr.recorded.access import SYSTEM_USER
from deploy.openemr.recorded.auth_clients import Client
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.pages import with_pages
from deploy.openemr.recorded.server import recorded_openemr
from deploy.services.process import free_port

RECORDINGS = Path(__file__).parents[2] / "fixtures" / "openemr"
SITE = "http://localhost:8080"
TOKEN_URL = f"{SITE}/oauth2/default/token"
FHIR = f"{SITE}/apis/default/fhir"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CALLBACK = "http://localhost:8000/callback"
NOW = datetime(2026, 11, 22, 1, 20, tzinfo=UTC)
VERIFIER = "v" * 64
MARLOW, SECOND = "a3485482-24af-481b-bf44-53d5f3d8918c", "a3485482-3280-46ca-8613-9820dc2ec439"
APP, PUBLIC, BACKEND, V2, TASKS = "006", "007", "008", "026", "386"
"""Clients, by the recording of their registration."""
_PLACEHOLDER = re.compile(r"<[a-z_]+>")
_FREE = {"client_id", "registration_client_uri", "client_id_issued_at", "exp", "jti", "n", "iat"}
"""What differs from one run to the next, beside what the recordings themselves replaced by ``<…>``."""
Json = Any  # Any: JSON


@dataclass(frozen=True)
class Recording:
    """One exchange with a real OpenEMR."""

    number: str
    method: str
    path: str
    headers: Mapping[str, str]
    sent: Json
    status: int
    answered: Mapping[str, str | list[str]]
    body: Json

    @property
    def where(self) -> str:
        """The path without its query."""
        return urlsplit(self.path).path

    @property
    def query(self) -> dict[str, str]:
        """Of the request."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}


def kept(number: str) -> Json:
    """A recording's file."""
    (file,) = RECORDINGS.glob(f"{number}-*.json")
    return json.loads(file.read_bytes())


@functools.cache
def recording(number: str) -> Recording:
    """By its number."""
    found = kept(number)
    asked, got = found["request"], found["response"]
    return Recording(
        number,
        asked["method"],
        asked["path"],
        asked["headers"],
        asked["body"],
        got["status"],
        got["headers"],
        got["body"],
    )


@functools.cache
def own_key() -> RSAKey:
    """The backend's own, under the name of the recorded one."""
    return RSAKey.generate_key(2048, {"kid": "k1"})


@dataclass
class World:
    """The recorded clinic over HTTP, under its recorded address, with a clock that a test moves, and one browser."""

    served: str
    clinic: Clinic
    moment: list[datetime]
    cookies: dict[str, str] = field(default_factory=dict)

    def later(self, passed: timedelta) -> None:
        """The clinic's clock moves on."""
        self.moment[0] += passed

    def client(self, number: str) -> Client:
        """One of the recorded clients, as it stands now."""
        found = self.clinic.clients.get(recording(number).body["client_id"])
        assert found is not None
        return found

    def change(self, number: str, **changes: Json) -> Client:
        """A client is as it was at this recording."""
        self.clinic.clients.take(replace(self.client(number), **changes))
        return self.client(number)

    def send(self, number: str, *, query: Mapping[str, str] | None = None, **filled: Json) -> requests.Response:
        """The recorded request, with what the recording left out filled in by the names of its fields; ``bearer`` and
        ``basic`` are the Authorization header's."""
        asked = recording(number)
        headers = {name: value for name, value in asked.headers.items() if name != "Cookie"}
        if "bearer" in filled:
            headers["Authorization"] = f"Bearer {filled['bearer']}"
        elif "basic" in filled:
            headers["Authorization"] = f"Basic {base64.b64encode(':'.join(filled['basic']).encode()).decode()}"
        body = asked.sent
        if isinstance(body, dict):
            body = {name: filled.get(name, value) for name, value in body.items()}
        path = asked.path if query is None else f"{asked.where}?{urlencode(_changed(asked.query, query))}"
        return self.ask(asked.method, path, body, headers)

    def ask(
        self, method: str, path: str, body: Json = None, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """One request; nothing is followed. Secure cookies come along, as in a browser on this machine."""
        said = dict(headers or {})
        if self.cookies:
            said["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        is_json = said.get("Content-Type") == "application/json" and isinstance(body, dict)
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method,
                self.served + path.removeprefix(SITE),
                data=json.dumps(body) if is_json else body,
                headers=said,
                allow_redirects=False,
                timeout=20,
            )

    def keep(self, answer: requests.Response) -> requests.Response:
        """The browser keeps the answer's cookies."""
        for line in answer.raw.headers.getlist("Set-Cookie"):
            self.cookies |= {name: one.value for name, one in SimpleCookie(line).items()}
        return answer

    def assertion(
        self, by: Key | None = None, *, algorithm: str = "RS384", kid: str | None = "k1", **claims: Json
    ) -> str:
        """The backend's, good unless ``claims`` say otherwise; None leaves a claim out."""
        id_, now = self.client(BACKEND).id, int(self.moment[0].timestamp())
        said = {"iss": id_, "sub": id_, "aud": TOKEN_URL, "iat": now, "exp": now + 240, "jti": secrets.token_hex(8)}
        said = {name: value for name, value in (said | claims).items() if value is not None}
        header = {"alg": algorithm, "typ": "JWT"} | ({"kid": kid} if kid else {})
        return jwt.encode(header, said, by or own_key(), algorithms=[algorithm])


@contextmanager
def world() -> Iterator[World]:
    """Users, patients and clients have the ids of the recordings; the backend's key is ours."""
    moment = [NOW]
    clinic = Clinic(clock=lambda: moment[0])
    clinic.add_user("admin", lname="Administrator", uuid="a3485334-8be4-4243-aa10-28b78d9a67ac", password="<password>")
    clinic.add_user("clerk", lname="Clerk", group="Accounting", password="<password>")
    clinic.add_user(SYSTEM_USER, lname="System", is_active=False, uuid="a3485334-8bf0-45c9-8641-e949ecd4c497")
    patient = clinic.register_patient("Ada", "Marlow", dob=date(1960, 5, 4), uuid=MARLOW)
    clinic.register_patient("Second", "Patient", dob=date(1970, 5, 4), uuid=SECOND)
    clinic.open_encounter(patient, uuid="a3485482-d94d-4d40-abff-9aa5e23584da", eid=7)
    clinic.book(patient, day=date(2026, 7, 1), start=time(9), eid=34, uuid="a3485501-8f48-473a-9640-3101fe7a61d5")
    port = free_port()
    with recorded_openemr(clinic, port=port, site=SITE, dress=with_pages):
        yield _with_clients(World(f"http://127.0.0.1:{port}", clinic, moment))


def _with_clients(made: World) -> World:
    clinic = made.clinic
    clinic.has_task_module = True
    for number in (APP, PUBLIC, BACKEND, V2, TASKS):
        asked = dict(recording(number).sent)
        if "jwks" in asked:
            asked["jwks"] = {"keys": [own_key().as_dict(private=False)]}
        client = clinic.clients.register(asked)
        clinic.clients.take(replace(client, id=recording(number).body["client_id"], is_enabled=True))
    clinic.has_task_module = False
    return made


def _changed(query: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """In its order; what is empty is left out."""
    return {name: value for name, value in {**query, **changes}.items() if value}


def challenge(verifier: str = VERIFIER) -> str:
    """PKCE's, by S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def compare(number: str, answer: requests.Response) -> None:
    """Status, kind, headers that matter and body are the recorded ones, in the recorded order."""
    told = recording(number)
    assert answer.status_code == told.status, answer.text[:300]
    lower = {name.lower(): value for name, value in told.answered.items()}
    assert answer.headers.get("Content-Type", "").lower() == str(lower["content-type"]).lower()
    assert answer.raw.headers.getlist("Cache-Control") == _listed(lower.get("cache-control", []))
    if "location" in lower:
        assert _with_free_words(answer.headers["Location"]) == _with_free_words(str(lower["location"]))
    if isinstance(told.body, dict) and "html_left_out" in told.body:
        _compare_page(told.body, answer.text)
    elif isinstance(told.body, dict | list):
        _compare_json(told.body, answer.json())
    else:
        assert answer.text == (told.body or "")


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _with_free_words(address: str) -> str:
    """Codes, launch tokens and session words differ."""
    return re.sub(r"((?:^|[?&])(?:code|launch)=)[^&]*", r"\1…", address)


def _compare_page(told: Json, page: str) -> None:
    """Title, where the form goes, and every recorded field; what a page looks like is not compared."""
    title = re.search(r"<title>([^<]*)</title>", page)
    action = re.search(r'<form[^>]* action="([^"]*)"', page)
    assert title is not None
    assert title[1] == told["title"]
    assert action is not None
    assert _without_launch(action[1]) == _without_launch(told["form_action"])
    assert set(told["inputs"]) <= set(re.findall(r'<input[^>]* name="([^"]*)"', page))


def _without_launch(action: str) -> str:
    """Launch tokens and challenges differ; the recorded one is a placeholder that was never encoded."""
    return re.sub(r"((?:launch|code_challenge)=)[^&]*", r"\1…", action).replace("&amp;", "&")


def _compare_json(told: Json, ours: Json, name: str = "") -> None:
    if isinstance(told, dict):
        assert list(ours) == list(told), name
        for inner, value in told.items():
            _compare_json(value, ours[inner], inner)
    elif name in _FREE or (isinstance(told, str) and _PLACEHOLDER.fullmatch(told)):
        assert type(ours) is type(told), name
        assert ours, name
    else:
        assert ours == told, name

"""The recorded exchanges with the API, asked again in their order, and what may differ in an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from deploy.openemr.recorded.pages import with_pages
from deploy.openemr.recorded.resources import RESOURCES
from deploy.openemr.recorded.server import recorded_openemr
from tests.deploy.openemr.oauth_world import RECORDINGS, SITE, kept, recording
from tests.deploy.openemr.recorded_clinic import RecordedClinic
from tests.deploy.openemr.recorded_since import HAPPENED

Json = Any  # Any: JSON
_STANDARD = [
    "patient",
    "practitioner",
    "user",
    "facility",
    "version",
    "list",
    "encounter",
    "medical_problem",
    "vital",
    "soap_note",
    "appointment",
    "message",
    "document",
    "transaction",
]
_NOT_GRANTED = ("Medication", "Group")  # recordings 208, 209 and 286
SYSTEM = {"284", "285", "286", "388", "389", "390", "391", "392", *map(str, range(471, 483))}
OF_A_PATIENT = {"438", "439", "440", "441", "442"}
OF_A_CLERK = {"444", "445", "446", "447"}
SECOND_VERSION = {"417", "418", "419"}
LOGGED_OUT = "436"
NO_TOKEN = {"204", "205"}
"""What they sent was none, and the recordings do not say what it was."""
WITH_TASK = {"388", "389", "390", "391", "392", "394", "395"}
APACHE = {*map(str, range(373, 385)), "489"}
_OWN_HEADERS = {"date", "host", "connection", "server", "content-length", "transfer-encoding", "x-powered-by"}
_OWN_HEADERS |= {"content-security-policy", "x-content-type-options"}
"""Of the web server, not of OpenEMR; and what the recorded OpenEMR's pages say more than a real one's."""


def numbers() -> list[str]:
    """All recordings, in their order."""
    return sorted(file.name[:3] for file in RECORDINGS.glob("[0-9]*.json"))


@dataclass
class Replay:
    """The recorded clinic behind PHP's own server and behind Apache, under the recorded address."""

    clinic: RecordedClinic
    served: Mapping[bool, str]

    def ask(self, number: str) -> requests.Response:
        """The recorded request, at the recorded time, after what happened before it."""
        asked = recording(number)
        self.clinic.moment = parsedate_to_datetime(str(asked.answered["Date"]))
        headers = {name: value for name, value in asked.headers.items() if name != "Authorization"}
        headers["Accept-Encoding"] = asked.headers.get("Accept-Encoding", "identity")
        if asked.headers.get("Authorization") == "Bearer <access_token>" and number not in NO_TOKEN:
            headers["Authorization"] = f"Bearer {self._token(number)}"
        is_json = headers.get("Content-Type") == "application/json" and isinstance(asked.sent, dict)
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                asked.method,
                self.served[number in APACHE] + asked.path,
                data=json.dumps(asked.sent) if is_json else asked.sent,
                headers=headers,
                timeout=30,
            )

    def _token(self, number: str) -> str:
        names = [name for name in RESOURCES if name not in _NOT_GRANTED]
        names += ["Task"] if number in WITH_TASK else []
        clinic = self.clinic
        if number in SYSTEM or number == "396":
            return clinic.issue_token([f"system/{name}.cruds" for name in names])
        if number in OF_A_PATIENT:
            return clinic.issue_token("patient/Patient.read patient/CarePlan.read", patient=clinic.patients[1])
        if number == LOGGED_OUT:
            token = clinic.issue_token("user/Patient.read", user=clinic.user_named("admin"))
            clinic.end_trust(token)
            return token
        if number in SECOND_VERSION:
            return clinic.issue_token([f"user/{name}.rs" for name in names], user=clinic.user_named("admin"))
        user = clinic.user_named("clerk" if number in OF_A_CLERK else "admin")
        standard = [f"user/{name}.{letters}" for name in _STANDARD for letters in ("read", "write")]
        return clinic.issue_token(["api:oemr", *standard, *(f"user/{name}.cruds" for name in names)], user=user)


@contextmanager
def replay() -> Iterator[Replay]:
    """From before the first recording."""
    clinic = RecordedClinic()
    with (
        recorded_openemr(clinic, site=SITE, dress=with_pages, is_behind_apache=False) as bare,
        recorded_openemr(clinic, site=SITE, dress=with_pages) as apache,
    ):
        yield Replay(clinic, {False: bare.served, True: apache.served})


def happen(clinic: RecordedClinic, number: str) -> None:
    """What was done by hand before this recording."""
    if number in HAPPENED:
        HAPPENED[number](clinic)


def differences(number: str, got: requests.Response) -> list[str]:
    """In words; none is the promise."""
    asked, answered = recording(number), kept(number)["response"]
    found = []
    if got.status_code != asked.status:
        found.append(f"status {got.status_code}, recorded {asked.status}")
    if not answered["body_is_json"]:
        return found + _other(got, answered)
    body, recorded = _comparable(number, _json(got)), _comparable(number, asked.body)
    if "truncated_for_recording" in answered:
        wanted = [entry["resource"]["id"] for entry in recorded["entry"]]
        body["entry"] = [entry for entry in body["entry"] if entry["resource"]["id"] in wanted]
    elif number != "075" and len(got.content) != answered["body_bytes"]:
        found.append(f"{len(got.content)} bytes, recorded {answered['body_bytes']}")
    if body != recorded:
        found.append(f"body\n  got      {json.dumps(body)}\n  recorded {json.dumps(recorded)}")
    return found + _header_differences(got, asked.answered)


def _json(got: requests.Response) -> Json:
    try:
        return got.json()
    except ValueError:
        return got.text


def _other(got: requests.Response, answered: Mapping[str, Json]) -> list[str]:
    """What is no JSON is compared by its kind: empty or not, and the text's beginning; SQL and traces of calls are
    OpenEMR's own words."""
    recorded = answered["body"] or ""
    same = got.text == recorded or (bool(recorded) and got.text[:20] == recorded[:20])
    words = [] if same else [f"text {got.text[:80]!r}, recorded {recorded[:80]!r}"]
    return words + _header_differences(got, answered["headers"])


def _header_differences(got: requests.Response, recorded: Mapping[str, str | list[str]]) -> list[str]:
    mine = _headers({name: got.raw.headers.getlist(name) for name in got.headers})
    theirs = _headers(recorded)
    return [] if mine == theirs else [f"headers {mine}, recorded {theirs}"]


def _headers(said: Mapping[str, str | list[str]]) -> dict[str, list[str]]:
    found = {}
    for name, value in said.items():
        if name.lower() not in _OWN_HEADERS:
            values = [value] if isinstance(value, str) else value
            found[name.lower()] = [one.split("=")[0] if name == "Set-Cookie" else one for one in values]
    return found


def _comparable(number: str, body: Json) -> Json:
    """Without what is the time of the call, or in no order."""
    if isinstance(body, dict) and body.get("resourceType") == "Bundle" and "meta" in body:
        entries = [_without_now(entry) for entry in body.get("entry", [])]
        if "/Appointment?date=" in recording(number).path:
            entries.sort(key=lambda entry: str(entry["resource"]["id"]))  # MySQL's own choice: by number, or by day
        return {**body, "meta": None, "entry": entries}
    if number == "075":
        return _user_without_uuid(body)
    if number == "077":
        return [row | {"timestamp": None, "last_updated": None} for row in body]  # two zones' times of the installation
    return body


def _without_now(entry: Json) -> Json:
    """A home's address is said to begin a year before the call, a mean pressure to be of the call."""
    resource = dict(entry["resource"])
    if resource["resourceType"] == "Location" and "address" in resource:
        resource["address"] = resource["address"] | {"period": None}
    if resource.get("effectivePeriod"):
        resource["meta"] = resource["meta"] | {"lastUpdated": None}
    return entry | {"resource": resource}


def _user_without_uuid(body: Json) -> Json:
    """The nurse was put in by SQL: her uuid, and when she was last changed, came with the first search."""
    *others, nurse = body["data"]
    return body | {"data": [*others, nurse | {"uuid": None, "last_updated": None}]}

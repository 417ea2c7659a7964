"""The EHR as its own user sees it: counts, names and bookings, asked of HAPI and not of Milepost."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson
import requests

from deploy.demo.generator.fhir import OURS, TAG_SYSTEM
from deploy.demo.screen import StepFailed

Json = dict[str, Any]  # a FHIR resource, or a part of one

OUR_TAG = f"{OURS}/tag|milepost"
WRITTEN = ("Task", "DetectedIssue", "Flag", "Communication", "Provenance")
ANSWER_S = 60.0


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers.update({"Accept": "application/fhir+json", "Cache-Control": "no-cache"})
    return session


@dataclass(frozen=True)
class Ehr:
    """A FHIR server; with a tag, only the practice that carries it."""

    base: str
    tag: str = ""
    session: requests.Session = field(default_factory=_session, repr=False)

    @property
    def filter(self) -> str:
        """The tag as a search takes it; empty where the whole server is the practice."""
        return f"{TAG_SYSTEM}|{self.tag}" if self.tag else ""

    def count(self, type_: str, **search: str) -> int:
        """How many there are."""
        return int(self._search(type_, _summary="count", **search)["total"])

    def written(self) -> dict[str, int]:
        """How many resources of each kind carry Milepost's tag."""
        return {type_: self.count(type_, _tag=OUR_TAG) for type_ in WRITTEN}

    def names(self) -> dict[str, str]:
        """The people of the practice by reference."""
        people = (entry["resource"] for entry in self._search("Practitioner", _count="200").get("entry", ()))
        return {f"Practitioner/{one['id']}": _name(one) for one in people}

    def unrecorded(self, today: date) -> Iterator[tuple[str, str]]:
        """Bookings that are past and still say booked, the latest first: appointment and patient."""
        search = {"status": "booked", "date": f"lt{today}", "_sort": "-date", "_count": "50"}
        found = [entry["resource"] for entry in self._search("Appointment", **search).get("entry", ())]
        patients = [_patients(one) for one in found]
        for one, whose in zip(found, patients, strict=True):
            if len(whose) == 1 and patients.count(whose) == 1:
                yield f"Appointment/{one['id']}", whose[0]

    def _search(self, type_: str, **search: str) -> Json:
        """The answer to a search; several filters by tag must all hold."""
        parameters = [*search.items(), *([("_tag", self.filter)] if self.tag else [])]
        try:
            answer = self.session.get(f"{self.base}/{type_}", params=parameters, timeout=ANSWER_S)
            answer.raise_for_status()
        except requests.RequestException as failure:
            raise StepFailed(f"HAPI did not answer a search for {type_} ({type(failure).__name__}).") from failure
        found: Json = orjson.loads(answer.content)
        return found


def _name(practitioner: Json) -> str:
    name = (practitioner.get("name") or [{}])[0]
    return " ".join([*name.get("given", ()), name.get("family", "")]).strip() or str(practitioner["id"])


def _patients(appointment: Json) -> list[str]:
    actors = [participant.get("actor", {}).get("reference", "") for participant in appointment["participant"]]
    return [actor for actor in actors if actor.startswith("Patient/")]

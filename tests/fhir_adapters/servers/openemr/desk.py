"""A scripted OpenEMR for tests of how it is asked: answers from a list of resources, counts what it sends, and is
overtaxed when told so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fhir_adapters.mapping import MappingRules
from fhir_adapters.servers.openemr.feed import Feed
from fhir_adapters.servers.openemr.http import Found, OpenEmrHttp
from fhir_adapters.servers.openemr.mapping import Clinic
from fhir_adapters.servers.openemr.passes import Passes, patient_refs
from fhir_adapters.servers.openemr.requests import Question
from fhir_adapters.servers.openemr.rhythm import Allowance, Rhythm
from plugin.domain.errors import MilepostError, TooLarge
from plugin.domain.source import Cursor, Page

NEW_YORK = ZoneInfo("America/New_York")
MONDAY_NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
BASE = "https://emr.example/apis/default/fhir"
Json = dict[str, Any]


def uuid(number: int) -> str:
    return f"a3485482-0000-4000-8000-{number:012}"


def ref(number: int) -> str:
    return f"Patient/{uuid(number)}"


def person(number: int) -> Json:
    return {"resourceType": "Patient", "id": uuid(number), "meta": {"versionId": "1"}}


def plan_of(number: int, form: int = 1) -> Json:
    return {
        "resourceType": "CarePlan",
        "id": f"{uuid(number)}-SK-{form}",
        "status": "active",
        "subject": {"reference": ref(number)},
    }


def about(type_: str, number: int, id_: int = 1) -> Json:
    """Something of a patient's."""
    return {"resourceType": type_, "id": uuid(id_ * 1000 + number), "subject": {"reference": ref(number)}}


def booking(number: int, day: str, id_: int = 1) -> Json:
    return {
        "resourceType": "Appointment",
        "id": uuid(id_ * 1000 + number),
        "status": "proposed",
        "start": f"{day}T09:00:00-05:00",
        "participant": [{"actor": {"reference": ref(number)}, "status": "accepted"}],
    }


@dataclass
class Remembered:
    """The memory of a test."""

    on_file: set[str] = field(default_factory=set)
    followed: set[str] = field(default_factory=set)
    costs: list[tuple[int, int, float]] = field(default_factory=list)
    settled: int = 0

    def patients(self) -> Sequence[str]:
        return sorted(self.on_file)

    def tracked(self) -> Sequence[str]:
        return sorted(self.followed)

    def spent(self, requests: int, bytes_: int, seconds: float) -> None:
        self.costs.append((requests, bytes_, seconds))

    def settle(self) -> None:
        self.settled = len(self.costs)


class Desk(OpenEmrHttp):
    """Answers as OpenEMR's rules say, for the few parameters that are on the whitelist. ``weigh`` says how many bytes a
    resource has; over ``holds`` an answer is TooLarge. ``refuses`` has what a type is answered with instead."""

    def __init__(
        self, resources: list[Json], *, weigh: Callable[[Json], int] = lambda _: 1000, holds: int = 6_000_000
    ) -> None:
        super().__init__(BASE)
        self.resources = resources
        self.weigh = weigh
        self.holds = holds
        self.refuses: dict[str, MilepostError] = {}
        self.takes = 0.05
        self.served_at: datetime | None = None
        self.asked: list[Question] = []
        self.sent = 0
        self.questions_in_all = 0

    def search(self, question: Question) -> Found:
        self.asked.append(question)
        self.questions_in_all += 1
        if question.type in self.refuses:
            raise self.refuses[question.type]
        found = [item for item in self.resources if item["resourceType"] == question.type and _fits(item, question)]
        offset, count = (int(question.params.get(name, "0")) for name in ("_offset", "_count"))
        found = found[offset : offset + count] if count else found
        size = 200 + sum(self.weigh(item) for item in found)
        if size > self.holds:
            raise TooLarge("too much")
        self.sent += size
        return Found(found, size, self.takes, self.served_at)

    def read(self, type_: str, id_: str) -> Json | None:
        return next((i for i in self.resources if (i["resourceType"], i["id"]) == (type_, id_)), None)

    def questions(self, type_: str) -> list[dict[str, str]]:
        return [dict(question.params) for question in self.asked if question.type == type_]


def _fits(item: Json, question: Question) -> bool:
    params = question.params
    patients = params.get("patient")
    if patients is not None and patient_refs(item)[0].removeprefix("Patient/") not in patients:
        return False
    if "_id" in params and item["id"] not in params["_id"].split(","):
        return False
    days = params.get("date", "")
    if days and not days.startswith("ge") and not any(item["start"].startswith(day) for day in days.split(",")):
        return False
    stamp = params.get("_lastUpdated")
    return stamp is None or item.get("changed", "2000-01-01T00:00:00Z") >= stamp[2:]


class Practice:
    """The feed over a desk, with a clock that is moved by hand, and the cursors as they would be stored."""

    def __init__(self, desk: Desk, *, allowance: Allowance | None = None, always: bool = False) -> None:
        self.desk = desk
        self.now = MONDAY_NOON
        self.memory = Remembered()
        rhythm = Rhythm(NEW_YORK, allowance or Allowance(), always=always)
        passes = Passes(desk, self.memory, rhythm, lambda: self.now)
        rules = MappingRules(seen=lambda _raw: None)
        self.feed = Feed(passes, rhythm, rules, Clinic(NEW_YORK, BASE), lambda: self.now)
        self.cursors: dict[str, Cursor] = {}

    def poll(self, *types: str) -> list[Page]:
        """As a poll does it; what comes is remembered page by page."""
        pages: list[Page] = []
        for page in self.feed.pages_of({type_: self.cursors.get(type_, Cursor()) for type_ in types}):
            pages.append(page)
            self.memory.on_file.update(page.on_file)
            if page.cursor is not None:
                self.cursors[page.type] = page.cursor
        return pages

    def later(self, **more: float) -> None:
        self.now += timedelta(**more)
        self.desk.asked.clear()

"""What stands for each milestone after a day, read over HTTP, and in which of it the two clinics differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import requests

from plugin.domain.assessment import PlanState
from plugin.domain.work import WorkItem
from tests.servers import FhirTag

Json = dict[str, Any]  # Any: FHIR's own JSON

OURS = "https://milepost.example/milestone"
PLAN = "(plan)"
"""In place of a step's title: what is said of the whole plan, or patient."""
_WRITTEN = ("Task", "DetectedIssue", "Flag", "Communication")


class Of(NamedTuple):
    """A patient's step; equal ones are counted by their due dates."""

    who: str
    step: str
    turn: int = 1


class Difference(NamedTuple):
    """One facet in which the clinics differ."""

    of: Of
    facet: str
    openemr: str
    hapi: str


Facets = Mapping[Of, Mapping[str, str]]


@dataclass(frozen=True)
class Place:
    """Where an installation writes: a HAPI, and the tag of what it writes there. ``names`` and ``owners`` are the script's,
    by the ids that are used there."""

    base: str
    tag: FhirTag
    names: Mapping[str, str]
    owners: Mapping[str, str]
    session: requests.Session

    def look(self) -> Written:
        """Everything that stands there now."""
        return Written(self, {type_: list(self._all(type_)) for type_ in _WRITTEN})

    def histories(self) -> dict[str, list[Json]]:
        """Every version of each of our Tasks, oldest first, without what changes by itself."""
        tasks = [f"Task/{task['id']}" for task in self._all("Task") if _is_ours(task)]
        found = {ref: self._get(f"{self.base}/{ref}/_history?_count=100")["entry"] for ref in tasks}
        return {ref: [_body(entry["resource"]) for entry in reversed(entries)] for ref, entries in found.items()}

    def _all(self, type_: str) -> Iterator[Json]:
        """Page by page."""
        url: str | None = f"{self.base}/{type_}?{self.tag.search}&_count=500"
        while url is not None:
            answer = self._get(url)
            yield from (entry["resource"] for entry in answer.get("entry", ()))
            url = next((link["url"] for link in answer["link"] if link["relation"] == "next"), None)

    def _get(self, url: str) -> Json:
        answer = self.session.get(url, headers={"Cache-Control": "no-cache"}, timeout=30)
        assert answer.ok, answer.text
        found: Json = answer.json()
        return found


@dataclass(frozen=True)
class Written:
    """What stood there at one moment, by type."""

    place: Place
    resources: Mapping[str, Sequence[Json]]

    @property
    def tasks(self) -> list[Json]:
        """Those of milestones, by their due dates."""
        ours = [task for task in self.resources["Task"] if _is_ours(task)]
        return sorted(ours, key=lambda task: (_due(task), task["id"]))

    def facets(self) -> Facets:
        """Of each milestone's Task, with the gap that stands beside it; and each patient's Flag."""
        issues = {issue["implicated"][0]["reference"]: issue for issue in self.resources["DetectedIssue"]}
        found: dict[Of, Mapping[str, str]] = {}
        for task in self.tasks:
            of = _counted(found, Of(self._named(task["for"]), task["description"]))
            found[of] = self._facets_of(task, issues.get(f"Task/{task['id']}"))
        for flag in self.resources["Flag"]:
            found[Of(self._named(flag["subject"]), PLAN)] = {"flag": flag["status"]}
        return found

    def versions(self) -> dict[str, str]:
        """Of everything."""
        return {f"{t}/{one['id']}": one["meta"]["versionId"] for t, all_ in self.resources.items() for one in all_}

    def _named(self, reference: Json) -> str:
        return self.place.names[reference["reference"].partition("/")[2]]

    def _facets_of(self, task: Json, issue: Json | None) -> Mapping[str, str]:
        period = task.get("restriction", {}).get("period", {})
        return {
            "status": task["status"],
            "reason": _code(task.get("statusReason")),
            "state": task["businessStatus"]["text"],
            "opens": period.get("start", ""),
            "due": period.get("end", ""),
            "done": task.get("executionPeriod", {}).get("end", ""),
            "owner": self._owner(task),
            "gap": "" if issue is None else f"{issue['status']} {issue.get('severity', 'closed')}",
        }

    def _owner(self, task: Json) -> str:
        """A logical reference in a store beside OpenEMR, a literal one in the EHR itself."""
        owner = task.get("owner")
        if owner is None:
            return _code(task["performerType"][0])
        id_ = owner["identifier"]["value"] if "identifier" in owner else owner["reference"].partition("/")[2]
        return self.place.owners[id_]


def facets_of_plans(who: str, plans: Sequence[PlanState]) -> Facets:
    """What Milepost itself says beside: of a patient's plan, and what each step rests on."""
    found: dict[Of, Mapping[str, str]] = {}
    for plan in plans:
        found[Of(who, PLAN)] = {"plan": plan.status, "stage": plan.stage, "flags": " ".join(plan.flags)}
        steps = sorted(plan.milestones, key=lambda step: (step.due is None, str(step.due), step.key))
        for step in steps:
            found[_counted(found, Of(who, step.title))] = {
                "missed": " ".join(sorted(missed.kind for missed in step.missed)),
                "evidence": " ".join(sorted(one.strength.word for one in step.evidence)),
                "tier": str(step.tier),
            }
    return found


def facets_of_work(who: str, items: Sequence[WorkItem]) -> Facets:
    """What people are to do for a patient: what, whose it is, and for which steps."""
    open_ones = [item for item in items if item.state == "open"]
    said = sorted(
        f"{item.kind} ({item.role}: {', '.join(sorted(t for _, t in item.milestones))})" for item in open_ones
    )
    return {Of(who, PLAN): {"work": "; ".join(said)}}


def differences(openemr: Facets, hapi: Facets) -> list[Difference]:
    """In every facet of every step that one of the two has. What is not there is an empty text."""
    return sorted(
        Difference(of, facet, there, here)
        for of in openemr.keys() | hapi.keys()
        for facet in openemr.get(of, {}).keys() | hapi.get(of, {}).keys()
        if (there := openemr.get(of, {}).get(facet, "")) != (here := hapi.get(of, {}).get(facet, ""))
    )


def joined(parts: Iterable[Facets]) -> Facets:
    """What several say of the same steps."""
    found: dict[Of, dict[str, str]] = {}
    for part in parts:
        for of, facets in part.items():
            found.setdefault(of, {}).update(facets)
    return found


def _counted(found: Mapping[Of, object], of: Of) -> Of:
    """The next turn of a step of this title that is not there yet."""
    while of in found:
        of = of._replace(turn=of.turn + 1)
    return of


def _body(resource: Json) -> Json:
    return {name: part for name, part in resource.items() if name != "meta"}


def _is_ours(task: Json) -> bool:
    return any(identifier.get("system") == OURS for identifier in task.get("identifier", ()))


def _due(task: Json) -> str:
    return str(task.get("restriction", {}).get("period", {}).get("end", "9"))


def _code(concept: Json | None) -> str:
    return "" if concept is None else str(concept["coding"][0]["code"])

"""The patients of the practice, as the EHR's own pages list them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from deploy.demo.ehr.upstream import Json, Upstream
from deploy.demo.generator.fhir import PRACTICE, TAG_SYSTEM

PAGE = 20
_TYPE = re.compile(r"[A-Z][A-Za-z]+")
_ID = re.compile(r"(?!\.+$)[A-Za-z0-9\-.]{1,64}")
_DAY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_NUMBER = re.compile(r"(?:[0-9a-z]+-)?SYN-\d+", re.IGNORECASE)
_MOST_GAPS_LOOKED_AT = "500"


@dataclass(frozen=True, slots=True)
class Patient:
    """What stands on top of every page about somebody."""

    id: str
    name: str
    born: str
    gender: str
    number: str
    note: str
    """Something that everybody must know at once: deceased, inactive."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; ``total`` is of all pages."""

    patients: Sequence[Patient]
    total: int
    number: int
    asked: str

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // PAGE))


class Register:
    """Only the patients with the practice's tag, where it has one."""

    def __init__(self, upstream: Upstream, tag: str) -> None:
        self._upstream = upstream
        self._tag = [("_tag", f"{TAG_SYSTEM}|{tag}")] if tag else []

    def page(self, asked: str, number: int) -> Page:
        """By name, number or date of birth."""
        number = max(1, number)
        window = [("_sort", "family,given"), ("_count", str(PAGE)), ("_offset", str(PAGE * (number - 1)))]
        found = self._upstream.search("Patient", [*_by(asked.strip()), *self._tag, *window, ("_total", "accurate")])
        patients = [patient_of(entry["resource"]) for entry in found.get("entry", ())]
        return Page(patients, int(found.get("total", len(patients))), number, asked.strip())

    def get(self, id_: str) -> Patient | None:
        """None when there is none."""
        found = self.record("Patient", id_)
        return patient_of(found) if found else None

    def record(self, type_: str, id_: str) -> Json | None:
        """Any resource; None when there is none."""
        if not _TYPE.fullmatch(type_) or not _ID.fullmatch(id_):
            return None
        return next(iter(self._upstream.resources(type_, ("_id", id_), *self._tag)), None)

    def with_most_gaps(self, most: int = 3) -> Sequence[str]:
        """The ids of those with the most open care gaps in their charts, as whatever watches them has written there; of
        equals the first by id."""
        search = (("code", "CAREGAP"), *self._tag, ("_count", _MOST_GAPS_LOOKED_AT))
        issues = self._upstream.resources("DetectedIssue", *search)
        counted = Counter(_whose(issue) for issue in issues if _is_open(issue))
        counted.pop("", None)
        return [id_ for id_, _ in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:most]]


def patient_of(resource: Json) -> Patient:
    """A Patient resource as a line."""
    number = next((one.get("value", "") for one in resource.get("identifier", ())), "")
    return Patient(
        id=str(resource["id"]),
        name=name_of(resource) or "(no name)",
        born=str(resource.get("birthDate", "not known")),
        gender=str(resource.get("gender", "not known")),
        number=str(number),
        note=_note(resource),
    )


def name_of(resource: Json) -> str:
    """The first name of somebody."""
    name: Json = next(iter(resource.get("name") or ()), {})
    return " ".join([*name.get("given", ()), name.get("family", "")]).strip() or str(name.get("text", ""))


def _note(resource: Json) -> str:
    if resource.get("deceasedBoolean") or resource.get("deceasedDateTime"):
        return "Deceased"
    return "" if resource.get("active", True) else "Inactive"


def _by(asked: str) -> list[tuple[str, str]]:
    if not asked:
        return []
    if _DAY.fullmatch(asked):
        return [("birthdate", asked)]
    if _NUMBER.fullmatch(asked):
        return [("identifier", f"{PRACTICE}/mrn|{asked}")]
    return [("name", word) for word in asked.split()]


def _is_open(issue: Json) -> bool:
    return issue.get("status") == "final" and not issue.get("mitigation")


def _whose(issue: Json) -> str:
    return str(issue.get("patient", {}).get("reference", "")).removeprefix("Patient/")

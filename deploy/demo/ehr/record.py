"""One FHIR resource as rows that a person can read: where the links of an app into the chart lead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from deploy.demo.ehr.facts import text
from deploy.demo.ehr.upstream import Json

_NOT_SHOWN = frozenset(
    {"resourceType", "id", "meta", "text", "contained", "extension", "modifierExtension", "identifier"}
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WHOSE = ("subject", "patient", "for", "beneficiary")


def rows(resource: Json) -> Sequence[tuple[str, str]]:
    """Its elements in their order; what is empty or for machines is left out."""
    shown = ((name, spoken(value)) for name, value in resource.items() if name not in _NOT_SHOWN)
    return [(_HUMP.sub(" ", name).capitalize(), words) for name, words in shown if words]


def patient_in(resource: Json) -> str | None:
    """The id of the patient whose it is; None for what is the practice's, or several patients'."""
    actors = [participant.get("actor") for participant in resource.get("participant", ())]
    named = [one for one in (*(resource.get(name) for name in _WHOSE), *actors) if isinstance(one, dict)]
    found = {str(one.get("reference", "")) for one in named}
    patients = {reference.removeprefix("Patient/") for reference in found if reference.startswith("Patient/")}
    return patients.pop() if len(patients) == 1 else None


def spoken(value: object) -> str:
    """An element's value in words."""
    if isinstance(value, dict):
        return _of_object(value)
    if isinstance(value, list):
        return "; ".join(filter(None, map(spoken, value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _of_object(value: Json) -> str:
    if "coding" in value or value.keys() == {"text"}:
        return text(value)
    if "reference" in value or "display" in value:
        return str(value.get("display") or value.get("reference"))
    if "value" in value and value.keys() <= {"value", "unit", "system", "code", "comparator"}:
        return " ".join(str(value[part]) for part in ("comparator", "value", "unit") if part in value)
    if value.keys() <= {"start", "end"}:
        return " to ".join(str(value[part]) for part in ("start", "end") if part in value)
    return ", ".join(_parts(value))


def _parts(value: Json) -> Iterator[str]:
    for name, part in value.items():
        if name not in _NOT_SHOWN or name == "text":
            words = spoken(part)
            if words:
                yield words

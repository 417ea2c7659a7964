"""Small pieces of the practice's FHIR, read for OpenEMR's columns: days, wall clock times, codes with OpenEMR's
prefixes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from deploy.demo.generator.fhir import LOINC, RXNORM, SNOMED, ZONE, Json, last_day_of_month

PREFIXES = {SNOMED: "SNOMED-CT", LOINC: "LOINC", RXNORM: "RXCUI"}
"""Of the code systems that a line of OpenEMR's form can name; a code of another is left out."""
MORNING = time(9)


def wall(instant: str) -> datetime:
    """A FHIR instant or date by the clinic's wall clock, as OpenEMR keeps it."""
    moment = datetime.fromisoformat(instant)
    return moment if moment.tzinfo is None else moment.astimezone(ZONE).replace(tzinfo=None)


def first_day(words: str) -> date:
    """Of a FHIR date; what it leaves out is the first."""
    return date.fromisoformat(f"{words[:10]}-01-01"[:10])


def last_day(words: str) -> date:
    """Of a FHIR date: of a month its last."""
    return last_day_of_month(first_day(words)) if len(words) == len("2026-11") else first_day(words)


def coded(concept: Json) -> tuple[str, str]:
    """The code as OpenEMR writes it (``LOINC:4548-4``), and what it is called; the last coding that OpenEMR can name."""
    for one in reversed(concept.get("coding", [])):
        if one["system"] in PREFIXES:
            return f"{PREFIXES[one['system']]}:{one['code']}", one.get("display", "")
    return "", ""


def references(part: object) -> Iterator[str]:
    """Every reference in a resource, or in a part of one."""
    if isinstance(part, list):
        for item in part:
            yield from references(item)
    elif isinstance(part, dict):
        if isinstance(part.get("reference"), str):
            yield part["reference"]
        for item in part.values():
            yield from references(item)

"""The practice's patients in the FHIR store beside OpenEMR: the same people, three of whom somebody has to link by
hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from deploy.demo.generator.fhir import PRACTICE, TAG_SYSTEM, TERMINOLOGY, Json
from deploy.demo.generator.load import load, target
from deploy.demo.generator.stream import ENTRIES, transaction
from deploy.demo.openemr.practice import Entered
from deploy.openemr.recorded.rows import Patient

CHART_NUMBER = f"{TERMINOLOGY}/v2-0203"
"""The system under which OpenEMR 8.2 says the number of a chart (recording 083)."""
LEFT_OPEN = 3
_OTHER_DAY = timedelta(days=9)  # as when two digits are exchanged


def add_patients(found: Entered, base: str, tag: str) -> None:
    """Each under the number of the chart. Raises LoadRefused, LoadFailed."""
    records = list(_records(found, tag))
    batches = (transaction(records[start : start + ENTRIES]) for start in range(0, len(records), ENTRIES))
    for _ in load(target(base), batches):
        pass


def left_open(found: Entered) -> list[Patient]:
    """Who cannot be linked without a person: of those with a gap the first three, but for the showcase."""
    late = [one for ref, one in found.patients.items() if ref in found.late and one is not found.showcase]
    return late[:LEFT_OPEN]


def _records(found: Entered, tag: str) -> Iterator[Json]:
    """One was born on another day, one is there twice (and the second time not quite right), one not at all; all others as
    OpenEMR has them."""
    other_day, twice, nowhere = (*left_open(found), *[None] * LEFT_OPEN)[:LEFT_OPEN]
    for one in found.patients.values():
        record = _record(one, tag)
        if one is other_day:
            record["birthDate"] = (one.dob + _OTHER_DAY).isoformat()
        if one is not nowhere:
            yield record
        if one is twice:
            name = {"family": one.lname, "given": [one.fname.partition("-")[0]]}
            other = {"name": [name], "birthDate": (one.dob + _OTHER_DAY).isoformat()}
            yield {**record, "id": f"{record['id']}-2", **other}


def _record(one: Patient, tag: str) -> Json:
    marked = {"meta": {"tag": [{"system": TAG_SYSTEM, "code": tag}]}} if tag else {}
    return {
        "resourceType": "Patient",
        "id": "-".join(["store", *([tag] if tag else []), "patient", str(one.pid)]),
        **marked,
        "identifier": [
            {"system": f"{PRACTICE}/mrn", "value": one.pubpid},
            {"system": CHART_NUMBER, "value": one.pubpid},
        ],
        "name": [{"family": one.lname, "given": [one.fname]}],
        "gender": one.sex.lower(),
        "birthDate": one.dob.isoformat(),
    }

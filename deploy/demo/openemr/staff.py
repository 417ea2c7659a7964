"""The practice's people as users of OpenEMR: their names, groups and, of three providers out of four, an NPI."""

from __future__ import annotations

from collections.abc import Mapping

from deploy.demo.ehr.people import PEOPLE
from deploy.demo.generator.fhir import Json
from deploy.demo.generator.practice import STAFF
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.rows import User

GROUPS = {
    "provider": "Physicians",
    "coordinator": "Clinicians",
    "coach": "Clinicians",
    "scheduler": "Front Office",
    "billing": "Accounting",
}
"""ACL group by role. Without the right to see charts (Front Office, Accounting) OpenEMR shows less."""
MESSENGER = "milepost"
"""The user as whom messages to staff are written."""
WITHOUT_NPI = "provider-4"
"""Somebody who signs plans and is no Practitioner there (OpenEMR 8.2 lists only people with an NPI)."""
_NPI_FROM = 1999999000  # of the form, and nobody's


def add_staff(clinic: Clinic, resources: list[Json]) -> Mapping[str, User]:
    """All of them, by the reference that the charts know them by; whoever has none there is added besides."""
    people = [one for one in resources if one["resourceType"] == "Practitioner"]
    added = {
        f"Practitioner/{person['id']}": _add(clinic, number, key, role, name)
        for number, (person, (key, name, role, *_)) in enumerate(zip(people, STAFF, strict=True), start=1)
    }
    clinic.add_user(MESSENGER, fname="Milepost", lname="Messages", group="Clinicians")
    for one in PEOPLE:
        if one.staff is None:
            fname, _, lname = one.name.partition(" ")
            clinic.add_user(one.login, fname=fname, lname=lname, group=GROUPS[one.role])
    return added


def _add(clinic: Clinic, number: int, key: str, role: str, name: tuple[str, str]) -> User:
    given, family = name
    has_npi = role == "provider" and key != WITHOUT_NPI
    return clinic.add_user(
        family.lower(),
        fname=given,
        lname=family,
        npi=str(_NPI_FROM + number) if has_npi else None,
        group=GROUPS[role],
        email=f"{given}.{family}@example.test".lower(),
    )

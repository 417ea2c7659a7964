"""One patient's chart, entered into OpenEMR as its people would: demographics, visits, the care plan form, what came
back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time

from deploy.demo.generator.fhir import SNOMED, Json
from deploy.demo.openemr.plan_form import Found
from deploy.demo.openemr.said import MORNING, first_day, wall
from deploy.demo.openemr.unsaid import Ledger, Unsaid
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.rows import Encounter, Patient, TeamMember, User


@dataclass
class Desk:
    """Where charts are entered: the clinic, its people by the reference that the charts have, what cannot be said."""

    clinic: Clinic
    staff: Mapping[str, User]
    ledger: Ledger = field(default_factory=Ledger)

    def user(self, reference: str) -> User | None:
        """Whoever of the staff is meant."""
        return self.staff.get(reference)


@dataclass(frozen=True)
class Chart:
    """A chart that is being entered. ``plan_visit`` is the visit at which the plan was made; what needs an encounter in
    OpenEMR and has none here is put into it."""

    desk: Desk
    found: Found
    patient: Patient
    ref: str
    plan_visit: Encounter

    def of(self, type_: str) -> list[Json]:
        """Resources of a type, in their order."""
        return [one for one in self.found.values() if one["resourceType"] == type_]

    def unsaid(self, what: Unsaid, count: int = 1) -> None:
        """Something that cannot be said of this patient."""
        self.desk.ledger.note(what, self.ref, count)


def registered(desk: Desk, found: Found) -> Chart:
    """The patient, with the visit at which the plan was made."""
    ref, one = next((ref, one) for ref, one in found.items() if one["resourceType"] == "Patient")
    (name,), (number,) = one["name"], one["identifier"]
    provider = desk.user(one["generalPractitioner"][0]["reference"])
    deceased = one.get("deceasedDateTime")
    patient = desk.clinic.register_patient(
        name["given"][0],
        name["family"],
        dob=first_day(one["birthDate"]),
        pubpid=number["value"],
        sex=one["gender"].capitalize(),
        provider=provider.id if provider else None,
        deceased=datetime.combine(first_day(deceased), MORNING) if deceased else None,
        phone_cell=_telecom(one, "phone"),
        email=_telecom(one, "email"),
        at=_begun(found),
    )
    visits = [each for each in found.values() if each["resourceType"] == "Encounter" and "reasonCode" in each]
    chart = Chart(desk, found, patient, ref, _visit(desk, patient, visits[0], found))
    _demographics(chart, one)
    return chart


def _begun(found: Found) -> datetime:
    first = min(one["period"]["start"] for one in found.values() if one["resourceType"] == "Encounter")
    return wall(first)


def _telecom(patient: Json, system: str) -> str:
    return next((one["value"] for one in patient["telecom"] if one["system"] == system), "")


def _demographics(chart: Chart, one: Json) -> None:
    is_gone = one.get("active") is False or "link" in one
    chart.unsaid(Unsaid.GONE, is_gone)
    chart.unsaid(Unsaid.BIRTH_YEAR, len(one["birthDate"]) == len("1960"))
    language = one["communication"][0]["language"]["coding"][0]["code"]
    chart.unsaid(Unsaid.LANGUAGE, language != "en" or "extension" in one)


def _visit(desk: Desk, patient: Patient, one: Json, found: Found) -> Encounter:
    reason = next((each["text"] for each in one.get("reasonCode", ())), "")
    booked = [found[each["reference"]] for each in one.get("appointment", ())]
    kinds = [
        each["text"] for each in (*one.get("type", ()), *(kind for each in booked for kind in each["serviceType"]))
    ]
    provider = desk.user(one["participant"][0]["individual"]["reference"])
    at = wall(one["period"]["start"])
    return desk.clinic.open_encounter(
        patient, at=at, reason=reason or next(iter(kinds), ""), provider=provider, updated=at
    )


def enter_visits(chart: Chart) -> None:
    """All but the one of the plan, which is there already."""
    for one in chart.of("Encounter"):
        if "reasonCode" not in one:
            _visit(chart.desk, chart.patient, one, chart.found)
            chart.unsaid(Unsaid.VISIT_CODE, "type" in one)


def set_team(chart: Chart, team: Json) -> None:
    """A team of OpenEMR's is one patient's own, also where the practice has one for many."""
    members = [_member(chart.desk, one) for one in team["participant"]]
    since = datetime.combine(chart.plan_visit.at.date(), time())
    chart.desk.clinic.set_care_team(chart.patient, team["name"], members, at=since)


def _member(desk: Desk, one: Json) -> TeamMember:
    user = desk.user(one["member"]["reference"])
    codes = [each for each in one["role"][0]["coding"] if each["system"] == SNOMED]
    code, name = (codes[0]["code"], codes[0]["display"]) if codes else ("", one["role"][0].get("text", ""))
    return TeamMember(user=user.username if user else None, role=code, role_name=name)

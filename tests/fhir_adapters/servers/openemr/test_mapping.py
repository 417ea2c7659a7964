"""Tests of how what OpenEMR 8.2 sends is made R4: one test per quirk, from what a real one answered."""

from __future__ import annotations

import random
from copy import deepcopy
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_adapters.mapping import Mapped, MappingRules, map_resource
from fhir_adapters.servers.openemr.mapping import Clinic, as_r4, is_of_nobody, staff_ref
from fhir_adapters.servers.openemr.wall_clock import on_the_wall
from plugin.domain.due import ACTIVITY, Bounds, Offer, course_of
from plugin.domain.record import Appointment, CarePlan, CareTeam, Event, Fact, Goal, Other, Patient
from tests.openemr_recordings import recording

NEW_YORK = ZoneInfo("America/New_York")
BASE = "https://emr.example/apis/default/fhir"
CLINIC = Clinic(NEW_YORK, BASE)
RULES = MappingRules(seen=lambda _raw: None)


def fact_of(raw: dict[str, Any], left_out: dict[str, int] | None = None) -> Fact:
    found = map_resource(as_r4(deepcopy(raw), CLINIC), RULES, {} if left_out is None else left_out)
    assert isinstance(found, Mapped)
    return found.fact


def facts(number: int) -> list[Fact]:
    return [fact_of(raw) for raw in recording(number).resources]


def version_of(raw: dict[str, Any]) -> str:
    return fact_of(raw).version


def plan(number: int = 106) -> dict[str, Any]:
    return deepcopy(recording(number).resources[0])


# --------------------------------------------------------------------------------------------------------- the clock
@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-07-15T09:00:00-05:00", "2026-07-15T09:00:00-04:00"),
        ("2026-12-15T09:00:00-05:00", "2026-12-15T09:00:00-05:00"),
        ("2026-12-15T09:00:00-04:00", "2026-12-15T09:00:00-05:00"),
        ("2026-11-21T20:21:47.000-05:00", "2026-11-21T20:21:47-05:00"),
        ("2026-11-21T20:23:59", "2026-11-21T20:23:59-05:00"),
        # The night on which clocks go back: the first of the two hours. That on which they go forward: as it stood before.
        ("2026-11-01T01:30:00-05:00", "2026-11-01T01:30:00-04:00"),
        ("2026-03-08T02:30:00-05:00", "2026-03-08T02:30:00-05:00"),
        ("2026-07-15T13:00:00Z", "2026-07-15T13:00:00Z"),
        ("2026-07-15", "2026-07-15"),
        ("2026-08-26 00:00:00", "2026-08-26 00:00:00"),
        ("0000-00-00T00:00:00-05:00", "0000-00-00T00:00:00-05:00"),
        ("Call back 2026-07-15T09:00:00-05:00", "Call back 2026-07-15T09:00:00-05:00"),
    ],
)
def test_times_are_those_of_the_clock_on_the_wall(text: str, meant: str) -> None:
    """The offset is the one that the server has today, also for a day in summer."""
    assert on_the_wall(text, NEW_YORK) == meant


def test_an_appointment_in_july_is_not_an_hour_late() -> None:
    """Recording 156, made in November: July came with winter's offset."""
    (july,) = (f for f in facts(156) if isinstance(f, Appointment) and f.status == "noshow")
    sent = next(raw for raw in recording(156).resources if raw["status"] == "noshow")

    assert (sent["start"], july.start) == ("2026-07-05T09:00:00-05:00", "2026-07-05T09:00:00-04:00")


# ------------------------------------------------------------------------------------------------------------- plans
def test_a_step_is_due_on_the_day_that_the_clinic_has_written_down() -> None:
    """Recording 106: `scheduledString` beside `scheduledPeriod`; the day is due, the period's start opens the window, and
    a step without a day has none."""
    found = fact_of(plan())
    assert isinstance(found, CarePlan)
    details = [activity.detail for activity in found.activities if activity.detail]
    courses = [
        course_of([Offer(ACTIVITY, "activity.detail.scheduled", detail.schedule)], Bounds(), NEW_YORK)
        for detail in details
    ]

    assert [course.due for course in courses] == [date(2026, 8, 26), date(2026, 10, 15), None]
    assert [course.opens for course in courses] == [date(2026, 7, 15)] * 3
    assert courses[0].due_from == "activity.detail.scheduledString"


def test_a_day_beats_the_end_of_a_period() -> None:
    """No OpenEMR was seen to send both; where one does, the day is what the form calls the target date."""
    raw = plan()
    raw["activity"][0]["detail"]["scheduledPeriod"]["end"] = "2026-12-31T00:00:00-05:00"
    raw["activity"][2]["detail"]["scheduledPeriod"]["end"] = "2026-12-31T00:00:00-05:00"
    found = fact_of(raw)
    assert isinstance(found, CarePlan)
    ends = [activity.detail.schedule.end for activity in found.activities if activity.detail]

    assert ends == [None, None, "2026-12-31T00:00:00-05:00"]


def test_the_reasons_at_the_root_of_a_plan_are_passed_over() -> None:
    """Recording 106: R4 has no `CarePlan.reasonCode`."""
    left_out: dict[str, int] = {}

    assert "reasonCode" in plan()
    assert isinstance(fact_of(plan(), left_out), CarePlan)
    assert left_out == {}


def test_a_plan_is_called_by_its_day() -> None:
    """Recording 106: it has no title, and its description is the one of its lines."""
    found, nameless = fact_of(plan()), plan()
    del nameless["period"]

    assert isinstance(found, CarePlan)
    day = date.fromisoformat(plan()["period"]["start"][:10])
    assert found.title == f"Care plan of {day:%-d %B %Y}"
    assert as_r4(nameless, CLINIC)["title"] == "Care plan"


def test_the_goals_of_a_form_are_told_apart_on_one_line() -> None:
    """Recording 131: line under line; the same words stand there once."""
    raw = deepcopy(recording(131).resources[0])
    raw["description"]["text"] = "HbA1c below 7 %\nWeight at most 88 kg\nHbA1c below 7 %"

    goal = fact_of(raw)

    assert isinstance(goal, Goal)
    assert goal.description.text == "HbA1c below 7 %; Weight at most 88 kg"


def test_a_code_in_several_code_tables_makes_one_step() -> None:
    """Recording 454: the same activity twice, to the letter."""
    (found,) = facts(454)
    assert isinstance(found, CarePlan)

    assert len(recording(454).resources[0]["activity"]) == 4
    assert [a.detail.concept.title for a in found.activities if a.detail] == [
        "Follow-up encounter",
        "unknown prefix",
        "two codes",
    ]


def test_two_steps_that_differ_in_their_day_are_two() -> None:
    """Three sessions of the same therapy, a week apart."""
    raw = plan()
    other = deepcopy(raw["activity"][0])
    other["detail"]["scheduledString"] = "2026-09-02 00:00:00"
    raw["activity"].append(other)
    found = fact_of(raw)
    assert isinstance(found, CarePlan)

    assert len(found.activities) == 4


def test_a_plan_that_was_revoked_comes_as_unknown() -> None:
    """Recording 109: that is all that is told; the plan is tracked and flagged, and its messages wait (§4.3)."""
    by_words = {raw["description"]: raw["status"] for raw in recording(109).resources}
    found = {f.status for f in facts(109) if isinstance(f, CarePlan)}

    assert by_words["plan with plan_status='revoked'"] == "unknown"
    assert "unknown" in found
    assert "revoked" not in found


def test_a_plan_that_was_revoked_or_entered_in_error_has_completed_nothing() -> None:
    """Recording 109: all of its activities say "completed". A step's status there is only its plan's, once more."""
    found = [f for f in facts(109) if isinstance(f, CarePlan)]
    sent = [activity["detail"]["status"] for raw in recording(109).resources for activity in raw["activity"]]

    assert sent.count("completed") == 3
    assert {step.detail.status for plan in found for step in plan.activities if step.detail} == {None}


def test_saving_the_form_makes_no_new_version() -> None:
    """Recordings 366, 367: all rows are deleted and inserted anew, and come back in whatever order; texts repeat them in
    it."""
    raw = plan()
    shuffled = deepcopy(raw)
    shuffled["activity"].reverse()
    shuffled["description"] = "\n".join(reversed(raw["description"].split("\n")))
    shuffled["text"]["div"] = "other"
    shuffled["meta"]["lastUpdated"] = "2026-11-21T10:00:00-05:00"

    assert version_of(shuffled) == version_of(raw)


def test_the_change_of_clocks_makes_no_new_version() -> None:
    """From one day to the next every time comes with another offset."""
    raw = recording(157).resources[0]
    summer = {**raw, "start": raw["start"].replace("-05:00", "-04:00"), "end": raw["end"].replace("-05:00", "-04:00")}

    assert summer != raw
    assert version_of(summer) == version_of(raw)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_said_otherwise_makes_a_new_version(seed: int) -> None:
    """`versionId` is always 1 there: the version is a hash of what is said."""
    raw = plan()
    changed = deepcopy(raw)
    detail = random.Random(seed).choice(changed["activity"])["detail"]
    detail["description"] += "!"

    assert raw["meta"]["versionId"] == "1"
    assert version_of(changed) != version_of(raw)


def test_a_goal_has_its_plans_id_and_codes_without_names() -> None:
    """Recording 131: the same id as the CarePlan's, and a `display` that is an object."""
    left_out: dict[str, int] = {}
    goal = fact_of(recording(131).resources[0], left_out)
    assert isinstance(goal, Goal)

    assert goal.ref.partition("/")[2] == fact_of(plan()).ref.partition("/")[2]
    assert goal.targets[0].measure is not None
    assert [(c.system, c.code, c.display) for c in goal.targets[0].measure.codings] == [
        ("http://loinc.org", "4548-4", None)
    ]
    assert left_out == {}


# ------------------------------------------------------------------------------------------------------ appointments
def test_every_status_of_the_calendar_is_one_of_fhirs() -> None:
    """Recording 156: all 18 codes of the list, one that is not on it, and the default, which is `proposed`."""
    found = {f.status for f in facts(156) if isinstance(f, Appointment)}

    assert found == {
        "proposed",
        "pending",
        "booked",
        "arrived",
        "checked-in",
        "fulfilled",
        "cancelled",
        "noshow",
        "waitlist",
    }


def test_a_visit_moved_to_the_category_no_show_was_missed() -> None:
    """Recording 181: its status stays `proposed`; that was how it was marked before the Flow Board."""
    moved, plain = facts(181)
    assert isinstance(moved, Appointment)
    assert isinstance(plain, Appointment)

    assert (moved.status, plain.status) == ("noshow", "proposed")


@pytest.mark.parametrize("status", ["fulfilled", "cancelled", "arrived", "checked-in", "noshow"])
def test_a_status_that_says_more_than_the_category_stays(status: str) -> None:
    """Somebody has set it on the Flow Board."""
    found = fact_of({**recording(181).resources[0], "status": status})
    assert isinstance(found, Appointment)

    assert found.status == status


def test_a_visit_past_midnight_ends_on_the_next_day() -> None:
    """Recording 179: from half past eleven to half past one, and it ended before it began."""
    late, _ = facts(179)
    assert isinstance(late, Appointment)

    assert (late.start, late.end) == ("2026-12-01T23:30:00-05:00", "2026-12-02T01:30:00-05:00")


def test_a_series_is_its_first_appointment() -> None:
    """Recording 179: OpenEMR tells one row of it, and not that it repeats."""
    _, series = facts(179)
    assert isinstance(series, Appointment)

    assert series.start == "2026-11-02T11:00:00-05:00"


def test_a_lunch_is_no_appointment() -> None:
    """Recording 159: what stands in the calendar without a patient."""
    nobody = [raw for raw in recording(159).resources if is_of_nobody(raw)]

    assert nobody
    assert not any("Patient/" in str(raw) for raw in nobody)
    assert not is_of_nobody(recording(157).resources[0])
    assert not is_of_nobody(recording(83).resources[0])


def test_an_appointment_is_the_same_however_it_was_asked_for() -> None:
    """Recordings 157, 373, 489: the system of its category is the site, the ValueSet, or the ValueSet and the id."""
    searched = recording(373).resources[0]
    spoilt = deepcopy(searched)
    spoilt["appointmentType"]["coding"][0]["system"] = "http://localhost:8080"
    read = deepcopy(searched)
    read["appointmentType"]["coding"][0]["system"] += f"/{searched['id']}"

    assert version_of(searched) == version_of(spoilt) == version_of(read)


def test_whoever_has_no_npi_is_the_same_person_everywhere() -> None:
    """Recordings 136, 180, 414: `Person/…` in an appointment, `Practitioner/…` in a care team; readable as Person only."""
    (booked,) = facts(180)
    (team,) = facts(136)
    (nurse,) = facts(414)
    assert isinstance(booked, Appointment)
    assert isinstance(team, CareTeam)
    assert isinstance(nurse, Other)

    assert nurse.ref.startswith("Practitioner/")
    assert nurse.ref in [participant.actor for participant in booked.participants]
    assert nurse.ref in [member.member for member in team.members]
    assert staff_ref("Patient/1") == "Patient/1"


# -------------------------------------------------------------------------------------------------------------- others
def test_a_patient_has_a_record_number_and_no_invented_language() -> None:
    """Recording 083: a language that is not known comes as the code "unknown"."""
    found = fact_of(recording(83).resources[0])
    assert isinstance(found, Patient)

    assert (found.mrn, found.name, found.birth_date) == ("MRN1000", "Ada Marlow", "1968-03-14")
    assert (found.language, found.needs_interpreter) == (None, None)


def test_the_social_security_number_is_not_taken() -> None:
    """It would come first, and be shown as the record number."""
    raw = deepcopy(recording(83).resources[0])
    number = {
        "use": "official",
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "SS"}]},
        "system": "http://hl7.org/fhir/sid/us-ssn",
        "value": "999-00-0000",
    }
    raw["identifier"].insert(0, number)
    found = fact_of(raw)
    assert isinstance(found, Patient)

    assert found.mrn == "MRN1000"
    assert "999-00-0000" not in [identifier.value for identifier in found.identifiers]


@pytest.mark.parametrize(
    ("id_", "encounter"),
    [
        (None, "Encounter/a3485482-d94d-4d40-abff-9aa5e23584da"),
        ("a3485482-d94d-4d40-abff-9aa5e23584da_7", "Encounter/a3485482-d94d-4d40-abff-9aa5e23584da"),
        ("a3485482-d94d-4d40-abff-9aa5e23584da", None),
        ("SK-7", None),
    ],
)
def test_the_encounter_in_which_a_plan_was_written_stands_in_its_id(id_: str | None, encounter: str | None) -> None:
    """Recordings 104 and 477: they are one encounter; `CarePlan.encounter` is never sent. A form from before April 2022 has
    an underscore there."""
    raw = plan(104)
    found = fact_of(raw if id_ is None else {**raw, "id": id_})
    assert isinstance(found, CarePlan)

    assert recording(477).resources[0]["id"] in raw["id"]
    assert (found.encounter.ref if found.encounter else None) == encounter


def test_every_visit_is_finished() -> None:
    """Recording 142: so that one proves little (SEMANTICS E12); its start is the clinic's."""
    (visit,) = facts(142)
    assert isinstance(visit, Event)

    assert (visit.status, visit.start) == ("finished", "2026-07-15T09:30:00-04:00")


def test_an_address_that_is_null_stops_nothing() -> None:
    """Recording 139: `"address": [null]` of a member of staff."""
    assert len([f for f in facts(139) if isinstance(f, Other)]) == 7


@pytest.mark.parametrize("number", [84, 109, 110, 131, 136, 138, 139, 142, 144, 148, 149, 150, 151, 156, 179])
def test_whatever_it_sends_becomes_a_fact(number: int) -> None:
    """Its JSON is no strict R4, and nothing of it is set aside for that. The times of facts are the clinic's."""
    for raw in recording(number).resources:
        left_out: dict[str, int] = {}

        assert fact_of(raw, left_out).seen is None
        assert left_out == {}

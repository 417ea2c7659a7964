"""The demo practice in OpenEMR is the one that HAPI gets: the same people, plans and days, as far as OpenEMR can hold
them."""

from collections import Counter
from datetime import date
from itertools import pairwise

import pytest

from deploy.demo.generator.fhir import PROGRAM_SYSTEM, Json
from deploy.demo.generator.stream import generate
from deploy.demo.openemr.practice import Entered, entered
from deploy.demo.openemr.unsaid import Unsaid
from deploy.openemr.recorded.charts import CARE_PLAN
from deploy.openemr.recorded.rows import CarePlanRow, Patient

TODAY = date(2026, 6, 15)
PATIENTS = 105  # each place of the cycle five times, so that each odd plan occurs

Resources = dict[str, Json]


@pytest.fixture(scope="module")
def practice() -> Entered:
    """Made once."""
    return entered(TODAY, PATIENTS)


@pytest.fixture(scope="module")
def loaded() -> Resources:
    """What HAPI gets, by reference."""
    made = (entry["resource"] for one in generate(TODAY, PATIENTS) for entry in one["entry"])
    return {f"{one['resourceType']}/{one['id']}": one for one in made}


def rows_of(practice: Entered, patient: Patient, type_: str = "plan_of_care") -> list[CarePlanRow]:
    """The lines of a patient's forms."""
    clinic = practice.clinic
    forms = [form for form in clinic.forms.values() if form.pid == patient.pid and form.formdir == CARE_PLAN]
    return [row for form in forms for row in clinic.care_plan(form) if row.care_plan_type == type_]


def of_type(loaded: Resources, type_: str) -> list[Json]:
    """In their order."""
    return [one for one in loaded.values() if one["resourceType"] == type_]


def test_the_same_people_have_the_same_names_and_numbers(practice: Entered, loaded: Resources) -> None:
    """So that the two demos can be laid side by side; a birth year alone becomes its first of January."""
    theirs = {
        one["identifier"][0]["value"]: (one["name"][0]["family"], one["name"][0]["given"][0], one["birthDate"])
        for one in of_type(loaded, "Patient")
    }

    ours = {one.pubpid: (one.lname, one.fname, str(one.dob)) for one in practice.clinic.patients.values()}

    assert ours.keys() == theirs.keys()
    for number, (family, given, born) in theirs.items():
        whole = born if len(born) == len("1960-05-05") else f"{born}-01-01"
        assert ours[number] == (family, given, whole)


def test_the_books_are_the_generators(practice: Entered) -> None:
    """Who has a gap, who is to be enrolled, whose chart is seen first."""
    tally_of = entered(TODAY, PATIENTS).tally

    assert len(practice.late) == practice.tally.with_gap == tally_of.with_gap > PATIENTS / 4
    assert set(practice.late) <= set(practice.patients)
    assert len(practice.to_enrol) == 5
    assert practice.showcase is not None
    assert practice.showcase.pubpid == "SYN-000002"


def test_every_careplan_is_a_form_or_is_counted(practice: Entered, loaded: Resources) -> None:
    """And each order that begins a program is one as well; a plan without lines is none in OpenEMR."""
    plans = of_type(loaded, "CarePlan")
    begin = [one for one in of_type(loaded, "ServiceRequest") if PROGRAM_SYSTEM in str(one.get("category"))]

    counts = practice.ledger.counts
    assert len(practice.clinic.forms) == len(plans) + len(begin) - counts[Unsaid.NO_LINES]
    assert counts[Unsaid.BEGUN_BY_ORDER] == len(begin) > 0
    assert counts[Unsaid.NO_LINES] > 0


def test_what_a_plan_says_of_itself_is_said_by_its_first_line(practice: Entered, loaded: Resources) -> None:
    """OpenEMR takes the plan's status, its start and its end from there; a step that is done does not end the plan."""
    for plan in of_type(loaded, "CarePlan"):
        rows = rows_of(practice, practice.patients[plan["subject"]["reference"]])
        if rows and "period" in plan:
            assert rows[0].plan_status == (plan["status"] if plan["intent"] == "plan" else "draft")
            assert str(rows[0].date.date()) == plan["period"]["start"]
            assert rows[0].date_end is not None
            assert str(rows[0].date_end.date()) == plan["period"]["end"]


def test_each_step_is_a_line_with_its_target_date(practice: Entered) -> None:
    """By the generator's own books: as many lines as steps, due on the same days, under the same names."""
    for ref, fates in practice.fates.items():
        rows = rows_of(practice, practice.patients[ref])
        if not rows or ref in practice.to_enrol or all(row.proposed_date is None for row in rows):
            continue
        days = Counter(
            (row.description.partition(",")[0], row.proposed_date and row.proposed_date.date()) for row in rows
        )
        missing = Counter((fate.title, fate.due) for fate in fates) - days
        assert not missing, (ref, missing)


def test_a_code_has_openemrs_prefix_or_is_left_out(practice: Entered) -> None:
    """A line can name SNOMED CT, LOINC and RXCUI."""
    codes = {row.code for one in practice.clinic.care_plans.values() for row in one}

    prefixes = {code.partition(":")[0] for code in codes if code}
    assert prefixes == {"SNOMED-CT", "LOINC", "RXCUI"}
    assert not any("http" in code for code in codes)


def test_appointments_have_the_flow_boards_signs(practice: Entered, loaded: Resources) -> None:
    """Every appointment with a time stands in the calendar, at the clinic's hour, but for those in error."""
    timed = [one for one in of_type(loaded, "Appointment") if "start" in one and one["status"] != "entered-in-error"]

    booked = list(practice.clinic.appointments.values())
    assert len(booked) == len(timed)
    signs = Counter(one.status for one in booked)
    missed = sum(one["status"] == "noshow" for one in timed)
    assert signs["?"] == missed > 0
    assert {one.start.hour for one in booked} <= set(range(8, 17))


def test_a_result_keeps_its_day_code_and_value(practice: Entered, loaded: Resources) -> None:
    """Of the laboratory's; what is no result (in error, without a value) is counted instead."""
    wanted = [
        one
        for one in of_type(loaded, "Observation")
        if one["code"]["coding"][0]["code"] == "4548-4" and one["status"] in ("final", "amended", "preliminary")
    ]
    wanted = [one for one in wanted if "valueQuantity" in one]

    results = [
        order.result for order in practice.clinic.orders.values() if order.code == "LOINC:4548-4" and order.result
    ]
    said = Counter((str(one.at.date()), one.value) for one in results)
    expected = Counter((one["effectiveDateTime"][:10], str(one["valueQuantity"]["value"])) for one in wanted)
    assert expected - said == Counter()
    assert practice.ledger.counts[Unsaid.IN_ERROR] > 0


def test_what_cannot_be_said_is_counted_in_words(practice: Entered) -> None:
    """Every kind of it occurs in a practice of this size, and each has its patients."""
    rows = dict(practice.ledger.rows())

    assert set(rows) == set(Unsaid)
    assert all(practice.ledger.patients[what] for what in rows)
    order = list(rows)
    assert all(list(Unsaid).index(one) < list(Unsaid).index(other) for one, other in pairwise(order))


def test_the_same_day_makes_the_same_clinic(practice: Entered) -> None:
    """The demo and the OpenEMR that it starts each make one, and must mean the same patients."""
    again = entered(TODAY, PATIENTS)

    assert {ref: one.uuid for ref, one in again.patients.items()} == {
        ref: one.uuid for ref, one in practice.patients.items()
    }
    assert again.clinic.care_plans == practice.clinic.care_plans
    assert {name: one.uuid for name, one in again.staff.items()} == {
        name: one.uuid for name, one in practice.staff.items()
    }


def test_some_of_the_staff_have_no_npi(practice: Entered) -> None:
    """Among them somebody who signs plans: OpenEMR names that person otherwise in a plan than at an appointment."""
    providers = [one for ref, one in practice.staff.items() if "provider" in ref]

    assert [one.npi is None for one in providers] == [False, False, False, True]
    authors = {form.user for form in practice.clinic.forms.values()}
    assert providers[3].username in authors

"""Tests of how an OpenEMR is read: what is asked, what an answer is complete about, and where a poll goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from fhir_adapters.servers.openemr.http import Found
from fhir_adapters.servers.openemr.requests import Question
from fhir_adapters.servers.openemr.rhythm import Allowance
from fhir_adapters.servers.openemr.state import paces_in
from plugin.domain.errors import (
    CannotDo,
    MilepostError,
    NotFhir,
    NotGranted,
    SwitchedOff,
    TooLarge,
    TooSlow,
    Unauthorized,
)
from plugin.domain.source import Cursor, Extent, Page
from tests.fhir_adapters.servers.openemr.desk import (
    Desk,
    Json,
    Practice,
    about,
    booking,
    person,
    plan_of,
    ref,
    uuid,
)


def refs(pages: list[Page], type_: str) -> list[str]:
    return [fact.ref for page in pages if page.type == type_ for fact in page.facts]


def extents(pages: list[Page], type_: str) -> list[Extent | None]:
    return [page.extent for page in pages if page.type == type_]


def sizes(desk: Desk, type_: str) -> list[int]:
    """How many patients each question named."""
    return [len(params["patient"].split(",")) for params in desk.questions(type_) if "patient" in params]


# ----------------------------------------------------------------------------------------------- patients and their plans
def test_plans_are_asked_for_by_everybody_on_file() -> None:
    """They can be found in no other way; who is on file is told by the patients' pages, tracked or not."""
    practice = Practice(Desk([person(1), person(2), plan_of(2)]))

    pages = practice.poll("CarePlan", "Patient")

    assert practice.memory.on_file == {ref(1), ref(2)}
    assert practice.desk.questions("CarePlan") == [{"patient": f"{uuid(1)},{uuid(2)}"}]
    assert extents(pages, "CarePlan") == [Extent(frozenset({ref(1), ref(2)}))]
    assert refs(pages, "CarePlan") == [f"CarePlan/{uuid(2)}-SK-1"]


def test_the_patients_own_feed_does_not_begin_before_the_plans() -> None:
    """Whoever is tracked after another type's feed has begun is read back one by one: at the first poll nobody is."""
    practice = Practice(Desk([person(1), plan_of(1)]))

    pages = practice.poll("CarePlan", "Patient")

    assert [(page.type, page.cursor is not None) for page in pages] == [
        ("Patient", False),
        ("CarePlan", True),
        ("Patient", True),
    ]
    assert refs(pages[:2], "Patient") == []


def test_a_new_patients_plan_comes_with_the_same_poll() -> None:
    """Later the patients come first."""
    practice = Practice(Desk([person(1)]))
    practice.poll("CarePlan", "Patient")
    practice.later(minutes=20)
    practice.desk.resources += [person(2) | {"changed": "2026-11-23T17:10:00Z"}, plan_of(2)]

    pages = practice.poll("CarePlan", "Patient")

    assert [page.type for page in pages] == ["Patient", "CarePlan"]
    assert refs(pages, "CarePlan") == [f"CarePlan/{uuid(2)}-SK-1"]


def test_patients_are_read_page_by_page() -> None:
    """`_count` and `_offset` work for them, `total` and links do not: a short page is the last one."""
    practice = Practice(Desk([person(number) for number in range(900)], weigh=lambda _: 4000))

    pages = practice.poll("Patient")

    assert practice.desk.questions("Patient") == [
        {"_count": "400"},
        {"_count": "400", "_offset": "400"},
        {"_count": "400", "_offset": "800"},
    ]
    assert len({ref for page in pages for ref in page.on_file}) == 900
    assert [page.cursor is not None and page.cursor.complete for page in pages] == [False, False, True]


def test_patients_are_followed_by_their_stamp() -> None:
    """It is real for them. From a while before the last question, by the earlier of both clocks."""
    practice = Practice(Desk([person(1)]))
    practice.desk.served_at = practice.now + timedelta(hours=2)
    practice.poll("Patient")
    practice.later(minutes=30)

    practice.poll("Patient")

    assert practice.desk.questions("Patient") == [{"_count": "800", "_lastUpdated": "ge2026-11-23T16:45:00Z"}]


def test_where_nobody_came_everybody_is_asked_for_again() -> None:
    """A first answer without anybody may as well mean that OpenEMR has not understood: nobody is passed by."""
    practice = Practice(Desk([]))
    practice.poll("Patient")
    practice.desk.resources.append(person(1))
    practice.later(hours=2)

    pages = practice.poll("Patient")

    assert practice.desk.questions("Patient") == [{"_count": "800"}]
    assert [page.on_file for page in pages] == [(ref(1),)]


def test_a_page_that_comes_again_and_again_is_noticed() -> None:
    """As every other type has it when `_offset` is sent (recordings 172, 173)."""

    class Stuck(Desk):
        def search(self, question: Question) -> Found:
            first = {name: value for name, value in question.params.items() if name != "_offset"}
            return super().search(Question(question.type, first))

    with pytest.raises(NotFhir, match="again and again"):
        Practice(Stuck([person(number) for number in range(900)], weigh=lambda _: 4000)).poll("Patient")


# -------------------------------------------------------------------------------------------------------- sizes of lists
def test_a_list_whose_answer_was_too_large_is_halved_at_once() -> None:
    """And the smaller size is remembered."""
    practice = Practice(Desk([plan_of(number) for number in range(200)], weigh=lambda _: 50_000))
    practice.memory.on_file = {ref(number) for number in range(200)}

    pages = practice.poll("CarePlan")

    assert sizes(practice.desk, "CarePlan")[:2] == [200, 100]
    assert len(refs(pages, "CarePlan")) == 200
    assert paces_in(practice.cursors["CarePlan"].watermark)["on file"].size < 100


def test_a_cheap_list_grows() -> None:
    """Two hundred patients cost as much as one."""
    practice = Practice(Desk([plan_of(1)]))
    practice.memory.on_file = {ref(number) for number in range(1500)}

    practice.poll("CarePlan")

    assert sizes(practice.desk, "CarePlan") == [200, 400, 400, 400, 100]


def test_one_patient_with_too_much_stops_nobody_else() -> None:
    """It is named, without saying anything about it, and is not taken for gone."""
    practice = Practice(Desk([plan_of(1), plan_of(2)], weigh=lambda item: 9_000_000 if uuid(1) in item["id"] else 100))
    practice.memory.on_file = {ref(1), ref(2), ref(3)}

    pages = practice.poll("CarePlan")
    (aside,) = (record for page in pages for record in page.set_aside)

    assert (aside.ref, aside.reason) == (ref(1), "has more CarePlan than this OpenEMR can send in one answer")
    assert refs(pages, "CarePlan") == [f"CarePlan/{uuid(2)}-SK-1"]
    asked_well = [extent.patients for extent in extents(pages, "CarePlan") if extent and extent.patients]
    assert frozenset({ref(2), ref(3)}) == frozenset().union(*asked_well)


def test_when_everybody_has_too_much_it_is_not_the_patients() -> None:
    """Three in a row: the poll says so, and is not taken for one in which all was read."""
    practice = Practice(Desk([plan_of(number) for number in range(9)], weigh=lambda _: 9_000_000))
    practice.memory.on_file = {ref(number) for number in range(9)}

    with pytest.raises(TooLarge):
        practice.poll("CarePlan")


def test_a_list_that_took_too_long_is_smaller_the_next_time() -> None:
    """Of evidence; of plans a smaller list is no quicker. What was read before stays read."""
    practice = Practice(Desk([]))
    practice.memory.followed = {ref(number) for number in range(40)}
    practice.desk.refuses["Condition"] = TooSlow("no answer in time")

    with pytest.raises(TooSlow):
        practice.poll("Condition")

    assert paces_in(practice.cursors["Condition"].watermark)["tracked"].size == 20


def test_a_pass_that_was_cut_off_goes_on_where_it_was() -> None:
    """A crash between two pages repeats at most one list."""
    practice = Practice(Desk([plan_of(number) for number in range(500)], weigh=lambda _: 6_000))
    practice.memory.on_file = {ref(number) for number in range(500)}
    pages = practice.feed.pages_of({"CarePlan": Cursor()})
    first = next(pages)
    assert first.cursor is not None
    practice.cursors["CarePlan"] = first.cursor
    practice.later(hours=4)

    rest = practice.poll("CarePlan")

    assert not first.cursor.complete
    assert len(first.facts) + len(refs(rest, "CarePlan")) == 500
    assert not {fact.ref for fact in first.facts}.intersection(refs(rest, "CarePlan"))
    assert practice.cursors["CarePlan"].complete


def test_an_answer_about_others_is_refused() -> None:
    """Then the question was not understood, and nothing is known of those who were asked for."""

    class Deaf(Desk):
        def search(self, question: Question) -> Found:
            return super().search(Question(question.type, {"patient": uuid(7)}))

    practice = Practice(Deaf([plan_of(7)]))
    practice.memory.on_file = {ref(1)}

    with pytest.raises(NotFhir, match="not asked for"):
        practice.poll("CarePlan")


def test_an_empty_list_is_believed_once_one_has_brought_something() -> None:
    """An empty answer is also what OpenEMR gives when it has not understood. Of plans and appointments lists of patients
    were seen to work."""
    practice = Practice(Desk([]), always=True)
    practice.memory.followed = practice.memory.on_file = {ref(1), ref(2)}

    before = practice.poll("Condition", "CarePlan")
    practice.desk.resources.append(about("Condition", 1))
    practice.poll("Condition")
    practice.desk.resources.clear()
    after = practice.poll("Condition")

    assert extents(before, "Condition") == [None]
    assert extents(before, "CarePlan") == [Extent(frozenset({ref(1), ref(2)}))]
    assert extents(after, "Condition") == [Extent(frozenset({ref(1), ref(2)}))]


# ---------------------------------------------------------------------------------------------------------- appointments
def test_appointments_are_read_by_stamp_by_days_by_months_and_by_patients() -> None:
    """Each sees what the others do not: edits, the Flow Board, deletions, what lies far away."""
    practice = Practice(Desk([booking(1, "2026-11-24"), booking(1, "2028-02-01", 2)]))
    practice.memory.followed = {ref(1)}

    pages = practice.poll("Appointment")

    days = ",".join(f"2026-11-{day}" for day in range(20, 31))
    assert practice.desk.questions("Appointment") == [
        {"_lastUpdated": "ge2026-11-22T17:00:00Z"},
        {"date": "2026-11-22,2026-11-23"},
        {"date": days},
        {"date": "2026-11"},
        {"date": "2026-12"},
        {"date": "2027-01"},
        {"patient": uuid(1)},
    ]
    assert extents(pages, "Appointment") == [
        None,
        Extent(None, date(2026, 11, 22), date(2026, 11, 23)),
        Extent(None, date(2026, 11, 20), date(2026, 11, 30)),
        Extent(None, date(2026, 11, 1), date(2026, 11, 30)),
        Extent(None, date(2026, 12, 1), date(2026, 12, 31)),
        Extent(None, date(2027, 1, 1), date(2027, 1, 31)),
        Extent(frozenset({ref(1)})),
    ]


def test_in_working_hours_the_far_calendar_is_left_alone() -> None:
    """Today is read often, the days around it now and then, the months rarely, the lists of patients at night."""
    practice = Practice(Desk([booking(1, "2026-11-24")]))
    practice.memory.followed = {ref(1)}
    practice.poll("Appointment")
    practice.later(minutes=10)
    practice.poll("Appointment")
    soon = [sorted(params) for params in practice.desk.questions("Appointment")]
    practice.now = datetime(2026, 11, 24, 4, 0, tzinfo=UTC) + timedelta(days=1)
    practice.desk.asked.clear()
    practice.poll("Appointment")

    assert soon == [["_lastUpdated"], ["date"]]
    assert {"patient": uuid(1)} in practice.desk.questions("Appointment")


def test_the_days_are_the_clinics() -> None:
    """At four in the morning in London it is still yesterday in New York."""
    practice = Practice(Desk([]))
    practice.now = datetime(2026, 12, 1, 4, 0, tzinfo=UTC)

    pages = practice.poll("Appointment")

    assert extents(pages, "Appointment")[1:4] == [
        Extent(None, date(2026, 11, 29), date(2026, 11, 30)),
        Extent(None, date(2026, 11, 27), date(2026, 12, 7)),
        Extent(None, date(2026, 11, 1), date(2026, 11, 30)),
    ]


def test_a_month_that_is_too_large_is_read_by_days() -> None:
    """A year's calendar is broken JSON there (recording 385)."""
    busy = [booking(1, f"2026-12-{day:02}", id_) for day in range(1, 32) for id_ in range(40)]
    practice = Practice(Desk(busy, weigh=lambda _: 1_300), always=True)
    practice.desk.holds = 500_000

    pages = [page for page in practice.poll("Appointment") if page.extent and page.extent.patients is None]
    found = {page.extent for page in pages}
    covered = {
        extent.first + timedelta(days=count)
        for extent in found
        if extent and extent.first and extent.last
        for count in range((extent.last - extent.first).days + 1)
    }

    assert len(set(refs(pages, "Appointment"))) == len({item["id"] for item in busy})
    assert {date(2026, 11, 1) + timedelta(days=count) for count in range(92)} <= covered


def test_how_many_days_fit_into_an_answer_is_remembered() -> None:
    """A practice with 200 visits a day: the next time no month is asked for whole, and no answer is too large or broken."""
    heavy = 50 * 1_300
    busy = [booking(1, f"2026-{month}-{day:02}", id_) for month in (11, 12) for day in range(1, 31) for id_ in range(4)]
    practice = Practice(Desk(busy, weigh=lambda _: heavy), always=True)
    practice.desk.holds = 4_000_000
    practice.poll("Appointment")
    practice.later(hours=6)

    pages = practice.poll("Appointment")

    answers = [page.read * heavy for page in pages]
    asked = [params["date"].split(",") for params in practice.desk.questions("Appointment") if "date" in params]
    assert len(asked) == len([page for page in pages if page.extent and page.extent.patients is None])
    assert max(answers) < practice.desk.holds
    assert all(len({len(word) for word in words}) == 1 for words in asked)


def test_quiet_months_are_asked_for_together() -> None:
    """Where all of them are little, one question is enough."""
    practice = Practice(Desk([booking(1, "2026-12-24")]), always=True)
    for _ in range(3):
        practice.desk.asked.clear()
        practice.poll("Appointment")

    assert {"date": "2026-11,2026-12,2027-01"} in practice.desk.questions("Appointment")


def test_a_day_that_is_too_large_is_told() -> None:
    """Nothing smaller can be asked for."""
    practice = Practice(Desk([booking(1, "2026-11-24")], weigh=lambda _: 9_000_000))

    with pytest.raises(TooLarge, match="2026-11-24"):
        practice.poll("Appointment")


def test_changes_that_are_too_many_come_in_the_other_ways() -> None:
    """After a long outage, or when a calendar was imported."""
    practice = Practice(Desk([], weigh=lambda _: 2_500_000))
    practice.poll("Appointment")
    practice.later(minutes=10)
    changed = {"changed": "2026-11-23T16:59:00Z"}
    practice.desk.resources += [booking(number, f"2026-11-2{number}", number) | changed for number in (4, 5, 6)]

    found = refs(practice.poll("Appointment"), "Appointment")

    assert practice.desk.questions("Appointment")[0].keys() == {"_lastUpdated"}
    assert len(set(found)) == 3


def test_an_answer_about_other_days_is_refused() -> None:
    """As for two bounds, of which OpenEMR takes the last one, or either."""

    class Deaf(Desk):
        def search(self, question: Question) -> Found:
            found = super().search(question)
            return replace(found, resources=list(self.resources)) if "date" in question.params else found

    with pytest.raises(NotFhir, match="days that were not asked for"):
        Practice(Deaf([booking(1, "2027-06-01")])).poll("Appointment")


def test_what_belongs_to_nobody_is_counted_and_left_out() -> None:
    """The doctor's lunch."""
    lunch: Json = {
        "resourceType": "Appointment",
        "id": uuid(5),
        "start": "2026-11-24T12:00:00-05:00",
        "participant": [],
    }
    page = Practice(Desk([lunch])).poll("Appointment")[2]

    assert (page.read, page.facts) == (1, ())
    assert page.left_out == {"Appointment: an event of a provider, without a patient": 1}


# ------------------------------------------------------------------------------------------------------ evidence and staff
def test_evidence_is_asked_for_by_the_tracked_patients() -> None:
    """Of the others it would not be kept, and OpenEMR stores whatever it sends."""
    practice = Practice(Desk([about("Procedure", 1), about("Procedure", 2)]))
    practice.memory.on_file = {ref(1), ref(2)}
    practice.memory.followed = {ref(1)}

    pages = practice.poll("Procedure", "DiagnosticReport", "Immunization", "QuestionnaireResponse", "CareTeam", "Goal")

    assert refs(pages, "Procedure") == [f"Procedure/{uuid(1001)}"]
    assert {tuple(question.params.items()) for question in practice.desk.asked} == {(("patient", uuid(1)),)}


def test_without_anybody_tracked_nothing_is_asked() -> None:
    """But the pass has been made."""
    practice = Practice(Desk([]))

    pages = practice.poll("Procedure")

    assert practice.desk.asked == []
    assert [page.cursor is not None and page.cursor.complete for page in pages] == [True]


def test_results_are_read_from_the_last_weeks_and_whole_now_and_then() -> None:
    """What is asked for from a day on is complete about nothing: the day that is compared need not be the one shown."""
    practice = Practice(Desk([about("Observation", 1)]))
    practice.memory.followed = {ref(1)}

    pages = practice.poll("Observation")

    assert practice.desk.questions("Observation") == [
        {"patient": uuid(1), "date": "ge2026-10-24"},
        {"patient": uuid(1)},
    ]
    assert extents(pages, "Observation") == [None, Extent(frozenset({ref(1)}))]


def test_staff_are_those_with_an_npi_and_everybody_else() -> None:
    """Both lists name who has one; nobody comes twice."""
    staff = [
        {"resourceType": "Practitioner", "id": uuid(1), "name": [{"text": "Dr. Hale"}]},
        {"resourceType": "Person", "id": uuid(1), "name": [{"text": "Hale"}]},
        {"resourceType": "Person", "id": uuid(2), "name": [{"text": "Nurse Poe"}]},
    ]

    (page,) = Practice(Desk(staff)).poll("Practitioner")

    assert [fact.ref for fact in page.facts] == [f"Practitioner/{uuid(1)}", f"Practitioner/{uuid(2)}"]
    assert page.extent == Extent()


# -------------------------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize("error", [NotGranted("no", status_code=401), CannotDo("no route", status_code=404)])
def test_a_type_that_is_not_for_us_is_named_and_left(error: MilepostError) -> None:
    """A scope that was not granted for immunizations stops no plan. It is asked for again after a while, not at once."""
    practice = Practice(Desk([]))
    practice.memory.followed = {ref(1)}
    practice.desk.refuses["Immunization"] = error

    (page,) = practice.poll("Immunization")
    practice.later(minutes=10)
    again = practice.poll("Immunization")

    assert page.set_aside[0].ref == "Immunization"
    assert "OpenEMR does not" in page.set_aside[0].reason
    assert page.extent is None
    assert again == []


@pytest.mark.parametrize("type_", ["Patient", "CarePlan", "Appointment"])
def test_without_plans_patients_and_appointments_nothing_is_right(type_: str) -> None:
    """People would be told to book who have booked."""
    practice = Practice(Desk([]))
    practice.memory.on_file = practice.memory.followed = {ref(1)}
    practice.desk.refuses[type_] = NotGranted("no", status_code=401)

    with pytest.raises(NotGranted):
        practice.poll(type_)


@pytest.mark.parametrize("error", [Unauthorized("bad token", status_code=401), SwitchedOff("off", status_code=501)])
def test_what_is_wrong_with_everything_stops_the_poll(error: MilepostError) -> None:
    """It is nothing about one type."""
    practice = Practice(Desk([]))
    practice.memory.followed = {ref(1)}
    practice.desk.refuses["Immunization"] = error

    with pytest.raises(type(error)):
        practice.poll("Immunization")


# ------------------------------------------------------------------------------------------------------------------ cost
def test_a_day_of_polling_stays_within_its_allowance() -> None:
    """A poll each five minutes, two days long: bytes are bounded whatever an answer weighs. So are requests: a practice of
    a thousand is asked some hundreds of times a day."""
    days = [date(2026, 11, 1) + timedelta(days=count) for count in range(60)]
    calendar = [booking(number, day.isoformat(), number) for day in days for number in range(10)]
    evidence = [about(type_, number) for type_ in ("Goal", "Procedure", "Observation") for number in range(30)]
    desk = Desk([*map(person, range(100)), *map(plan_of, range(30)), *calendar, *evidence], weigh=lambda _: 13_000)
    practice = Practice(desk, allowance=Allowance(bytes_per_day=40_000_000))
    practice.memory.followed = {ref(number) for number in range(30)}
    types = ("CarePlan", "Patient", "Appointment", "Encounter", "Goal", "Procedure", "Observation", "CareTeam")
    practice.poll(*types)
    before, asked = desk.sent, desk.questions_in_all

    for _ in range(2 * 24 * 12):
        practice.later(minutes=5)
        practice.poll(*types)

    assert 10_000_000 < (desk.sent - before) / 2 < 40_000_000
    assert (desk.questions_in_all - asked) / 2 < 500

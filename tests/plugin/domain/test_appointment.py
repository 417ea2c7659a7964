"""What an appointment's status means (DESIGN §4.5, SEMANTICS A)."""

from typing import Any

import pytest

from tests.charts import (
    P1,
    THERAPY,
    VISIT,
    Json,
    because,
    booking,
    coming,
    inline,
    look,
    order,
    patient,
    plan,
    step,
    task,
    visit,
)

Found = tuple[str, str | None, list[str]]
START = "2026-06-10T14:00:00Z"
ORDERED = [patient(), plan(step("ServiceRequest/sr1")), order(occurrenceDateTime="2026-06-15")]
OWN = [patient(), plan(step("Appointment/a1"))]


def of(*more: Json, at: str = "2026-06-11", chart: list[Json] | None = None) -> Found:
    """Status, reason, and the misses of the one milestone."""
    only = look([*(ORDERED if chart is None else chart), *more], at).only
    return only["status"], only["reason"], [m["kind"] for m in only["missed"]]


READY: Found = ("ready", None, [])
MISSED: Found = ("ready", None, ["noshow"])
CANCELLED: Found = ("ready", None, ["cancelled"])
UNRECORDED: Found = ("in-review", "outcome-not-recorded", [])
CONTRADICTED: Found = ("in-review", "outcome-contradicted", [])
BOOKED: Found = ("scheduled", None, [])
KEPT: Found = ("completed", None, [])


@pytest.mark.parametrize("status", ["proposed", "pending", "booked", "waitlist", None, "arrived", "checked-in"])
@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-06-09", BOOKED),
        ("2026-06-10T08:59:59-05:00", BOOKED),
        ("2026-06-10T09:00:00-05:00", BOOKED),
        ("2026-06-10T23:59:59-05:00", BOOKED),
    ],
)
def test_a_booking_stands_until_the_end_of_its_day(status: str | None, at: str, expected: Found) -> None:
    """A2: the day of a booking that has begun and has no outcome: scheduled."""
    made = booking(START, "booked")
    made = made | {"status": status} if status else {name: v for name, v in made.items() if name != "status"}

    assert of(made, at=at) == expected
    assert look([*ORDERED, made], at).only["booked_for"] == START


@pytest.mark.parametrize(
    ("status", "at", "expected"),
    [
        ("booked", "2026-06-11T00:00:00-05:00", UNRECORDED),
        ("proposed", "2026-06-11T00:00:00-05:00", UNRECORDED),
        ("waitlist", "2026-06-11T00:00:00-05:00", UNRECORDED),
        ("arrived", "2026-06-11T00:00:00-05:00", BOOKED),
        ("arrived", "2026-06-11T07:59:59-05:00", BOOKED),
        ("arrived", "2026-06-11T08:00:00-05:00", UNRECORDED),
        ("checked-in", "2026-06-11T08:00:00-05:00", UNRECORDED),
        ("booked", "2027-06-11", UNRECORDED),
    ],
)
def test_never_a_miss_by_inference(status: str, at: str, expected: Found) -> None:
    """A2: from midnight on in review; arrived and checked-in until 08:00 of the next calendar day."""
    assert of(booking(START, status), at=at) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [("fulfilled", KEPT), ("noshow", MISSED), ("entered-in-error", READY), ("cancelled", CANCELLED)],
)
def test_what_the_ehr_says_is_what_happened(status: str, expected: Found) -> None:
    """DESIGN §4.5."""
    assert of(booking(START, status)) == expected


@pytest.mark.parametrize("status", ["booked", "proposed", "fulfilled", "noshow", "cancelled"])
def test_without_a_start_there_is_no_booking(status: str) -> None:
    """A1."""
    assert of(booking(None, status)) == READY


@pytest.mark.parametrize("status", ["fulfilled", "noshow"])
@pytest.mark.parametrize(
    ("at", "is_outcome"), [("2026-06-10T08:59:59-05:00", False), ("2026-06-10T09:00:00-05:00", True)]
)
def test_an_outcome_before_the_start_is_not_yet_one(status: str, at: str, is_outcome: bool) -> None:
    """A1: the booking stands."""
    expected = {"fulfilled": KEPT, "noshow": MISSED}[status] if is_outcome else BOOKED

    assert of(booking(START, status), at=at) == expected


def test_a_cancellation_counts_from_when_it_is_seen() -> None:
    """A1: whenever the start is; a month ahead of it the booking is gone."""
    gone = booking("2026-07-10T14:00:00Z", "cancelled", seen="2026-06-05T15:00:00Z")

    assert of(gone, at="2026-06-05T12:00:00-05:00") == READY
    assert of(gone, at="2026-06-06T00:00:00-05:00") == CANCELLED


@pytest.mark.parametrize(
    ("seen", "at", "expected"),
    [
        ("2026-06-09T15:00:00Z", "2026-06-09T23:59:59-05:00", READY),
        ("2026-06-09T15:00:00Z", "2026-06-10T00:00:00-05:00", CANCELLED),
        ("2026-06-10T04:59:59Z", "2026-06-10T00:00:00-05:00", CANCELLED),
        ("2026-06-10T05:00:00Z", "2026-06-10T23:59:59-05:00", READY),
        (None, "2026-06-10T23:59:59-05:00", READY),
        (None, "2026-06-11T00:00:00-05:00", CANCELLED),
    ],
)
def test_the_grace_ends_with_the_local_day_on_which_it_was_seen(seen: str | None, at: str, expected: Found) -> None:
    """DESIGN §4.5 and A7: seen is meta.lastUpdated, else the start."""
    assert of(booking(START, "cancelled", seen=seen), at=at) == expected


@pytest.mark.parametrize(
    ("start", "status", "is_rebooked"),
    [
        ("2026-06-20T14:00:00Z", "booked", True),
        ("2026-06-05T14:00:00Z", "fulfilled", True),
        ("2026-06-05T14:00:00Z", "booked", True),
        ("2026-06-20T14:00:00Z", "cancelled", True),
        ("2026-06-10T20:00:00Z", "noshow", True),
        ("2026-06-05T14:00:00Z", "noshow", False),
        ("2026-06-05T14:00:00Z", "cancelled", False),
        (START, "cancelled", False),
        ("2026-06-20T14:00:00Z", "entered-in-error", False),
    ],
)
def test_a_cancellation_that_was_rebooked_is_no_miss(start: str, status: str, is_rebooked: bool) -> None:
    """A4: another linked appointment that is live or kept, or begins later; also after the grace; a no-show stays one."""
    other = booking(start, status, id_="a2")

    def missed(of_first: str) -> list[str]:
        only = look([*ORDERED, booking(START, of_first), other], "2026-06-11").only
        return [m["resource"] for m in only["missed"]]

    assert ("Appointment/a1" in missed("cancelled")) != is_rebooked
    assert "Appointment/a1" in missed("noshow")


def test_rebooking_after_the_grace_takes_the_miss_back() -> None:
    """A4: also when it comes after the grace; an arrived one counts as live."""
    gone = booking(START, "cancelled")

    assert of(gone) == CANCELLED
    assert of(gone, booking("2026-06-11T14:00:00Z", "arrived", id_="a2")) == BOOKED


def test_an_appointment_of_another_step_rebooks_nothing() -> None:
    """A4: of the same step."""
    chart = [patient(), plan(step("ServiceRequest/sr1"), step("ServiceRequest/sr2")), order(), order("sr2", THERAPY)]
    other = booking("2026-06-20T14:00:00Z", id_="a2", on="ServiceRequest/sr2")

    found = look([*chart, booking(START, "cancelled"), other], "2026-06-11")

    assert found.the("Follow-up visit")["missed"] == [{"resource": "Appointment/a1", "kind": "cancelled"}]


@pytest.mark.parametrize(
    ("start", "status", "is_rebooked"),
    [
        ("2026-06-04T14:00:00Z", "fulfilled", True),
        ("2026-05-20T14:00:00Z", "fulfilled", False),
        ("2026-07-20T14:00:00Z", "booked", True),
    ],
)
def test_of_a_repeating_step_a_visit_of_an_earlier_turn_rebooks_nothing(
    start: str, status: str, is_rebooked: bool
) -> None:
    """A4: live, arrived or kept within the same turn, or of any turn that begins later."""
    timing = {"repeat": {"boundsPeriod": {"start": "2026-05-01", "end": "2026-07-31"}, "period": 1, "periodUnit": "mo"}}
    chart = [patient(), plan(step("ServiceRequest/sr1")), order(occurrenceTiming=timing)]

    found = look([*chart, booking(START, "cancelled"), booking(start, status, id_="a2")], "2026-06-11")

    assert (found.the("Follow-up visit", 2)["missed"] == []) == is_rebooked


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *(
            (code, READY)
            for code in (
                "prov",
                "prov-pers",
                "prov-dch",
                "prov-edu",
                "maint",
                "oth-room",
                "oth-oerr",
                "oth-err",
                "oth-int",
                "oth-mu",
                "oth-weath",
                "pat-dec",
                "pat-mv",
                "pat-mt",
            )
        ),
        *((code, CANCELLED) for code in ("pat", "pat-crs", "pat-fb", "pat-lt", "pat-cpp", "oth", "oth-cms", "other")),
    ],
)
@pytest.mark.parametrize("system", [None, "urn:our-own"])
def test_who_cancelled_decides_whose_miss_it_is(code: str, expected: Found, system: str | None) -> None:
    """A5: by the reason's code, of any system."""
    reason = because(code)
    if system:
        reason["coding"][0]["system"] = system

    assert of(booking(START, "cancelled", cancelationReason=reason)) == expected


def test_a_reason_in_words_is_the_patients() -> None:
    """A5 names codes; DESIGN §4.5: cancelled otherwise."""
    assert of(booking(START, "cancelled", cancelationReason={"text": "provider ill"})) == CANCELLED


ENCOUNTER = visit("2026-06-10", of="Appointment/a1")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("proposed", KEPT),
        ("pending", KEPT),
        ("booked", KEPT),
        ("waitlist", KEPT),
        ("arrived", KEPT),
        ("checked-in", KEPT),
        ("fulfilled", KEPT),
        ("noshow", CONTRADICTED),
        ("cancelled", CONTRADICTED),
        ("entered-in-error", READY),
    ],
)
def test_a_finished_encounter_beside_each_status(status: str, expected: Found) -> None:
    """A6: booked means any standing status; an appointment entered in error links nothing."""
    assert of(booking(START, status), ENCOUNTER) == expected


@pytest.mark.parametrize("status", ["in-progress", "planned", "cancelled", "entered-in-error"])
def test_an_encounter_that_is_not_finished_says_nothing(status: str) -> None:
    """A6."""
    assert of(booking(START, "noshow"), ENCOUNTER | {"status": status}) == MISSED
    assert of(booking(START), ENCOUNTER | {"status": status}) == UNRECORDED


def test_an_encounter_that_has_yet_to_end_contradicts_nothing_yet() -> None:
    """E9 within A6: a date after now is not yet."""
    gone = booking(START, "cancelled", seen="2026-06-09T12:00:00Z")

    assert of(gone, ENCOUNTER, at="2026-06-10T09:29:59-05:00") == CANCELLED
    assert of(gone, ENCOUNTER, at="2026-06-10T09:30:00-05:00") == CONTRADICTED


@pytest.mark.parametrize(
    "more",
    [
        {"basedOn": [{"reference": "ServiceRequest/sr1"}]},
        {"type": [VISIT]},
        {"basedOn": [{"reference": "CarePlan/cp1"}]},
    ],
)
def test_a_contradicting_encounter_is_no_evidence(more: Json) -> None:
    """A6: by any pointer or code; nor loose."""
    contradicted = [booking(START, "noshow"), ENCOUNTER | more]

    found = look([*ORDERED, *contradicted], "2026-06-11").only

    assert (found["status"], found["evidence"], found["missed"]) == ("in-review", [], [])
    nurse = inline(None, "2026-06-15", "2026-06-01", kind="Appointment", description="See the nurse")
    beside = look([patient(), plan(nurse, step("ServiceRequest/sr1")), order(), *contradicted], "2026-06-11")
    assert beside.the("See the nurse")["status"] == "ready"


def test_an_appointment_in_error_links_no_encounter_to_what_is_behind_a_task() -> None:
    """A6: an appointment entered in error links nothing."""
    chart = [patient(), plan(step("Task/t1")), task(focus={"reference": "Appointment/a1"})]

    assert of(booking(START, on=None), ENCOUNTER, chart=chart) == KEPT
    assert of(booking(START, "entered-in-error", on=None), ENCOUNTER, chart=chart) == READY


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("booked", UNRECORDED),
        ("fulfilled", KEPT),
        ("noshow", MISSED),
        ("cancelled", CANCELLED),
        ("entered-in-error", ("cancelled", "entered-in-error", [])),
    ],
)
def test_the_own_appointment_of_a_step(status: str, expected: Found) -> None:
    """A8: cancelled: the step is ready again; entered in error: the step is cancelled."""
    assert of(booking(START, status, on=None), chart=OWN) == expected


GROUP: Json = {"participant": [coming(), coming("Patient/p2"), coming("Practitioner/x")]}


@pytest.mark.parametrize("status", ["booked", "fulfilled", "noshow", "cancelled", "arrived"])
def test_a_group_appointment_says_nothing_of_any_one(status: str) -> None:
    """A9 and DESIGN §4.5: the group's booking stands until the midnight that ends its day, then in review."""
    group = booking(START, status, **GROUP)

    assert of(group, at="2026-06-09") == BOOKED
    assert of(group, at="2026-06-10T23:59:59-05:00") == BOOKED
    assert of(group, at="2026-06-11T00:00:00-05:00") == UNRECORDED


def test_only_the_patients_own_encounter_or_declining_says_anything() -> None:
    """A9: declined counts as cancelled by the patient, whatever reason the group's has."""
    group = booking(START, "fulfilled", **GROUP)
    others = ENCOUNTER | {"subject": {"reference": "Patient/p2"}}
    nobodys = {name: value for name, value in ENCOUNTER.items() if name != "subject"}
    declined = booking(
        START,
        "cancelled",
        participant=[coming(status="declined"), coming("Patient/p2")],
        cancelationReason=because("prov"),
    )

    assert of(group, ENCOUNTER) == KEPT
    assert look([*ORDERED, group, ENCOUNTER], "2026-06-11").only["evidence"] == [
        {"resource": "Encounter/e1", "strength": "exact"}
    ]
    assert of(group, others, patient("p2")) == UNRECORDED
    assert of(group, nobodys) == UNRECORDED
    assert of(declined) == CANCELLED
    assert of(booking(START, participant=[coming(), coming("Patient/p2", "declined")])) == UNRECORDED


def test_the_records_of_a_merged_patient_are_no_group() -> None:
    """A9 with S7: two references, one person."""
    old = patient("p0", link=[{"other": P1, "type": "replaced-by"}])
    twice = booking(START, "noshow", participant=[coming(), coming("Patient/p0")])

    assert of(twice, chart=[*ORDERED, old]) == MISSED


def flags(*visits: Json, at: str = "2026-06-30", **of_plan: Any) -> list[str]:
    """Of a plan with two orders that are not due yet."""
    chart = [
        patient(),
        plan(step("ServiceRequest/sr1"), step("ServiceRequest/sr2"), **of_plan),
        order(),
        order("sr2", THERAPY),
    ]
    return list(look([*chart, *visits], at).plan["flags"])


def seen_at(day: int, status: str, number: int = 1, **more: Any) -> Json:
    """An appointment on a day of June."""
    return booking(f"2026-06-{day:02}T14:00:00Z", status, id_=f"v{day}", on=f"ServiceRequest/sr{number}", **more)


TWO = ["two-missed-in-a-row"]


@pytest.mark.parametrize(
    ("visits", "expected"),
    [
        ([seen_at(10, "noshow")], []),
        ([seen_at(10, "noshow"), seen_at(12, "noshow")], TWO),
        ([seen_at(10, "noshow"), seen_at(12, "noshow", 2)], TWO),
        ([seen_at(10, "noshow"), seen_at(12, "cancelled", 2)], TWO),
        ([seen_at(10, "cancelled"), seen_at(12, "noshow")], []),
        ([seen_at(10, "noshow"), seen_at(11, "fulfilled"), seen_at(12, "noshow", 2)], []),
        ([seen_at(10, "noshow"), seen_at(12, "noshow", 2), seen_at(14, "fulfilled")], []),
        ([seen_at(8, "fulfilled"), seen_at(10, "noshow"), seen_at(12, "noshow", 2)], TWO),
        (
            [seen_at(10, "noshow"), seen_at(11, "cancelled", cancelationReason=because("prov")), seen_at(12, "noshow")],
            TWO,
        ),
        ([seen_at(10, "noshow"), seen_at(11, "entered-in-error"), seen_at(12, "noshow")], TWO),
        ([seen_at(10, "noshow"), seen_at(11, "booked"), seen_at(12, "noshow")], TWO),
        ([seen_at(10, "cancelled"), seen_at(12, "cancelled", 2)], TWO),
    ],
)
def test_two_missed_in_a_row(visits: list[Json], expected: list[str]) -> None:
    """DESIGN §4.5: by start, of one plan; a kept one starts the count again; a cancellation by the practice, and what has
    no outcome, is skipped; a rebooked cancellation is no miss."""
    assert flags(*visits) == expected
    assert flags(*reversed(visits)) == expected


def test_two_missed_in_a_row_are_counted_within_one_plan() -> None:
    """DESIGN §4.5: and not in one that has ended (G3)."""
    chart = [*ORDERED, plan(step("ServiceRequest/sr2"), id_="cp2"), order("sr2", THERAPY)]
    found = look([*chart, seen_at(10, "noshow"), seen_at(12, "noshow", 2)], "2026-06-14")

    assert [plan_["flags"] for plan_ in found.document["plans"]] == [[], []]
    assert flags(seen_at(10, "noshow"), seen_at(12, "noshow"), status="completed") == []
    assert flags(seen_at(10, "noshow"), seen_at(12, "noshow"), status="on-hold") == TWO


def test_a_missed_session_by_code_is_on_record_and_counts() -> None:
    """DESIGN §4.4, the last link: coded; also beside the visit that was kept afterwards."""
    chart = [patient(), plan(inline(THERAPY, "2026-06-15", "2026-06-01"))]
    kind: Json = {"on": None, "serviceType": [THERAPY]}
    missed = booking("2026-06-05T14:00:00Z", "noshow", **kind)
    kept = booking("2026-06-08T14:00:00Z", "fulfilled", id_="a2", **kind)

    assert of(missed, chart=chart) == MISSED
    assert of(missed, kept, chart=chart) == ("completed", None, ["noshow"])

"""The seven statuses, and which word wins (DESIGN §4.3, SEMANTICS S)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from plugin.domain.program import CompletesWhen, MilestoneDefinition, Offset, Program
from plugin.domain.record import Coding, Said, Statement
from plugin.domain.rules import SourceTraits
from tests.charts import (
    A1C,
    LOINC,
    VISIT,
    Json,
    Look,
    booking,
    concept,
    inline,
    look,
    order,
    patient,
    plan,
    result,
    said,
    step,
    task,
    visit,
)

NOW = "2026-06-16"
OPENEMR = SourceTraits(steps_have_no_status=True, encounters_always_finished=True)


def key_of(*chart: Json, **more: Any) -> str:
    """The key of the one milestone."""
    return str(look(chart, NOW, **more).only["key"])


def with_word(chart: list[Json], what: Said, at: str = NOW, **more: Any) -> Look:
    """The chart after somebody said something of its one milestone."""
    statement = said(what, key_of(*chart), **more)
    return look(chart, at, statements=[statement])


# ------------------------------------------------------------------------------------------------- 1: a person's word
@pytest.mark.parametrize(
    ("what", "status", "reason"),
    [(Said.COMPLETED, "completed", None), (Said.NOT_APPLICABLE, "cancelled", "not-applicable")],
)
@pytest.mark.parametrize(
    "chart",
    [
        [patient(), plan(inline(A1C, "2026-06-01"))],
        [patient(), plan(inline(A1C, "2026-06-01", status="on-hold"))],
        [patient(), plan(inline(A1C, "2026-06-01"), status="on-hold")],
        [patient(), plan(inline(A1C, "2026-06-01"), status="draft")],
        [patient(deceasedBoolean=True), plan(inline(A1C, "2026-06-01"), status="revoked")],
        [patient(), plan(step("ServiceRequest/sr1")), order(), booking("2026-06-20T14:00:00Z")],
        [patient(), plan(step("Task/t1")), task(status="failed")],
    ],
)
def test_a_persons_word_stands_before_everything(
    chart: list[Json], what: Said, status: str, reason: str | None
) -> None:
    """S, 1."""
    found = with_word(chart, what).only

    assert (found["status"], found["reason"], found["booked_for"]) == (status, reason, None)


@pytest.mark.parametrize(
    ("what", "of_source", "seen", "expected"),
    [
        (Said.COMPLETED, "revoked", "2026-06-11T00:00:00Z", "cancelled"),
        (Said.COMPLETED, "revoked", "2026-06-09T00:00:00Z", "completed"),
        (Said.NOT_APPLICABLE, "completed", "2026-06-11T00:00:00Z", "completed"),
        (Said.NOT_APPLICABLE, "completed", "2026-06-09T00:00:00Z", "cancelled"),
        (Said.NOT_APPLICABLE, "revoked", "2026-06-11T00:00:00Z", "cancelled"),
        (Said.COMPLETED, "active", "2026-06-11T00:00:00Z", "completed"),
        (Said.COMPLETED, "entered-in-error", "2026-06-11T00:00:00Z", "cancelled"),
    ],
)
def test_a_word_falls_when_the_source_has_since_said_otherwise(
    what: Said, of_source: str, seen: str, expected: str
) -> None:
    """S, 1: since, by the source's change stamp; the same again, or an open status, is not otherwise."""
    chart = [patient(), plan(step("ServiceRequest/sr1")), order(status=of_source, meta={"lastUpdated": seen})]

    found = look(chart, NOW, statements=[said(what, "bundle|CarePlan/cp1|ServiceRequest/sr1|1", at="2026-06-10")]).only

    assert found["status"] == expected


def test_a_word_that_was_undone_was_never_said() -> None:
    """E13: what held before holds again; of two words the later stands."""
    chart = [patient(), plan(inline(A1C, "2026-06-15"))]
    done = said(Said.COMPLETED, key_of(*chart), at="2026-06-10", id_="one")
    not_so = said(Said.NOT_APPLICABLE, done.milestone, at="2026-06-11", id_="two")
    undo = said(Said.UNDO, target="two", at="2026-06-12", id_="three")

    assert look(chart, NOW, statements=[done, not_so]).only["status"] == "cancelled"
    assert look(chart, NOW, statements=[undo, not_so, done]).only["status"] == "completed"
    undone = [done, replace(undo, target="one")]
    assert look(chart, NOW, statements=undone).only["status"] == "ready"


# --------------------------------------------------------------------------------------------------- 2: the source's end
@pytest.mark.parametrize(
    ("type_", "status", "expected", "reason"),
    [
        ("ServiceRequest", "completed", "completed", None),
        ("ServiceRequest", "revoked", "cancelled", "cancelled-by-source"),
        ("ServiceRequest", "entered-in-error", "cancelled", "entered-in-error"),
        ("ServiceRequest", "on-hold", "on-hold", "held-by-source"),
        ("ServiceRequest", "unknown", "ready", None),
        ("MedicationRequest", "stopped", "cancelled", "cancelled-by-source"),
        ("MedicationRequest", "cancelled", "cancelled", "cancelled-by-source"),
        ("Task", "completed", "completed", None),
        ("Task", "rejected", "cancelled", "cancelled-by-source"),
        ("Task", "cancelled", "cancelled", "cancelled-by-source"),
        ("Task", "entered-in-error", "cancelled", "entered-in-error"),
        ("Task", "failed", "in-review", "source-failed"),
        ("Task", "on-hold", "on-hold", "held-by-source"),
        ("Task", "draft", "ready", None),
        ("Task", "requested", "ready", None),
        ("Task", "received", "ready", None),
        ("Task", "accepted", "ready", None),
        ("Task", "ready", "ready", None),
        ("Task", "in-progress", "ready", None),
    ],
)
def test_what_each_status_of_a_source_means(type_: str, status: str, expected: str, reason: str | None) -> None:
    """S2, S4 and DESIGN §4.3: the rest leaves it to the window and the evidence."""
    made = task("x1", status=status) if type_ == "Task" else order("x1", VISIT, type_, status=status)

    found = look([patient(), plan(step(f"{type_}/x1")), made], NOW).only

    assert (found["status"], found["reason"]) == (expected, reason)


@pytest.mark.parametrize("more", [{"status": "revoked"}, {"status": "completed"}, {"status": "entered-in-error"}, {}])
@pytest.mark.parametrize("person", [patient(), patient(deceasedBoolean=True), patient(active=False)])
def test_completed_steps_stay_completed(person: Json, more: Json) -> None:
    """S2: whatever happens to plan or patient; by the source or by evidence."""
    activities = [inline(VISIT, "2026-06-01", status="completed"), step("ServiceRequest/sr1")]
    proof = result("2026-05-20", order_="ServiceRequest/sr1")

    found = look([person, plan(*activities, **more), order(code=A1C), proof], NOW)

    assert [m["status"] for m in found.milestones] == ["completed", "completed"]


# ----------------------------------------------------------------------------------------------------- 4: plan and patient
@pytest.mark.parametrize(
    ("person", "more", "reason"),
    [
        (patient(), {"status": "revoked"}, "plan-ended"),
        (patient(), {"status": "completed"}, "plan-ended"),
        (patient(), {"status": "entered-in-error"}, "plan-ended"),
        (patient(deceasedBoolean=True), {}, "patient-deceased"),
        (patient(deceasedDateTime="2026-06-16"), {}, "patient-deceased"),
        (patient(deceasedDateTime="2026-06"), {}, "patient-deceased"),
        (patient(active=False), {}, "patient-inactive"),
        (patient(deceasedBoolean=True), {"status": "revoked"}, "plan-ended"),
        (patient(deceasedBoolean=True), {"status": "on-hold"}, "patient-deceased"),
    ],
)
@pytest.mark.parametrize("status", ["not-started", "on-hold"])
def test_an_end_cancels_what_is_open(person: Json, more: Json, reason: str, status: str) -> None:
    """S, 4: before failures, holds, reviews and bookings; nothing is past due any more."""
    found = look([person, plan(inline(A1C, "2026-06-01", status=status), **more)], NOW).only

    assert (found["status"], found["reason"]) == ("cancelled", reason)
    assert (found["days_past_due"], found["tier"], found["gap"]) == (0, 0, "none")


@pytest.mark.parametrize(
    ("when", "at", "status"),
    [
        ("2026-06-17", NOW, "ready"),
        ("2026-06-16T18:00:00-05:00", NOW, "ready"),
        ("2026-06-16T18:00:00-05:00", "2026-06-16T18:00:00-05:00", "cancelled"),
        ("2026-07", NOW, "ready"),
        ("2026", NOW, "cancelled"),
    ],
)
def test_a_death_after_the_moment_asked_for_is_not_yet(when: str, at: str, status: str) -> None:
    """S3."""
    found = look([patient(deceasedDateTime=when, deceasedBoolean=None), plan(inline(A1C))], at).only

    assert found["status"] == status


def test_a_record_replaced_by_another_is_not_inactive() -> None:
    """S7: its facts and plans are the survivor's, along a chain of mergers, and its evidence is the survivor's own."""
    first = patient("p0", active=False, link=[{"other": {"reference": "Patient/px"}, "type": "replaced-by"}])
    between = patient("px", active=False, link=[{"other": {"reference": "Patient/p1"}, "type": "replaced-by"}])
    of_first: Json = {"subject": {"reference": "Patient/p0"}}
    chart = [first, between, patient(), plan(inline(A1C, "2026-06-30", "2026-06-01"), **of_first)]

    found = look(chart, NOW)
    proven = look([*chart, result("2026-06-10", **of_first)], NOW)

    assert (found.plan["patient"], found.only["status"]) == ("Patient/p1", "ready")
    assert proven.only["status"] == "completed"


# ---------------------------------------------------------------------------------------------------- S1: plans in draft
@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        ([plan(inline(A1C, "2026-06-01"), status="draft")], "upcoming"),
        ([plan(inline(A1C, "2026-06-01", status="completed"), status="draft")], "completed"),
        ([plan(inline(A1C, "2026-06-01", status="cancelled"), status="draft")], "cancelled"),
        ([plan(inline(A1C, "2026-06-01", status="on-hold"), status="draft")], "upcoming"),
        ([plan(step("Task/t1"), status="draft"), task(status="failed")], "upcoming"),
        ([plan(inline(A1C, "2026-06-01"), status="draft"), result("2026-06-01")], "upcoming"),
        ([plan(step("ServiceRequest/sr1"), status="draft"), order(), booking("2026-06-10T14:00:00Z")], "upcoming"),
        ([plan(step("ServiceRequest/x"), status="draft")], "upcoming"),
    ],
)
@pytest.mark.parametrize("person", [patient(), patient(deceasedBoolean=True), patient(active=False)])
def test_a_plan_in_draft(person: Json, chart: list[Json], expected: str) -> None:
    """S1: every step upcoming, except those that its source completed or cancelled; no clock runs, not for the dead."""
    found = look([person, *chart], NOW)

    assert (found.only["status"], found.only["tier"], found.only["gap"]) == (expected, 0, "none")
    assert found.only["days_past_due"] in (0, None)
    assert found.plan["stage"] == "creation"
    assert found.names() == []


def test_no_clock_runs_in_a_draft() -> None:
    """S1: nothing but news changes the answer."""
    weekly = {"repeat": {"boundsPeriod": {"start": "2026-06-01", "end": "2026-12-31"}, "period": 1, "periodUnit": "wk"}}

    found = look([patient(), plan(inline(A1C, scheduledTiming=weekly), status="draft")], NOW)

    assert found.document["next_change_at"] is None


# -------------------------------------------------------------------------------------------- 5 to 10, in their order
def test_the_order_of_the_words() -> None:
    """S, 5 to 10: failed, held, in review, booked, ready, upcoming; each is taken away, and the next one holds."""
    links: Json = {"focus": {"reference": "ServiceRequest/sr1"}, "basedOn": [{"reference": "CarePlan/cp1"}]}
    chart = [patient(), plan(step("ServiceRequest/sr1")), order(occurrenceDateTime="2026-07-15")]
    past, ahead = booking("2026-06-10T14:00:00Z"), booking("2026-06-20T14:00:00Z", id_="a2")
    hold = said(Said.HOLD, "bundle|CarePlan/cp1|ServiceRequest/sr1|1", until=date(2026, 7, 1))

    def status(*more: Json, statements: tuple[Statement, ...] = (), at: str = NOW) -> tuple[Any, ...]:
        only = look([*chart, *more], at, statements=statements).only
        return only["status"], only["reason"]

    failed, waiting = task(status="failed", **links), task(status="on-hold", **links)
    assert status(failed, past, ahead, statements=(hold,)) == ("in-review", "source-failed")
    assert status(waiting, past, ahead, statements=(hold,)) == ("on-hold", "held")
    assert status(waiting, past, ahead) == ("on-hold", "held-by-source")
    assert status(past, ahead) == ("in-review", "outcome-not-recorded")
    assert status(ahead) == ("scheduled", None)
    assert status() == ("ready", None)
    assert status(at="2026-01-04") == ("upcoming", None)
    assert status(ahead, at="2026-01-04") == ("scheduled", None)


@pytest.mark.parametrize(
    ("until", "at", "status"),
    [
        (None, "2030-01-01", "on-hold"),
        (date(2026, 6, 16), "2026-06-15T23:59:59-05:00", "on-hold"),
        (date(2026, 6, 16), "2026-06-16T00:00:00-05:00", "ready"),
    ],
)
def test_a_hold_puts_aside_until_a_date(until: date | None, at: str, status: str) -> None:
    """DESIGN §3: the day before, the day. S2: tier and gap go on counting."""
    chart = [patient(), plan(inline(A1C, "2026-06-10"))]

    found = with_word(chart, Said.HOLD, at, until=until).only

    assert found["status"] == status
    assert (found["gap"], found["tier"] > 0) == ("open", True)


def test_a_hold_is_released() -> None:
    """A later release ends it; a hold after that begins again."""
    chart = [patient(), plan(inline(A1C, "2026-06-10"))]
    key = key_of(*chart)
    hold, release = said(Said.HOLD, key, id_="a", at="2026-06-10"), said(Said.RELEASE, key, id_="b", at="2026-06-11")
    again = said(Said.HOLD, key, id_="c", at="2026-06-12")

    assert look(chart, NOW, statements=[release, hold]).only["status"] == "ready"
    assert look(chart, NOW, statements=[again, release, hold]).only["status"] == "on-hold"


def test_a_plan_on_hold_holds_what_is_open_and_its_clock_goes_on() -> None:
    """DESIGN §4.3 and S2: the hold of a person and of the source come first, evidence before all."""
    activities = [
        inline(VISIT, "2026-06-10"),
        inline(concept("1", "Held"), status="on-hold"),
        inline(A1C, "2026-06-10"),
        inline(concept("2", "Late"), "2026-05-01", opens="2026-04-20"),
    ]

    found = look([patient(), plan(*activities, status="on-hold"), result("2026-06-09")], NOW)

    assert [(m["status"], m["reason"], m["tier"]) for m in found.milestones] == [
        ("on-hold", "plan-on-hold", 1),
        ("on-hold", "held-by-source", 0),
        ("completed", None, 0),
        ("on-hold", "plan-on-hold", 4),
    ]
    assert found.names() == []


@pytest.mark.parametrize("status", [None, "unknown", "suspended"])
def test_a_plan_of_unknown_status_is_tracked_and_flagged(status: str | None) -> None:
    """S3: a plan without a status is unknown; DESIGN §4.3: tracked, and its patient messages wait."""
    found = look([patient(), plan(inline(A1C, "2026-06-15"), status=status)], NOW)

    assert (found.only["status"], found.only["tier"]) == ("ready", 1)
    assert found.plan["flags"] == ["plan-status-unknown"]
    assert found.plan["status"] == status or found.plan["status"] == "unknown"
    assert found.names() == []


# ------------------------------------------------------------------------------------- more than the event is asked for
def reviewed(when: CompletesWhen) -> Program:
    """A lab that is not done when it is resulted."""
    lab = MilestoneDefinition(
        code="lab",
        title="Lab",
        codes=(Coding(LOINC, "4548-4"),),
        opens=Offset(),
        due=Offset(days=160),
        completes_when=when,
    )
    return Program(code="p", version="1", title="P", plan_codes=frozenset({("urn:p", "p")}), milestones=(lab,))


@pytest.mark.parametrize(
    ("when", "reason"), [(CompletesWhen.REVIEWED, "awaiting-review"), (CompletesWhen.CHECKLIST, "checklist-open")]
)
def test_a_program_can_ask_for_more_than_the_event(when: CompletesWhen, reason: str) -> None:
    """S, 2, 3 and 7: until then in review: by evidence after holds and ends, by the source's own word before them."""
    claimed: Json = {"category": [concept("p", system="urn:p")]}
    programs = [reviewed(when)]
    proof = result("2026-06-10")

    def ask(*more: Json, statements: tuple[Statement, ...] = (), **of_plan: Any) -> tuple[Any, ...]:
        activities = of_plan.pop("activities", [])
        chart = [patient(), plan(*activities, **claimed, **of_plan), *more]
        only = look(chart, NOW, programs=programs, statements=statements).only
        return only["status"], only["reason"]

    assert ask() == ("ready", None)
    assert ask(proof) == ("in-review", reason)
    assert ask(proof, status="on-hold") == ("on-hold", "plan-on-hold")
    assert ask(proof, status="revoked") == ("cancelled", "plan-ended")
    by_source: Json = {"activities": [inline(A1C, status="completed")]}
    assert ask(**by_source) == ("in-review", reason)
    assert ask(**by_source, status="on-hold") == ("in-review", reason)
    key = look([patient(), plan(**claimed)], NOW, programs=programs).only["key"]
    assert ask(proof, statements=(said(Said.REVIEWED, key),)) == ("completed", None)


# ------------------------------------------------------------------------------------------------------- S8: OpenEMR
def test_a_plan_closed_as_a_whole_leaves_its_steps_in_review() -> None:
    """S8: where steps have no status of their own; before the source's end and the plan's, not before a word or
    evidence. Somebody is asked."""
    activities = [inline(VISIT, "2026-06-10", status="completed"), inline(A1C, "2026-06-10")]
    chart = [patient(), plan(*activities, status="completed"), result("2026-06-09")]

    found = look(chart, NOW, traits=OPENEMR)

    assert [(m["status"], m["reason"]) for m in found.milestones] == [
        ("in-review", "plan-closed-as-a-whole"),
        ("completed", None),
    ]
    assert found.names() == ["work confirm-evidence"]
    assert look(chart, NOW).milestones[0]["status"] == "completed"
    revoked = look([patient(), plan(inline(VISIT), status="revoked")], NOW, traits=OPENEMR).only
    assert (revoked["status"], revoked["reason"]) == ("cancelled", "plan-ended")
    word = said(Said.COMPLETED, found.milestones[0]["key"])
    assert look(chart, NOW, traits=OPENEMR, statements=[word]).milestones[0]["status"] == "completed"


def test_where_encounters_are_always_finished_they_prove_little() -> None:
    """E12: loose, whatever they point to, and A6 does not apply."""
    chart = [patient(), plan(step("ServiceRequest/sr1")), order()]
    pointed = visit("2026-06-10", basedOn=[{"reference": "ServiceRequest/sr1"}])
    of_missed = visit("2026-06-10", of="Appointment/a1")

    loose = look([*chart, pointed], NOW, traits=OPENEMR).only
    missed = look([*chart, booking("2026-06-10T14:00:00Z", "noshow"), of_missed], NOW, traits=OPENEMR).only
    past = look([*chart, booking("2026-06-10T14:00:00Z"), of_missed], NOW, traits=OPENEMR).only

    assert (loose["status"], loose["reason"]) == ("in-review", "loose-evidence")
    assert missed["missed"] == [{"resource": "Appointment/a1", "kind": "noshow"}]
    assert past["reason"] == "outcome-not-recorded"


def test_reason_is_null_where_the_status_says_it_all() -> None:
    """S5: only on-hold, in-review and cancelled have one."""
    activities = [inline(VISIT, status="completed"), inline(A1C), inline(A1C, opens="2026-07-01")]

    found = look([patient(), plan(*activities)], NOW)

    assert [(m["status"], m["reason"]) for m in found.milestones] == [
        ("completed", None),
        ("ready", None),
        ("upcoming", None),
    ]

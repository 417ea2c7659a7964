"""Whether conditions hold, since when, and when that changes by itself (DESIGN §8)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from plugin.domain.calendar import Practice
from plugin.domain.circumstance import Circumstances, holds, since, turning_days
from plugin.domain.condition import Condition, Operator, VisitState
from plugin.domain.program import AlertFlag, MilestoneDefinition, Offset, Program
from plugin.domain.record import Coding, Patient, Said, Statement
from plugin.domain.rules import SourceTraits
from tests.charts import (
    A1C,
    CHICAGO,
    LOINC,
    P1,
    SNOMED,
    Json,
    Look,
    booking,
    concept,
    look,
    patient,
    plan,
    record_of,
    result,
    said,
    visit,
)

DIABETES, HYPERTENSION = Coding(SNOMED, "44054006"), Coding(SNOMED, "38341003")
HBA1C = (Coding(LOINC, "4548-4"),)
TODAY = date(2026, 6, 15)
INTERPRETER = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"


def about(*chart: Json, statements: Sequence[Statement] = (), start: date | None = None) -> Circumstances:
    """What the conditions are asked of, without a plan."""
    record = record_of(chart, statements)
    person = record.facts["Patient/p1"]
    assert isinstance(person, Patient)
    return Circumstances(record=record, practice=Practice(CHICAGO), patient=person, plan_start=start)


def has(status: str | None = "active", code: str = "44054006", system: str = SNOMED, **more: Any) -> Json:
    """A Condition of the patient."""
    body: Json = {"resourceType": "Condition", "id": "c1", "subject": P1, "code": concept(code, system=system), **more}
    return body | ({"clinicalStatus": concept(status, system="urn:c")} if status else {})


def a_flag(status: str = "active", **more: Any) -> Json:
    """A Flag of the patient."""
    return {
        "resourceType": "Flag",
        "id": "f1",
        "status": status,
        "subject": P1,
        "code": concept("fall", system="urn:f"),
    } | more


IS_DIABETIC = Condition("condition", codes=(DIABETES,))
IS_FLAGGED = Condition("flag", codes=(Coding("urn:f", "fall"),))


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (has(), True),
        (has("recurrence"), True),
        (has(None), True),
        (has("inactive"), False),
        (has("remission"), False),
        (has("resolved"), False),
        (has(verificationStatus=concept("refuted", system="urn:v")), False),
        (has(verificationStatus=concept("entered-in-error", system="urn:v")), False),
        (has(code="38341003"), False),
        (has(system="urn:x"), False),
        (has(onsetDateTime="2026-06-15"), True),
        (has(onsetDateTime="2026-06-16"), False),
    ],
)
def test_a_condition_that_is_active_holds(made: Json, expected: bool) -> None:
    """With the same code of the same system, from its onset on; one that is over or untrue does not."""
    assert holds(IS_DIABETIC, about(patient(), made), TODAY) == expected


def test_several_conditions_are_counted_by_what_they_are() -> None:
    """Two entries of one illness count once."""
    both = Condition("condition", codes=(DIABETES, HYPERTENSION), count=2)
    twice = [patient(), has(), has(id="c2")]

    assert not holds(both, about(*twice), TODAY)
    assert holds(both, about(*twice, has(id="c3", code="38341003")), TODAY)
    assert not holds(both, about(*twice, has("resolved", id="c3", code="38341003")), TODAY)


@pytest.mark.parametrize(
    ("born", "at_least", "below"),
    [
        ("1961-06-14", True, False),
        ("1961-06-15", True, False),
        ("1961-06-16", False, True),
        (None, False, False),
        ("1961", True, False),
        ("1960-02-29", True, False),
    ],
)
def test_age_in_whole_years(born: str | None, at_least: bool, below: bool) -> None:
    """The day after the birthday, the day, the day before; what is unknown does not hold, either way."""
    person = about(patient(**({"birthDate": born} if born else {})))

    assert holds(Condition("age-at-least", years=65), person, TODAY) == at_least
    assert holds(Condition("age-below", years=65), person, TODAY) == below


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (a_flag(), True),
        (a_flag("inactive"), False),
        (a_flag(code=concept("fall", system="urn:other")), False),
        (a_flag(period={"start": "2026-06-15"}), True),
        (a_flag(period={"start": "2026-06-16"}), False),
        (a_flag(period={"end": "2026-06-15"}), True),
        (a_flag(period={"end": "2026-06-14"}), False),
        (a_flag(meta={"tag": [{"system": "https://milepost.example/tag", "code": "milepost"}]}), False),
    ],
)
def test_a_flag_of_the_chart(made: Json, expected: bool) -> None:
    """Active, within its period; our own is none."""
    assert holds(IS_FLAGGED, about(patient(), made), TODAY) == expected


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [("lt", 7, False), ("le", 7, True), ("gt", 7, False), ("ge", 7, True), ("lt", 7.1, True), ("gt", 6.9, True)],
)
def test_a_number_is_compared(operator: str, value: float, expected: bool) -> None:
    """The result is 7: below, on, and above the limit."""
    asked = Condition("observation", codes=HBA1C, operator=Operator(operator), value=value)

    assert holds(asked, about(patient(), result("2026-06-10")), TODAY) == expected


def test_the_newest_final_number_counts_as_long_as_it_is_not_too_old() -> None:
    """Not one of the future, not a preliminary one, not one in another unit; 30 days ago still counts, 31 do not."""
    high = Condition("observation", codes=HBA1C, value=9)
    fresh, in_mmol = replace(high, days=30), replace(high, unit="mmol/mol")
    chart = [patient(), result("2026-05-16", id_="o1", valueQuantity={"value": 9, "unit": "%"})]

    def ask(condition: Condition, *more: Json) -> bool:
        return holds(condition, about(*chart, *more), TODAY)

    assert ask(high)
    assert ask(fresh)
    assert not holds(fresh, about(*chart), TODAY + timedelta(days=1))
    assert not ask(high, result("2026-06-01", id_="o2"))
    assert ask(high, result("2026-06-16", id_="o2"))
    assert ask(high, result("2026-06-01", id_="o2", status="preliminary"))
    assert not ask(in_mmol)
    assert ask(replace(high, unit=" % "))
    assert not ask(replace(high, codes=(Coding(LOINC, "2345-7"),)))


def test_a_number_within_a_whole_is_found() -> None:
    """The systolic pressure is a component."""
    pressure = result("2026-06-10", concept("85354-9", system=LOINC))
    pressure["component"] = [{"code": concept("8480-6", system=LOINC), "valueQuantity": {"value": 170}}]
    del pressure["valueQuantity"]

    assert holds(
        Condition("observation", codes=(Coding(LOINC, "8480-6"),), value=160), about(patient(), pressure), TODAY
    )


@pytest.mark.parametrize(
    ("spoken", "asked", "expected"),
    [
        ("es", "es", True),
        ("es-MX", "es", True),
        ("es", "es-MX", False),
        ("est", "es", False),
        (None, "es", False),
        ("ES", "es", True),
    ],
)
def test_the_language_of_communication(spoken: str | None, asked: str, expected: bool) -> None:
    """With its regions; in any case of letters."""
    communication = [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": spoken}]}}] if spoken else []
    person = about(patient(communication=communication))

    assert holds(Condition("language", languages=("de", asked)), person, TODAY) == expected


@pytest.mark.parametrize(("told", "expected"), [(True, True), (False, False), (None, False)])
def test_an_interpreter_is_needed_when_the_chart_says_so(told: bool | None, expected: bool) -> None:
    """What nobody has said does not hold."""
    extension = [] if told is None else [{"url": INTERPRETER, "valueBoolean": told}]

    assert holds(Condition("interpreter-needed"), about(patient(extension=extension)), TODAY) == expected


def test_days_since_somebody_was_reached_or_came() -> None:
    """A call that reached, a kept visit; not a message left, nor what was taken back. Without any: since the plan began."""
    ten = Condition("days-since-contact", days=10)
    reached = said(Said.CONTACT, at="2026-06-06", outcome="reached-will-book")
    left = said(Said.CONTACT, at="2026-06-06", id_="s2", outcome="left-message")
    undone = said(Said.UNDO, at="2026-06-07", id_="s3", target="s1")
    start = date(2026, 6, 1)

    def ask(*statements: Statement, chart: Sequence[Json] = (), start: date | None = start) -> bool:
        return holds(ten, about(patient(), *chart, statements=statements, start=start), TODAY)

    assert ask()
    assert not ask(start=None)
    assert not ask(start=date(2026, 6, 6))
    assert not ask(reached)
    assert holds(ten, about(patient(), statements=[reached], start=start), TODAY + timedelta(days=1))
    assert ask(left)
    assert ask(reached, undone)
    assert not ask(chart=[visit("2026-06-10")])
    assert ask(chart=[visit("2026-06-10", status="cancelled")])


def test_all_any_and_not_combine() -> None:
    """DESIGN §8; nothing of nothing."""
    chart = about(patient(birthDate="1961-06-15"), has())
    old, young = Condition("age-at-least", years=65), Condition("age-below", years=65)

    def ask(what: Any, *parts: Condition) -> bool:
        return holds(Condition(what, parts), chart, TODAY)

    assert ask("all", IS_DIABETIC, old)
    assert not ask("all", IS_DIABETIC, young)
    assert ask("any", young, old)
    assert not ask("any", young)
    assert ask("not", young)
    assert not ask("not", young, old)
    assert (ask("all"), ask("any"), ask("not")) == (True, False, True)


# ------------------------------------------------------------------------------------- appointments, plans, programs
def flagged(condition: Condition, *chart: Json, at: str = "2026-06-15", **more: Any) -> Look:
    """A chart with one plan of a program that has a session, and a flag with this condition."""
    session = MilestoneDefinition(
        code="pt", title="Therapy", kind="visit", codes=(Coding(SNOMED, "91251008"),), opens=Offset()
    )
    program = Program(
        code="p",
        version="1",
        title="P",
        plan_codes=frozenset({("urn:p", "p")}),
        milestones=(session,),
        flags=(AlertFlag("f", "Flag", condition),),
    )
    claimed = plan(start="2026-06-01", category=[concept("p", system="urn:p")])
    return look([patient(), claimed, *chart], at, programs=[program], **more)


def is_raised(found: Look) -> bool:
    """Whether the flag holds."""
    return any(plan_.alerts for plan_ in found.assessment.plans)


THERAPY, LATELY = concept("91251008"), "2026-06-09T15:00:00Z"


@pytest.mark.parametrize(
    ("made", "booked", "missed", "kept"),
    [
        (booking("2026-06-20T14:00:00Z", on=None, serviceType=[THERAPY]), True, False, False),
        (booking("2026-06-20T14:00:00Z", on="CarePlan/cp1"), True, False, False),
        (booking("2026-06-20T14:00:00Z", on=None, serviceType=[concept("1", system="urn:x")]), False, False, False),
        (booking("2026-06-10T14:00:00Z", "noshow", on=None, serviceType=[THERAPY]), False, True, False),
        (booking("2026-06-08T14:00:00Z", "noshow", on=None, serviceType=[THERAPY]), False, True, False),
        (booking("2026-06-07T14:00:00Z", "noshow", on=None, serviceType=[THERAPY]), False, False, False),
        (booking("2026-06-10T14:00:00Z", "cancelled", on=None, serviceType=[THERAPY], seen=LATELY), False, True, False),
        (booking("2026-06-10T14:00:00Z", "fulfilled", on=None, serviceType=[THERAPY]), False, False, True),
        (booking("2026-06-10T14:00:00Z", on=None, serviceType=[THERAPY]), False, False, False),
    ],
)
def test_the_plans_appointments(made: Json, booked: bool, missed: bool, kept: bool) -> None:
    """Linked by a reference or an equal code: one stands, was missed or kept in the last seven days."""

    def ask(state: VisitState, days: int | None = None) -> bool:
        return is_raised(flagged(Condition("appointment", state=state, days=days), made))

    answers = (ask(VisitState.BOOKED), ask(VisitState.MISSED, 7), ask(VisitState.KEPT, 7))
    assert answers == (booked, missed, kept)


def test_a_cancellation_that_was_made_good_is_no_miss() -> None:
    """A4: rebooked; a no-show stays one."""
    cancelled = booking("2026-06-10T14:00:00Z", "cancelled", on=None, serviceType=[THERAPY], seen=LATELY)
    noshow = booking("2026-06-10T14:00:00Z", "noshow", on=None, serviceType=[THERAPY])
    again = booking("2026-06-18T14:00:00Z", id_="a2", on=None, serviceType=[THERAPY])
    missed = Condition("appointment", state=VisitState.MISSED, days=7)

    assert is_raised(flagged(missed, cancelled))
    assert not is_raised(flagged(missed, cancelled, again))
    assert is_raised(flagged(missed, noshow, again))


@pytest.mark.parametrize(("code", "expected"), [("p", True), ("other", False)])
def test_who_follows_a_program(code: str, expected: bool) -> None:
    """A plan of it that is neither a draft nor over."""
    assert is_raised(flagged(Condition("in-program", program=code))) == expected


def test_an_encounter_that_is_always_finished_is_no_contact() -> None:
    """E12: where the source calls every Encounter finished."""
    ten = Condition("days-since-contact", days=10)
    came = visit("2026-06-10")

    assert not is_raised(flagged(ten, came))
    assert is_raised(flagged(ten, came, traits=SourceTraits(encounters_always_finished=True)))


# ----------------------------------------------------------------------------------------------- since when, until when
def test_since_when_it_has_held_without_a_break() -> None:
    """A second high value goes on with the first; a low one in between begins a new run."""
    high = Condition("observation", codes=HBA1C, value=9)

    def value(on: str, number: float) -> Json:
        return result(on, A1C, id_=f"o-{on}", valueQuantity={"value": number, "unit": "%"})

    goes_on = about(patient(), value("2026-03-01", 9.5), value("2026-06-01", 9.2))
    broken = about(patient(), value("2026-03-01", 9.5), value("2026-05-01", 7), value("2026-06-01", 9.2))

    assert since(high, goes_on, TODAY) == date(2026, 3, 1)
    assert since(high, broken, TODAY) == date(2026, 6, 1)
    assert since(high, broken, date(2026, 4, 1)) == date(2026, 3, 1)
    assert since(IS_DIABETIC, about(patient(), has()), TODAY) is None


def test_nothing_is_booked_since_the_last_visit_was_over() -> None:
    """A visit without an outcome stood until its day was over; a kept one until its day; a cancelled one until then."""
    nothing = Condition("not", (Condition("appointment"),))
    sessions = {
        "booked": date(2026, 6, 11),
        "fulfilled": date(2026, 6, 10),
        "noshow": date(2026, 6, 10),
        "cancelled": date(2026, 5, 1),
    }

    for status, expected in sessions.items():
        made = booking("2026-06-10T14:00:00Z", status, on=None, serviceType=[THERAPY], seen="2026-05-01T12:00:00Z")
        ((alert,),) = [p.alerts for p in flagged(nothing, made).assessment.plans]
        assert alert.since == expected


def test_the_days_on_which_an_answer_turns_by_itself() -> None:
    """Birthdays, of all parts; a result's day, and the day on which it is too old; onset; the lapse of a contact."""
    person = about(patient(birthDate="1961-06-15"), result("2026-06-01"), has(onsetDateTime="2026-05-05"))
    either = Condition(
        "any", (Condition("age-at-least", years=65), Condition("not", (Condition("age-below", years=70),)))
    )
    fresh = Condition("observation", codes=HBA1C, days=30)
    silent = Condition("days-since-contact", days=10)

    assert sorted(turning_days(either, person)) == [date(2026, 6, 15), date(2031, 6, 15)]
    assert list(turning_days(fresh, person)) == [date(2026, 6, 1), date(2026, 7, 2)]
    assert list(turning_days(IS_DIABETIC, person)) == [date(2026, 5, 5)]
    assert list(turning_days(silent, about(patient(), start=date(2026, 6, 1)))) == [date(2026, 6, 11)]
    assert list(turning_days(Condition("interpreter-needed"), person)) == []

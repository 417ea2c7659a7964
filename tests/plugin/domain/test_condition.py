"""The closed vocabulary of conditions (DESIGN §8)."""

from datetime import date
from typing import Any

import pytest

from plugin.domain.condition import Condition, holds, turning_days
from plugin.domain.record import Coding
from tests.charts import CHICAGO, P1, SNOMED, Json, concept, patient, record_of

DIABETES = Coding(SNOMED, "44054006")
TODAY = date(2026, 6, 15)


def has(status: str | None = "active", code: str = "44054006", system: str = SNOMED, **more: Any) -> Json:
    """A Condition of the patient."""
    body: Json = {"resourceType": "Condition", "id": "c1", "subject": P1, "code": concept(code, system=system), **more}
    return body | ({"clinicalStatus": concept(status, system="urn:c")} if status else {})


IS_DIABETIC = Condition("condition", codes=(DIABETES,))


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
    ],
)
def test_a_condition_that_is_active_holds(made: Json, expected: bool) -> None:
    """With the same code of the same system; one that is over or untrue does not."""
    assert holds(IS_DIABETIC, record_of([patient(), made]), TODAY, CHICAGO) == expected


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
    person = record_of([patient(**({"birthDate": born} if born else {}))])

    assert holds(Condition("age-at-least", years=65), person, TODAY, CHICAGO) == at_least
    assert holds(Condition("age-below", years=65), person, TODAY, CHICAGO) == below


def test_all_any_and_not_combine() -> None:
    """DESIGN §8; nothing of nothing."""
    record = record_of([patient(birthDate="1961-06-15"), has()])
    old, young = Condition("age-at-least", years=65), Condition("age-below", years=65)

    def ask(what: Any, *parts: Condition) -> bool:
        return holds(Condition(what, parts), record, TODAY, CHICAGO)

    assert ask("all", IS_DIABETIC, old)
    assert not ask("all", IS_DIABETIC, young)
    assert ask("any", young, old)
    assert not ask("any", young)
    assert ask("not", young)
    assert not ask("not", young, old)
    assert (ask("all"), ask("any"), ask("not")) == (True, False, True)


def test_the_days_on_which_an_answer_turns_by_itself() -> None:
    """Birthdays, of all parts."""
    record = record_of([patient(birthDate="1961-06-15")])
    either = Condition(
        "any", (Condition("age-at-least", years=65), Condition("not", (Condition("age-below", years=70),)))
    )

    assert sorted(turning_days(either, record, CHICAGO)) == [date(2026, 6, 15), date(2031, 6, 15)]
    assert list(turning_days(IS_DIABETIC, record, CHICAGO)) == []

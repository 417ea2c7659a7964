"""Of several versions of one program, which a plan follows: by its start, whatever else is in the chart."""

from dataclasses import replace
from datetime import date

import pytest

from plugin.domain.calendar import Practice
from plugin.domain.program import MilestoneDefinition, Offset, Program
from plugin.domain.record import Said
from plugin.domain.rules import Rules
from tests.builders import CHICAGO
from tests.charts import SNOMED, Json, Look, concept, look, order, patient, plan, said

STEP = MilestoneDefinition(code="call", title="A call", opens=Offset(), due=Offset(days=14))
FOR_ALL = Program(
    code="care",
    version="1",
    title="Care",
    plan_codes=frozenset({(SNOMED, "one")}),
    order_codes=frozenset({(SNOMED, "ordered")}),
    milestones=(STEP,),
)
SINCE_JUNE = replace(FOR_ALL, version="2", plans_from=date(2026, 6, 10))
SINCE_JULY = replace(FOR_ALL, version="3", plans_from=date(2026, 7, 1))
NOW = "2026-07-16"


def _versions(start: date | None, *programs: Program) -> list[str]:
    return [program.version for program in Rules(Practice(CHICAGO), programs).programs_for(start)]


def _followed(found: Look) -> str | None:
    """By the one plan."""
    (only,) = found.assessment.plans
    return only.program_version


@pytest.mark.parametrize(
    ("start", "version"),
    [
        (date(2026, 6, 9), "1"),
        (date(2026, 6, 10), "2"),
        (date(2026, 6, 30), "2"),
        (date(2026, 7, 1), "3"),
        (None, "1"),
    ],
)
def test_newest_that_is_for_the_plan(start: date | None, version: str) -> None:
    """The day before, the day, the day after; without a start what is for all."""
    assert _versions(start, SINCE_JULY, SINCE_JUNE, FOR_ALL) == [version]


def test_where_none_is_for_all() -> None:
    """A program that is new, and for new plans only: the others follow none, and another program is as it was."""
    other = replace(FOR_ALL, code="other")

    assert _versions(date(2026, 6, 9), SINCE_JUNE, other) == ["1"]
    assert _versions(None, SINCE_JUNE) == []


def test_named_by_version() -> None:
    """What a plan followed when it was assessed; the newest where that is in force no more."""
    rules = Rules(Practice(CHICAGO), (SINCE_JUNE, FOR_ALL))

    found = [rules.program_of("care", version) for version in ("1", "2", "0", None)]

    assert found == [FOR_ALL, SINCE_JUNE, SINCE_JUNE, SINCE_JUNE]
    assert rules.program_of("none") is None


@pytest.mark.parametrize(
    ("more", "version"),
    [
        ({"period": {"start": "2026-06-09"}, "created": "2026-07-02"}, "1"),
        ({"period": {"start": "2026-06-10"}}, "2"),
        ({"period": {"start": "2026-06-11T01:00:00Z"}}, "2"),
        ({"period": {"start": "2026-06-10T01:00:00Z"}}, "1"),
        ({"period": {"start": "2026-06"}}, "1"),
        ({"created": "2026-06-12"}, "2"),
        ({}, "1"),
    ],
)
def test_plan_follows_the_version_of_its_start(more: Json, version: str) -> None:
    """The period's start, else when it was created, in the practice's zone; of a partial date its first day."""
    given = {"period": None, **more, "category": [concept("one")]}

    found = look([patient(), plan(**given)], NOW, programs=[SINCE_JUNE, FOR_ALL])

    assert _followed(found) == version


@pytest.mark.parametrize(("day", "version"), [("2026-06-09", "1"), ("2026-06-10", "2")])
def test_order_and_enrolment_too(day: str, version: str) -> None:
    """An order's plan starts when it was written, an enrolment's on the day on which it was said."""
    made = order(code=concept("ordered", "Care"), authoredOn=day)
    enrolled = said(Said.ENROL, target="care", at=f"{day}T12:00:00-05:00")

    ordered = look([patient(), made], NOW, programs=[SINCE_JUNE, FOR_ALL])
    by_word = look([patient()], NOW, programs=[SINCE_JUNE, FOR_ALL], statements=[enrolled])

    assert [_followed(found) for found in (ordered, by_word)] == [version, version]


@pytest.mark.parametrize(("start", "version"), [("2026-06-09", None), ("2026-06-10", "2")])
def test_claims_are_those_of_the_version(start: str, version: str | None) -> None:
    """What only the newer one claims, no plan of before is claimed by."""
    newer = replace(SINCE_JUNE, plan_codes=frozenset({(SNOMED, "two")}))
    given = plan(period={"start": start}, category=[concept("two")])

    assert _followed(look([patient(), given], NOW, programs=[newer, FOR_ALL])) == version

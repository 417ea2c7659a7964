"""A plan that had ended before Milepost first read it: of whose open steps somebody is still asked (SEMANTICS S7, S8)."""

from dataclasses import replace

import pytest

from plugin.domain.assess import assess
from plugin.domain.assessment import Assessment
from plugin.domain.calendar import Practice
from plugin.domain.record import CarePlan
from plugin.domain.rules import Rules, SourceTraits
from tests.charts import CHICAGO, VISIT, Json, inline, moment, patient, plan, record_of

OPENEMR = SourceTraits(steps_have_no_status=True, encounters_always_finished=True)
MET = "2026-06-16T12:00:00-05:00"


def assessed(form: Json, *, met: str | None = MET, seen: str = MET, traits: SourceTraits = OPENEMR) -> Assessment:
    """Some weeks after the plan was first read."""
    record = record_of([patient(), form])
    read = record.facts["CarePlan/cp1"]
    assert isinstance(read, CarePlan)
    fact = replace(read, seen=moment(seen), met_ended=moment(met) if met else None)
    known = replace(record, facts={**record.facts, fact.ref: fact})
    return assess(known, Rules(Practice(CHICAGO), traits=traits), moment("2026-07-30"))


def work(assessment: Assessment) -> list[str]:
    """What people are to do."""
    return [effect.what for effect in assessment.wanted if effect.kind.value == "work"]


@pytest.mark.parametrize(
    ("due", "met", "reason"),
    [
        ("2019-03-01", MET, "plan-ended"),
        ("2026-05-16", MET, "plan-ended"),
        ("2026-05-17", MET, "plan-closed-as-a-whole"),
        ("2026-09-01", MET, "plan-closed-as-a-whole"),
        ("2019-03-01", None, "plan-closed-as-a-whole"),
    ],
)
def test_of_a_plan_closed_before_our_time_only_what_is_recent_is_asked(due: str, met: str | None, reason: str) -> None:
    """S8: a plan that was closed years ago opens no work; one in which somebody closed more than was meant must not lose
    what lies ahead, or was due within a month. Of an end that Milepost lived to see everything is asked."""
    found = assessed(plan(inline(VISIT, due), status="completed", start="2019-01-05"), met=met)

    assert [milestone.reason for milestone in found.milestones] == [reason]
    assert work(found) == (["confirm-evidence"] if reason == "plan-closed-as-a-whole" else [])


@pytest.mark.parametrize(
    ("period", "reason"),
    [
        ({"start": "2019-01-05"}, "plan-ended"),
        ({"start": "2026-06-10"}, "plan-closed-as-a-whole"),
        ({"start": "2019-01-05", "end": "2026-12-31"}, "plan-closed-as-a-whole"),
        ({"start": "2019-01-05", "end": "2020-12-31"}, "plan-ended"),
        (None, "plan-ended"),
    ],
)
def test_a_step_without_a_due_date_is_as_old_as_its_plan(period: Json | None, reason: str) -> None:
    """When the plan was to end, else when it began."""
    more: Json = {"period": period} if period else {}
    found = assessed(plan(inline(VISIT), status="completed", start=None, **more))

    assert [milestone.reason for milestone in found.milestones] == [reason]


@pytest.mark.parametrize(
    ("ended", "met", "expected"),
    [
        ("2024-02-01T12:00:00Z", MET, []),
        ("2026-06-10T12:00:00Z", MET, ["ended-with-open-gaps"]),
        ("2024-02-01T12:00:00Z", None, ["ended-with-open-gaps"]),
    ],
)
def test_where_the_stamp_says_when_a_plan_ended_that_counts(ended: str, met: str | None, expected: list[str]) -> None:
    """S7: gaps that a plan left open years before the source was first read are nobody's work now; those of last week are."""
    form = plan(inline(VISIT, "2024-01-15"), status="revoked", start="2024-01-05")

    assert work(assessed(form, met=met, seen=ended, traits=SourceTraits())) == expected

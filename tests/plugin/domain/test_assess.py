"""The two properties that hold everything up, for generated charts (DESIGN §1)."""

import random
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.domain.assess import assess
from plugin.domain.assessment import Assessment, Milestone
from plugin.domain.condition import Condition
from plugin.domain.program import MilestoneDefinition, Program
from plugin.domain.record import KnownStep, Record
from tests.charts import A1C, VISIT, booking, concept, inline, look, order, patient, plan, result, step
from tests.generated_charts import Drawn, charts, instants

MOVES_BY_ITSELF = {"why", "days_past_due"}
KEPT = [f.name for f in fields(Milestone) if f.name not in MOVES_BY_ITSELF]
A_MOMENT = timedelta(microseconds=1)


def core(found: Assessment) -> tuple[Any, ...]:
    """Everything in the answer but ``days_past_due`` and the wording of ``why``."""
    plans = [
        (replace(plan_, milestones=()), [tuple(getattr(m, name) for name in KEPT) for m in plan_.milestones])
        for plan_ in found.plans
    ]
    return (plans, found.wanted, found.passed, found.messages_wait, found.next_change_at)


@settings(max_examples=120)
@given(drawn=charts(), now=instants, fractions=st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_quiet_until_the_next_change(drawn: Drawn, now: datetime, fractions: list[float]) -> None:
    """DESIGN §1, 1: until next_change_at nothing moves but the count of days; at next_change_at something does."""
    found = drawn.at(now)

    end = found.next_change_at
    span = (end - now) if end else timedelta(days=500)
    for moment in [now + span * fraction for fraction in fractions] + [now + span - A_MOMENT]:
        if moment < now + span:
            assert core(drawn.at(moment)) == core(found)
    if end is not None:
        assert end > now
        assert core(drawn.at(end))[:-1] != core(found)[:-1]


@settings(max_examples=80)
@given(drawn=charts(), now=instants, seed=st.integers(0, 2**32))
def test_order_does_not_matter(drawn: Drawn, now: datetime, seed: int) -> None:
    """DESIGN §1, 2: the same facts in any order, twice or late, give the same assessment; so do statements."""
    record = drawn.record
    shuffled = [*record.facts.values(), *record.facts.values()]
    random.Random(seed).shuffle(shuffled)
    older = [replace(f, seen=datetime(2000, 1, 1, tzinfo=UTC), version="0") for f in record.facts.values() if f.seen]
    again = Record.of(record.ref, record.source, [*shuffled, *older], [*reversed(record.statements)])

    assert assess(again, drawn.rules, now) == assess(record, drawn.rules, now)


@settings(max_examples=60)
@given(drawn=charts(), now=instants)
def test_what_was_stored_does_not_change_what_is(drawn: Drawn, now: datetime) -> None:
    """DESIGN §4.1: a key once given is kept: with its own milestones known, the answer is the same."""
    found = drawn.at(now)
    known = [
        KnownStep(
            key=m.key, plan=m.plan, iteration=m.iteration, title=m.title, source=m.source, codes=m.codes,
            status=m.status.value, opens=m.opens, due=m.due,
        )
        for m in found.milestones
    ]  # fmt: skip

    again = assess(
        Record.of(drawn.record.ref, "bundle", drawn.record.facts.values(), drawn.statements, known=known),
        drawn.rules,
        now,
    )

    assert {m.key for m in again.milestones} == {m.key for m in found.milestones}
    assert again == found


@given(drawn=charts(), now=instants)
@settings(max_examples=60)
def test_what_holds_of_every_milestone(drawn: Drawn, now: datetime) -> None:
    """G1, G2, G7, S5: whatever the chart."""
    today = drawn.rules.practice.day(now)
    found = drawn.at(now)

    assert len({m.key for m in found.milestones}) == len(found.milestones)
    assert len({e.key for e in found.wanted}) == len(found.wanted)
    for m in found.milestones:
        assert (m.due is None) == (m.due_from is None) == (m.due_precision is None) == (m.days_past_due is None)
        assert (m.reason is None) == (m.status.value in ("completed", "ready", "scheduled", "upcoming"))
        assert (m.tier > 0) <= (m.gap.value == "open") <= (m.due is not None and m.due < today)
        assert (m.booked_for is not None) <= (not m.status.is_final)
        assert (m.gap.value == "closed") <= (m.status.value == "completed")
        assert (m.owner.reference is None) != (m.owner.role is None)


def test_next_change_at_is_null_when_only_news_can_change_the_answer() -> None:
    """Cases/README: a finished plan, a milestone without a date, the last tier."""
    done = [patient(), plan(inline(A1C, status="completed", due="2026-06-01"))]
    undated = [patient(), plan(inline(A1C))]
    late = [patient(), plan(inline(A1C, "2026-06-15"))]

    assert look(done, "2026-06-16").document["next_change_at"] is None
    assert look(undated, "2026-06-16").document["next_change_at"] is None
    assert look(late, "2026-06-16").document["next_change_at"] == "2026-06-23T00:00:00-05:00"
    assert look(late, "2026-07-15").document["next_change_at"] == "2026-07-16T00:00:00-05:00"
    assert look(late, "2026-07-16").document["next_change_at"] is None


def test_what_changes_when() -> None:
    """DESIGN §1: the window opens, the booking passes, the result's day comes, the grace ends: each at its own moment."""
    ahead = [patient(), plan(inline(A1C, "2026-07-15", "2026-07-01"))]
    ordered = [patient(), plan(step("ServiceRequest/sr1")), order(code=VISIT)]
    gone = booking("2026-07-10T14:00:00Z", "cancelled", seen="2026-06-16T15:00:00Z")
    arrived = booking("2026-06-16T14:00:00Z", "arrived")

    def ask(*chart: Any, at: str = "2026-06-16") -> Any:
        return look(chart, at).document["next_change_at"]

    assert ask(*ahead) == "2026-07-01T00:00:00-05:00"
    assert ask(*ahead, at="2026-07-01") == "2026-07-16T00:00:00-05:00"
    assert ask(*ordered, booking("2026-06-20T14:00:00Z")) == "2026-06-21T00:00:00-05:00"
    assert ask(*ordered, arrived) == "2026-06-17T08:00:00-05:00"
    assert ask(*ordered, gone) == "2026-06-17T00:00:00-05:00"
    assert ask(*ahead, result("2026-07-02T10:00:00-05:00"), at="2026-07-01") == "2026-07-02T10:00:00-05:00"
    assert ask(patient(deceasedDateTime="2026-06-20"), *ahead[1:]) == "2026-06-20T00:00:00-05:00"


def test_a_step_that_will_apply_from_a_birthday_on_is_foreseen() -> None:
    """DESIGN §1, 1: also while the step is not there yet."""
    for_the_old = MilestoneDefinition(code="m", title="M", applies_if=Condition("age-at-least", years=65))
    program = Program(
        code="p", version="1", title="P", plan_codes=frozenset({("urn:p", "p")}), milestones=(for_the_old,)
    )
    chart = [patient(birthDate="1961-06-21"), plan(category=[concept("p", system="urn:p")])]

    before = look(chart, "2026-06-20", programs=[program])

    assert (before.milestones, before.document["next_change_at"]) == ([], "2026-06-21T00:00:00-05:00")
    assert look(chart, "2026-06-21", programs=[program]).titles == ["M"]


def test_a_cancellation_without_a_stamp_is_seen_at_its_start() -> None:
    """A7: then its message is wanted on that day, and the change is foreseen at that day's beginning."""
    gone = booking("2026-06-22T14:00:00Z", "cancelled", seen=None)
    chart = [patient(), plan(step("ServiceRequest/sr1")), order(code=VISIT), gone]

    before = look(chart, "2026-06-20")

    assert (before.names(), before.document["next_change_at"]) == ([], "2026-06-22T00:00:00-05:00")
    assert look(chart, "2026-06-22T00:00:00-05:00").names() == ["message rebook"]

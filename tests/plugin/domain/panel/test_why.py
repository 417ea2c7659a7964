"""Why a milestone is as it is."""

from dataclasses import replace

from plugin.domain.assessment import PlanState, Status
from plugin.domain.panel import panel_of, why_of
from plugin.domain.panel.view import Day
from plugin.domain.record import (
    Order,
)
from tests.panel_file import DUE, a_contact, a_file, a_step, on_time, shown


def test_why() -> None:
    """The facts, and the rules' own words but for those that are said with the values themselves."""
    step = a_step(
        why=("due 2026-06-10 by x", "program p version 1", "can be done or booked now", "no evidence since 2026-05-01")
    )
    file = a_file(step, said=(a_contact(),), facts=(Order(ref="ServiceRequest/k1", subject="Patient/p1"),))

    why = why_of("k1", file)

    assert why is not None
    assert why.reasons == ("can be done or booked now", "no evidence since 2026-05-01")
    assert why.sources == ("ServiceRequest/k1",)
    assert [one.what for one in why.said] == ["contact"]
    assert why.line.due == Day(DUE)
    assert why_of("k9", file) is None


def test_no_plan() -> None:
    """A patient without a plan has a strip, and nothing else."""
    panel = panel_of(replace(a_file(), plans=(), tracked=None))

    assert (panel.is_tracked, panel.plans, panel.summary.of, panel.bar) == (False, (), 0, ())


def test_a_plan_that_has_ended() -> None:
    """It is shown, and nothing in it needs anybody."""
    state = PlanState(plan="CarePlan/c1", patient="Patient/p1", status="completed", stage="review")
    steps = (on_time(status=Status.CANCELLED, reason="plan-ended"), on_time("k3", status=Status.COMPLETED))

    panel = shown(*steps, plan=state)

    assert panel.plans[0].has_ended
    assert (panel.attention, panel.summary.done, panel.summary.of) == ((), 1, 1)

"""Of whose open steps somebody is still asked: a plan that had ended before Milepost first read it may have ended years ago."""

from __future__ import annotations

from datetime import date, timedelta

from plugin.domain.chart import Chart, PlanChart
from plugin.domain.record import CarePlan

ASKED_BACK = timedelta(days=30)
"""So long past due the standard ladder acts (DESIGN §5); what lies further back would be no work of anybody's, only a line
of a report, if the plan were open."""


def ended_long_ago(plan: PlanChart, chart: Chart, due: date | None) -> bool:
    """It had ended when it was first read, and that is so long ago that nobody is asked what became of this step. Where the
    source's stamp does not say when it ended, it counts when the step was due, else when the plan was to end or began: a plan
    that was closed by mistake the day before must not lose what still lies ahead."""
    fact = plan.fact
    if not isinstance(fact, CarePlan) or fact.met_ended is None:
        return False
    practice = chart.rules.practice
    if fact.seen is not None and fact.seen < fact.met_ended:
        last: date | None = practice.day(fact.seen)
    else:
        last = due or plan.bounds.end or (plan.opens.first if plan.opens else None)
    return last is None or practice.day(fact.met_ended) - last > ASKED_BACK

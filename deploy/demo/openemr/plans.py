"""The care plan form of a patient's first visit: the plan's lines and its goals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time

from deploy.demo.generator.fhir import Json, days
from deploy.demo.openemr.chart import Chart, set_team
from deploy.demo.openemr.plan_form import Line, forbidden, in_form_order, is_of_program, lines_of, program_lines
from deploy.demo.openemr.said import MORNING, coded, first_day
from deploy.demo.openemr.unsaid import Unsaid
from deploy.openemr.recorded.rows import CarePlanRow

_NOON = time(12)
_STATUSES = {"revoked": "revoked", "unknown": "unknown"}
"""As in OpenEMR's list, which has FHIR's other words too."""


def enter_plan(chart: Chart, teams: Mapping[str, Json]) -> None:
    """The patient's CarePlan, or the order that begins a program; nothing for who is to be enrolled."""
    for plan in chart.of("CarePlan"):
        _enter(chart, plan, teams)
    for order in chart.of("ServiceRequest"):
        if is_of_program(order):
            chart.unsaid(Unsaid.BEGUN_BY_ORDER)
            start = first_day(order["authoredOn"])
            _save(chart, order, "active", list(_rows(chart, order, program_lines(start), start, "active")))


def _enter(chart: Chart, plan: Json, teams: Mapping[str, Json]) -> None:
    start = first_day(plan["period"]["start"]) if "period" in plan else chart.plan_visit.at.date() + days(1)
    lines = program_lines(start) if is_of_program(plan) else lines_of(plan, start, chart.found)
    chart.unsaid(Unsaid.PROGRAM, is_of_program(plan))
    chart.unsaid(Unsaid.STEP_FORBIDDEN, forbidden(plan))
    if not lines:
        chart.unsaid(Unsaid.NO_LINES)
        return
    for team in plan.get("careTeam", ()):
        set_team(chart, teams.get(team["reference"]) or chart.found[team["reference"]])
    status = _status(chart, plan)
    rows = list(_rows(chart, plan, lines, start, status))
    goals = [row for goal in chart.of("Goal") for row in _goal_rows(chart, goal)]
    _save(chart, plan, status, [*rows, *goals])


def _status(chart: Chart, plan: Json) -> str:
    if plan["intent"] != "plan":
        chart.unsaid(Unsaid.PROPOSAL)
        return "draft"
    return str(plan["status"])


def _save(chart: Chart, plan: Json, status: str, rows: list[CarePlanRow]) -> None:
    at = datetime.combine(chart.plan_visit.at.date() + days(1), _NOON)
    chart.desk.clinic.new_care_plan(chart.plan_visit, rows, user=_author(chart), at=at)


def _author(chart: Chart) -> str:
    user = chart.desk.clinic.users.get(chart.patient.provider or 0)
    return user.username if user else "admin"


def _rows(chart: Chart, plan: Json, lines: list[Line], start: date, status: str) -> Iterator[CarePlanRow]:
    author = _author(chart)
    end = first_day(plan["period"]["end"]) if "period" in plan else None
    for place, line in enumerate(in_form_order(lines)):
        _count(chart, line, author)
        is_first = place == 0
        yield CarePlanRow(
            description=line.title,
            code=line.code,
            codetext=line.title if line.code else "",  # as the practice's own code list has it
            date=datetime.combine(start if is_first else line.opens, MORNING),
            proposed_date=datetime.combine(line.due, time()) if line.due else None,
            date_end=datetime.combine(end, time()) if end and is_first else None,
            plan_status=status if is_first else line.status,
            user=author,
        )


def _count(chart: Chart, line: Line, author: str) -> None:
    chart.unsaid(Unsaid.STEP_DONE, line.status == "completed")
    chart.unsaid(Unsaid.STEP_HELD, line.status not in ("active", "completed"))
    user = chart.desk.user(line.performer)
    chart.unsaid(Unsaid.PERFORMER, bool(line.performer) and (user is None or user.username != author))


def _goal_rows(chart: Chart, goal: Json) -> Iterator[CarePlanRow]:
    """A line for each target; its number stands in the words alone."""
    for target in goal["target"]:
        code, display = coded(target["measure"])
        due = target.get("dueDate")
        yield CarePlanRow(
            description=_aim(goal, target, display),
            care_plan_type="goal",
            code=code,
            codetext=display,
            date=datetime.combine(first_day(goal["startDate"]), MORNING),
            date_end=datetime.combine(first_day(due), time()) if due else None,
            plan_status=_achieved(goal),
            user=_author(chart),
        )


def _aim(goal: Json, target: Json, display: str) -> str:
    """The goal's own words; of one with several targets each by its number."""
    wanted = target.get("detailQuantity")
    if len(goal["target"]) == 1 or not wanted:
        return str(goal["description"]["text"])
    return f"{display} below {wanted['value']} {wanted['unit']}"


def _achieved(goal: Json) -> str:
    codings = goal.get("achievementStatus", {}).get("coding", [{}])
    return "completed" if codings[0].get("code") == "achieved" else "active"

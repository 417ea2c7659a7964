"""Which of the seven statuses holds, and why: the first of the ten words that stands (SEMANTICS S)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from plugin.domain.appointment import Outcome
from plugin.domain.assessment import Status, Strength
from plugin.domain.chart import Chart, PlanChart
from plugin.domain.closing import ended_long_ago
from plugin.domain.evidence import Now
from plugin.domain.moment import days
from plugin.domain.origin import SourceStatus
from plugin.domain.program import CompletesWhen
from plugin.domain.record import Patient, Said, Statement
from plugin.domain.turn import TurnState

TASK_STATUS = {
    Status.UPCOMING: "draft",
    Status.READY: "ready",
    Status.SCHEDULED: "accepted",
    Status.IN_REVIEW: "in-progress",
    Status.ON_HOLD: "on-hold",
    Status.COMPLETED: "completed",
    Status.CANCELLED: "cancelled",
}
"""DESIGN §4.3: the FHIR Task.status of each; ``writes.py`` has the two special endings."""


class Ruling(NamedTuple):
    """A status with its reason (S5; None for the statuses that have none) and a word for ``why``."""

    status: Status
    reason: str | None
    because: str


def rule(turn: TurnState, plan: PlanChart, chart: Chart, now: Now) -> Ruling:
    """The first of S's ten words that holds; S1 puts the plan in draft before the third."""
    spoken = _statement(turn, chart, now) or _closed_as_a_whole(turn, plan, chart) or _source(turn)
    if spoken is not None:
        return spoken
    if plan.is_draft:
        return Ruling(Status.UPCOMING, None, "the plan is a draft")
    return (
        _evidence(turn)
        or _plan_ended(plan, chart, now)
        or _failed(turn)
        or _held(turn, plan, now)
        or _in_review(turn)
        or _booked(turn)
        or _window(turn, plan, now)
    )


def _statement(turn: TurnState, chart: Chart, now: Now) -> Ruling | None:
    """1: a person's word, unless the source has since said otherwise."""
    word = turn.spoken.word
    if word is None or _source_said_otherwise(turn, word):
        return None
    day = chart.rules.practice.day(word.at).isoformat()
    if word.said is Said.COMPLETED:
        return Ruling(Status.COMPLETED, None, f"said to be done on {day}")
    return Ruling(Status.CANCELLED, "not-applicable", f"said not to apply on {day}")


def _source_said_otherwise(turn: TurnState, word: Statement) -> bool:
    """The source ended the step in another way, in a version seen after the statement."""
    ended = {SourceStatus.COMPLETED: Said.COMPLETED, SourceStatus.CANCELLED: Said.NOT_APPLICABLE}
    if turn.source not in ended and turn.source is not SourceStatus.IN_ERROR:
        return False
    if ended.get(turn.source) == word.said:
        return False
    seen = [o.fact.seen for o in turn.step.origins if o.status is not None and o.fact and o.fact.seen]
    return bool(seen) and max(seen) > word.at


def _source(turn: TurnState) -> Ruling | None:
    """2: the source's own end."""
    match turn.source:
        case SourceStatus.COMPLETED:
            return _more_is_asked(turn) or Ruling(Status.COMPLETED, None, f"{turn.step.source} says completed")
        case SourceStatus.IN_ERROR:
            return Ruling(Status.CANCELLED, "entered-in-error", f"{turn.step.source} was entered in error")
        case SourceStatus.CANCELLED:
            return Ruling(Status.CANCELLED, "cancelled-by-source", f"{turn.step.source} was cancelled")
        case _:
            return None


def _more_is_asked(turn: TurnState) -> Ruling | None:
    """§4.4: a program can ask for more than the event."""
    definition = turn.step.definition
    if definition is None or turn.spoken.reviewed is not None:
        return None
    if definition.completes_when is CompletesWhen.REVIEWED:
        return Ruling(Status.IN_REVIEW, "awaiting-review", "it happened; someone must look at the result")
    if definition.completes_when is CompletesWhen.CHECKLIST:
        return Ruling(Status.IN_REVIEW, "checklist-open", "it happened; its checklist is open")
    return None


def _evidence(turn: TurnState) -> Ruling | None:
    """3: exact or coded evidence, once what the program asks for is met."""
    if not turn.is_met or _more_is_asked(turn):
        return None
    return Ruling(Status.COMPLETED, None, "evidence says so")


def _closed_as_a_whole(turn: TurnState, plan: PlanChart, chart: Chart) -> Ruling | None:
    """S8: where steps have no status of their own, a completed plan proves nothing of a step without evidence."""
    if not chart.rules.traits.steps_have_no_status or plan.status != "completed" or turn.is_met:
        return None
    if ended_long_ago(plan, chart, turn.turn.due):
        return None
    return Ruling(Status.IN_REVIEW, "plan-closed-as-a-whole", "the EHR closed the whole plan")


def _plan_ended(plan: PlanChart, chart: Chart, now: Now) -> Ruling | None:
    """4: the plan has ended, or the patient has died or is inactive."""
    if plan.has_ended:
        return Ruling(Status.CANCELLED, "plan-ended", f"the plan is {plan.status}")
    if has_died(chart, now):
        return Ruling(Status.CANCELLED, "patient-deceased", "the patient has died")
    if chart.patient is not None and not chart.patient.active:
        return Ruling(Status.CANCELLED, "patient-inactive", "the patient's record is inactive")
    return None


def has_died(chart: Chart, now: Now) -> bool:
    """S3: a date of death after the moment asked for: alive."""
    patient: Patient | None = chart.patient
    if patient is None or not (patient.deceased or patient.deceased_at):
        return False
    when = days(patient.deceased_at, chart.rules.practice.zone) if patient.deceased_at else None
    return when is None or not when.is_after(now.at, now.today)


def _failed(turn: TurnState) -> Ruling | None:
    """5: the source says failed."""
    if turn.source is SourceStatus.FAILED:
        return Ruling(Status.IN_REVIEW, "source-failed", f"{turn.step.source} says failed")
    return None


def _held(turn: TurnState, plan: PlanChart, now: Now) -> Ruling | None:
    """6: a hold: of a person, the source, or the plan."""
    if turn.spoken.is_held(now.today):
        until = turn.spoken.hold.until if turn.spoken.hold else None
        return Ruling(Status.ON_HOLD, "held", f"put aside until {until}" if until else "put aside")
    if turn.source is SourceStatus.ON_HOLD:
        return Ruling(Status.ON_HOLD, "held-by-source", f"{turn.step.source} is on hold")
    if plan.status == "on-hold":
        return Ruling(Status.ON_HOLD, "plan-on-hold", "the plan is on hold")
    return None


def _in_review(turn: TurnState) -> Ruling | None:
    """7: something happened and a person must look."""
    outcomes = {visit.outcome for visit in turn.visits}
    if Outcome.CONTRADICTED in outcomes:
        return Ruling(Status.IN_REVIEW, "outcome-contradicted", "an encounter contradicts the appointment's status")
    if Outcome.UNRECORDED in outcomes:
        return Ruling(Status.IN_REVIEW, "outcome-not-recorded", "a booking has passed without an outcome")
    if turn.awaits_result:
        return Ruling(Status.IN_REVIEW, "awaiting-result", "the visit was kept; the result is not final")
    if turn.is_met:
        return _more_is_asked(turn)
    if any(e.strength is Strength.LOOSE for e in turn.evidence.values()):
        return Ruling(Status.IN_REVIEW, "loose-evidence", "it may have happened; a person must confirm")
    if turn.outcome_unread:
        return Ruling(Status.IN_REVIEW, "outcome-unread", "the outcome that the plan names cannot be read")
    return None


def _booked(turn: TurnState) -> Ruling | None:
    """8: a booking stands."""
    booked = first_booking(turn)
    return Ruling(Status.SCHEDULED, None, f"booked for {booked[1]}") if booked else None


def first_booking(turn: TurnState) -> tuple[datetime, str] | None:
    """The earliest standing booking: when it begins, and as the chart has it (G5, G7)."""
    standing = [(v.began, v.fact.start or "") for v in turn.visits if v.outcome is Outcome.STANDING]
    return min(standing, default=None)


def _window(turn: TurnState, plan: PlanChart, now: Now) -> Ruling:
    """9 and 10: can be done now, or its window has not opened, or what it waits for has not happened (D3, D8)."""
    if turn.step.is_unread and not (plan.start and plan.start.first > now.today):
        return Ruling(Status.READY, None, "the reference cannot be read")
    if turn.waits:
        return Ruling(Status.UPCOMING, None, "what it waits for has not happened")
    if turn.begins is not None and turn.begins > now.today:
        return Ruling(Status.UPCOMING, None, f"opens on {turn.begins.isoformat()}")
    return Ruling(Status.READY, None, "can be done or booked now")

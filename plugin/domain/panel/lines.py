"""A milestone as one line: how it looks, whose it is, what is booked, what says that it happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plugin.domain.act import ABOUT, offered_for, primary_for
from plugin.domain.assessment import Evidence, Gap, Milestone, Missed, PlanState, Status
from plugin.domain.goal import GoalLine
from plugin.domain.panel.on_file import OnFile, title_of
from plugin.domain.panel.view import Booking, Day, Found, Line, Look, Miss, Word
from plugin.domain.permissions import Action, Data, can
from plugin.domain.record import Appointment, Event, Fact, Order, Said, Statement
from plugin.domain.unit import with_unit

_LOOKS = {
    Status.COMPLETED: Look.DONE,
    Status.CANCELLED: Look.DROPPED,
    Status.ON_HOLD: Look.HOLD,
    Status.IN_REVIEW: Look.REVIEW,
    Status.SCHEDULED: Look.BOOKED,
    Status.READY: Look.READY,
    Status.UPCOMING: Look.LATER,
}
_STAND_NO_MORE = frozenset({"cancelled", "noshow", "entered-in-error"})
_WHAT_IT_WAS = {"Encounter": "Visit", "Appointment": "Visit", "QuestionnaireResponse": "Questionnaire"}


def look_of(milestone: Milestone) -> Look:
    """What is late looks late, unless a person must look at it first, it is put aside, or it is booked."""
    waits = (Status.READY, Status.UPCOMING)
    is_late = milestone.gap is Gap.OPEN and milestone.status in waits and milestone.booked_for is None
    return Look.LATE if is_late else _LOOKS[milestone.status]


def line_of(milestone: Milestone, file: OnFile, goals: Sequence[GoalLine] = ()) -> Line:
    """One milestone, as far as the reader may see it."""
    due = None if milestone.due is None else Day(milestone.due, milestone.due_precision or "day")
    owner = milestone.owner
    offered = offered_for(milestone) if file.can_act else ()
    acts = tuple(kind for kind in offered if can(file.roles, Action.ACT, ABOUT[kind]))
    primary = primary_for(milestone)
    return Line(
        key=milestone.key,
        version=file.versions.get(milestone.key, ""),
        title=title_of(milestone),
        look=look_of(milestone),
        status=milestone.status,
        owner=file.who(owner.reference, owner.role),
        owner_found=owner.found,
        source=milestone.source,
        turn=milestone.iteration if milestone.repeats else None,
        reason=milestone.reason,
        opens=milestone.opens,
        due=due,
        days_late=(milestone.days_past_due or 0) if milestone.gap is Gap.OPEN else 0,
        tier=milestone.tier if milestone.gap is Gap.OPEN else 0,
        booking=booking_of(milestone, file),
        may_be_booking=_booking_at(milestone.may_be_booked_for, file),
        done_on=milestone.completed_on,
        evidence=tuple(_found(evidence, file) for evidence in milestone.evidence),
        word=_word(milestone, file),
        missed=tuple(_miss(missed, file) for missed in milestone.missed) if Data.SCHEDULE in file.visible else (),
        hold_until=milestone.hold_until,
        goals=tuple(goals),
        acts=acts,
        primary=primary if primary in acts else None,
    )


def booking_of(milestone: Milestone, file: OnFile) -> Booking | None:
    """The earliest standing booking, with the appointment that it is, where it can be told which."""
    return _booking_at(milestone.booked_for, file)


def _booking_at(start: str | None, file: OnFile) -> Booking | None:
    day = file.day(start)
    if day is None or Data.SCHEDULE not in file.visible:
        return None
    visits = (fact for fact in file.record.facts.values() if isinstance(fact, Appointment))
    same = [visit for visit in visits if visit.start == start and visit.status not in _STAND_NO_MORE]
    if len(same) != 1:
        return Booking(ref=None, day=day)
    (appointment,) = same
    return Booking(
        ref=appointment.ref,
        day=day,
        with_whom=_with_whom(appointment, file),
    )


def appointment_title(appointment: Appointment) -> str | None:
    """What the appointment is for, in the chart's words."""
    concepts = (*appointment.service_types, *appointment.reasons)
    return appointment.description or next((c.title for c in concepts if c.title), None)


def _with_whom(appointment: Appointment, file: OnFile) -> tuple[str, ...]:
    """The others who take part, by name."""
    actors = (p.actor for p in appointment.participants if p.actor and not p.actor.startswith("Patient/"))
    names = (file.who(actor).name for actor in actors)
    return tuple(dict.fromkeys(name for name in names if name))


def _found(evidence: Evidence, file: OnFile) -> Found:
    fact = file.record.facts.get(evidence.resource)
    may_see = Data.RESULTS in file.visible or evidence.resource.partition("/")[0] in _WHAT_IT_WAS
    return Found(
        ref=evidence.resource,
        version=evidence.version,
        strength=evidence.strength,
        on=evidence.on,
        title=fact_title(fact) if may_see else None,
        value=fact_value(fact) if may_see else None,
    )


def fact_title(fact: Fact | None) -> str | None:
    """What a fact is, in the chart's words, else by its type."""
    title: str | None = None
    match fact:
        case Event():
            title = next((c.title for c in fact.concepts if c.title), None)
        case Order():
            title = fact.concept.title or fact.description
        case Appointment():
            title = appointment_title(fact)
        case _:
            pass
    return title or (_WHAT_IT_WAS.get(fact.type) if fact else None)


def fact_value(fact: Fact | None) -> str | None:
    """A measured value with its unit; 0 is one."""
    if not isinstance(fact, Event) or fact.value is None:
        return None
    return with_unit(f"{fact.value:.10g}", fact.unit)


def _miss(missed: Missed, file: OnFile) -> Miss:
    return Miss(missed.resource, missed.kind, file.day(missed.start))


def _word(milestone: Milestone, file: OnFile) -> Word | None:
    """The word of a person that made it done, dropped or held, while it stands."""
    wanted = {
        Status.COMPLETED: (Said.COMPLETED, Said.REVIEWED, Said.CONFIRM),
        Status.CANCELLED: (Said.NOT_APPLICABLE,),
        Status.ON_HOLD: (Said.HOLD,),
    }.get(milestone.status, ())
    found = [s for s in file.said_of.get(milestone.key, ()) if s.said in wanted]
    return word_of(found[-1], file) if found else None


def word_of(statement: Statement, file: OnFile) -> Word:
    """Who said it, when, and the words, where the reader may see notes."""
    return Word(
        said=statement.said,
        by=file.who(statement.by),
        on=file.rules.practice.day(statement.at),
        note=statement.note if Data.NOTES in file.visible else None,
        reason=statement.reason,
    )


def counts(milestone: Milestone) -> bool:
    """Whether it is part of "so many of so many": not what was cancelled, nor turns that lie far ahead."""
    return milestone.status is not Status.CANCELLED and (milestone.to_write or milestone.status.is_final)


def is_further(milestone: Milestone) -> bool:
    """A turn that lies, or lay when it was cancelled, further ahead than the next one: it is counted, not listed."""
    return not milestone.to_write and milestone.status is not Status.COMPLETED and milestone.gap is not Gap.OPEN


def lines_by_key(
    plans: Sequence[PlanState], file: OnFile, goals: Mapping[str, Sequence[GoalLine]]
) -> Mapping[str, Line]:
    """A line for each milestone that is listed."""
    return {
        milestone.key: line_of(milestone, file, goals.get(milestone.key, ()))
        for plan in plans
        for milestone in plan.milestones
        if not is_further(milestone)
    }

"""Steps that stand in the plan itself: CarePlan.activity.detail in all its schedules."""

from datetime import date

from deploy.demo.generator.chart import Chart, Placed
from deploy.demo.generator.fhir import Json, concept, days, month_of, on, reference
from deploy.demo.generator.steps import Form, Kind, Source, Step

BOUNDS_TURNS = 3
BOUNDS_WEEKS = 4
EVENT_GAP = 65

DETAIL_KIND = {Kind.VISIT: "Appointment", Kind.CALL: "CommunicationRequest", Kind.EDUCATION: "Task"}

WORDS = {
    Source.ACTIVE: ("not-started", "scheduled", "in-progress"),
    Source.DRAFT: ("not-started",),
    Source.HELD: ("on-hold",),
    Source.COMPLETED: ("completed",),
    Source.CANCELLED: ("cancelled", "stopped"),
}


def schedule(step: Step) -> Json:
    """The scheduled[x] of an inline step; empty where it has none."""
    due = step.due or step.opens
    match step.form:
        case Form.INLINE_PERIOD | Form.NAMED_TWICE:
            return {"scheduledPeriod": {"start": on(step.opens), "end": on(due)}}
        case Form.INLINE_PARTIAL:
            return {"scheduledPeriod": {"start": month_of(step.opens), "end": month_of(due)}}
        case Form.INLINE_START:
            return {"scheduledPeriod": {"start": on(step.opens)}}
        case Form.INLINE_DATED_STRING:
            return {"scheduledString": f"{on(due)}, or a few days before"}
        case Form.INLINE_FREE_STRING:
            return {"scheduledString": "some time this year, when there is a free place"}
        case _:
            return {}


def events(turns: list[Step]) -> Json:
    """A timing that names its days."""
    return {"scheduledTiming": {"event": [on(turn.due) for turn in turns if turn.due]}}


def bounds(turns: list[Step]) -> Json:
    """A timing that repeats: once in four weeks, within bounds."""
    last: date = turns[-1].due or turns[-1].opens
    repeat = {
        "boundsPeriod": {"start": on(turns[0].opens), "end": on(last)},
        "frequency": 1,
        "period": BOUNDS_WEEKS,
        "periodUnit": "wk",
    }
    return {"scheduledTiming": {"repeat": repeat}}


def detail(chart: Chart, step: Step, source: Source) -> Json:
    """What is the same in every inline step."""
    body: Json = {
        "kind": DETAIL_KIND.get(step.item.kind, "ServiceRequest"),
        "code": step.item.concept,
        "status": chart.word(f"inline {source}", WORDS.get(source, WORDS[Source.ACTIVE])),
    }
    if source is Source.HELD:
        body["statusReason"] = concept(text="put aside for now")
    if chart.rng.random() < 0.4:
        body["performer"] = [reference(chart.provider)]
    return body


def place_inline(chart: Chart, turns: list[Step], source: Source) -> Placed:
    """Adds the activity; the turns of a repeating step are one activity."""
    first = turns[0]
    planned = events(turns) if first.form is Form.INLINE_EVENTS else schedule(first)
    if first.form is Form.INLINE_BOUNDS:
        planned = bounds(turns)
    activity = {"detail": {**detail(chart, first, source), **planned}}
    chart.activities.append(activity)
    return Placed(activity=activity)


def place_forbidden(chart: Chart, step: Step) -> Placed:
    """What must not be done: no step, though it looks like one."""
    body = {**detail(chart, step, Source.ACTIVE), "status": "not-started", "doNotPerform": True}
    chart.activities.append({"detail": body})
    return Placed()


def event_days(start: date, offset: int) -> list[date]:
    """The three days of a timing by events."""
    return [start + days(offset + EVENT_GAP * turn) for turn in range(BOUNDS_TURNS)]

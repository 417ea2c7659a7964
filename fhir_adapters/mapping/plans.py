"""CarePlan and Goal: what is intended."""

from collections.abc import Callable

from fhir_adapters.mapping.orders import instantiates
from fhir_adapters.mapping.plain import Raw
from fhir_adapters.mapping.reading import Reading
from fhir_adapters.mapping.schedules import schedule
from plugin.domain.record import Activity, CarePlan, Detail, Order, Other


def care_plan(raw: Raw, reading: Reading, inside: Callable[[Reading, str | None], tuple[Order, ...]]) -> CarePlan:
    """https://hl7.org/fhir/R4/careplan.html; `inside` maps the requests that it contains."""
    start, end = reading.period(raw, "period")
    subject = reading.patient(raw)
    return CarePlan(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=subject,
        status=reading.text(raw, "status"),
        intent=reading.text(raw, "intent"),
        title=reading.text(raw, "title"),
        categories=reading.concepts(raw, "category"),
        identifiers=reading.identifiers(raw),
        instantiates=instantiates(raw, reading),
        start=start,
        end=end,
        created=reading.moment(raw, "created"),
        author=reading.link(raw, "author"),
        care_teams=reading.links(raw, "careTeam"),
        goals=reading.links(raw, "goal"),
        activities=tuple(_activity(place, item, reading) for place, item in reading.placed(raw, "activity")),
        contained=inside(reading, subject) if reading.contained else (),
    )


def _activity(place: int, raw: Raw, reading: Reading) -> Activity:
    within = "activity."
    detail = reading.part(raw, "detail", within)
    return Activity(
        place=place,
        id=reading.text(raw, "id", within),
        link=reading.link(raw, "reference", within),
        detail=None if detail is None else _detail(detail, reading),
        outcomes=reading.links(raw, "outcomeReference", within),
    )


def _detail(raw: Raw, reading: Reading) -> Detail:
    within = "activity.detail."
    return Detail(
        kind=reading.text(raw, "kind", within),
        concept=reading.concept(raw, "code", within),
        status=reading.text(raw, "status", within),
        do_not_perform=reading.flag(raw, "doNotPerform", within) is True,
        schedule=schedule(raw, "scheduled", reading, within),
        performers=reading.links(raw, "performer", within),
        description=reading.text(raw, "description", within),
    )


def goal(raw: Raw, reading: Reading) -> Other:
    """https://hl7.org/fhir/R4/goal.html: `values` are the measures of its targets, `end` the first target's due date."""
    description = reading.concept_or_none(raw, "description")
    targets = reading.parts(raw, "target") if "target" in raw else []
    measures = (reading.concept_or_none(target, "measure", "target.") for target in targets)
    due = (reading.moment(target, "dueDate", "target.") for target in targets)
    return Other(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=reading.patient(raw),
        status=reading.text(raw, "lifecycleStatus"),
        concepts=() if description is None else (description,),
        categories=reading.concepts(raw, "category"),
        start=reading.moment(raw, "startDate"),
        end=next((date for date in due if date is not None), None),
        links=reading.links(raw, "addresses"),
        values=tuple(measure for measure in measures if measure is not None),
    )

"""CarePlan and Goal: what is intended."""

from collections.abc import Callable

from fhir_adapters.mapping.measures import quantity
from fhir_adapters.mapping.orders import instantiates
from fhir_adapters.mapping.plain import Raw
from fhir_adapters.mapping.reading import Reading
from fhir_adapters.mapping.schedules import schedule
from plugin.domain.record import Activity, CarePlan, Concept, Detail, Goal, GoalTarget, Order

_COMPARATORS = ("<", "<=", ">=", ">")


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
        encounter=reading.link(raw, "encounter"),
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


def goal(raw: Raw, reading: Reading) -> Goal:
    """https://hl7.org/fhir/R4/goal.html"""
    targets = reading.parts(raw, "target") if "target" in raw else []
    return Goal(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=reading.patient(raw),
        status=reading.text(raw, "lifecycleStatus"),
        achievement=reading.concept_or_none(raw, "achievementStatus"),
        description=reading.concept(raw, "description"),
        categories=reading.concepts(raw, "category"),
        start=reading.moment(raw, "startDate"),
        status_on=reading.moment(raw, "statusDate"),
        targets=tuple(_target(target, reading) for target in targets),
        addresses=reading.links(raw, "addresses"),
        outcomes=reading.links(raw, "outcomeReference"),
    )


def _target(raw: Raw, reading: Reading) -> GoalTarget:
    """A due date that is so long after the start (`dueDuration`) is none that we read."""
    within = "target."
    span = reading.part(raw, "detailRange", within) or {}
    low, low_unit = quantity(span, "low", reading, within + "detailRange.")
    high, high_unit = quantity(span, "high", reading, within + "detailRange.")
    value, unit = quantity(raw, "detailQuantity", reading, within)
    number = reading.number(raw, "detailInteger", within) if value is None else value
    comparator = (reading.part(raw, "detailQuantity", within) or {}).get("comparator")
    return GoalTarget(
        measure=reading.concept_or_none(raw, "measure", within),
        value=number,
        comparator=comparator if comparator in _COMPARATORS else None,
        low=low,
        high=high,
        unit=unit or high_unit or low_unit,
        words=_words(raw, reading, within),
        due=reading.moment(raw, "dueDate", within),
    )


def _words(raw: Raw, reading: Reading, within: str) -> str | None:
    """A target that is no number."""
    said = reading.flag(raw, "detailBoolean", within)
    if said is not None:
        return "yes" if said else "no"
    concept: Concept = reading.concept(raw, "detailCodeableConcept", within)
    return reading.text(raw, "detailString", within) or concept.title

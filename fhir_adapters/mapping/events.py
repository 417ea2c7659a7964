"""What happened: Observation, DiagnosticReport, Procedure, Immunization, QuestionnaireResponse, Encounter."""

from fhir_adapters.mapping.measures import answers, components, quantity
from fhir_adapters.mapping.plain import Raw
from fhir_adapters.mapping.reading import NOTHING, Reading
from plugin.domain.record import Concept, Event, Link, Moment

EVENT_BASED_ON = "http://hl7.org/fhir/StructureDefinition/event-basedOn"

When = tuple[Moment | None, Moment | None]


def observation(raw: Raw, reading: Reading) -> Event:
    """https://hl7.org/fhir/R4/observation.html"""
    start, end = _when(raw, "effective", reading)
    value, unit = _value(raw, reading)
    return Event(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=reading.patient(raw),
        status=reading.text(raw, "status"),
        concepts=_one(reading.concept(raw, "code")),
        categories=reading.concepts(raw, "category"),
        start=start,
        end=end,
        issued=reading.moment(raw, "issued"),
        based_on=_based_on(raw, reading),
        part_of=reading.links(raw, "partOf"),
        members=reading.links(raw, "hasMember"),
        encounter=reading.link(raw, "encounter"),
        identifiers=reading.identifiers(raw),
        valueless="dataAbsentReason" in raw and not _has_value(raw, reading),
        value=value,
        unit=unit,
        components=components(raw, reading) if "component" in raw else (),
        performers=reading.links(raw, "performer"),
    )


def diagnostic_report(raw: Raw, reading: Reading) -> Event:
    """https://hl7.org/fhir/R4/diagnosticreport.html"""
    start, end = _when(raw, "effective", reading)
    return Event(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=reading.patient(raw),
        status=reading.text(raw, "status"),
        concepts=_one(reading.concept(raw, "code")),
        categories=reading.concepts(raw, "category"),
        start=start,
        end=end,
        issued=reading.moment(raw, "issued"),
        based_on=_based_on(raw, reading),
        members=reading.links(raw, "result"),
        encounter=reading.link(raw, "encounter"),
        identifiers=reading.identifiers(raw),
        performers=reading.links(raw, "performer"),
    )


def procedure(raw: Raw, reading: Reading) -> Event:
    """https://hl7.org/fhir/R4/procedure.html"""
    start, end = _when(raw, "performed", reading)
    return Event(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=reading.patient(raw),
        status=reading.text(raw, "status"),
        concepts=_one(reading.concept(raw, "code")),
        categories=_one(reading.concept(raw, "category")),
        start=start,
        end=end,
        based_on=_based_on(raw, reading),
        part_of=reading.links(raw, "partOf"),
        encounter=reading.link(raw, "encounter"),
        identifiers=reading.identifiers(raw),
        performers=_actors(raw, "performer", "actor", reading),
    )


def immunization(raw: Raw, reading: Reading) -> Event:
    """https://hl7.org/fhir/R4/immunization.html"""
    return Event(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=reading.patient(raw, "patient"),
        status=reading.text(raw, "status"),
        concepts=_one(reading.concept(raw, "vaccineCode")),
        start=reading.moment(raw, "occurrenceDateTime"),
        based_on=_based_on(raw, reading),
        encounter=reading.link(raw, "encounter"),
        identifiers=reading.identifiers(raw),
        performers=_actors(raw, "performer", "actor", reading),
    )


def questionnaire_response(raw: Raw, reading: Reading) -> Event:
    """https://hl7.org/fhir/R4/questionnaireresponse.html: of the answers, the numbers of known instruments."""
    identifier = reading.identifier(raw, "identifier")
    author = reading.link(raw, "author")
    return Event(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=reading.patient(raw),
        status=reading.text(raw, "status"),
        start=reading.moment(raw, "authored"),
        based_on=_based_on(raw, reading),
        part_of=reading.links(raw, "partOf"),
        encounter=reading.link(raw, "encounter"),
        identifiers=() if identifier is None else (identifier,),
        components=answers(raw, reading),
        questionnaire=reading.text(raw, "questionnaire"),
        performers=() if author is None else (author,),
    )


def encounter(raw: Raw, reading: Reading) -> Event:
    """https://hl7.org/fhir/R4/encounter.html: its class (ambulatory, virtual, …) is a category."""
    start, end = reading.period(raw, "period")
    setting = reading.coding(raw, "class")
    whole = reading.link(raw, "partOf")
    return Event(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=reading.patient(raw),
        status=reading.text(raw, "status"),
        concepts=reading.concepts(raw, "type") + _one(reading.concept(raw, "serviceType")),
        categories=() if setting is None else (Concept((setting,)),),
        start=start,
        end=end,
        based_on=_based_on(raw, reading),
        part_of=() if whole is None else (whole,),
        appointments=reading.links(raw, "appointment"),
        identifiers=reading.identifiers(raw),
        performers=_actors(raw, "participant", "individual", reading),
    )


def _one(concept: Concept) -> tuple[Concept, ...]:
    return () if concept is NOTHING else (concept,)


def _when(raw: Raw, stem: str, reading: Reading) -> When:
    """A choice of dateTime, instant or Period; a Timing, Age, Range or text places nothing."""
    at = reading.moment(raw, stem + "DateTime") or reading.moment(raw, stem + "Instant")
    return (at, None) if at is not None else reading.period(raw, stem + "Period")


def _based_on(raw: Raw, reading: Reading) -> tuple[Link, ...]:
    """R4's own element, and the extension for events that have none."""
    links = reading.links(raw, "basedOn")
    return links + extended_links(raw, EVENT_BASED_ON, reading) if "extension" in raw else links


def extended_links(raw: Raw, url: str, reading: Reading) -> tuple[Link, ...]:
    """The references of one extension, in order."""
    found = (item for item in reading.parts(raw, "extension") if item.get("url") == url)
    links = (reading.link(item, "valueReference", "extension.") for item in found)
    return tuple(link for link in links if link is not None)


def _actors(raw: Raw, name: str, actor: str, reading: Reading) -> tuple[Link, ...]:
    if name not in raw:
        return ()
    found = (reading.link(item, actor, name + ".") for item in reading.parts(raw, name))
    return tuple(link for link in found if link is not None)


def _value(raw: Raw, reading: Reading) -> tuple[float | None, str | None]:
    """The number of a result or score, with its unit as text (its code where there is no text)."""
    if raw.get("valueQuantity") is None:
        return reading.number(raw, "valueInteger"), None
    return quantity(raw, "valueQuantity", reading)


def _has_value(raw: Raw, reading: Reading) -> bool:
    """In itself or in a component (E1)."""
    parts = [raw, *(reading.parts(raw, "component") if "component" in raw else [])]
    return any(name.startswith("value") and part[name] is not None for part in parts for name in part)

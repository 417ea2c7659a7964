"""Requests: Task, ServiceRequest, CommunicationRequest, MedicationRequest, NutritionOrder, DeviceRequest,
VisionPrescription, RequestGroup: what is to be done."""

from fhir_adapters.mapping.plain import Raw
from fhir_adapters.mapping.reading import NOTHING, Reading
from fhir_adapters.mapping.schedules import UNPLANNED, schedule
from plugin.domain.record import Action, Concept, Link, Order

DEEPEST_ACTION = 16
"""Actions within actions: protocols nest three or four levels; a chart that nests more is no protocol."""


def task(raw: Raw, reading: Reading) -> Order:
    """https://hl7.org/fhir/R4/task.html"""
    identifiers = reading.identifiers(raw)
    restriction = reading.part(raw, "restriction") or {}
    restricted_from, restricted_to = reading.period(restriction, "period", "restriction.")
    begun, ended = reading.period(raw, "executionPeriod")
    return Order(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=reading.patient(raw, "for"),
        status=reading.text(raw, "status"),
        intent=reading.text(raw, "intent"),
        concept=reading.concept(raw, "code"),
        description=reading.text(raw, "description"),
        identifiers=identifiers,
        ours=reading.is_ours(raw, identifiers),
        based_on=reading.links(raw, "basedOn"),
        focus=reading.link(raw, "focus"),
        part_of=reading.links(raw, "partOf"),
        owner=reading.link(raw, "owner"),
        restriction_start=restricted_from,
        restriction_end=restricted_to,
        execution_start=begun,
        execution_end=ended,
        authored_on=reading.moment(raw, "authoredOn"),
        last_modified=reading.moment(raw, "lastModified"),
        status_reason=reading.concept_or_none(raw, "statusReason"),
        business_status=reading.concept_or_none(raw, "businessStatus"),
        outputs=_outputs(raw, reading),
        instantiates=_single_instantiates(raw, reading),
    )


def service_request(raw: Raw, reading: Reading) -> Order:
    """https://hl7.org/fhir/R4/servicerequest.html"""
    return _request(
        raw,
        reading,
        concept=reading.concept(raw, "code"),
        performers=reading.links(raw, "performer"),
        occurs="occurrence",
        may_forbid=True,
    )


def communication_request(raw: Raw, reading: Reading) -> Order:
    """https://hl7.org/fhir/R4/communicationrequest.html: it has no code; the first text of its payload describes it."""
    payload = reading.parts(raw, "payload") if "payload" in raw else []
    texts = (reading.text(part, "contentString", "payload.") for part in payload)
    return _request(
        raw,
        reading,
        concept=NOTHING,
        performers=_one(reading.link(raw, "sender")),
        occurs="occurrence",
        may_forbid=True,
        description=next((text for text in texts if text), None),
    )


def medication_request(raw: Raw, reading: Reading) -> Order:
    """https://hl7.org/fhir/R4/medicationrequest.html: how long a supply may be dispensed is no due date."""
    return _request(
        raw,
        reading,
        concept=_code_or_reference(raw, "medicationCodeableConcept", "medicationReference", reading),
        performers=_one(reading.link(raw, "performer")),
        may_forbid=True,
    )


def device_request(raw: Raw, reading: Reading) -> Order:
    """https://hl7.org/fhir/R4/devicerequest.html"""
    return _request(
        raw,
        reading,
        concept=_code_or_reference(raw, "codeCodeableConcept", "codeReference", reading),
        performers=_one(reading.link(raw, "performer")),
        occurs="occurrence",
    )


def nutrition_order(raw: Raw, reading: Reading) -> Order:
    """https://hl7.org/fhir/R4/nutritionorder.html: the first diet, supplement or formula says what it is."""
    diet = reading.part(raw, "oralDiet") or {}
    supplements = reading.parts(raw, "supplement") if "supplement" in raw else []
    formula = reading.part(raw, "enteralFormula") or {}
    offered = (
        *reading.concepts(diet, "type", "oralDiet."),
        *(reading.concept(item, "type", "supplement.") for item in supplements),
        reading.concept(formula, "baseFormulaType", "enteralFormula."),
    )
    return _request(
        raw,
        reading,
        concept=next((concept for concept in offered if concept is not NOTHING), NOTHING),
        subject="patient",
        authored="dateTime",
    )


def vision_prescription(raw: Raw, reading: Reading) -> Order:
    """https://hl7.org/fhir/R4/visionprescription.html"""
    lenses = reading.parts(raw, "lensSpecification") if "lensSpecification" in raw else []
    products = (reading.concept(lens, "product", "lensSpecification.") for lens in lenses)
    return _request(
        raw,
        reading,
        concept=next((concept for concept in products if concept is not NOTHING), NOTHING),
        performers=_one(reading.link(raw, "prescriber")),
        subject="patient",
        authored="dateWritten",
    )


def request_group(raw: Raw, reading: Reading) -> Order:
    """https://hl7.org/fhir/R4/requestgroup.html (O8)"""
    return _request(
        raw,
        reading,
        concept=reading.concept(raw, "code"),
        actions=_actions(raw, reading, "", 1),
    )


def _request(
    raw: Raw,
    reading: Reading,
    *,
    concept: Concept,
    performers: tuple[Link, ...] = (),
    occurs: str = "",
    may_forbid: bool = False,
    description: str | None = None,
    actions: tuple[Action, ...] = (),
    subject: str = "subject",
    authored: str = "authoredOn",
) -> Order:
    """What R4's request pattern gives to all of them."""
    identifiers = reading.identifiers(raw)
    return Order(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=reading.patient(raw, subject),
        status=reading.text(raw, "status"),
        intent=reading.text(raw, "intent"),
        do_not_perform=may_forbid and reading.flag(raw, "doNotPerform") is True,
        concept=concept,
        categories=reading.concepts(raw, "category"),
        description=description,
        identifiers=identifiers,
        ours=reading.is_ours(raw, identifiers),
        based_on=reading.links(raw, "basedOn"),
        performers=performers,
        schedule=schedule(raw, occurs, reading) if occurs else UNPLANNED,
        authored_on=reading.moment(raw, authored),
        status_reason=reading.concept_or_none(raw, "statusReason"),
        instantiates=instantiates(raw, reading),
        actions=actions,
    )


def instantiates(raw: Raw, reading: Reading) -> tuple[str, ...]:
    """The canonicals and addresses of the protocols that a request follows."""
    if "instantiatesCanonical" not in raw and "instantiatesUri" not in raw:
        return ()
    return reading.texts(raw, "instantiatesCanonical") + reading.texts(raw, "instantiatesUri")


def _single_instantiates(raw: Raw, reading: Reading) -> tuple[str, ...]:
    """A Task follows one protocol, so R4 has no list here."""
    found = (reading.text(raw, "instantiatesCanonical"), reading.text(raw, "instantiatesUri"))
    return tuple(text for text in found if text is not None)


def _one(link: Link | None) -> tuple[Link, ...]:
    return () if link is None else (link,)


def _outputs(raw: Raw, reading: Reading) -> tuple[Link, ...]:
    if "output" not in raw:
        return ()
    found = (reading.link(item, "valueReference", "output.") for item in reading.parts(raw, "output"))
    return tuple(link for link in found if link is not None)


def _code_or_reference(raw: Raw, coded: str, referred: str, reading: Reading) -> Concept:
    """A product by code, else by the code of a contained resource, else by the display of the reference."""
    concept = reading.concept(raw, coded)
    if concept is not NOTHING or referred not in raw:
        return concept
    link = reading.link(raw, referred)
    if link is None:
        return NOTHING
    inside = reading.contained.get(link.ref or "")
    if inside is not None:
        concept = reading.concept(inside, "code", "contained.")
    return concept if concept is not NOTHING or link.display is None else Concept((), link.display)


def _actions(holder: Raw, reading: Reading, path: str, depth: int) -> tuple[Action, ...]:
    if "action" not in holder:
        return ()
    if depth > DEEPEST_ACTION:
        reading.drop("action", "nested too deeply")
        return ()
    return tuple(
        _action(action, reading, f"{path}action[{place}]", depth)
        for place, action in reading.placed(holder, "action", "action." * (depth > 1))
    )


def _action(raw: Raw, reading: Reading, place: str, depth: int) -> Action:
    within = "action."
    return Action(
        place=place,
        id=reading.text(raw, "id", within),
        title=reading.text(raw, "title", within),
        description=reading.text(raw, "description", within),
        concepts=reading.concepts(raw, "code", within),
        schedule=schedule(raw, "timing", reading, within),
        resource=reading.link(raw, "resource", within),
        performers=reading.links(raw, "participant", within),
        actions=_actions(raw, reading, f"{place}.", depth + 1),
    )

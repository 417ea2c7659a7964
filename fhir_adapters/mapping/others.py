"""Flag, Condition, Consent, DocumentReference and Provenance: what conditions, queues and authorship need of them."""

from fhir_adapters.mapping.plain import Raw
from fhir_adapters.mapping.reading import NOTHING, Reading
from plugin.domain.record import Concept, Other, Provenance

_UNTRUE = frozenset({"entered-in-error", "refuted"})


def flag(raw: Raw, reading: Reading) -> Other:
    """https://hl7.org/fhir/R4/flag.html"""
    start, end = reading.period(raw, "period")
    return Other(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=reading.patient(raw),
        status=reading.text(raw, "status"),
        concepts=_one(reading.concept(raw, "code")),
        categories=reading.concepts(raw, "category"),
        start=start,
        end=end,
        ours=reading.is_ours(raw, reading.identifiers(raw)),
    )


def condition(raw: Raw, reading: Reading) -> Other:
    """https://hl7.org/fhir/R4/condition.html: `status` is the clinical one, unless the condition is not true at all."""
    since, until = reading.period(raw, "onsetPeriod")
    abated, gone = reading.period(raw, "abatementPeriod")
    verification = _first_code(reading.concept(raw, "verificationStatus"))
    clinical = _first_code(reading.concept(raw, "clinicalStatus"))
    return Other(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=reading.patient(raw),
        status=verification if verification in _UNTRUE else clinical,
        concepts=_one(reading.concept(raw, "code")),
        categories=reading.concepts(raw, "category"),
        start=reading.moment(raw, "onsetDateTime") or since or reading.moment(raw, "recordedDate"),
        end=reading.moment(raw, "abatementDateTime") or abated or gone or until,
    )


def consent(raw: Raw, reading: Reading) -> Other:
    """https://hl7.org/fhir/R4/consent.html: `values` is the base rule, permit or deny."""
    provision = reading.part(raw, "provision") or {}
    start, end = reading.period(provision, "period", "provision.")
    rule = reading.text(provision, "type", "provision.")
    return Other(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=reading.patient(raw, "patient"),
        status=reading.text(raw, "status"),
        concepts=_one(reading.concept(raw, "scope")),
        categories=reading.concepts(raw, "category"),
        start=start or reading.moment(raw, "dateTime"),
        end=end,
        values=() if rule is None else (Concept((), rule),),
    )


def document_reference(raw: Raw, reading: Reading) -> Other:
    """https://hl7.org/fhir/R4/documentreference.html, without its content. A note's day is that of what it documents,
    else the day it was made."""
    context = reading.part(raw, "context") or {}
    start, end = reading.period(context, "period", "context.")
    return Other(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        subject=reading.patient(raw),
        status=reading.text(raw, "status"),
        concepts=_one(reading.concept(raw, "type")),
        categories=reading.concepts(raw, "category"),
        start=start or reading.moment(raw, "date"),
        end=end,
        links=reading.links(context, "encounter", "context.") + reading.links(context, "related", "context."),
    )


def provenance(raw: Raw, reading: Reading) -> Provenance:
    """https://hl7.org/fhir/R4/provenance.html"""
    targets = (link.ref for link in reading.links(raw, "target"))
    agents = (reading.ref_of(agent, "who", "agent.") for agent in reading.parts(raw, "agent"))
    return Provenance(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        targets=tuple(ref for ref in targets if ref is not None),
        agents=tuple(ref for ref in agents if ref is not None),
        recorded=reading.moment(raw, "recorded"),
        ours=reading.is_ours(raw),
    )


def _one(concept: Concept) -> tuple[Concept, ...]:
    return () if concept is NOTHING else (concept,)


def _first_code(concept: Concept) -> str | None:
    return next((coding.code for coding in concept.codings if coding.code), None)

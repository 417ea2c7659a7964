"""Appointment: what is booked, kept, missed or cancelled."""

from fhir_adapters.mapping.events import extended_links
from fhir_adapters.mapping.plain import Raw
from fhir_adapters.mapping.reading import Reading
from plugin.domain.record import Appointment, Participant

BACKPORT_BASED_ON = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.basedOn"


def appointment(raw: Raw, reading: Reading) -> Appointment:
    """https://hl7.org/fhir/R4/appointment.html"""
    return Appointment(
        ref=reading.ref,
        version=reading.version,
        seen=reading.seen,
        status=reading.text(raw, "status"),
        start=reading.moment(raw, "start"),
        end=reading.moment(raw, "end"),
        participants=tuple(
            Participant(reading.ref_of(item, "actor", "participant."), reading.text(item, "status", "participant."))
            for item in reading.parts(raw, "participant")
        ),
        based_on=reading.links(raw, "basedOn"),
        backport_based_on=extended_links(raw, BACKPORT_BASED_ON, reading) if "extension" in raw else (),
        supporting=reading.links(raw, "supportingInformation"),
        service_types=reading.concepts(raw, "serviceType"),
        reasons=reading.concepts(raw, "reasonCode"),
        appointment_type=reading.concept_or_none(raw, "appointmentType"),
        cancelation_reason=reading.concept_or_none(raw, "cancelationReason"),
        identifiers=reading.identifiers(raw),
        description=reading.text(raw, "description"),
    )

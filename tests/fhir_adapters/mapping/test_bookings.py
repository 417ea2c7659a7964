"""Tests of fhir_adapters/mapping/bookings.py: Appointment."""

from fhir_adapters.mapping import Mapped, map_resource
from plugin.domain.record import Appointment, Coding, Concept, Identifier, Link, Participant
from tests.fhir_adapters.mapping.shelf import RULES, mapped, raw

SNOMED = "http://snomed.info/sct"


def test_an_appointment_keeps_its_links_apart_by_how_far_they_are_believed() -> None:
    """DESIGN §4.4: basedOn, supporting information, and the back-port of R5 are not the same."""
    booking = mapped(raw("appointment"))

    assert isinstance(booking, Appointment)
    assert booking.based_on == (Link("ServiceRequest/sr1"),)
    assert booking.backport_based_on == (Link("Task/t1"),)
    assert booking.supporting == (Link("CarePlan/cp1"),)
    assert booking.identifiers == (Identifier("urn:syn:order", "O-1"),)
    assert booking.service_types == (Concept((Coding(SNOMED, "390906007"),)),)
    assert booking.reasons == (Concept((Coding(SNOMED, "44054006"),)),)


def test_an_appointment_keeps_what_decides_whether_it_was_missed() -> None:
    """Status, start, why it was cancelled, and what each participant said."""
    booking = mapped(raw("appointment"))

    assert isinstance(booking, Appointment)
    assert (booking.status, booking.start, booking.end) == ("cancelled", "2026-06-10T14:00:00Z", "2026-06-10T14:30:00Z")
    assert booking.cancelation_reason is not None
    assert booking.cancelation_reason.codings[0].code == "pat"
    assert booking.participants == (
        Participant("Patient/syn-1", "accepted"),
        Participant("Patient/syn-2", "declined"),
        Participant(None, "accepted"),
        Participant("Practitioner/dr1", "accepted"),
    )


def test_a_group_appointment_belongs_to_every_patient_in_it() -> None:
    """Each patient's record gets it."""
    found = map_resource(raw("appointment"), RULES, {})

    assert isinstance(found, Mapped)
    assert found.patients == ("Patient/syn-1", "Patient/syn-2")

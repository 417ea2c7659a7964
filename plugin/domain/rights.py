"""What an OpenEMR has to allow Milepost, scope by scope, and what is missing without it, in words.

Spelled as OpenEMR 8.2 lists each: in v1 where it can be (Appointment, Location and Person are there in v1 alone), in v2
where that alone is listed. What is registered there is what is asked for later: a scope that was not registered is left
out of every answer, and nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Right(NamedTuple):
    """One permission. ``means`` ends the sentence that begins with "cannot"."""

    scope: str
    means: str


READING: Sequence[Right] = (
    Right("system/Patient.read", "read patients"),
    Right("system/CarePlan.read", "read care plans"),
    Right("system/Goal.read", "read goals"),
    Right("system/Appointment.read", "read appointments"),
    Right("system/Encounter.read", "read visits"),
    Right("system/Observation.read", "read results"),
    Right("system/Condition.read", "read diagnoses"),
    Right("system/Procedure.read", "read procedures"),
    Right("system/Immunization.read", "read immunizations"),
    Right("system/DiagnosticReport.read", "read reports"),
    Right("system/QuestionnaireResponse.rs", "read questionnaires"),
    Right("system/ServiceRequest.rs", "read orders"),
    Right("system/CareTeam.read", "read care teams"),
    Right("system/Practitioner.read", "read who works there"),
    Right("system/Person.read", "read who works there without an NPI"),
)
"""Our own reading: what is there and Milepost looks at."""

MESSAGING: Sequence[Right] = (
    Right("user/message.write", "write staff messages"),
    Right("user/patient.read", "look up a patient's number"),
)
"""What a staff account is for, by the Standard API (its types are written small)."""

PANEL: Sequence[Right] = (Right("user/Patient.read", "read the patient"),)
"""What the panel does with the person's own token, once, at the launch."""

FOR_READING = tuple(right.scope for right in READING)
FOR_STAFF = ("openid", "fhirUser", "offline_access", "api:oemr", *(right.scope for right in MESSAGING))
"""With ``offline_access``: nobody is there when a message is due. ``api:oemr`` opens the Standard API."""
FOR_PANEL = ("openid", "fhirUser", "api:fhir", *(right.scope for right in PANEL))
"""Beside ``launch``, and never with ``launch/patient``: with both OpenEMR 8.2 asks for the patient again and forgets the
chart. Rights of ``user/``, as its launches were recorded. Neither ``offline_access`` nor ``online_access``: nothing is
done with this person's token after the launch. The one would leave behind, with each launch, a token of three months
that nobody can take back (there is no revocation endpoint); the other gives nothing there."""

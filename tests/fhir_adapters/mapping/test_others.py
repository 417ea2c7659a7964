"""Tests of fhir_adapters/mapping/others.py: flags, conditions, consents, notes and authorship."""

import pytest

from plugin.domain.record import Coding, Concept, Link, Other, Provenance
from tests.fhir_adapters.mapping.shelf import mapped, raw

SNOMED = "http://snomed.info/sct"


def another(name: str, **changes: object) -> Other:
    fact = mapped(raw(name, **changes))
    assert isinstance(fact, Other)
    return fact


def test_our_flag_is_known_as_ours() -> None:
    """By its identifier, also when the server lost the tag."""
    flag = another("flag")

    assert (flag.ours, flag.status, flag.start) == (True, "active", "2026-06-01")


@pytest.mark.parametrize(
    ("verification", "status"),
    [
        ("confirmed", "active"),
        ("provisional", "active"),
        ("refuted", "refuted"),
        ("entered-in-error", "entered-in-error"),
    ],
)
def test_a_condition_that_is_not_true_is_not_active(verification: str, status: str) -> None:
    """Refuted or entered in error, whatever its clinical status says."""
    condition = another("condition", verificationStatus={"coding": [{"code": verification}]})

    assert condition.status == status
    assert condition.concepts == (Concept((Coding(SNOMED, "44054006", "Type 2 diabetes"),)),)
    assert condition.start == "2019"


def test_a_consent_keeps_its_rule() -> None:
    """Permit or deny, from when, until when."""
    consent = another("consent")

    assert consent.values == (Concept((), "deny"),)
    assert (consent.subject, consent.start, consent.end) == ("Patient/syn-1", "2026-01-05", "2027-01-05")


def test_a_note_is_kept_without_its_content() -> None:
    """Type, date and links are enough to know that a visit was documented."""
    note = another("document_reference")

    assert (note.status, note.start) == ("current", "2026-06-10")
    assert note.links == (Link("Encounter/e1"), Link("ServiceRequest/sr1"))
    assert "c2VjcmV0" not in repr(note)


def test_a_provenance_says_who_changed_what() -> None:
    """Agents without a reference are nobody that could be named."""
    provenance = mapped(raw("provenance"))

    assert isinstance(provenance, Provenance)
    assert (provenance.targets, provenance.agents) == (("Task/t1",), ("Practitioner/dr1",))
    assert provenance.recorded == "2026-06-01T12:40:21Z"
    assert not provenance.ours

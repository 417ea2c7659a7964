"""Tests of fhir_adapters/mapping/people.py: patients, practitioners, care teams."""

import pytest

from fhir_adapters.mapping.people import INTERPRETER_NEEDED, INTERPRETER_REQUIRED
from plugin.domain.record import CareTeam, Coding, Identifier, Link, Member, Other, Patient
from tests.fhir_adapters.mapping.shelf import mapped, raw

SNOMED = "http://snomed.info/sct"


def a_patient(**changes: object) -> Patient:
    patient = mapped(raw("patient", **changes))
    assert isinstance(patient, Patient)
    return patient


def test_a_patient_keeps_the_strip_and_the_language() -> None:
    """Name, date of birth, record number: what is drawn on every page about one patient."""
    patient = a_patient()

    assert (patient.name, patient.family, patient.birth_date) == ("Testa Q. Synthetic", "Synthetic", "1961-04-02")
    assert (patient.mrn, patient.language) == ("MRN-0001", "es")
    assert patient.identifiers == (Identifier("urn:syn:insurance", "INS-1"), Identifier("urn:syn:mrn", "MRN-0001"))
    assert (patient.active, patient.deceased, patient.replaced_by) == (True, False, None)


@pytest.mark.parametrize(
    ("names", "name", "family"),
    [
        ([{"text": "Testa S.", "family": "S."}], "Testa S.", "S."),
        ([{"use": "old", "family": "Old"}, {"family": "Now"}], "Now", "Now"),
        ([{"family": "First"}, {"use": "usual", "family": "Usual"}], "Usual", "Usual"),
        ([{"use": "old", "family": "Old"}], "Old", "Old"),
        ([{"given": ["Testa"]}], "Testa", None),
        ([{}], None, None),
        (["x", None], None, None),
        (None, None, None),
    ],
)
def test_the_name_is_the_one_a_patient_is_called_by(names: object, name: str | None, family: str | None) -> None:
    """Official, else usual, else the first that is not past."""
    patient = a_patient(name=names)

    assert (patient.name, patient.family) == (name, family)


@pytest.mark.parametrize(
    ("elements", "deceased", "at"),
    [
        ({"deceasedBoolean": True}, True, None),
        ({"deceasedBoolean": False}, False, None),
        ({"deceasedDateTime": "2026-03"}, True, "2026-03"),
        ({"deceasedDateTime": "2026-99-99"}, True, None),
        ({"deceasedDateTime": ""}, False, None),
        ({"deceasedDateTime": 2026}, False, None),
        ({"deceasedBoolean": "true"}, False, None),
    ],
)
def test_a_death_is_not_overlooked(elements: dict[str, object], deceased: bool, at: str | None) -> None:
    """A broken date of death is still a death: no message goes to the dead."""
    patient = a_patient(**elements)

    assert (patient.deceased, patient.deceased_at) == (deceased, at)


def test_a_merged_record_names_its_survivor() -> None:
    """S7: only `replaced-by`; the survivor's own link back says nothing."""
    links = [
        {"type": "seealso", "other": {"reference": "Patient/x"}},
        {"type": "replaced-by", "other": {"reference": "Patient/y"}},
    ]

    assert a_patient(link=links).replaced_by == "Patient/y"


def test_inactive_is_only_what_says_so() -> None:
    """A record without the element is active."""
    assert a_patient(active=None).active
    assert not a_patient(active=False).active


def test_without_a_record_number_the_first_identifier_stands_in() -> None:
    """And without a language the text of it."""
    patient = a_patient(
        identifier=[{"system": "urn:syn"}, {"value": "A-1"}], communication=[{"language": {"text": "Spanish"}}]
    )

    assert (patient.mrn, patient.language) == ("A-1", "Spanish")
    assert a_patient(identifier=None, communication=None).mrn is None


def test_practitioners_and_roles_have_names() -> None:
    """An owner is shown by name; a role leads to its person."""
    person, role = mapped(raw("practitioner")), mapped(raw("practitioner_role"))

    assert isinstance(person, Other)
    assert (person.name, person.status) == ("Dr. Syn Thetic", "active")
    assert isinstance(role, Other)
    assert (role.name, role.status, role.start) == ("Dr. Syn Thetic", "inactive", "2020")
    assert role.links == (Link("Practitioner/dr1", "Dr. Syn Thetic"), Link("Organization/org1"))
    assert role.concepts[0].codings == (Coding(SNOMED, "768820003"),)


def test_a_care_team_says_who_has_which_role() -> None:
    """A program's owner role is resolved in it."""
    team = mapped(raw("care_team"))

    assert isinstance(team, CareTeam)
    assert team.members == (
        Member(
            "PractitionerRole/pr1",
            (Coding(SNOMED, "768820003", "Care coordinator"),),
            "Organization/org1",
            "Syn Coordinator",
            "Care coordinator",
        ),
        Member("Patient/syn-1"),
    )
    assert team.name == "Team of one"


@pytest.mark.parametrize(
    ("extension", "needs"),
    [
        ({"url": INTERPRETER_REQUIRED, "valueBoolean": True}, True),
        ({"url": INTERPRETER_REQUIRED, "valueBoolean": False}, False),
        ({"url": INTERPRETER_REQUIRED, "valueBoolean": "yes"}, None),
        ({"url": INTERPRETER_NEEDED, "valueCoding": {"system": SNOMED, "code": "373066001"}}, True),
        ({"url": INTERPRETER_NEEDED, "valueCoding": {"system": SNOMED, "code": "373067005"}}, False),
        ({"url": INTERPRETER_NEEDED, "valueCoding": {"system": SNOMED, "code": "261665006"}}, None),
        ({"url": "urn:other", "valueBoolean": True}, None),
        ("x", None),
    ],
)
def test_an_interpreter_is_needed_not_needed_or_unknown(extension: object, needs: bool | None) -> None:
    """A no is an answer; whoever was never asked has none."""
    assert a_patient(extension=[extension]).needs_interpreter is needs
    assert a_patient().needs_interpreter is None


def test_a_language_has_a_name_for_people() -> None:
    """Beside its code, as the chart has it."""
    spoken = {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "es", "display": "Spanish"}]}}
    patient = a_patient(communication=[spoken])

    assert (patient.language, patient.language_name) == ("es", "Spanish")

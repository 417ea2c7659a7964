"""A resource in words."""

import pytest

from deploy.demo.ehr.record import patient_in, rows, spoken


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("booked", "booked"),
        (True, "yes"),
        (0, "0"),
        ({"coding": [{"code": "4548-4", "display": "HbA1c"}]}, "HbA1c"),
        ({"text": "Flu shot"}, "Flu shot"),
        ({"reference": "Practitioner/p", "display": "Testa"}, "Testa"),
        ({"reference": "Practitioner/p"}, "Practitioner/p"),
        ({"value": 7, "comparator": "<", "unit": "%"}, "< 7 %"),
        ({"start": "2026-01-01"}, "2026-01-01"),
        ({"start": "2026-01-01", "end": "2026-02-01"}, "2026-01-01 to 2026-02-01"),
        ([{"text": "one"}, {}, {"text": "two"}], "one; two"),
        ({"status": "accepted", "actor": {"display": "Testa"}}, "accepted, Testa"),
    ],
)
def test_a_value_is_said_in_words(value: object, words: str) -> None:
    """As far as a person reads it; a zero is a value."""
    assert spoken(value) == words


def test_what_is_for_machines_is_left_out() -> None:
    """Ids, narrative, extensions; and what is empty."""
    resource = {
        "resourceType": "Task",
        "id": "t",
        "meta": {},
        "status": "ready",
        "note": [],
        "basedOn": {"display": "x"},
    }

    assert rows(resource) == [("Status", "ready"), ("Based on", "x")]


def test_whose_it_is() -> None:
    """One patient's, or nobody's in particular."""
    booked = [{"actor": {"reference": "Patient/a"}}, {"actor": {"reference": "Practitioner/p"}}, {}]

    assert patient_in({"for": {"reference": "Patient/a"}}) == "a"
    assert patient_in({"participant": booked}) == "a"
    assert patient_in({"participant": [*booked, {"actor": {"reference": "Patient/b"}}]}) is None
    assert patient_in({"name": "x"}) is None

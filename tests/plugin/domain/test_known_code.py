"""What the code picker offers, and how the charts' codes are counted."""

import pytest

from plugin.domain.known_code import CodeSeen, Place, Tally, choices
from plugin.domain.record import Coding

LOINC = "http://loinc.org"
A1C = Coding(LOINC, "4548-4", "Hemoglobin A1c")
SEEN = [
    CodeSeen(LOINC, "4548-4", "HbA1c (laboratory's own name)", 812),
    CodeSeen(LOINC, "17856-6", "Hemoglobin A1c by HPLC", 40),
    CodeSeen(LOINC, "718-7", "Hemoglobin", 900),
    CodeSeen(LOINC, "4548", "Something else", 1),
]


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("hemoglobin", ["4548-4", "718-7", "17856-6"]),  # what a program names, then by the number of patients
        ("a1c hemo", ["4548-4", "17856-6"]),  # every word, in any order
        ("4548", ["4548", "4548-4"]),  # the very code first
        ("718", ["718-7"]),
        ("", []),
        ("   ", []),
        ("nothing like it", []),
        ("%", []),
    ],
)
def test_best_first(query: str, codes: list[str]) -> None:
    """The very code, then what begins so, what is in use already, and what most patients have."""
    assert [choice.coding.code for choice in choices(query, [A1C], SEEN, 10)] == codes


def test_a_code_is_one_line() -> None:
    """Under the name that the program gives it, with how many have it; not more than asked for."""
    (first,) = choices("hemoglobin", [A1C, A1C], SEEN, 1)

    assert (first.coding, first.patients, first.is_named) == (A1C, 812, True)


def test_patients_are_counted_not_records() -> None:
    """Three results of one patient are one; the commonest name is kept, and a code without a system is none."""
    tally = Tally()
    tally.add(Place(1, "Patient/1", "Observation/1"), [A1C, Coding("", "x"), Coding(LOINC, "")])
    tally.add(Place(1, "Patient/1", "Observation/2"), [A1C, A1C])
    tally.add(Place(1, "Patient/2", "Observation/3"), [Coding(LOINC, "4548-4", "HbA1c")])
    tally.add(Place(2, "Patient/1", "Observation/1"), [Coding(LOINC, "4548-4", "HbA1c")])

    assert tally.seen() == [CodeSeen(LOINC, "4548-4", "HbA1c", 3)]

"""What a search finds a patient by."""

from dataclasses import replace

import pytest

from plugin.domain.record import Moment, Patient, Record
from plugin.domain.search import found_by, search_words

ANA = Patient(
    ref="Patient/p1",
    name="Ána María Test-Rivera",
    family="Test-Rivera",
    mrn="DEMO-00412",
    birth_date=Moment("1961-04-02"),
)


def test_found_by_name_number_and_birth() -> None:
    """Each once, in small letters without accents; a number whole and in its parts."""
    words = found_by(Record.of(ANA.ref, "clinic", [ANA], []))

    assert words == "ana maria test rivera demo 00412 demo00412 19610402"


def test_a_replaced_record_leads_to_its_survivor() -> None:
    """By its old name and its old number, in whatever order the facts came."""
    old = Patient(ref="Patient/p0", name="Ana Test-Before", mrn="OLD-7", replaced_by=ANA.ref)
    older = Patient(ref="Patient/p00", name="Ana Test-Once", replaced_by=old.ref)
    other = Patient(ref="Patient/p2", name="Bruno Test-Other")

    words = found_by(Record.of(ANA.ref, "clinic", [old, ANA, other, older], []))

    assert words == "ana maria test rivera demo 00412 demo00412 19610402 before old 7 old7 once"
    assert words == found_by(Record.of(ANA.ref, "clinic", [older, other, old, ANA], []))


def test_nobody_known() -> None:
    """Without a fact about the patient there is nothing to find."""
    assert found_by(Record.of("Patient/p1", "clinic", [], [])) == ""


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Rivera, ANA", ("rivera", "ana")),
        ("O'Brien", ("obrien",)),
        ("O’Brien", ("obrien",)),
        ("Straße Łódź Ørsted", ("strasse", "lodz", "orsted")),
        ("4/2/1961", ("19610402",)),
        ("born 1961-4-2", ("born", "19610402")),
        ("100% _x_ \\", ("100", "x")),
        ("山田", ("山田",)),
        ("  ", ()),
        (" ".join(map(str, range(20))), tuple(map(str, range(8)))),
    ],
)
def test_words_of_a_search(typed: str, words: tuple[str, ...]) -> None:
    """Letters and digits only, whatever was typed; a date in either order."""
    assert search_words(typed) == words


def test_scripts_without_spaces() -> None:
    """Family and given name stand together there, so each may begin anywhere."""
    words = found_by(Record.of(ANA.ref, "clinic", [replace(ANA, name="山田太郎", family=None, mrn=None)], []))

    assert words == "山田太郎 田太郎 太郎 郎 19610402"

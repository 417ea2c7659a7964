"""Whether two records are one person's: only where nothing is left open (row 32)."""

from dataclasses import replace

import pytest

from plugin.domain.companion import Match, Why, digest_of_identity, known_there, match, same_name
from plugin.domain.record import Identifier, Moment, Patient

MRN = Identifier("https://ehr.example/mrn", "1000")
OURS = Patient(ref="Patient/p1", family="Müller", birth_date=Moment("1968-03-14"), identifiers=(MRN,))
THEIRS = replace(OURS, ref="Patient/s1", family="MULLER")


def test_everything_agrees() -> None:
    """Identifier with its system, day of birth, family name: then they are one."""
    assert match(OURS, [THEIRS]) == Match("Patient/s1", candidates=("Patient/s1",))


@pytest.mark.parametrize(
    ("ours", "why"),
    [
        (None, Why.NOT_READ),
        (replace(OURS, identifiers=()), Why.NO_IDENTIFIER),
        (replace(OURS, identifiers=(Identifier("", "1000"),)), Why.NO_IDENTIFIER),
        (replace(OURS, birth_date=None), Why.NO_BIRTH_DATE),
        (replace(OURS, birth_date=Moment("1968-03")), Why.NO_BIRTH_DATE),
        (replace(OURS, family=None), Why.NO_FAMILY_NAME),
        (replace(OURS, family=" - "), Why.NO_FAMILY_NAME),
        (replace(OURS, birth_date=Moment("1968-03-15")), Why.BIRTH_DATE_DIFFERS),
        (replace(OURS, family="Mueller"), Why.NAME_DIFFERS),
        (replace(OURS, identifiers=(Identifier("https://other.example", "1000"),)), Why.NONE_FOUND),
        (replace(OURS, identifiers=(MRN._replace(value="01000"),)), Why.NONE_FOUND),
    ],
)
def test_one_thing_is_missing_or_differs(ours: Patient | None, why: Why) -> None:
    """Then a person decides, and is told why."""
    found = match(ours, [THEIRS])

    assert (found.store_ref, found.why) == (None, why)


@pytest.mark.parametrize(
    ("theirs", "why"),
    [
        (replace(THEIRS, birth_date=None), Why.BIRTH_DATE_DIFFERS),
        (replace(THEIRS, family=None), Why.NAME_DIFFERS),
        (replace(THEIRS, replaced_by="Patient/s2"), Why.REPLACED),
    ],
)
def test_the_stores_record_says_less(theirs: Patient, why: Why) -> None:
    """What it does not say cannot agree."""
    assert match(OURS, [theirs]).why is why


def test_several_records_with_the_identifier() -> None:
    """Even when one of them agrees in all: a store in which two people have one number cannot be trusted with it."""
    other = replace(THEIRS, ref="Patient/s2", family="Other", birth_date=Moment("1999-01-01"))

    assert match(OURS, [other, THEIRS]) == Match(why=Why.SEVERAL, candidates=("Patient/s1", "Patient/s2"))


def test_a_system_that_the_store_calls_otherwise() -> None:
    """As the source's settings say; the value stays as it is."""
    theirs = replace(THEIRS, identifiers=(Identifier("urn:store", "1000"),))
    systems = {MRN.system: "urn:store"}

    assert match(OURS, [theirs]).why is Why.NONE_FOUND
    assert match(OURS, [theirs], systems).store_ref == "Patient/s1"
    assert known_there([MRN, MRN], systems) == (Identifier("urn:store", "1000"),)


@pytest.mark.parametrize(
    ("one", "other"),
    [("O'Brien", "OBRIEN"), ("Smith-Jones", "smith jones"), ("Núñez", "Nunez"), ("Weiß", "WEISS"), ("Αθήνα", "ΑΘΗΝΑ")],
)
def test_names_that_are_the_same(one: str, other: str) -> None:
    """Case, accents, blanks, hyphens and apostrophes do not count."""
    assert same_name(one) == same_name(other)


def test_what_a_link_rests_on() -> None:
    """Identifiers in any order, birth date, name and whether the record was replaced; nothing else."""
    second = Identifier("urn:ssn", "9")
    both, turned = replace(OURS, identifiers=(MRN, second)), replace(OURS, identifiers=(second, MRN))

    assert digest_of_identity(both) == digest_of_identity(replace(turned, version="7", name="Ada", family="MÜLLER"))
    for changed in (
        replace(both, identifiers=(MRN,)),
        replace(both, birth_date=None),
        replace(both, family="Other"),
        replace(both, replaced_by="Patient/p2"),
    ):
        assert digest_of_identity(changed) != digest_of_identity(both)

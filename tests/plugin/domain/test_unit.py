"""Units are read as a clinician writes them, whatever code a chart has for them."""

import pytest

from plugin.domain.unit import is_same_unit, unit_words, with_unit


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ("[lb_av]", "lb"),
        ("lb_av", "lb"),
        ("[in_i]", "in"),
        ("mm[Hg]", "mmHg"),
        ("[degF]", "°F"),
        ("Cel", "°C"),
        ("/min", "per minute"),
        ("{beats}/min", "per minute"),
        ("kg/m2", "kg/m²"),
        ("10*3/uL", "×10³/µL"),
        ("mL/min/{1.73_m2}", "mL/min/1.73 m²"),
        ("[IU]/L", "IU/L"),
        ("%", "%"),
        ("sessions per week", "sessions per week"),
        ("{score}", ""),
        ("1", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_unit_is_written_as_people_write_it(unit: str | None, words: str) -> None:
    """What is not in the list stays as it is, without marks for machines."""
    assert unit_words(unit) == words


def test_points_have_no_unit() -> None:
    """A number alone ends without a blank."""
    assert (with_unit("14", "{score}"), with_unit("91.4", "kg")) == ("14", "91.4 kg")


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ("[lb_av]", "lb", True),
        ("mm[Hg]", "mmHg", True),
        (" % ", "%", True),
        ("{score}", None, True),
        ("kg", "lb", False),
        ("mmol/mol", "%", False),
        ("%", None, False),
    ],
)
def test_another_way_to_write_it_is_the_same_unit(one: str, other: str | None, are_same: bool) -> None:
    """An alert that is to come above so many pounds must not be silent because a chart has UCUM's code for them."""
    assert is_same_unit(one, other) is are_same
    assert is_same_unit(other, one) is are_same

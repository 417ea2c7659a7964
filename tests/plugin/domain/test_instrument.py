"""The published tables of PHQ-9, GAD-7 and PCL-5."""

import pytest

from plugin.domain.instrument import GAD_7, INSTRUMENTS, PCL_5, PHQ_9, Instrument


@pytest.mark.parametrize(
    ("instrument", "bands"),
    [
        (
            PHQ_9,
            {
                "minimal": (0, 4),
                "mild": (5, 9),
                "moderate": (10, 14),
                "moderately severe": (15, 19),
                "severe": (20, 27),
            },
        ),
        (GAD_7, {"minimal": (0, 4), "mild": (5, 9), "moderate": (10, 14), "severe": (15, 21)}),
        (PCL_5, {"below the cut-off": (0, 30), "at or above the cut-off": (31, 80)}),
    ],
)
def test_each_total_has_its_severity(instrument: Instrument, bands: dict[str, tuple[int, int]]) -> None:
    """At both ends of every band, and of the whole scale."""
    for word, (lowest, highest) in bands.items():
        assert (instrument.band_of(lowest), instrument.band_of(highest)) == (word, word)
    assert instrument.highest == max(highest for _, highest in bands.values())


def test_the_answers_make_up_the_total() -> None:
    """Where the questions are known, the highest answer to each of them is the highest total."""
    counted = {i.name: len(i.items) * i.highest_answer for i in INSTRUMENTS if i.items}

    assert counted == {"PHQ-9": PHQ_9.highest, "GAD-7": GAD_7.highest}
    assert PHQ_9.items[8] == PHQ_9.crisis_item

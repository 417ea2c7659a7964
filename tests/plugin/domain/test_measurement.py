"""Numbers of a chart in a row, as they are read."""

from datetime import date

from plugin.domain.measurement import Measurement, figures

TODAY = date(2026, 6, 22)


def test_figures_in_a_row_have_the_same_decimals() -> None:
    """As they are read aloud: 7.9, 8.3, 7.0 %; the unit as people write it, once."""
    measured = [Measurement(TODAY, value, "Observation/o", "[lb_av]") for value in (192.5, 190.0, 0.0)]

    assert [text for _, text in figures(measured)] == ["192.5", "190.0", "0.0 lb"]
    assert figures([]) == []

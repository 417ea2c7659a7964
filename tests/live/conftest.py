"""What the live tests share."""

from collections.abc import Callable

import pytest

FIGURE = "figure"


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Keeps a measured figure for the end of the run's output."""

    def keep(words: str) -> None:
        record_property(FIGURE, words)

    return keep


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures, whichever process measured them."""
    figures = [
        words
        for report in terminalreporter.getreports("passed")
        for name, words in report.user_properties
        if name == FIGURE
    ]
    if figures:
        terminalreporter.section("measured")
    for words in figures:
        terminalreporter.line(words)

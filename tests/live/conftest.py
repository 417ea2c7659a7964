"""What the live tests share."""

from collections.abc import Callable

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # it brings no types

FIGURE = "figure"
TOGETHER = "tests/live/browser/"
"""Folders whose files share what is dear to start."""
LONGEST = (
    "faults/test_kills.py",
    "browser/",
    "test_no_show.py",
    "test_openemr_clinic.py",
    "test_demo.py",
    "test_golden_cases.py",
)
"""Begun first, so that no process is left alone with one of them at the end."""


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # as above
    """A file's tests in one process, and those of such a folder as well."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return TOGETHER if file.startswith(TOGETHER) else str(file)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order in which the processes take files."""

    def turn(item: pytest.Item) -> int:
        return next((place for place, name in enumerate(LONGEST) if f"live/{name}" in item.nodeid), len(LONGEST))

    items.sort(key=turn)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile | None:
    """Where `--dist loadfile` is asked for."""
    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


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

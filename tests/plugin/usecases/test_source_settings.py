"""Where a source's Tasks can go, and what is no time zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from plugin.domain.source import Source
from plugin.usecases.source_settings import is_zone, sinks_of

WITH_TASK: Mapping[str, object] = {"types": {"Patient": {}, "Task": {}}}


@pytest.mark.parametrize(
    ("kind", "capability", "sinks"),
    [
        ("hapi", WITH_TASK, ["own"]),
        ("hapi", None, ["own"]),
        ("openemr", None, ["companion", "message"]),
        ("openemr", WITH_TASK, ["own", "companion", "message"]),
    ],
)
def test_sinks(kind: str, capability: Mapping[str, object] | None, sinks: Sequence[str]) -> None:
    """An OpenEMR keeps Tasks itself only where it says that it has them: with a module."""
    source = Source(id=1, slug="x", base_url="http://127.0.0.1/x", kind=kind, capability=capability)

    assert list(sinks_of(source)) == sinks


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("America/Chicago", True),
        ("UTC", True),
        ("Chicago", False),
        ("../../etc/passwd", False),
        ("/etc/localtime", False),
        ("America", False),
        ("x" * 5000, False),
        ("a\0b", False),
        ("", False),
    ],
)
def test_zones(name: str, is_one: bool) -> None:
    """Whatever somebody types: a name of the database or none, and never a file."""
    assert is_zone(name) is is_one

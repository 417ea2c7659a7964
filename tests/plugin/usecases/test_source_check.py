"""Tests of plugin/usecases/source_check.py: what a source is told to lack."""

from dataclasses import replace

from plugin.usecases.source_check import Check, what_is_missing
from tests.builders import World


def test_a_right_that_was_not_granted_is_said_by_what_it_is_for(world: World) -> None:
    """OpenEMR 8.2 grants less than was asked, and says 200: it is no good sign, and each is one line."""
    source = replace(world.source, kind="openemr")
    words = ["cannot read goals: system/Goal.read was not granted", "cannot read visits: …"]

    checks = list(what_is_missing(world.services, source, world.services.ehr(source), {"lacking": words}))

    assert [check for check in checks if check.what == "rights"] == [Check("rights", False, text) for text in words]

"""The command over a practice of fakes."""

import pytest

from plugin import bootstrap
from plugin.config import Settings
from plugin.usecases.publish import publish_shipped
from plugin.usecases.services import Services
from tests.builders import World, a_patient, a_plan, a_program, a_result
from tests.plugin.cli.typed import Typed


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The command works with this practice instead of the one of the settings."""
    made = World()
    made.catalog.programs = {"chronic-care": a_program()}
    publish_shipped(made.services)
    made.server.put(a_patient(1), a_plan(1, due="2026-06-05", start="2026-05-01"), a_plan(2), a_result(2, patient=2))
    made.server.put(a_patient(3))

    def build(settings: Settings) -> Services:
        return made.services

    monkeypatch.setattr(bootstrap, "build", build)
    return made


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Typed:
    """At the terminal."""
    return Typed(capsys)

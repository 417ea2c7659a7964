"""Whom a draft can concern: nobody who may be is left out, whichever version their plan follows."""

from dataclasses import replace
from datetime import date
from typing import cast

import pytest

from plugin.catalog.loader import FileCatalog
from plugin.domain.configuration import PROGRAM, ConfigDraft, ConfigVersion, stacked
from plugin.usecases.concern import concerned_by
from tests.builders import World
from tests.fake_storage import FakeDatabase
from tests.fakes import START, FakeCatalog

URL = "https://clinic.test/PlanDefinition/"


def _version(version: str, *claimed: str, since: date | None = None) -> ConfigVersion:
    claims = {"instantiates": [f"{URL}{name}" for name in claimed]}
    steps = [{"code": "call", "title": "A call", "due": {"days": 14}}]
    body = {"code": "care", "version": version, "title": "Care", "claims": claims, "milestones": steps}
    return ConfigVersion(kind=PROGRAM, code="care", version=version, body=body, plans_from=since)


ONE = _version("1", "one")
BOTH = _version("2", "one", "two", since=date(2026, 7, 1))


@pytest.mark.parametrize(
    ("versions", "claimed", "may_be_anybody"),
    [
        ([stacked([replace(BOTH, plans_from=None)])], ("one", "two"), False),
        ([stacked([BOTH, ONE])], ("one",), False),
        ([stacked([BOTH, ONE])], ("one", "two"), True),
        ([stacked([BOTH])], ("one",), True),
        ([], (), True),
    ],
)
def test_what_some_plans_are_not_claimed_by_so_far(
    versions: list[ConfigVersion], claimed: tuple[str, ...], may_be_anybody: bool
) -> None:
    """A claim that only the version for new plans makes is new to the others; where those follow none, all of it is."""
    world = World(FakeDatabase(), catalog=cast(FakeCatalog, FileCatalog()))
    body = _version("draft", *claimed).body
    draft = ConfigDraft(id=1, kind=PROGRAM, code="care", base="2", body=body, revision=1, by="user:1", changed_at=START)

    found = concerned_by(world.services, versions, draft)

    assert (found is None) == may_be_anybody

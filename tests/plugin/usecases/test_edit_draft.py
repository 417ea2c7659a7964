"""Changes to a draft while somebody else saves: on the newest revision, or not at all."""

from datetime import datetime
from typing import cast

import pytest

from plugin.catalog.loader import FileCatalog
from plugin.domain.account import SignedIn
from plugin.domain.configuration import ConfigDraft
from plugin.domain.errors import Forbidden, StaleDraft
from plugin.domain.permissions import Role
from plugin.domain.program_edit import Part, Where, mark, moved_up, part_at, step_of, with_step
from plugin.usecases.drafts import begin_draft, save_draft
from plugin.usecases.edit_draft import Drawn, PartChanged, change_draft, save_part
from tests.builders import World
from tests.fakes import FakeCatalog

HBA1C = Where("step", "hba1c")


@pytest.fixture
def practice() -> World:
    """With what is shipped."""
    return World(catalog=cast(FakeCatalog, FileCatalog()))


def _somebody(now: datetime, person: int, role: str = Role.PROGRAM_EDITOR.value) -> SignedIn:
    return SignedIn(
        session=f"s{person}",
        person_id=person,
        who=f"user:{person}",
        name="Demo",
        roles=(role,),
        origin="127.0.0.1",
        signed_in_at=now,
        proven_at=now,
        ends_at=now,
    )


class _Other:
    """Somebody else, who saves each time when a change is being made, so often."""

    def __init__(self, world: World, draft: ConfigDraft, times: int) -> None:
        self._world = world
        self._draft = draft
        self._left = times
        self._me = _somebody(world.clock(), 2)

    def then(self, body: Part) -> Part:
        if self._left:
            self._left -= 1
            step = {**(step_of(body, "pt-1") or {}), "title": f"Theirs {self._left}"}
            with self._world.database.begin(reading=True) as uow:
                seen = uow.drafts.get(self._draft.id).revision
            save_draft(self._world.services, self._me, self._draft.id, with_step(body, "pt-1", step), seen)
        return moved_up(body, "hba1c")


def test_somebody_saves_in_between(practice: World) -> None:
    """The change is made once more, on what they have saved: both stand."""
    me = _somebody(practice.clock(), 1)
    draft = begin_draft(practice.services, me, "program", "chronic-care")

    saved = change_draft(practice.services, me, draft.id, _Other(practice, draft, 2).then)

    assert (step_of(saved.body, "pt-1") or {})["title"] == "Theirs 0"
    assert (step_of(saved.body, "hba1c") or {})["phase"] == "start"
    assert saved.authors == {"user:1", "user:2"}


def test_there_is_an_end_to_trying(practice: World) -> None:
    """Whoever always is a moment too late is told; what they wanted is kept."""
    me = _somebody(practice.clock(), 1)
    draft = begin_draft(practice.services, me, "program", "chronic-care")

    with pytest.raises(StaleDraft):
        change_draft(practice.services, me, draft.id, _Other(practice, draft, 99).then)

    with practice.database.begin(reading=True) as uow:
        assert (step_of(uow.drafts.aside(draft.id)[0].body, "hba1c") or {})["phase"] == "start"


def test_who_changed_it(practice: World) -> None:
    """Not who saved last, but who made this part what it is now, and when."""
    one, two, me = (_somebody(practice.clock(), person) for person in (1, 2, 3))
    draft = begin_draft(practice.services, me, "program", "chronic-care")
    step = part_at(draft.body, HBA1C) or {}
    drawn = Drawn(draft.revision, mark(step))
    changed_at = practice.clock.forward(minutes=5)
    save_part(practice.services, one, draft.id, HBA1C, {**step, "title": "Theirs"}, drawn)
    practice.clock.forward(minutes=5)
    change_draft(practice.services, two, draft.id, lambda body: moved_up(body, "pt-2"))

    with pytest.raises(PartChanged) as told:
        save_part(practice.services, me, draft.id, HBA1C, {**step, "title": "Mine"}, drawn)

    assert (told.value.by, told.value.at) == ("user:1", changed_at)
    assert (told.value.theirs or {})["title"] == "Theirs"


def test_who_may_not(practice: World) -> None:
    """The right is asked for in the use case, too."""
    me = _somebody(practice.clock(), 1)
    draft = begin_draft(practice.services, me, "program", "chronic-care")
    reader = _somebody(practice.clock(), 2, Role.COORDINATOR.value)

    with pytest.raises(Forbidden):
        save_part(practice.services, reader, draft.id, HBA1C, {}, Drawn(1, mark(part_at(draft.body, HBA1C))))

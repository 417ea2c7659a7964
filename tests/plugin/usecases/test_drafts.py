"""Drafts: who may, who is told, and what stays on record."""

from collections.abc import Mapping

import pytest

from plugin.domain.configuration import PROGRAM, body_hash
from plugin.domain.errors import BadInput, Forbidden, StaleDraft, UnknownName
from plugin.domain.permissions import Role
from plugin.usecases.drafts import begin_draft, discard_draft, draft_of, get_draft, kept_aside, save_draft
from tests.builders import World
from tests.fake_storage import FakeDatabase
from tests.publishing import CODE, an_editor, shipped_world


@pytest.fixture
def world() -> World:
    """The shipped programs."""
    return shipped_world(FakeDatabase())


def _body(title: str) -> Mapping[str, object]:
    return {"title": title}


def test_begins_as_what_is_in_force(world: World) -> None:
    """And whoever begins second gets the same draft; the row of the log says which, by whom, from where."""
    lee, kim = an_editor(world), an_editor(world, "kim")

    draft = begin_draft(world.services, lee, PROGRAM, CODE)

    assert (draft.base, draft.body["title"]) == ("1", "Chronic care")
    assert begin_draft(world.services, kim, PROGRAM, CODE, body=_body("Mine")) == draft
    assert draft_of(world.services, kim, PROGRAM, CODE) == get_draft(world.services, kim, draft.id) == draft
    with world.look() as uow:
        assert uow.drafts.all() == [draft]
        entry = uow.audit.entries()[0]
    assert (entry.action, entry.who, entry.record) == ("begin-draft", lee.who, f"program/{CODE}")
    assert entry.detail == {"draft": draft.id, "revision": 1, "body_sha256": body_hash(draft.body), **lee.told}


def test_nothing_to_begin_with(world: World) -> None:
    """A version or a program that is not there is no beginning, and there are drafts of four kinds."""
    lee = an_editor(world)

    for kind, code, version in ((PROGRAM, "none", None), (PROGRAM, CODE, "9")):
        with pytest.raises(UnknownName):
            begin_draft(world.services, lee, kind, code, version)
    with pytest.raises(BadInput):
        begin_draft(world.services, lee, "message", CODE, body={})


def test_two_editors_lose_nothing(world: World) -> None:
    """The second is told, with both sides; theirs stays, mine is kept aside, and the log knows of both."""
    lee, kim = an_editor(world), an_editor(world, "kim")
    draft = begin_draft(world.services, lee, PROGRAM, CODE)
    theirs = save_draft(world.services, kim, draft.id, _body("Kim's"), draft.revision)

    with pytest.raises(StaleDraft) as told:
        save_draft(world.services, lee, draft.id, _body("Lee's"), draft.revision)

    assert told.value.newest == theirs == get_draft(world.services, lee, draft.id)
    assert (told.value.yours, told.value.newest.by) == (_body("Lee's"), kim.who)
    assert [(aside.body, aside.by) for aside in kept_aside(world.services, kim, draft.id)] == [
        (_body("Lee's"), lee.who)
    ]
    again = save_draft(world.services, lee, draft.id, _body("Lee's"), theirs.revision)
    assert again.revision == 3
    assert again.authors == {lee.who, kim.who}
    with world.look() as uow:
        actions = [entry.action for entry in uow.audit.entries(4)]
    assert actions == ["save-draft", "keep-draft-aside", "save-draft", "begin-draft"]


def test_who_tries_again_keeps_nothing_aside(world: World) -> None:
    """A caller that saves once more by itself has lost nothing."""
    lee = an_editor(world)
    draft = begin_draft(world.services, lee, PROGRAM, CODE)
    save_draft(world.services, lee, draft.id, _body("Newer"), draft.revision)

    with pytest.raises(StaleDraft):
        save_draft(world.services, lee, draft.id, _body("Older"), draft.revision, keep_stale=False)

    assert kept_aside(world.services, lee, draft.id) == []


def test_discarded(world: World) -> None:
    """Gone from the lists; another can be begun."""
    lee = an_editor(world)
    draft = begin_draft(world.services, lee, PROGRAM, CODE)

    discard_draft(world.services, lee, draft.id, "a mistake")

    with world.look() as uow:
        assert uow.drafts.all() == []
    with pytest.raises(UnknownName):
        save_draft(world.services, lee, draft.id, _body("Late"), 1)
    assert begin_draft(world.services, lee, PROGRAM, CODE).id != draft.id


def test_too_large(world: World) -> None:
    """A body that no program needs is refused before it is stored."""
    lee = an_editor(world)
    draft = begin_draft(world.services, lee, PROGRAM, CODE)

    with pytest.raises(BadInput, match="larger than"):
        save_draft(world.services, lee, draft.id, _body("x" * 1_000_001), 1)


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ADMINISTRATOR, Role.AUDITOR])
def test_who_may_only_read(world: World, role: Role) -> None:
    """They see drafts, and change none."""
    draft = begin_draft(world.services, an_editor(world), PROGRAM, CODE)
    reader = an_editor(world, "sam", roles=(role.value,))

    assert get_draft(world.services, reader, draft.id) == draft
    for attempt in (
        lambda: begin_draft(world.services, reader, PROGRAM, CODE),
        lambda: save_draft(world.services, reader, draft.id, _body("No"), 1),
        lambda: discard_draft(world.services, reader, draft.id),
    ):
        with pytest.raises(Forbidden):
            attempt()
    with pytest.raises(Forbidden):
        get_draft(world.services, an_editor(world, "bo", roles=(Role.BILLING.value,)), draft.id)

"""The port Drafts: on both databases, and the fake."""

from datetime import datetime, timedelta

import pytest

from plugin.domain.configuration import ConfigDraft, ConfigVersion, Publication
from plugin.domain.errors import BadInput, Stale, StaleDraft, UnknownName
from plugin.usecases.ports import Database, UnitOfWork
from tests.contract.storage.given import LATER, NOW

BASE = ConfigVersion(kind="program", code="chronic-care", version="1", body={"title": "Chronic care"})
BODY = {"title": "Chronic care, sooner", "milestones": [{"code": "hba1c"}]}


def _begun(unit: UnitOfWork, *, by: str = "user:1", person_id: int = 1) -> ConfigDraft:
    return unit.drafts.open("program", "chronic-care", base=BASE, body=BASE.body, by=by, now=NOW, person_id=person_id)


def _publication(draft: ConfigDraft, asked_at: datetime = NOW) -> Publication:
    return Publication(
        id=0,
        kind=draft.kind,
        code=draft.code,
        draft_id=draft.id,
        revision=draft.revision,
        from_=LATER,
        by="user:1",
        by_id=1,
        why="sooner",
        preview_id=7,
        asked_at=asked_at,
    )


def test_one_draft_of_each_kind_and_code(any_database: Database) -> None:
    """Who begins second works at the first one's draft."""
    with any_database.begin() as unit:
        first = _begun(unit)
        second = _begun(unit, by="user:2", person_id=2)
        other = unit.drafts.open("ladder", "chronic-care", base=None, body={}, by="user:2", now=LATER)

        assert second == first
        assert (first.revision, first.base, first.body) == (1, "1", BASE.body)
        assert first.authors == {"user:1"}
        assert unit.drafts.of("program", "chronic-care") == first
        assert unit.drafts.all() == [other, first]
        assert unit.drafts.of("program", "none") is None


def test_saved_by_two(any_database: Database) -> None:
    """Each revision stays, with who saved it; the same body again is none."""
    with any_database.begin() as unit:
        draft = _begun(unit)
        saved = unit.drafts.save(draft.id, BODY, seen=1, by="user:2", now=LATER, person_id=2)
        again = unit.drafts.save(draft.id, BODY, seen=2, by="user:1", now=LATER, person_id=1)

        assert (saved.revision, saved.body, saved.by, saved.changed_at) == (2, BODY, "user:2", LATER)
        assert again == saved
        assert saved.authors == {"user:1", "user:2"}
        assert saved.author_ids == {1, 2}
        assert unit.drafts.revision(draft.id, 1) == (BASE.body, "user:1", NOW)
        with pytest.raises(UnknownName):
            unit.drafts.revision(draft.id, 3)


def test_stale_save_is_told_and_kept(any_database: Database) -> None:
    """Nothing is overwritten, the error carries both sides, and what was to be saved can be kept."""
    mine = {"title": "Mine"}
    with any_database.begin() as unit:
        draft = _begun(unit)
        newest = unit.drafts.save(draft.id, BODY, seen=1, by="user:2", now=LATER)

        with pytest.raises(StaleDraft) as told:
            unit.drafts.save(draft.id, mine, seen=1, by="user:1", now=LATER)
        unit.drafts.keep_aside(draft.id, mine, seen=1, by="user:1", now=LATER)

        assert (told.value.newest, told.value.yours, told.value.seen) == (newest, mine, 1)
        assert unit.drafts.get(draft.id) == newest
        assert [kept[:4] for kept in unit.drafts.aside(draft.id)] == [(1, mine, "user:1", LATER)]


def test_what_was_kept_aside_is_dealt_with_once(any_database: Database) -> None:
    """It is shown no more, and what else was kept beside the draft still is."""
    with any_database.begin() as unit:
        draft = _begun(unit)
        for title in ("Mine", "Mine too"):
            unit.drafts.keep_aside(draft.id, {"title": title}, seen=1, by="user:1", now=LATER)
        second, first = unit.drafts.aside(draft.id)

        unit.drafts.settle_aside(draft.id, first.id, by="user:2", now=LATER)

        assert unit.drafts.aside(draft.id) == [second]
        for number in (first.id, 10**6):
            with pytest.raises(UnknownName):
                unit.drafts.settle_aside(draft.id, number, by="user:2", now=LATER)


def test_ended_once(any_database: Database) -> None:
    """A draft that was published or discarded is gone, its revisions are not; another can be begun."""
    with any_database.begin() as unit:
        draft = _begun(unit)
        with pytest.raises(Stale):
            unit.drafts.end(draft.id, revision=2, became="published", now=LATER)
        unit.drafts.end(draft.id, revision=1, became="published", now=LATER)

        with pytest.raises(UnknownName):
            unit.drafts.get(draft.id)
        with pytest.raises(Stale):
            unit.drafts.end(draft.id, revision=None, became="discarded", now=LATER)
        assert unit.drafts.revision(draft.id, 1) == (BASE.body, "user:1", NOW)
        assert _begun(unit).id != draft.id


def test_roll_back_beside_a_draft(any_database: Database) -> None:
    """Whoever takes something back need not wait until somebody else has finished; and nobody edits a roll back."""
    with any_database.begin() as unit:
        draft = _begun(unit)
        back = unit.drafts.open(
            "program", "chronic-care", base=BASE, body=BASE.body, by="user:2", now=LATER, of="roll-back"
        )

        assert back.id != draft.id
        assert unit.drafts.get(back.id).of == "roll-back"
        assert unit.drafts.all() == [draft]
        assert [begun.of for begun in unit.drafts.begun()] == ["roll-back"]
        assert unit.drafts.of("program", "chronic-care") == draft
        with pytest.raises(BadInput):
            unit.drafts.save(back.id, BODY, seen=1, by="user:2", now=LATER)


def test_publication_waits(any_database: Database) -> None:
    """Asked for anew, it takes the place of the one before; decided once."""
    with any_database.begin() as unit:
        draft = _begun(unit)
        first = unit.drafts.ask(_publication(draft))
        second = unit.drafts.ask(_publication(draft, LATER))

        assert unit.drafts.waiting() == [second]
        assert unit.drafts.publication(first.id).state == "replaced"
        with pytest.raises(Stale):
            unit.drafts.decide(first.id, "approved", by="user:2", why="", now=LATER)
        decided = unit.drafts.decide(second.id, "refused", by="user:2", why="too soon", now=LATER)
        assert (decided.state, decided.decided_by, decided.decided_why) == ("refused", "user:2", "too soon")
        assert unit.drafts.publication(second.id) == decided
        assert [asked.id for asked in unit.drafts.asked(draft.id)] == [second.id, first.id]
        with pytest.raises(Stale):
            unit.drafts.decide(second.id, "approved", by="user:3", why="", now=LATER)
        assert unit.drafts.waiting() == []
        with pytest.raises(UnknownName):
            unit.drafts.publication(second.id + 1)


def test_discarded_draft_waits_no_more(any_database: Database) -> None:
    """What was asked of it cannot be agreed to any more."""
    with any_database.begin() as unit:
        draft = _begun(unit)
        asked = unit.drafts.ask(_publication(draft))
        unit.drafts.end(draft.id, revision=None, became="discarded", now=LATER + timedelta(days=1))

        assert unit.drafts.waiting() == []
        assert unit.drafts.publication(asked.id) == _replaced(asked)


def _replaced(asked: Publication) -> Publication:
    """As it stands after its draft was discarded."""
    return asked._replace(state="replaced", decided_at=LATER + timedelta(days=1))

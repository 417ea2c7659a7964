"""The second person: who can be it, what they agree to, and what becomes of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.domain.account import LOCAL, SignedIn
from plugin.domain.configuration import ConfigDraft, Enactment, Publication
from plugin.domain.errors import BadForm, Forbidden, ProofNeeded, Stale
from plugin.domain.launch import Identity
from plugin.domain.permissions import Role
from plugin.usecases.drafts import discard_draft, get_draft, save_draft
from plugin.usecases.publish_draft import publish_draft
from plugin.usecases.second_person import approve, refuse, waiting_for, waiting_publications
from tests.builders import World
from tests.fake_storage import FakeDatabase
from tests.publishing import CODE, WHY, Body, an_editor, drafted, in_force, later, previewed, published, shipped_world


@pytest.fixture
def world() -> World:
    """The shipped programs."""
    return shipped_world(FakeDatabase())


def _due_sooner(body: Body) -> None:
    body["milestones"][0]["due"] = {"days": 33}


def _asked(world: World, lee: SignedIn, **options: object) -> tuple[ConfigDraft, Publication]:
    """A change of more patients than the cap allows."""
    draft = drafted(world, lee, _due_sooner)
    asked = published(world, lee, draft, patients=6, **options)  # type: ignore[arg-type]  # from_
    assert isinstance(asked, Publication)
    return draft, asked


def test_published_in_both_names(world: World) -> None:
    """It holds from when the second person agrees, and history and log name both."""
    lee, kim = an_editor(world), an_editor(world, "kim")
    _, asked = _asked(world, lee)
    assert (waiting_for(world.services, kim), waiting_for(world.services, lee)) == (1, 0)
    world.clock.forward(minutes=5)

    made = approve(world.services, kim, asked.id)

    assert (made.by, made.approved_by, made.from_, made.why) == (lee.who, kim.who, world.clock.now, WHY)
    assert in_force(world) == "2"
    assert waiting_publications(world.services, kim) == []
    with world.look() as uow:
        assert uow.drafts.publication(asked.id).decided_by == kim.who
        actions = {entry.action: entry for entry in reversed(uow.audit.entries())}
    assert (actions["ask-to-publish"].who, actions["agree-to-publish"].who) == (lee.who, kim.who)
    detail = actions["configure:published"].detail
    assert (detail["approved_by"], detail["session"]) == (kim.who, kim.session)


def test_page_says_what_changes(world: World) -> None:
    """In words, with the preview, and whether it is one's own."""
    lee, kim = an_editor(world), an_editor(world, "kim")
    _asked(world, lee)

    (mine,), (theirs,) = waiting_publications(world.services, lee), waiting_publications(world.services, kim)

    assert (mine.is_mine, theirs.is_mine) == (True, False)
    assert (theirs.by_name, theirs.title) == ("Demo-lee", "Chronic care")
    assert theirs.preview is not None
    assert [found.after for found in theirs.change] != []


def test_who_asked_cannot_agree(world: World) -> None:
    """Nor who wrote a part of it, at whatever revision."""
    lee, kim, sam = (an_editor(world, name) for name in ("lee", "kim", "sam"))
    draft = drafted(world, kim, _due_sooner)
    saved = save_draft(world.services, sam, draft.id, {**draft.body, "title": "Sooner"}, 1)
    asked = published(world, lee, saved, patients=6)
    assert isinstance(asked, Publication)

    for author in (lee, kim, sam):
        with pytest.raises(Forbidden):
            approve(world.services, author, asked.id)
    assert in_force(world) == "1"
    approve(world.services, an_editor(world, "bo"), asked.id)


def test_another_way_in_is_the_same_person(world: World) -> None:
    """Lee's user in the EHR cannot agree to what Lee's account wrote, nor the other way round."""
    lee, account = an_editor(world), _local(world)
    with world.database.begin() as uow:
        uow.people.belong(uow.people.get(lee.person_id), uow.people.get(account.person_id), world.clock(), "admin")
        uow.commit()
    _, asked = _asked(world, lee)

    with pytest.raises(Forbidden):
        approve(world.services, account, asked.id)


def test_another_name_is_the_same_person(world: World) -> None:
    """The EHR calls somebody by another reference than when they wrote the draft."""
    lee = an_editor(world)
    _, asked = _asked(world, lee)
    renamed = replace(lee, who="Practitioner/9")

    with pytest.raises(Forbidden):
        approve(world.services, renamed, asked.id)


def test_a_writer_is_known_by_number_and_by_name(world: World) -> None:
    """Sam, whom the EHR calls by another reference since, and Kim, whose revision says no number."""
    lee, kim, sam = (an_editor(world, name) for name in ("lee", "kim", "sam"))
    draft = drafted(world, sam, _due_sooner)
    with world.database.begin() as uow:
        body, now = {**draft.body, "title": "Sooner"}, world.clock()
        saved = uow.drafts.save(draft.id, body, seen=1, by=kim.who, now=now, person_id=None)
        renamed = uow.people.seen(
            Identity(oidc_issuer="https://ehr.test", subject="sam", fhir_user="Practitioner/9"), now
        )
        uow.commit()
    asked = published(world, lee, saved, patients=6)
    assert isinstance(asked, Publication)
    assert renamed.id == sam.person_id

    for author in (kim, replace(sam, who=renamed.who)):
        with pytest.raises(Forbidden):
            approve(world.services, author, asked.id)


def _local(world: World) -> SignedIn:
    now = world.clock()
    with world.database.begin() as uow:
        person = uow.people.seen(Identity(oidc_issuer=LOCAL, subject="lee"), now)
        uow.commit()
    return replace(an_editor(world, "x"), person_id=person.id, who=person.who)


def test_needs_the_right_and_a_proof(world: World) -> None:
    """As publishing does."""
    _, asked = _asked(world, an_editor(world))
    kim = an_editor(world, "kim")

    with pytest.raises(Forbidden):
        approve(world.services, replace(kim, roles=(Role.PROVIDER.value,)), asked.id)
    with pytest.raises(Forbidden):
        refuse(world.services, replace(kim, roles=(Role.PROVIDER.value,)), asked.id, "no")
    with pytest.raises(ProofNeeded):
        approve(world.services, later(kim, minutes=11), asked.id)


def test_refused_with_a_reason(world: World) -> None:
    """The draft can be worked at again; what was refused cannot be agreed to."""
    kim = an_editor(world, "kim")
    draft, asked = _asked(world, an_editor(world))

    with pytest.raises(BadForm):
        refuse(world.services, kim, asked.id, " ")
    refuse(world.services, kim, asked.id, "too soon")

    assert get_draft(world.services, kim, draft.id) == draft
    with pytest.raises(Stale):
        approve(world.services, kim, asked.id)
    with world.look() as uow:
        assert uow.drafts.publication(asked.id).decided_why == "too soon"
        assert (uow.audit.entries()[0].action, uow.audit.entries()[0].why) == ("refuse-to-publish", "too soon")


def test_decided_by_two_at_once(world: World) -> None:
    """The first counts."""
    _, asked = _asked(world, an_editor(world))
    approve(world.services, an_editor(world, "kim"), asked.id)

    with pytest.raises(Stale):
        refuse(world.services, an_editor(world, "sam"), asked.id, "no")
    with pytest.raises(Stale):
        approve(world.services, an_editor(world, "sam"), asked.id)


def test_draft_changed_or_gone_since(world: World) -> None:
    """What the second person looked at is not there any more."""
    lee, kim = an_editor(world), an_editor(world, "kim")
    draft, asked = _asked(world, lee)
    save_draft(world.services, lee, draft.id, {**draft.body, "title": "New"}, 1)

    with pytest.raises(Stale):
        approve(world.services, kim, asked.id)
    (shown,) = waiting_publications(world.services, kim)
    assert shown.draft is None
    discard_draft(world.services, lee, draft.id)
    with pytest.raises(Stale):
        approve(world.services, kim, asked.id)


def test_asked_for_a_day(world: World) -> None:
    """Agreed to before it, it comes into force then; once its day has begun, it must be asked for anew."""
    lee, kim = an_editor(world), an_editor(world, "kim")
    moment = world.clock() + timedelta(hours=20)
    draft, asked = _asked(world, lee, from_=moment)

    world.clock.now = moment
    with pytest.raises(BadForm) as told:
        approve(world.services, an_editor(world, "sam"), asked.id)
    assert set(told.value.fields) == {"from"}

    world.clock.now = moment - timedelta(microseconds=1)
    made = approve(world.services, replace(kim, proven_at=world.clock.now), asked.id)
    assert (made.from_, made.applied_at) == (moment, None)
    assert draft.id == asked.draft_id


def test_plans_are_those_that_were_asked_for(world: World) -> None:
    """Agreed to on the next day, it is for the plans that were previewed: from the day on which it was asked for."""
    lee = an_editor(world)
    _, asked = _asked(world, lee, new_plans_only=True)
    day = world.services.practice.day(world.clock())
    world.clock.forward(hours=20)

    made = approve(world.services, an_editor(world, "kim"), asked.id)

    assert (asked.plans_from, made.plans_from, made.from_) == (day, day, world.clock())
    assert world.services.practice.day(world.clock()) > day


def test_old_preview(world: World) -> None:
    """A weekend later the second person previews it again before agreeing."""
    lee = an_editor(world)
    draft, asked = _asked(world, lee)
    world.clock.forward(days=3)
    kim = an_editor(world, "kim")

    with pytest.raises(BadForm) as told:
        approve(world.services, kim, asked.id)
    assert set(told.value.fields) == {"preview"}

    previewed(world, draft, patients=7)
    assert isinstance(approve(world.services, kim, asked.id), Enactment)


def test_asked_again(world: World) -> None:
    """The newer asking takes the place of the one before."""
    lee = an_editor(world)
    draft, first = _asked(world, lee)
    second = publish_draft(world.services, lee, draft.id, 1, None, "again", previewed(world, draft, patients=9).id)
    assert isinstance(second, Publication)

    with pytest.raises(Stale):
        approve(world.services, an_editor(world, "kim"), first.id)
    assert [row.publication for row in waiting_publications(world.services, lee)] == [second]
    assert second.code == CODE

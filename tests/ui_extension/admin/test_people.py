"""People, as an administrator looks after them, and as an auditor sees them."""

from __future__ import annotations

import re

import pytest

from plugin.domain.errors import SessionEnded
from plugin.domain.person import Person
from plugin.usecases.admin_session import current_session
from tests.admin import AdminClient, an_account, signed_in_client
from tests.builders import World
from tests.fake_launch import NURSE
from tests.tabs import an_issuer


@pytest.fixture
def world() -> World:
    """With somebody who came from an EHR, and has no role."""
    world = World()
    with world.database.begin() as uow:
        uow.issuers.add(an_issuer(), world.clock())
        uow.people.seen(NURSE, world.clock())
        uow.commit()
    return world


@pytest.fixture
def lead(world: World) -> AdminClient:
    """An administrator, signed in."""
    return signed_in_client(world, name="demo-admin", person_name="Demo-Admin, Ada")


def person(world: World, id_: int) -> Person:
    with world.look() as uow:
        return uow.people.get(id_)


def test_everybody_with_roles_state_and_way_in(world: World, lead: AdminClient) -> None:
    """Who came from an EHR and has no role is offered apart."""
    an_account(world.services, "demo-lee", roles=["coach", "scheduler"])

    page = lead.get("/admin/people").text

    assert re.search(
        r"Demo-Lee, Robin</bdi></a></th>\s*<td>account <bdi>demo-lee</bdi></td>\s*<td>coach, front desk", page
    )
    assert page.index("Came from an EHR") < page.index("Demo-Nurse, Nora")
    assert "Invite somebody" in page


def test_who_may_only_read_is_offered_nothing_else(world: World) -> None:
    """An auditor sees people, and no form."""
    auditor = signed_in_client(world, roles=["auditor"])

    pages = auditor.get("/admin/people").text + auditor.get("/admin/people/1").text

    assert "Invite somebody" not in pages
    assert re.findall(r'action="(/admin/people[^"]*)"', pages) == []
    assert auditor.get("/admin/people/new").status_code == 403


def test_somebody_is_invited(world: World, lead: AdminClient) -> None:
    """The password for one time is shown in the answer, and nowhere afterwards; the audit row says which session."""
    form = {"person_name": "Demo-Park, Noa", "name": "Demo-Park", "roles": ["coach", "billing"]}

    answer = lead.post("/admin/people/new", form)

    (password,) = re.findall(r'class="mp-key">([a-z2-7-]{19})<', answer.text)
    made = person(world, 3)
    assert (made.subject, made.roles) == ("demo-park", ("billing", "coach"))
    assert password not in lead.get("/admin/people/3").text
    with world.look() as uow:
        row = uow.audit.entries()[0]
    assert (row.who, row.action, row.detail["from"]) == (lead.who, "grant", "127.0.0.1")
    assert row.detail["session"]


def test_what_is_wrong_stands_at_its_field(world: World, lead: AdminClient) -> None:
    """With what was typed, its checks too, and for a screen reader."""
    answer = lead.post("/admin/people/new", {"person_name": "", "name": "demo <lee>", "roles": "coach"})

    assert answer.status_code == 422
    assert 'aria-describedby="f-name-wrong f-name-hint"' in answer.text
    assert 'value="demo &lt;lee&gt;"' in answer.text
    assert re.search(r'value="coach" checked', answer.text)
    assert re.search(r'role="alert" tabindex="-1" data-focus', answer.text)


def test_roles_are_changed_and_seen_at_once(world: World, lead: AdminClient) -> None:
    """By who they are given to, with the next click; over roles that somebody else changed meanwhile: 409."""
    lee = signed_in_client(world, name="demo-lee", roles=["coach"])
    assert lee.get("/admin/people").status_code == 403

    answer = lead.post(f"/admin/people/{lee.person_id}/roles", {"seen": "coach", "roles": ["coach", "auditor"]})
    assert answer.headers["Location"] == f"/admin/people/{lee.person_id}?done=roles"
    assert "They count from the next click on" in lead.get(answer.headers["Location"]).text
    assert lee.get("/admin/people").status_code == 200
    stale = lead.post(f"/admin/people/{lee.person_id}/roles", {"seen": "coach", "roles": "billing"})
    assert stale.status_code == 409
    assert "Somebody else has changed the roles" in stale.text
    assert "What you had typed" in stale.text


def test_the_last_administrator_stays(world: World, lead: AdminClient) -> None:
    """Told at the form."""
    out = lead.post(f"/admin/people/{lead.person_id}/state", {"to": "out"})
    less = lead.post(f"/admin/people/{lead.person_id}/roles", {"seen": "administrator", "roles": "coach"})

    for answer in (out, less):
        assert answer.status_code == 422
        assert "Make somebody else an administrator first" in answer.text
    assert lead.get("/admin/people").status_code == 200


def test_shut_out_and_let_in(world: World, lead: AdminClient) -> None:
    """What they have open is closed at once."""
    lee = signed_in_client(world, name="demo-lee", roles=["coach"])
    world.clock.forward(seconds=1)

    out = lead.post(f"/admin/people/{lee.person_id}/state", {"to": "out"})

    assert out.headers["Location"].endswith("?done=disabled")
    assert lee.get("/admin").status_code == 401
    assert "shut out" in lead.get("/admin/people").text
    lead.post(f"/admin/people/{lee.person_id}/state", {"to": "in"})
    assert not person(world, lee.person_id).is_disabled
    assert lee.get("/admin").status_code == 401
    assert lead.post(f"/admin/people/{lee.person_id}/state", {"to": "away"}).status_code == 400


def test_an_ehr_user_is_mapped_and_taken_back(world: World, lead: AdminClient) -> None:
    """One set of roles counts for both ways in."""
    lee = an_account(world.services, "demo-lee", roles=["coach"])
    assert "Is this somebody you know already?" in lead.get("/admin/people/1").text

    mapped = lead.post("/admin/people/1/belongs-to", {"to": str(lee)})

    assert mapped.headers["Location"] == "/admin/people/1?done=mapped"
    assert person(world, 1).roles == ("coach",)
    assert "and has their roles: coach" in lead.get("/admin/people/1").text
    assert "Also comes as" in lead.get(f"/admin/people/{lee}").text
    lead.post("/admin/people/1/belongs-to", {"to": ""})
    assert person(world, 1).belongs_to is None
    assert lead.post("/admin/people/1/belongs-to", {"to": "x"}).status_code == 400
    assert lead.post("/admin/people/1/belongs-to", {"to": "99"}).status_code == 404


def test_starting_over(world: World, lead: AdminClient) -> None:
    """A new password for one time, shown once; the old sign-in is gone."""
    lee = signed_in_client(world, name="demo-lee", roles=["coach"])
    world.clock.forward(seconds=1)

    answer = lead.post(f"/admin/people/{lee.person_id}/start-over")

    assert re.search(r'class="mp-key">[a-z2-7-]{19}<', answer.text)
    assert lee.get("/admin").status_code == 401
    token = next(iter(world.sign_ins.sessions))
    with pytest.raises(SessionEnded):
        current_session(world.services, f"{token}x")


def test_nobody_with_that_number(lead: AdminClient) -> None:
    """A page in words, also where no row can have it."""
    for number in (99, 2**53 + 1, 10**30):
        answer = lead.get(f"/admin/people/{number}")
        sent = lead.post(f"/admin/people/{number}/state", {"to": "out"})

        assert (answer.status_code, sent.status_code) == (404, 404)
        assert "There is nothing here" in answer.text
    assert lead.post("/admin/people/1/belongs-to", {"to": "9" * 30}).status_code == 400

"""Look after people: invite, roles, out and in, starting over, EHR users."""

from __future__ import annotations

import pytest

from plugin.domain.errors import BadForm, BadInput, SessionEnded, Stale, UnknownName
from plugin.usecases.accounts import (
    By,
    account_named,
    belong,
    give_roles,
    invite,
    shut_out,
    start_over,
)
from plugin.usecases.admin_session import current_session
from plugin.usecases.sign_in import Attempt, sign_in
from tests.admin import PASSWORD, an_account, code_now, with_tokens
from tests.builders import World
from tests.fake_launch import NURSE

LEAD = By(who="user:9", told={"session": "s", "from": "192.0.2.7"})


@pytest.fixture
def world() -> World:
    """With an administrator."""
    world = World()
    an_account(with_tokens(world), "demo-admin", roles=["administrator"], person_name="Demo-Admin, Ada")
    return world


def test_who_is_invited_has_a_password_for_one_time(world: World) -> None:
    """Told once, in groups that can be read out; it opens only the way to a password of their own. The audit says who
    invited them, from which session, and where from."""
    invited = invite(world.services, " Demo-Lee ", "Demo-Lee, Robin", ["coach"], by=LEAD)

    assert (invited.account, invited.person.roles, len(invited.password)) == ("demo-lee", ("coach",), 19)
    assert invited.password not in repr(invited)
    attempt = Attempt(name="demo-lee", password=invited.password, code="", origin="192.0.2.7")
    opened = sign_in(world.services, attempt)
    assert opened is not None
    assert not opened.session.is_complete
    with world.look() as uow:
        rows = [
            row for row in uow.audit.entries() if row.record == f"person/{invited.person.id}" and row.who == LEAD.who
        ]
    assert [row.action for row in rows] == ["grant", "add-account"]
    assert all({"session", "from"} <= row.detail.keys() for row in rows)
    assert invited.password not in "".join(row.canonical for row in rows)


@pytest.mark.parametrize(
    ("name", "person_name", "password", "field"),
    [
        ("x", "Demo-Lee", None, "name"),
        ("demo lee", "Demo-Lee", None, "name"),
        ("demo-admin", "Demo-Lee", None, "name"),
        ("demo-lee", " ", None, "person_name"),
        ("demo-lee", "Demo\nLee", None, "person_name"),
        ("demo-lee", "Demo-Lee", "short", "password"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    world: World, name: str, person_name: str, password: str | None, field: str
) -> None:
    """And nobody is made."""
    with pytest.raises(BadForm) as bad:
        invite(world.services, name, person_name, ["coach"], by=LEAD, password=password)

    assert set(bad.value.fields) == {field}
    with world.look() as uow:
        assert len(uow.people.all()) == 1


def test_a_role_that_is_none_is_refused(world: World) -> None:
    """At the invitation and later."""
    with pytest.raises(BadInput, match="surgeon: no such role"):
        invite(world.services, "demo-lee", "Demo-Lee", ["surgeon"], by=LEAD)
    with pytest.raises(BadInput, match="surgeon: no such role"):
        give_roles(world.services, 1, ["surgeon"], seen=["administrator"], by=LEAD)


def test_roles_are_given_over_those_that_were_seen(world: World) -> None:
    """Two administrators at the same page: the second is told."""
    lee = an_account(world.services, roles=["coach"])
    give_roles(world.services, lee, ["provider"], seen=["coach"], by=LEAD)

    with pytest.raises(Stale):
        give_roles(world.services, lee, ["billing"], seen=["coach"], by=LEAD)


def test_the_last_who_can_give_roles_stays(world: World) -> None:
    """Neither out nor without the role; somebody who is shut out, or comes only from an EHR, is no other."""
    other = an_account(world.services, roles=["administrator"])
    shut_out(world.services, other, is_disabled=True, by=LEAD)
    with world.database.begin() as uow:
        nurse = uow.people.seen(NURSE, world.clock())
        uow.people.grant(nurse, ["administrator"], world.clock(), "a lead")
        uow.commit()

    with pytest.raises(BadForm, match="Make somebody else an administrator first"):
        shut_out(world.services, 1, is_disabled=True, by=LEAD)
    with pytest.raises(BadForm, match="Make somebody else an administrator first"):
        give_roles(world.services, 1, ["coach"], seen=["administrator"], by=LEAD)
    shut_out(world.services, other, is_disabled=False, by=LEAD)
    assert shut_out(world.services, 1, is_disabled=True, by=LEAD).is_disabled


def test_who_is_shut_out_has_no_session_any_more(world: World) -> None:
    """Not even when they are let in again a moment later."""
    lee = an_account(world.services, roles=["coach"])
    attempt = Attempt(name="demo-lee", password=PASSWORD, code=code_now(world.services), origin="192.0.2.7")
    opened = sign_in(world.services, attempt)
    assert opened is not None
    world.clock.forward(seconds=1)

    shut_out(world.services, lee, is_disabled=True, by=LEAD)
    assert shut_out(world.services, lee, is_disabled=False, by=LEAD).roles == ("coach",)

    with pytest.raises(SessionEnded):
        current_session(world.services, opened.token)


def test_starting_over_leaves_nothing_of_the_old_sign_in(world: World) -> None:
    """Password, second factor, recovery codes, sessions, pauses; the audit says who did it."""
    lee = an_account(world.services, roles=["coach"])
    attempt = Attempt(name="demo-lee", password=PASSWORD, code=code_now(world.services), origin="192.0.2.7")
    opened = sign_in(world.services, attempt)
    assert opened is not None
    with world.database.begin() as uow:
        uow.accounts.keep_recovery(lee, ["h1"])
        uow.commit()
    world.clock.forward(seconds=60)

    anew = start_over(world.services, lee, by=LEAD)

    account = account_named(world.services, "Demo-Lee")
    assert (account.totp_secret, account.must_change, account.failures) == (None, True, 0)
    with pytest.raises(SessionEnded):
        current_session(world.services, opened.token)
    with world.look() as uow:
        assert uow.accounts.recovery_left(lee) == 0
        assert (uow.audit.entries()[0].action, uow.audit.entries()[0].detail) == ("reset-account", LEAD.told)
    assert sign_in(world.services, Attempt(name="demo-lee", password=anew.password, code="", origin="x")) is not None


def test_who_has_no_account_cannot_start_over(world: World) -> None:
    """Said so; nor is there an account by another name."""
    with world.database.begin() as uow:
        nurse = uow.people.seen(NURSE, world.clock())
        uow.commit()

    with pytest.raises(UnknownName, match="no local account"):
        start_over(world.services, nurse.id, by=LEAD)
    with pytest.raises(UnknownName, match="no account 'demo-nobody'"):
        account_named(world.services, "demo-nobody")


def test_an_ehr_user_is_mapped_to_a_person(world: World) -> None:
    """Their roles count; taken back, there is none."""
    with world.database.begin() as uow:
        nurse = uow.people.seen(NURSE, world.clock())
        uow.commit()

    assert belong(world.services, nurse.id, 1, by=LEAD).roles == ("administrator",)
    assert belong(world.services, nurse.id, None, by=LEAD).roles == ()

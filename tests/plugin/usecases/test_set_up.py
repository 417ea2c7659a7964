"""Set up one's own sign-in: what is taken, what is refused, and what ends by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugin.domain.account import Account
from plugin.domain.errors import BadForm, SessionEnded
from plugin.usecases.accounts import By, invite
from plugin.usecases.admin_session import Current, current_session
from plugin.usecases.set_up import RECOVERY_CODES, Parts, Wanted, begin_second_factor, missing_parts, set_up
from plugin.usecases.sign_in import Attempt, Opened, sign_in
from tests.admin import code_now, with_tokens
from tests.builders import World

OWN = "a password of my own"


@pytest.fixture
def world() -> World:
    """Somebody was invited."""
    world = World()
    invite(
        with_tokens(world), "demo-lee", "Demo-Lee, Robin", ["coach"], by=By(who="a lead"), password="given by a lead"
    )
    return world


def come(world: World, password: str, code: str = "") -> Opened:
    opened = sign_in(world.services, Attempt(name="demo-lee", password=password, code=code, origin="192.0.2.7"))
    assert opened is not None
    return opened


def account(world: World) -> Account:
    with world.look() as uow:
        found = uow.accounts.by_name("demo-lee")
    assert found is not None
    return found


def now_of(world: World, opened: Opened) -> Current:
    return current_session(world.services, opened.token)


def the_code(world: World, current: Current) -> str:
    return code_now(world.services, current.session.new_secret or "")


def test_the_first_time(world: World) -> None:
    """A password of one's own, an app, eight recovery codes that are told once and stored as hashes; the session is
    complete, under a new token and with a new form token; the audit says which parts, and no secret."""
    first = come(world, "given by a lead")
    current = now_of(world, first)
    wanted = Wanted(password=OWN, again=OWN, code=the_code(world, current))

    done = set_up(world.services, first.token, current, missing_parts(current.account), wanted, origin="192.0.2.7")

    assert len(set(done.recovery_codes)) == RECOVERY_CODES
    assert all(len(code) == 19 for code in done.recovery_codes)
    assert done.opened.session.is_complete
    assert done.opened.session.csrf != first.session.csrf
    assert account(world).is_set_up
    with world.look() as uow:
        row = uow.audit.entries()[0]
        assert uow.accounts.recovery_left(current.person.id) == RECOVERY_CODES
    assert row.detail == {
        "session": first.session.id,
        "from": "192.0.2.7",
        "password": True,
        "second_factor": True,
    }
    with pytest.raises(SessionEnded):
        now_of(world, first)
    world.clock.forward(seconds=30)
    assert come(world, OWN, code_now(world.services)).session.is_complete
    assert come(world, OWN, done.recovery_codes[3]).session.is_complete


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": "given by a lead", "again": "given by a lead"}, "password"),
        ({"again": "another one of mine"}, "again"),
        ({"code": "000000"}, "code"),
    ],
)
def test_what_is_wrong_stands_at_its_field(world: World, changes: dict[str, str], field: str) -> None:
    """And nothing is stored."""
    first = come(world, "given by a lead")
    current, before = now_of(world, first), account(world)
    wanted = replace(Wanted(password=OWN, again=OWN, code=the_code(world, current)), **changes)

    with pytest.raises(BadForm) as bad:
        set_up(world.services, first.token, current, missing_parts(current.account), wanted, origin="192.0.2.7")

    assert set(bad.value.fields) == {field}
    assert account(world) == before


def test_a_new_password_ends_every_other_session(world: World) -> None:
    """Somebody who knew the old one may have opened them."""
    first = come(world, "given by a lead")
    current = now_of(world, first)
    wanted = Wanted(password=OWN, again=OWN, code=the_code(world, current))
    mine = set_up(world.services, first.token, current, missing_parts(current.account), wanted, origin="x").opened
    world.clock.forward(seconds=30)
    elsewhere = come(world, OWN, code_now(world.services))
    world.clock.forward(seconds=30)

    parts, new = Parts(password=True, second_factor=False), "another one of mine"
    done = set_up(
        world.services, mine.token, now_of(world, mine), parts, Wanted(password=new, again=new), origin="192.0.2.7"
    )

    assert done.recovery_codes == []
    assert now_of(world, done.opened).account.totp_secret is not None
    with pytest.raises(SessionEnded):
        now_of(world, elsewhere)


def test_a_new_app_counts_from_its_first_code(world: World) -> None:
    """Until then the old one does; asked for twice, it is the same secret."""
    first = come(world, "given by a lead")
    current = now_of(world, first)
    wanted = Wanted(password=OWN, again=OWN, code=the_code(world, current))
    mine = set_up(world.services, first.token, current, missing_parts(current.account), wanted, origin="x").opened
    before = account(world)
    session = begin_second_factor(world.services, mine.token, now_of(world, mine))
    assert begin_second_factor(world.services, mine.token, now_of(world, mine)) == session
    assert account(world) == before
    world.clock.forward(seconds=30)

    parts = Parts(password=False, second_factor=True)
    code = the_code(world, now_of(world, mine))
    done = set_up(world.services, mine.token, now_of(world, mine), parts, Wanted(code=code), origin="192.0.2.7")

    assert len(done.recovery_codes) == RECOVERY_CODES
    assert account(world).password_hash == before.password_hash
    assert done.opened.session.new_secret is None


def test_a_password_that_was_changed_meanwhile_is_not_set_over(world: World) -> None:
    """An administrator had this person start over while they were at it."""
    first = come(world, "given by a lead")
    current = now_of(world, first)
    with world.database.begin() as uow:
        uow.accounts.update(replace(account(world), password_hash="another hash"))
        uow.commit()

    with pytest.raises(SessionEnded):
        set_up(
            world.services,
            first.token,
            current,
            missing_parts(current.account),
            Wanted(password=OWN, again=OWN, code=the_code(world, current)),
            origin="192.0.2.7",
        )

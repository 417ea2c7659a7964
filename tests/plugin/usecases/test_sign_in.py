"""Sign in: who gets in, who does not, and what the audit says of it (threats row 30)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from plugin.domain.account import Account
from plugin.domain.audit import AuditEntry
from plugin.domain.errors import SessionEnded, Unreachable
from plugin.usecases.admin_session import current_session, sign_out
from plugin.usecases.sign_in import ATTEMPTS_FROM_ONE_ADDRESS, LONGEST, Attempt, Opened, prove, recovery_hash, sign_in
from tests.admin import PASSWORD, an_account, code_now, with_tokens
from tests.builders import World
from tests.fake_sign_in import FakePasswords


@pytest.fixture
def world() -> World:
    """With one account, a coordinator's."""
    world = World()
    an_account(with_tokens(world), roles=["coordinator"])
    return world


def attempt(world: World, **changes: str) -> Attempt:
    """The right one, but for what is changed."""
    good = Attempt(name="demo-lee", password=PASSWORD, code=code_now(world.services), origin="192.0.2.7")
    return replace(good, **changes)


def come(world: World, **changes: str) -> Opened | None:
    return sign_in(world.services, attempt(world, **changes))


def rows(world: World) -> list[AuditEntry]:
    """Of signing in, oldest first."""
    with world.look() as uow:
        return [entry for entry in reversed(uow.audit.entries(1000)) if entry.action.startswith(("sign-in", "prove"))]


def account(world: World) -> Account:
    with world.look() as uow:
        found = uow.accounts.by_name("demo-lee")
    assert found is not None
    return found


def test_who_gives_all_three_gets_in(world: World) -> None:
    """A session of their own until the end of a long shift; one audit row says which session, and from where."""
    opened = come(world, name=" Demo-LEE ")

    assert opened is not None
    assert opened.session.is_complete
    assert opened.session.ends_at == world.clock() + LONGEST
    who = current_session(world.services, opened.token).signed_in("192.0.2.7")
    assert (who.name, who.roles, who.session) == ("Demo-Lee, Robin", ("coordinator",), opened.session.id)
    (row,) = rows(world)
    assert (row.who, row.action, row.record) == (who.who, "sign-in", f"person/{who.person_id}")
    assert row.detail == {"session": opened.session.id, "from": "192.0.2.7", "by": "code"}
    assert opened.token not in row.canonical


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "demo-nobody"}, "unknown"),
        ({"name": PASSWORD}, "unknown"),
        ({"name": "demo-\0lee"}, "unknown"),
        ({"password": "four plain wrong words"}, "password"),
        ({"password": ""}, "password"),
        ({"code": ""}, "code"),
        ({"code": "987654"}, "code"),
    ],
)
def test_one_wrong_part_is_enough(world: World, changes: dict[str, str], why: str) -> None:
    """Each time one password is compared, and one row written: it says why, and nothing that was typed."""
    assert come(world, **changes) is None

    assert cast(FakePasswords, world.services.passwords).compared == 1
    (row,) = rows(world)
    assert (row.who, row.action, row.why) == ("unknown", "sign-in-refused", why)
    assert all(not text or text not in row.canonical for text in changes.values())
    assert world.sign_ins.sessions == {}


def test_a_code_is_good_once(world: World) -> None:
    """Also for another session, and also the one of the step before."""
    earlier = code_now(world.services)
    world.clock.forward(seconds=30)
    assert come(world) is not None

    assert come(world) is None
    assert come(world, code=earlier) is None
    world.clock.forward(seconds=30)
    assert come(world) is not None


def test_guessing_closes_the_account_for_a_while(world: World) -> None:
    """From the fifth on even the right answer is refused, with the same words; after the pause it gets in, and the count
    begins anew."""
    for _ in range(5):
        assert come(world, password="a wrong password") is None

    assert come(world) is None
    assert rows(world)[-1].why == "locked"
    assert rows(world)[-2].detail["locked_until"] == (world.clock() + timedelta(seconds=30)).isoformat()
    world.clock.forward(seconds=30)
    assert come(world) is not None
    assert (account(world).failures, account(world).locked_until) == (0, None)


def test_who_guesses_many_at_once_is_heard_a_few_times(world: World) -> None:
    """Hundreds who have all read the account while it was open: what counts is how it stands when they are decided on."""
    right = attempt(world)
    with world.database.begin() as uow:
        closed = replace(account(world), locked_until=world.clock.forward(seconds=10))
        uow.accounts.update(closed)
        uow.commit()
    world.clock.forward(seconds=-5)

    assert sign_in(world.services, right) is None


def test_one_address_may_try_so_often(world: World) -> None:
    """Whatever the names; nothing is compared any more, and another address is heard."""
    for number in range(ATTEMPTS_FROM_ONE_ADDRESS):
        come(world, name=f"demo-{number}")
    before = cast(FakePasswords, world.services.passwords).compared

    assert come(world) is None
    assert cast(FakePasswords, world.services.passwords).compared == before
    assert rows(world)[-1].why == "too-many"
    assert come(world, origin="192.0.2.8") is not None


def test_a_flood_leaves_few_rows(world: World) -> None:
    """A thousand attempts: the first ten one by one, then a row each time that they have doubled, with their number."""
    for number in range(1000):
        come(world, name=f"demo-{number}", origin=f"192.0.2.{number % 200}")

    told = [row.detail["times_this_hour"] for row in rows(world)]
    assert told == [*range(1, 11), 16, 32, 64, 128, 256, 512]


def test_who_was_shut_out_does_not_get_in(world: World) -> None:
    """Though everything is right."""
    with world.database.begin() as uow:
        uow.people.disable(uow.people.get(account(world).person_id), True, world.clock(), "a lead")
        uow.commit()

    assert come(world) is None
    assert rows(world)[-1].why == "disabled"


def test_a_recovery_code_stands_for_the_telephone(world: World) -> None:
    """Once, however it is typed."""
    with world.database.begin() as uow:
        uow.accounts.keep_recovery(account(world).person_id, [recovery_hash("abcd-efgh-ijkl-mnop")])
        uow.commit()

    assert come(world, code="ABCD efgh ijkl-MNOP") is not None
    assert rows(world)[-1].detail["by"] == "recovery-code"
    assert come(world, code="abcd-efgh-ijkl-mnop") is None


def test_the_first_time_needs_no_code_and_opens_only_the_way_to_one(world: World) -> None:
    """The session is not complete, and holds the secret for the app."""
    with world.database.begin() as uow:
        uow.accounts.update(replace(account(world), totp_secret=None, must_change=True))
        uow.commit()

    opened = come(world, code="")

    assert opened is not None
    assert not opened.session.is_complete
    assert opened.session.new_secret


def test_without_redis_nobody_gets_in(world: World) -> None:
    """Said as such: no count, no sign-in."""
    world.sign_ins.failure = Unreachable("Redis did not answer.")

    with pytest.raises(Unreachable):
        come(world)


def test_a_proof_is_the_same_session_under_a_new_token(world: World) -> None:
    """The old token opens nothing; what was signed in when stays; wrong ones count as guesses do."""
    opened = come(world)
    assert opened is not None
    who = current_session(world.services, opened.token).signed_in("192.0.2.7")
    world.clock.forward(seconds=60)

    assert prove(world.services, who, opened.token, attempt(world, name="", password="wrong")) is None
    proven = prove(world.services, who, opened.token, attempt(world, name=""))

    assert proven is not None
    assert account(world).failures == 0
    assert proven.session == replace(opened.session, proven_at=world.clock())
    assert current_session(world.services, proven.token).session.id == opened.session.id
    with pytest.raises(SessionEnded):
        current_session(world.services, opened.token)
    assert [(row.action, row.why) for row in rows(world)[1:]] == [("prove-refused", "password"), ("prove", "")]


def test_a_session_is_what_the_person_is_now(world: World) -> None:
    """New roles count at once; who was shut out has none, also when they are let in again."""
    opened = come(world)
    assert opened is not None
    with world.database.begin() as uow:
        person = uow.people.get(opened.session.person_id)
        uow.people.grant(person, ["billing"], world.clock(), "a lead")
        uow.commit()
    assert current_session(world.services, opened.token).person.roles == ("billing",)

    world.clock.forward(seconds=1)
    with world.database.begin() as uow:
        uow.accounts.update(replace(account(world), sessions_from=world.clock()))
        uow.commit()

    with pytest.raises(SessionEnded):
        current_session(world.services, opened.token)


def test_signing_out_ends_it(world: World) -> None:
    """With an audit row."""
    opened = come(world)
    assert opened is not None
    who = current_session(world.services, opened.token).signed_in("192.0.2.7")

    sign_out(world.services, opened.token, who)

    with pytest.raises(SessionEnded):
        current_session(world.services, opened.token)
    with world.look() as uow:
        assert (uow.audit.entries()[0].action, uow.audit.entries()[0].detail) == ("sign-out", who.told)

"""The port StaffAccounts."""

from dataclasses import replace
from datetime import timedelta

from plugin.domain.launch import Tokens
from plugin.domain.source import Source
from plugin.domain.staff_account import StaffAccount
from plugin.storage.sink_tables import staff_account
from plugin.usecases.ports import Database
from tests.contract.storage.databases import Rows
from tests.contract.storage.given import LATER, NOW

TURN = NOW + timedelta(minutes=1)


def an_account(source: Source) -> StaffAccount:
    """Signed in just now."""
    tokens = Tokens(access="access-1", refresh="refresh-1", expires_at=LATER, scopes=("api:oemr", "openid"))
    return StaffAccount(source_id=source.id, who="Practitioner/n1", tokens=tokens, since=NOW, got_at=NOW)


def test_an_account_comes_back_as_it_was_kept(any_database: Database, any_source: Source) -> None:
    """With its tokens; a new sign-in stands over the one before."""
    account = an_account(any_source)
    with any_database.begin() as unit:
        assert unit.staff_accounts.get(any_source) is None

        unit.staff_accounts.keep(account)

        assert unit.staff_accounts.get(any_source) == account

        again = replace(account, who="Person/n2", got_at=LATER)
        unit.staff_accounts.keep(again)

        assert unit.staff_accounts.get(any_source) == again


def test_one_worker_at_a_time_renews(any_database: Database, any_source: Source) -> None:
    """Who has the turn has it alone until its end; who was slower stores nothing over what the faster one has got."""
    account = an_account(any_source)
    new = replace(account, tokens=replace(account.tokens, access="access-2", refresh="refresh-2"), got_at=LATER)
    with any_database.begin() as unit:
        accounts = unit.staff_accounts
        accounts.keep(account)

        assert accounts.take_turn(account, "one", TURN, NOW)
        assert not accounts.take_turn(account, "two", TURN, NOW)
        assert accounts.take_turn(account, "two", TURN + timedelta(minutes=1), TURN)
        assert not accounts.renewed(new, "one")
        assert accounts.renewed(new, "two")
        assert accounts.get(any_source) == new
        assert not accounts.take_turn(account, "one", TURN, NOW)

        assert accounts.take_turn(new, "one", TURN, NOW)
        accounts.give_up_turn(new, "two")
        assert not accounts.take_turn(new, "two", TURN, NOW)
        accounts.give_up_turn(new, "one")
        assert accounts.take_turn(new, "two", TURN, NOW)


def test_an_ended_account_has_no_tokens(any_database: Database, any_source: Source) -> None:
    """It says since when and why; it ends once, and not by somebody who speaks of earlier tokens."""
    account = an_account(any_source)
    with any_database.begin() as unit:
        unit.staff_accounts.keep(account)

        assert not unit.staff_accounts.end(replace(account, got_at=LATER), "revoked", LATER)
        assert unit.staff_accounts.end(account, "revoked", LATER)
        assert not unit.staff_accounts.end(account, "refused", LATER)

        ended = unit.staff_accounts.get(any_source)
        assert ended is not None
        assert (ended.ended, ended.why, ended.tokens.access, ended.tokens.refresh) == (LATER, "revoked", "", None)
        assert not unit.staff_accounts.take_turn(ended, "one", TURN, NOW)


def test_an_account_of_a_removed_source_is_gone(any_database: Database, any_source: Source) -> None:
    """Its tokens with it."""
    with any_database.begin() as unit:
        unit.staff_accounts.keep(an_account(any_source))
        unit.sources.forget(any_source, LATER, by="user:1", told={})

        assert unit.staff_accounts.get(any_source) is None


def test_tokens_lie_encrypted(database: Database, source: Source, rows: Rows) -> None:
    """Bound to their source: in another source's row they do not open (row 33)."""
    with database.begin() as unit:
        unit.staff_accounts.keep(an_account(source))
        unit.commit()

    (row,) = rows(staff_account)

    assert row["access"] == f"encrypted:staff-account/{source.id}:access-1"
    assert row["refresh"] == f"encrypted:staff-account/{source.id}:refresh-1"

"""The port `Accounts`: the fake, SQLite and PostgreSQL keep the same promises."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugin.domain.account import LOCAL, Account
from plugin.domain.errors import BadInput
from plugin.storage import account_tables
from plugin.storage.unit_of_work import SqlDatabase
from plugin.usecases.ports import Database
from tests.contract.storage.databases import Rows
from tests.contract.storage.given import LATER, NOW

NEW = Account(person_id=0, name="demo-lee", password_hash="a hash")


def test_an_account_comes_with_its_person(any_database: Database) -> None:
    """Found by name and by person; the audit says who made it and from where, and no hash."""
    with any_database.begin() as unit:
        person = unit.accounts.add(NEW, "Demo-Lee, Robin", NOW, "a lead", told={"from": "192.0.2.7"})
        account = replace(NEW, person_id=person.id)

        assert (person.oidc_issuer, person.subject, person.name) == (LOCAL, "demo-lee", "Demo-Lee, Robin")
        assert unit.accounts.by_name("demo-lee") == unit.accounts.of_person(person.id, lock=True) == account
        assert unit.accounts.all() == {person.id: account}
        assert unit.accounts.by_name("demo-park") is None
        assert unit.accounts.of_person(person.id + 1) is None
        (entry,) = unit.audit.entries()
        assert (entry.who, entry.action, entry.record) == ("a lead", "add-account", f"person/{person.id}")
        assert entry.detail == {"account": "demo-lee", "from": "192.0.2.7"}


def test_a_name_is_given_once(any_database: Database) -> None:
    """Said so."""
    with any_database.begin() as unit:
        unit.accounts.add(NEW, "Demo-Lee, Robin", NOW, "a lead")

        with pytest.raises(BadInput, match="the name demo-lee already"):
            unit.accounts.add(NEW, "Demo-Lee, Another", LATER, "a lead")


def test_what_changed_is_stored(any_database: Database) -> None:
    """Every field."""
    with any_database.begin() as unit:
        person = unit.accounts.add(NEW, "Demo-Lee, Robin", NOW, "a lead")
        changed = Account(
            person_id=person.id,
            name="demo-lee",
            password_hash="another hash",
            totp_secret="a secret",
            last_totp_step=59_000_000,
            must_change=False,
            failures=3,
            locked_until=LATER,
            sessions_from=NOW,
        )
        unit.accounts.update(changed)

        assert unit.accounts.by_name("demo-lee", lock=True) == changed


def test_a_recovery_code_is_good_once(any_database: Database) -> None:
    """For its own person; new ones replace all that stood before."""
    with any_database.begin() as unit:
        lee = unit.accounts.add(NEW, "Demo-Lee, Robin", NOW, "a lead").id
        park = unit.accounts.add(replace(NEW, name="demo-park"), "Demo-Park, Noa", NOW, "a lead").id
        unit.accounts.keep_recovery(lee, ["h1", "h2"])
        unit.accounts.keep_recovery(park, ["h1"])

        assert [unit.accounts.take_recovery(lee, hash_) for hash_ in ("h1", "h1", "h3")] == [True, False, False]
        assert (unit.accounts.recovery_left(lee), unit.accounts.recovery_left(park)) == (1, 1)
        unit.accounts.keep_recovery(lee, ["h4"])
        assert not unit.accounts.take_recovery(lee, "h2")
        unit.accounts.keep_recovery(lee, [])
        assert unit.accounts.recovery_left(lee) == 0


def test_a_second_factor_lies_encrypted(database: SqlDatabase, rows: Rows) -> None:
    """Bound to its person: in another row it would not open."""
    with database.begin() as unit:
        person = unit.accounts.add(NEW, "Demo-Lee, Robin", NOW, "a lead")
        unit.accounts.update(replace(NEW, person_id=person.id, totp_secret="plain"))
        unit.commit()

    (row,) = rows(account_tables.account)
    assert row["totp_secret"] == f"encrypted:account/{person.id}:plain"

"""The port Issuers, and the fake that stands for it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plugin.domain.errors import BadInput, PermanentFailure, UnknownName
from plugin.domain.issuer import ClientAuth
from plugin.domain.launch import Identity
from plugin.sessions.cipher import make_key_file, read_cipher
from plugin.storage import people_tables, tables
from plugin.storage.unit_of_work import SqlDatabase
from plugin.usecases.ports import Database, UnitOfWork
from tests.contract.storage.databases import Rows
from tests.contract.storage.given import LATER, NOW, a_source, an_issuer

SECRET: dict[str, Any] = {"client_auth": ClientAuth.SECRET, "client_secret": "s3cret"}


def actions(unit: UnitOfWork) -> list[str]:
    """What the audit says was done, oldest first, sources left out."""
    return [entry.action for entry in reversed(unit.audit.entries()) if not entry.action.endswith("-source")]


def test_comes_back_as_it_was(any_database: Database) -> None:
    """Every field of an issuer is stored, with an id of its own, and found by slug and by FHIR base."""
    full = an_issuer(**SECRET, algorithm="ES384", scopes=("launch", "openid"), least_role="coach")

    with any_database.begin() as unit:
        unit.sources.add(a_source(), NOW)
        added = unit.issuers.add(full, NOW)

        assert added == replace(full, id=added.id)
        assert added.id > 0
        assert unit.issuers.get("ehr") == unit.issuers.by_base("https://ehr.example/fhir") == added
        assert unit.issuers.all() == [added]


def test_only_exactly_this_base(any_database: Database) -> None:
    """A look-alike of a FHIR base finds nothing."""
    with any_database.begin() as unit:
        unit.sources.add(a_source(), NOW)
        unit.issuers.add(an_issuer(), NOW)

        for other in ("https://ehr.example/fhir/", "https://EHR.example/fhir", "https://ehr.example/fhirx", "", "%"):
            assert unit.issuers.by_base(other) is None


def test_one_that_is_off_starts_nothing(any_database: Database) -> None:
    """It is still there by its slug, for people to look at."""
    with any_database.begin() as unit:
        unit.sources.add(a_source(), NOW)
        added = unit.issuers.add(an_issuer(), NOW)
        unit.issuers.update(replace(added, is_active=False), NOW)

        assert unit.issuers.by_base(added.fhir_base) is None
        assert not unit.issuers.get("ehr").is_active


def test_whom_it_lets_in(any_database: Database) -> None:
    """Somebody who is not shut out, from an EHR that is not switched off: with the EHR's own origins."""
    nora = Identity(oidc_issuer="https://ehr.example", subject="s-1")
    with any_database.begin() as unit:
        unit.sources.add(a_source(), NOW)
        ehr = unit.issuers.add(an_issuer(), NOW)
        person = unit.people.seen(nora, NOW)

        assert unit.issuers.lets_in("ehr", person.id) == ehr.ehr_origins != ()
        assert unit.issuers.lets_in("other", person.id) is None
        assert unit.issuers.lets_in("ehr", person.id + 1) is None

        unit.people.disable(person, True, NOW, "Ana")
        assert unit.issuers.lets_in("ehr", person.id) is None
        unit.people.disable(person, False, NOW, "Ana")
        unit.issuers.update(replace(ehr, is_active=False), NOW)
        assert unit.issuers.lets_in("ehr", person.id) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fhir_base": "https://other.example/fhir"}, "another issuer, ehr, has the same slug"),
        ({"slug": "other"}, "another issuer, ehr, has the same FHIR base"),
    ],
)
def test_taken(any_database: Database, changes: dict[str, str], words: str) -> None:
    """A slug is given once, and a FHIR base leads to one issuer."""
    with any_database.begin() as unit:
        unit.sources.add(a_source(), NOW)
        unit.issuers.add(an_issuer(), NOW)

        with pytest.raises(BadInput, match=words):
            unit.issuers.add(an_issuer(**changes), NOW)


def test_unknown(any_database: Database) -> None:
    """Neither a name that nobody gave, nor a source that is none; the known ones are named."""
    with any_database.begin() as unit:
        with pytest.raises(UnknownName, match="no issuer ehr; there is: none yet"):
            unit.issuers.get("ehr")
        with pytest.raises(UnknownName, match="no source clinic"):
            unit.issuers.add(an_issuer(), NOW)
        with pytest.raises(UnknownName, match="no issuer with the number 7"):
            unit.issuers.update(an_issuer(id=7), NOW)


def test_changes_are_audited_by_name(any_database: Database) -> None:
    """What changed is named, never with its value; nothing changed, nothing written."""
    with any_database.begin() as unit:
        unit.sources.add(a_source(), NOW)
        added = unit.issuers.add(an_issuer(), NOW)
        changed = replace(added, **SECRET, least_role="coach")
        unit.issuers.update(changed, LATER, by="user:1", told={"session": "s1"})
        unit.issuers.update(changed, LATER, by="user:1", told={"session": "s1"})

        assert unit.issuers.get("ehr") == changed
        assert actions(unit) == ["add-issuer", "change-issuer"]
        newest = unit.audit.entries(1)[0]
        assert newest.detail == {"session": "s1", "changed": ["client_auth", "client_secret", "least_role"]}
        assert (newest.record, newest.who) == ("issuer/ehr", "user:1")


def test_what_a_change_may_not_do(any_database: Database) -> None:
    """Neither another slug, which the EHR knows, nor another issuer's FHIR base."""
    with any_database.begin() as unit:
        unit.sources.add(a_source(), NOW)
        added = unit.issuers.add(an_issuer(), NOW)
        unit.issuers.add(an_issuer(slug="second", fhir_base="https://second.example/fhir"), NOW)

        with pytest.raises(BadInput, match="a slug is given once"):
            unit.issuers.update(replace(added, slug="third"), NOW)
        with pytest.raises(BadInput, match="another issuer, second, has the same FHIR base"):
            unit.issuers.update(replace(added, fhir_base="https://second.example/fhir"), NOW)


def test_the_secret_is_encrypted(database: Database, rows: Rows) -> None:
    """It does not lie readable in the database, and nowhere in the audit."""
    with database.begin() as unit:
        unit.sources.add(a_source(), NOW)
        unit.issuers.add(an_issuer(**SECRET), NOW)
        unit.commit()

    (row,) = rows(people_tables.issuer)
    assert row["client_secret"] == "encrypted:issuer/ehr:s3cret"
    assert "s3cret" not in str(rows(tables.audit))


def test_a_secret_opens_in_its_own_row_only(database_url: str, tmp_path: Path) -> None:
    """Who can write into the database cannot hand one EHR's secret to another's address."""
    make_key_file(tmp_path / "key")
    database = SqlDatabase(database_url, read_cipher(tmp_path / "key"))
    with database.begin() as unit:
        unit.sources.add(a_source(), NOW)
        first = unit.issuers.add(an_issuer(**SECRET), NOW)
        second = an_issuer(slug="second", fhir_base="https://second.example/fhir", **{**SECRET, "client_secret": "x"})
        unit.issuers.add(second, NOW)
        assert unit.issuers.get("ehr") == first
        copied = "UPDATE issuer SET client_secret = (SELECT client_secret FROM issuer WHERE slug = 'ehr')"
        unit._connection.exec_driver_sql(copied)

        with pytest.raises(PermanentFailure, match="issuer/second does not open"):
            unit.issuers.get("second")
        with pytest.raises(PermanentFailure):
            unit.issuers.all()
    database.close()

"""The port People, and the fake that stands for it."""

import threading
from dataclasses import replace

import pytest

from plugin.domain.account import Account
from plugin.domain.errors import BadInput, UnknownName
from plugin.domain.launch import Identity
from plugin.storage import people_tables
from plugin.usecases.ports import Database, UnitOfWork
from tests.contract.storage.databases import Rows
from tests.contract.storage.given import LATER, NOW, a_session, a_source, an_issuer

NURSE = Identity(oidc_issuer="https://ehr.example", subject="s-1", fhir_user="Practitioner/n1", name="Demo-Nurse, Nora")


def audited(unit: UnitOfWork, action: str) -> list[tuple[str, str, object]]:
    """(who, record, detail) of the audit's entries with this action, oldest first."""
    return [(e.who, e.record, e.detail) for e in reversed(unit.audit.entries()) if e.action == action]


def test_who_comes_first_is_made(any_database: Database) -> None:
    """With what the identity tells, no role, and one audit row that names nobody."""
    with any_database.begin() as unit:
        person = unit.people.seen(NURSE, NOW)

        assert (person.oidc_issuer, person.subject) == ("https://ehr.example", "s-1")
        assert (person.name, person.fhir_user) == ("Demo-Nurse, Nora", "Practitioner/n1")
        assert (person.roles, person.is_disabled) == ((), False)
        assert unit.people.get(person.id) == person
        assert audited(unit, "add-person") == [
            ("milepost", f"person/{person.id}", {"oidc_issuer": "https://ehr.example"})
        ]


def test_who_comes_again_is_the_same(any_database: Database) -> None:
    """A new name is taken over, a missing one wipes nothing, and what is the same writes nothing."""
    with any_database.begin() as unit:
        first = unit.people.seen(NURSE, NOW)
        again = unit.people.seen(replace(NURSE, name=None, fhir_user=None), NOW)
        married = unit.people.seen(replace(NURSE, name="Demo-Nurse, N."), LATER)

        assert again == first
        assert married == replace(first, name="Demo-Nurse, N.")
        assert audited(unit, "change-person") == [("milepost", f"person/{first.id}", {"changed": ["name"]})]


def test_the_key_is_issuer_and_subject(any_database: Database) -> None:
    """The same subject at another issuer, or another letter in it, is somebody else."""
    with any_database.begin() as unit:
        people = [
            unit.people.seen(identity, NOW)
            for identity in (NURSE, replace(NURSE, oidc_issuer="https://other.example"), replace(NURSE, subject="S-1"))
        ]
        unit.people.grant(people[0], ["provider"], NOW, "a lead")

        assert len({person.id for person in people}) == 3
        assert [unit.people.get(person.id).roles for person in people] == [("provider",), (), ()]


def test_roles_are_exactly_those_given(any_database: Database) -> None:
    """Others are taken away; who gave them, and what stood before, is in the audit."""
    with any_database.begin() as unit:
        person = unit.people.seen(NURSE, NOW)
        unit.people.grant(person, ["provider", "coach"], NOW, "a lead")
        now = unit.people.grant(person, ["coach", "billing"], LATER, "another lead")
        unit.people.grant(person, ["billing", "coach"], LATER, "another lead")

        assert now.roles == unit.people.get(person.id).roles == ("billing", "coach")
        assert audited(unit, "grant") == [
            ("a lead", f"person/{person.id}", {"before": [], "roles": ["coach", "provider"]}),
            ("another lead", f"person/{person.id}", {"before": ["coach", "provider"], "roles": ["billing", "coach"]}),
        ]
        assert unit.people.grant(person, [], LATER, "a lead").roles == ()


def test_out_and_in_again(any_database: Database) -> None:
    """The roles stay; each turn is audited once."""
    with any_database.begin() as unit:
        person = unit.people.grant(unit.people.seen(NURSE, NOW), ["coach"], NOW, "a lead")
        out = unit.people.disable(person, True, NOW, "a lead")
        unit.people.disable(person, True, NOW, "a lead")
        seen = unit.people.seen(NURSE, LATER)
        back = unit.people.disable(person, False, LATER, "a lead")

        assert (out.is_disabled, out.roles, seen.is_disabled) == (True, ("coach",), True)
        assert back == person
        assert len(audited(unit, "disable-person")) == len(audited(unit, "enable-person")) == 1


def test_another_way_in_has_the_roles_of_its_person(any_database: Database) -> None:
    """From the moment it is mapped; its own are taken away and do not come back. Who shuts the person out shuts out the way
    in, in open panels too; shutting out the way in alone leaves the person."""
    with any_database.begin() as unit:
        source = unit.sources.add(a_source(), NOW)
        unit.issuers.add(an_issuer(), NOW)
        new = Account(person_id=0, name="demo-lee", password_hash="a hash")
        owner = unit.accounts.add(new, "Demo-Lee, Robin", NOW, "a lead")
        owner = unit.people.grant(owner, ["coach"], NOW, "a lead")
        nurse = unit.people.grant(unit.people.seen(NURSE, NOW), ["provider"], NOW, "a lead")

        mapped = unit.people.belong(nurse, owner, LATER, "a lead", told={"session": "s"})
        unit.people.belong(nurse, owner, LATER, "a lead")
        assert (mapped.roles, mapped.belongs_to, mapped.name) == (("coach",), owner.id, NURSE.name)
        assert {person.id: person.roles for person in unit.people.all()} == dict.fromkeys(
            (owner.id, nurse.id), ("coach",)
        )
        assert unit.people.seen(NURSE, LATER).roles == ("coach",)
        with pytest.raises(BadInput, match=f"has the roles of person {owner.id}"):
            unit.people.grant(mapped, ["billing"], LATER, "a lead")

        unit.people.disable(owner, True, LATER, "a lead")
        assert unit.people.get(nurse.id).is_disabled
        assert unit.issuers.lets_in("ehr", nurse.id) is None
        unit.people.disable(owner, False, LATER, "a lead")
        assert unit.issuers.lets_in("ehr", nurse.id) is not None
        unit.people.disable(mapped, True, LATER, "a lead")
        assert (unit.people.get(nurse.id).is_disabled, unit.people.get(owner.id).is_disabled) == (True, False)

        alone = unit.people.belong(nurse, None, LATER, "a lead")
        assert (alone.roles, alone.belongs_to) == ((), None)
        assert audited(unit, "map-person") == [
            (
                "a lead",
                f"person/{nurse.id}",
                {"to": owner.id, "before": None, "roles_before": ["provider"], "session": "s"},
            ),
            ("a lead", f"person/{nurse.id}", {"to": None, "before": owner.id, "roles_before": ["coach"]}),
        ]
        assert source.id


def test_a_way_in_is_one_step(any_database: Database) -> None:
    """Nobody belongs to themselves, to somebody's way in, or to two; a local account belongs to nobody."""
    with any_database.begin() as unit:
        new = Account(person_id=0, name="demo-lee", password_hash="a hash")
        owner = unit.accounts.add(new, "Demo-Lee, Robin", NOW, "a lead")
        one, two = unit.people.seen(NURSE, NOW), unit.people.seen(replace(NURSE, subject="s-2"), NOW)
        unit.people.belong(one, owner, NOW, "a lead")

        for who, to, words in (
            (two, one, "a way in of somebody else"),
            (two, two, "a way in of somebody else"),
            (owner, two, "A local account is nobody"),
        ):
            with pytest.raises(BadInput, match=words):
                unit.people.belong(who, to, LATER, "a lead")
        unit.people.belong(one, two, LATER, "a lead")
        with pytest.raises(BadInput, match=f"Others belong to person {two.id}"):
            unit.people.belong(two, owner, LATER, "a lead")


def test_nobody_with_that_number(any_database: Database) -> None:
    """Said so."""
    with any_database.begin() as unit, pytest.raises(UnknownName, match="no person with the number 9"):
        unit.people.get(9)


def test_everybody_by_name(any_database: Database) -> None:
    """Those whose name is not known come last."""
    with any_database.begin() as unit:
        for subject, name in (("s-3", None), ("s-2", "Demo-Zeta"), ("s-1", "Demo-Alpha")):
            unit.people.seen(Identity(oidc_issuer="https://ehr.example", subject=subject, name=name), NOW)

        assert [person.subject for person in unit.people.all()] == ["s-1", "s-2", "s-3"]


def test_a_launch_is_remembered_and_audited(any_database: Database) -> None:
    """Who opened which patient's panel, from which issuer; when each person last did."""
    with any_database.begin() as unit:
        source = unit.sources.add(a_source(), NOW)
        unit.issuers.add(an_issuer(), NOW)
        person, other = unit.people.seen(NURSE, NOW), unit.people.seen(replace(NURSE, subject="s-2"), NOW)
        first = a_session(source_id=source.id, person_id=person.id)
        unit.people.launched(replace(first, launch="launch-2", opened_at=LATER), LATER)
        unit.people.launched(first, NOW)

        assert unit.people.last_launches() == {person.id: LATER}
        assert other.id not in unit.people.last_launches()
        detail = {"issuer": "ehr", "person": person.id, "roles": ["coordinator"]}
        assert audited(unit, "launch") == [
            ("Practitioner/n1", "clinic/Patient/p1", {**detail, "launch": launch})
            for launch in ("launch-2", "launch-1")
        ]


def test_the_row_of_a_launch(database: Database, rows: Rows) -> None:
    """Issuer, person, source and patient, and nothing with which a panel could be opened."""
    with database.begin() as unit:
        source = unit.sources.add(a_source(), NOW)
        issuer, person = unit.issuers.add(an_issuer(), NOW), unit.people.seen(NURSE, NOW)
        unit.people.launched(a_session(source_id=source.id, person_id=person.id), NOW)
        unit.commit()

    assert rows(people_tables.launch) == [
        {
            "practice_id": 1,
            "id": "launch-1",
            "issuer_id": issuer.id,
            "person_id": person.id,
            "source_id": source.id,
            "patient_ref": "Patient/p1",
            "opened_at": NOW,
        }
    ]


def test_two_first_launches_at_once_make_one_person(database: Database) -> None:
    """Two charts opened in the same second by somebody new."""
    together = threading.Barrier(2, timeout=60)
    ids: list[int] = []

    def sign_in() -> None:
        together.wait()
        with database.begin() as unit:
            ids.append(unit.people.seen(NURSE, NOW).id)
            unit.commit()

    threads = [threading.Thread(target=sign_in) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ids) == 2
    assert len(set(ids)) == 1

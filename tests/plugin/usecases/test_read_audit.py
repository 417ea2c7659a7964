"""Reading the audit log, and what that leaves in it."""

from datetime import timedelta

import pytest

from plugin.domain.account import SignedIn
from plugin.domain.audit import AuditEntry, AuditFilter
from plugin.domain.errors import BadInput, Forbidden, UnknownName
from plugin.domain.launch import Identity
from plugin.usecases import read_audit as reading
from plugin.usecases.read_audit import audit_page, audit_row, export_audit, record_of_patient
from tests.builders import World, a_patient, a_plan
from tests.fakes import START

ONLY = AuditFilter(who="user:7")


def me(*roles: str) -> SignedIn:
    """Somebody at the admin pages."""
    return SignedIn(
        session="s1",
        person_id=9,
        who="user:9",
        name="Demo-Auditor",
        roles=roles or ("auditor",),
        origin="192.0.2.1",
        signed_in_at=START,
        proven_at=START,
        ends_at=START + timedelta(hours=8),
    )


@pytest.fixture
def world() -> World:
    """With five rows of one person, a minute apart."""
    made = World()
    entries = [
        AuditEntry(at=START + timedelta(minutes=n), who="user:7", action="grant", record=f"person/{n}")
        for n in range(1, 6)
    ]
    with made.database.begin() as uow:
        uow.audit.write(entries)
        uow.commit()
    return made


def newest(world: World) -> AuditEntry:
    """The last row that was written."""
    with world.look() as uow:
        return uow.audit.entries(1)[0]


def test_pages_of_two_sides(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older and newer ones are offered where there are some; what would be a part of a page is the first page."""
    monkeypatch.setattr(reading, "PAGE", 2)

    first = audit_page(world.services, me(), ONLY)
    second = audit_page(world.services, me(), ONLY, older_than=first.rows[-1].id)
    third = audit_page(world.services, me(), ONLY, older_than=second.rows[-1].id)
    back = audit_page(world.services, me(), ONLY, newer_than=third.rows[0].id)
    top = audit_page(world.services, me(), ONLY, newer_than=back.rows[0].id)

    assert [[row.entry.record[-1] for row in page.rows] for page in (first, second, third)] == [
        ["5", "4"],
        ["3", "2"],
        ["1"],
    ]
    assert [(page.has_newer, page.has_older) for page in (first, second, third)] == [
        (False, True),
        (True, True),
        (True, False),
    ]
    assert (back.rows, back.has_newer, back.has_older) == (second.rows, True, True)
    assert (top.rows, top.has_newer) == (first.rows, False)


def test_who_reads_is_written_down(world: World) -> None:
    """From where, in which session, and what was looked for."""
    audit_page(world.services, me(), AuditFilter(who="user:7", since=START))

    row = newest(world)
    assert (row.who, row.action, row.record) == ("user:9", "read:audit", "audit")
    assert row.detail == {
        "session": "s1",
        "from": "192.0.2.1",
        "filter": {"who": "user:7", "since": "2026-06-15T12:00:00+00:00"},
    }


@pytest.mark.parametrize("role", ["coordinator", "billing", "program-editor"])
def test_others_do_not_see_it(world: World, role: str) -> None:
    """Nor take it away."""
    for ask in (
        lambda: audit_page(world.services, me(role), ONLY),
        lambda: audit_row(world.services, me(role), 1),
        lambda: export_audit(world.services, me(role), ONLY),
    ):
        with pytest.raises(Forbidden):
            ask()


def test_names_where_they_are_known(world: World) -> None:
    """By what the log calls people; two people under one reference are both named."""
    with world.database.begin() as uow:
        for issuer, name in (("one", "Demo-Nurse"), ("other", "Demo-Doctor")):
            uow.people.seen(Identity(oidc_issuer=issuer, subject="s", fhir_user="Practitioner/1", name=name), START)
        uow.commit()

    page = audit_page(world.services, me(), ONLY)

    assert page.names["Practitioner/1"] == "Demo-Doctor or Demo-Nurse"
    assert sorted(page.names) == ["Practitioner/1", "person/1", "person/2"]
    assert "grant" in page.actions


def test_one_row(world: World) -> None:
    """The patient's number is for those who may see the patient."""
    world.server.put(a_patient(1), a_plan(1))
    world.sweep()
    with world.database.begin() as uow:
        uow.audit.write([AuditEntry(at=START, who="milepost", action="assess", record="main/Patient/p1")])
        uow.commit()
    with world.look() as uow:
        (row, *_) = uow.audit_log.older(AuditFilter(record="main/Patient/p1"), than=None, limit=1)
    number = audit_row(world.services, me(), row.id).patient

    assert number is not None
    assert record_of_patient(world.services, number) == "main/Patient/p1"
    assert audit_row(world.services, me("administrator"), row.id).patient is None
    assert newest(world).detail["filter"] == {"record": f"audit/{row.id}"}


@pytest.mark.parametrize("number", [0, 2**63])
def test_numbers_that_no_row_has(world: World, number: int) -> None:
    """Are said, and asked of no database."""
    for ask in (
        lambda: audit_row(world.services, me(), number),
        lambda: audit_page(world.services, me(), ONLY, older_than=number),
        lambda: record_of_patient(world.services, number),
    ):
        with pytest.raises(BadInput):
            ask()
    with pytest.raises(UnknownName):
        audit_row(world.services, me(), 999_999)
    with pytest.raises(BadInput, match="no patient with the number 77"):
        record_of_patient(world.services, 77)


def test_an_export_is_written_down_before_its_first_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And has every row up to that moment, however many pages that takes; later ones are not in it."""
    monkeypatch.setattr(reading, "_EXPORTED_AT_ONCE", 2)
    world.clock.forward(hours=1)

    rows = export_audit(world.services, me(), ONLY)

    assert (newest(world).action, newest(world).who) == ("export:audit", "user:9")
    with world.database.begin() as uow:
        uow.audit.write([AuditEntry(at=world.clock(), who="user:7", action="grant", record="person/6")])
        uow.commit()
    assert [row.entry.record[-1] for row, _ in rows] == ["5", "4", "3", "2", "1"]

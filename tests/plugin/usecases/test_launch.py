"""Opening a panel: whom it lets in, of which patient, and what is written down of it."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import pytest

from plugin.domain.audit import AuditEntry
from plugin.domain.errors import LaunchRefused, SessionEnded, Unreachable
from plugin.domain.issuer import Issuer
from plugin.domain.launch import PanelSession, Refusal
from plugin.domain.record import Moment, Patient
from plugin.usecases.launch import (
    LONGEST,
    Callback,
    begin,
    begin_standalone,
    issuer_named,
    issuer_of_launch,
    issuer_of_page,
    open_session,
)
from plugin.usecases.panel_session import end, open_panel
from tests.admin import an_account
from tests.builders import World, a_patient, a_plan
from tests.fake_launch import NURSE
from tests.tabs import BASE, an_issuer

P1 = "Patient/p1"


@pytest.fixture(autouse=True)
def ehr(world: World) -> Issuer:
    """An EHR whose people are coordinators at least, with one patient who has a plan."""
    numbers = itertools.count()
    world.services = replace(world.services, token=lambda: f"{next(numbers):043}")
    with world.database.begin() as uow:
        issuer = uow.issuers.add(an_issuer(), world.clock())
        uow.commit()
    world.server.put(a_patient(1), a_plan(1))
    world.smart.patients = {P1: a_patient(1)}
    return issuer


def changed(world: World, **fields: object) -> None:
    """The issuer's record, changed."""
    with world.database.begin() as uow:
        uow.issuers.update(replace(uow.issuers.get("ehr"), **fields), world.clock())  # type: ignore[arg-type]
        uow.commit()


def come_back(world: World, **told: str) -> tuple[str, PanelSession]:
    """A launch from its beginning to its end."""
    begun = begin(world.services, issuer_named(world.services, "ehr"), launch="xyz")
    answer = {"issuer": "ehr", "state": begun.state, "secret": begun.secret, "code": "code", **told}
    return open_session(world.services, Callback(**answer))


def refusal(world: World, **told: str) -> str:
    """Why a launch was refused."""
    with pytest.raises(LaunchRefused) as refused:
        come_back(world, **told)
    return refused.value.reason


def audited(world: World, *actions: str) -> list[AuditEntry]:
    """The audit rows of these actions, oldest first."""
    with world.look() as uow:
        return [entry for entry in reversed(uow.audit.entries()) if entry.action in actions]


def grant(world: World, *roles: str, disable: bool = False) -> None:
    """What our own table gives the nurse."""
    with world.database.begin() as uow:
        person = uow.people.seen(NURSE, world.clock())
        uow.people.grant(person, roles, world.clock(), "cli")
        if disable:
            uow.people.disable(person, True, world.clock(), "cli")
        uow.commit()


# ------------------------------------------------------------------------------------------------------------ beginning
def test_an_issuer_is_found_by_its_base_alone(world: World) -> None:
    """One trailing slash aside, byte by byte (row 1)."""
    assert issuer_of_launch(world.services, f"{BASE}/").slug == "ehr"

    for other in (f"{BASE}//", BASE.upper(), f"{BASE}/x", ""):
        with pytest.raises(LaunchRefused):
            issuer_of_launch(world.services, other)


def test_what_a_launch_is_made_of_is_never_the_same_twice(world: World) -> None:
    """State, secret, nonce and verifier; of the secret only a hash is kept (row 4)."""
    issuer = issuer_named(world.services, "ehr")

    begun = begin(world.services, issuer, launch="xyz")
    pending = world.launches.pending[begun.state]

    parts = (begun.state, begun.secret, pending.nonce, pending.verifier[:43], pending.verifier[43:])
    assert len(set(parts)) == 5
    assert len(pending.verifier) == 86
    assert begun.secret not in repr(pending)
    assert begun.secret != pending.secret_hash
    assert (pending.issuer, pending.is_standalone) == ("ehr", False)


def test_a_standalone_launch_asks_for_the_patient(world: World) -> None:
    """There is no chart around it."""
    begun = begin_standalone(world.services, issuer_named(world.services, "ehr"))

    assert "launch/patient" in begun.authorize_url
    assert world.launches.pending[begun.state].is_standalone


def test_a_page_says_in_its_address_whose_it_is(world: World) -> None:
    """So that it can say in the right frame that it has ended."""
    _, session = come_back(world)

    assert issuer_of_page(session.launch) == "ehr"


# ---------------------------------------------------------------------------------------------------------- who gets in
def test_a_session_is_one_persons_of_one_patient(world: World) -> None:
    """With the roles of our own table, until the end of a shift at most."""
    grant(world, "provider")

    token, session = come_back(world)

    now = world.clock()
    assert open_panel(world.services, token).session == session
    assert (session.patient, session.who, session.roles) == (P1, "Practitioner/nurse-1", ("provider",))
    assert (session.opened_at, session.ends_at) == (now, now + LONGEST)
    assert timedelta(hours=8) == LONGEST
    assert token not in repr(session)


def test_who_has_no_role_gets_the_least_or_nothing(world: World) -> None:
    """As the issuer's record says; what the EHR calls somebody gives no role."""
    assert come_back(world)[1].roles == ("coordinator",)

    changed(world, least_role=None)

    assert refusal(world) == Refusal.NOT_ALLOWED
    assert len(world.smart.revoked) == 1


def test_who_is_shut_out_stays_out(world: World) -> None:
    """Whatever roles are left; and out of a panel that is open."""
    token, _ = come_back(world)
    grant(world, "provider", disable=True)

    assert refusal(world) == Refusal.NOT_ALLOWED
    with pytest.raises(SessionEnded):
        open_panel(world.services, token)
    assert world.launches.open_sessions == {}


def test_who_is_mapped_to_a_person_has_that_persons_roles(world: World) -> None:
    """Not the least one of the EHR where the person has none; and is out as soon as the person is, with what is open."""
    owner = an_account(world.services, roles=["provider"])
    with world.database.begin() as uow:
        nurse = uow.people.seen(NURSE, world.clock())
        uow.people.belong(nurse, uow.people.get(owner), world.clock(), "a lead")
        uow.commit()
    token, session = come_back(world)
    assert (session.roles, session.who) == (("provider",), "Practitioner/nurse-1")

    with world.database.begin() as uow:
        uow.people.disable(uow.people.get(owner), True, world.clock(), "a lead")
        uow.commit()
    with pytest.raises(SessionEnded):
        open_panel(world.services, token)
    assert refusal(world) == Refusal.NOT_ALLOWED
    with world.database.begin() as uow:
        uow.people.disable(uow.people.get(owner), False, world.clock(), "a lead")
        uow.people.grant(uow.people.get(owner), [], world.clock(), "a lead")
        uow.commit()
    assert refusal(world) == Refusal.NOT_ALLOWED


def test_an_ehr_that_is_switched_off_has_no_panels(world: World) -> None:
    """At once."""
    token, _ = come_back(world)
    changed(world, is_active=False)

    with pytest.raises(SessionEnded):
        open_panel(world.services, token)


def test_every_launch_stands_in_the_audit_log_once(world: World) -> None:
    """Who opened which patient's panel from where, who closed it, and who was sent away from whose chart (row 30)."""
    token, _ = come_back(world)
    end(world.services, token, "not this patient")
    end(world.services, token)
    changed(world, least_role=None)
    refusal(world)

    rows = audited(world, "launch", "close-panel", "launch-refused")
    assert [(row.action, row.who, row.record, row.why) for row in rows] == [
        ("launch", "Practitioner/nurse-1", f"main/{P1}", ""),
        ("close-panel", "Practitioner/nurse-1", f"main/{P1}", "not this patient"),
        ("launch-refused", "Practitioner/nurse-1", f"main/{P1}", "not-allowed"),
    ]


def test_a_server_that_cannot_be_told_keeps_no_panel_open(world: World) -> None:
    """Taking tokens back is a courtesy."""
    token, _ = come_back(world)
    unreachable = replace(world.services, smart=_unreachable)

    end(unreachable, token)

    assert world.launches.open_sessions == {}


def _unreachable(issuer: Issuer) -> NoReturn:
    raise Unreachable(issuer.slug)


# ---------------------------------------------------------------------------------------------------------- which patient
def test_a_patient_who_was_never_read_is_read_at_launch(world: World) -> None:
    """The plan is tracked when the panel opens."""
    come_back(world)

    assert world.is_tracked(P1)
    assert {"Patient/p1", "CarePlan/cp1"} <= world.kept()
    assert world.jobs.asked == []


def test_a_patient_without_a_plan_has_a_panel_too(world: World) -> None:
    """With the strip, and nothing to track yet."""
    world.server.facts.pop("CarePlan/cp1")

    come_back(world)

    assert "Patient/p1" in world.kept()
    assert world.milestones() == []


def test_a_patient_who_is_known_is_read_afresh_by_a_worker(world: World) -> None:
    """Nobody waits for that at a launch."""
    world.sweep()

    come_back(world)

    with world.look() as uow:
        found = uow.patients.look(world.source, P1)
    assert found is not None
    assert world.jobs.asked[-1:] == [f"read {found.row.id}"]


def test_a_reading_that_failed_is_made_good_at_the_next_launch(world: World) -> None:
    """An EHR that is down in the middle harms nothing."""
    ehr = world.services.ehr(world.source)

    class Failing:
        types = ehr.types

        def read(self, refs: list[str]) -> object:
            return ehr.read(refs)

        def read_patient(self, patient: str, since: object) -> object:
            raise Unreachable("down")

    failing = replace(world.services, ehr=lambda source: Failing())  # type: ignore[arg-type,return-value]
    whole, world.services = world.services, failing
    with pytest.raises(Unreachable):
        come_back(world)
    assert world.launches.open_sessions == {}

    world.services = whole
    come_back(world)

    assert {"Patient/p1", "CarePlan/cp1"} <= world.kept()


OTHERS: Mapping[str, Patient] = {
    "another name": replace(a_patient(1), name="Test-Other, Anna"),
    "another birth date": replace(a_patient(1), birth_date=Moment("1999-01-01")),
    "no birth date": replace(a_patient(1), birth_date=None),
}


@pytest.mark.parametrize("known", [False, True], ids=["never read", "known"])
@pytest.mark.parametrize("other", OTHERS)
def test_a_chart_that_may_be_another_patients_is_not_opened(world: World, other: str, known: bool) -> None:
    """What the person's token shows is compared with what we were told, before anything is shown (row 24)."""
    world.server.put(replace(a_patient(1), name="Test-One, Ada", birth_date=Moment("1961-04-02")))
    if known:
        world.sweep()
    world.smart.patients = {P1: OTHERS[other]}

    assert refusal(world) == Refusal.CHART_DIFFERS
    assert world.launches.open_sessions == {}
    assert [row.why for row in audited(world, "launch-refused")] == ["chart-differs"]
    assert world.is_tracked(P1) is known


def test_a_name_that_was_changed_in_the_ehr_stops_nobody(world: World) -> None:
    """What we remember may be old: the source is asked before anybody is sent away, and the strip is right at once."""
    world.sweep()
    married = replace(a_patient(1), name="Test-Newname, Anna")
    world.server.put(married)
    world.smart.patients = {P1: married}

    come_back(world)

    with world.look() as uow:
        (stored,) = uow.facts.get(world.source, [P1])
    assert isinstance(stored, Patient)
    assert stored.name == "Test-Newname, Anna"


def test_a_patient_who_cannot_be_seen_is_not_shown(world: World) -> None:
    """Neither by the person, nor where our own access shows no such patient."""
    world.server.facts.pop(P1)
    assert refusal(world) == Refusal.PATIENT_HIDDEN

    world.smart.patients = {}
    assert refusal(world) == Refusal.PATIENT_HIDDEN
    assert not world.is_tracked(P1)

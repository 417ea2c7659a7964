"""Two EHRs that know somebody by the same reference: each keeps its own."""

from dataclasses import replace

import pytest

from plugin.domain.account import LOCAL
from plugin.domain.launch import Identity
from plugin.domain.person import Person
from plugin.domain.queue import OwnerName
from plugin.domain.source import Source
from plugin.domain.work import WorkItem
from plugin.usecases.owner_names import known_as
from plugin.usecases.work import receivers
from tests.builders import World, a_patient, a_plan
from tests.tabs import an_issuer

REF = "Practitioner/9"


@pytest.fixture
def elsewhere(world: World) -> Source:
    """The practice has a second EHR; both have an issuer."""
    with world.database.begin() as uow:
        second = replace(world.source, slug="other", base_url="http://127.0.0.2/fhir", hook_path="another")
        added = uow.sources.add(second, world.clock())
        uow.issuers.add(an_issuer("ehr"), world.clock())
        uow.issuers.add(an_issuer("other", source="other"), world.clock())
        uow.commit()
    return added


def known(world: World, issuer: str, subject: str, fhir_user: str | None = None) -> Person:
    """Somebody who coordinates."""
    with world.database.begin() as uow:
        found = uow.people.seen(Identity(oidc_issuer=issuer, subject=subject, fhir_user=fhir_user), world.clock())
        found = uow.people.grant(found, ["coordinator"], world.clock(), "the test")
        uow.commit()
    return found


def in_both(world: World) -> tuple[Person, Person]:
    """One in each EHR, who have one reference."""
    return known(world, "https://ehr.test", "cho", REF), known(world, "https://other.test", "lee", REF)


def test_a_reference_is_theirs_where_their_issuer_is(world: World, elsewhere: Source) -> None:
    """Of two people only the one whose EHR it is has what a chart there gives to it; without a reference there is our
    name."""
    cho, lee, nameless = *in_both(world), known(world, "https://ehr.test", "no-reference")
    with world.database.begin() as uow:
        for number, ways_in in enumerate(([cho, nameless], [lee]), 1):
            owner = uow.people.seen(Identity(oidc_issuer=LOCAL, subject=f"account-{number}"), world.clock())
            for way_in in ways_in:
                uow.people.belong(way_in, owner, world.clock(), "the test")
        uow.commit()

    with world.look() as uow:
        accounts = [one.id for one in uow.people.all() if one.oidc_issuer == LOCAL]
        found = [set(known_as(uow, id_)) for id_ in accounts]

    assert found == [
        {OwnerName(REF, world.source.id), OwnerName(f"user:{nameless.id}")},
        {OwnerName(REF, elsewhere.id)},
    ]


def test_work_is_not_given_to_another_ehrs_user(world: World, elsewhere: Source) -> None:
    """On this patient their reference would be somebody else."""
    cho, _ = in_both(world)
    here = known(world, LOCAL, "account")
    world.server.put(a_patient(1), a_plan(1))
    world.sweep()

    with world.look() as uow:
        tracked = uow.patients.look(world.now_source(), "Patient/p1")
        assert tracked is not None
        item = WorkItem(
            key="a", kind="overdue", patient_id=tracked.row.id, role="coordinator", owner=None, due_at=world.clock(),
            priority=1,
        )  # fmt: skip
        given = [who for who, _ in receivers(uow, item) if not who.startswith("role:")]

    assert sorted(given) == [cho.who, here.who]

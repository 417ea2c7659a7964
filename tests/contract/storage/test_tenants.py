"""Two EHRs in one database: what has the same id in both is never the same (threat row 11)."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from plugin.domain.launch import Identity
from plugin.domain.record import Said, Statement
from plugin.domain.source import Source
from plugin.usecases.ports import Database
from tests.contract.storage.given import (
    LATER,
    NOW,
    TODAY,
    a_plan,
    a_result,
    a_session,
    a_source,
    a_step,
    an_issuer,
    an_outcome,
    kept,
)

ONE = "Patient/1"


@pytest.fixture
def two(any_database: Database) -> Sequence[Source]:
    """Two sources, each with its issuer, each with a patient "1" who has one result and one step "k1"."""
    with any_database.begin() as unit:
        sources = [
            unit.sources.add(a_source(slug=slug, base_url=f"https://{slug}.example/fhir"), NOW)
            for slug in ("north", "south")
        ]
        for source in sources:
            unit.sources.read_ok(source, NOW)
            base = f"https://{source.slug}.example"
            unit.issuers.add(an_issuer(slug=source.slug, source=source.slug, fhir_base=f"{base}/fhir"), NOW)
            unit.patients.track(source, [ONE], NOW, read_back=False)
            unit.facts.store(source, kept(a_result(1, source.slug, subject=ONE), patients=[ONE]), NOW)
        for row in unit.patients.claim_due(NOW, 10):
            slug = unit.sources.by_id(row.source_id).slug
            step = a_step(title=f"HbA1c in the {slug}")
            unit.plans.save([an_outcome(row, a_plan(step, patient=ONE))], NOW)
        unit.commit()
    return sources


def test_the_same_patient_id_is_two_patients(any_database: Database, two: Sequence[Source]) -> None:
    """Facts, plans and the marks of one source's patient "1" are not the other's (threat row 11)."""
    with any_database.begin() as unit:
        for source in two:
            (fact,) = unit.facts.get(source, ["Observation/o1"])
            (plan,) = unit.plans.of_patient(source, ONE, TODAY)
            assert fact.version == source.slug
            assert [step.title for step in plan.milestones] == [f"HbA1c in the {source.slug}"]
        unit.patients.mark(two[0], [ONE], LATER)

        assert [row.source_id for row in unit.patients.claim_due(LATER, 10)] == [two[0].id]


def test_what_is_said_of_one_is_not_said_of_the_other(any_database: Database, two: Sequence[Source]) -> None:
    """A statement, and a reading of everything, concern the patient of the one source (threat row 11)."""
    said = Statement(id="s1", said=Said.NOTE, by="Practitioner/n1", at=NOW, milestone="k1", note="called")

    with any_database.begin() as unit:
        unit.statements.add(two[0], ONE, said, NOW)
        unit.patients.read_back_done(two[0], ONE, began=NOW, now=LATER)

        assert [unit.statements.of_patient(source, ONE) for source in two] == [[said], []]
        assert [unit.patients.read_at(source, ONE) for source in two] == [LATER, None]


def test_an_issuer_leads_to_its_own_source(any_database: Database, two: Sequence[Source]) -> None:
    """By its exact FHIR base, and by nothing else; a launch is written down with that source (threat row 11)."""
    with any_database.begin() as unit:
        found = [unit.issuers.by_base(source.base_url) for source in two]
        person = unit.people.seen(Identity(oidc_issuer="https://ehr.example", subject="s-1"), NOW)
        for source in two:
            session = a_session(launch=source.slug, issuer=source.slug, source_id=source.id, person_id=person.id)
            unit.people.launched(replace(session, patient=ONE), NOW)

        assert [issuer.source for issuer in found if issuer is not None] == ["north", "south"]
        launches = [entry.record for entry in unit.audit.entries() if entry.action == "launch"]
        assert launches == ["south/Patient/1", "north/Patient/1"]


def test_our_own_number_is_of_one_of_them(any_database: Database, two: Sequence[Source]) -> None:
    """By the number that stands in an address one comes to one source's patient "1" alone (threat row 11)."""
    with any_database.begin(reading=True) as unit:
        tracked = [unit.patients.look(source, ONE) for source in two]
        numbers = [found.row.id for found in tracked if found is not None]

        assert len(set(numbers)) == 2
        assert [unit.patients.by_number(number) for number in numbers] == [(source.id, ONE) for source in two]
        assert [(unit.patients.reading_of(number) or ())[:2] for number in numbers] == [(each.id, ONE) for each in two]


def test_a_source_that_is_forgotten_takes_nothing_of_the_other(any_database: Database, two: Sequence[Source]) -> None:
    """Its patient "1" is followed no more; the other's is as it was (threat row 11)."""
    gone, stays = two
    with any_database.begin() as unit:
        unit.sources.forget(gone, LATER, by="user:1", told={})

        assert [unit.patients.tracked(source, [ONE]) for source in two] == [frozenset(), frozenset({ONE})]
        assert [len(unit.facts.get(source, ["Observation/o1"])) for source in two] == [0, 1]
        (plan,) = unit.plans.of_patient(stays, ONE, TODAY)
        assert [step.title for step in plan.milestones] == ["HbA1c in the south"]

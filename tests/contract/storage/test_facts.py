"""The port Facts."""

from dataclasses import replace
from datetime import timedelta

from plugin.domain.record import Appointment, Other, Participant
from plugin.domain.source import Source
from plugin.storage import tables
from plugin.storage.transaction import MANY
from plugin.usecases.ports import Database
from tests.contract.storage.databases import Rows
from tests.contract.storage.given import LATER, NOW, a_care_plan, a_result, kept


def test_stored_twice_is_stored_once(database: Database, source: Source) -> None:
    """A version that stands already changes nothing, and nobody is to be assessed again for it."""
    page = kept(a_result(1), a_care_plan(1))

    with database.begin() as unit:
        first = unit.facts.store(source, page, NOW)
        second = unit.facts.store(source, page, LATER)
        unit.commit()

    assert (first.changed, first.new, first.unchanged) == (frozenset({"Patient/p1"}), 2, 0)
    assert (second.changed, second.new, second.unchanged) == (frozenset(), 0, 2)


def test_comes_back_as_it_was(database: Database, source: Source) -> None:
    """Every field that was stored is read again."""
    with database.begin() as unit:
        unit.facts.store(source, kept(a_result(1), a_care_plan(1)), NOW)

        assert unit.facts.get(source, ["CarePlan/c1", "Observation/o1", "Observation/o9"]) == [
            a_care_plan(1),
            a_result(1),
        ]


def test_older_version_goes_to_history(database: Database, source: Source, rows: Rows) -> None:
    """Any past day can be computed again: the body that stood before is kept, with when it was seen and until when."""
    with database.begin() as unit:
        unit.facts.store(source, kept(a_result(1, "1")), NOW)
        stored = unit.facts.store(source, kept(a_result(1, "2", status="amended")), LATER)
        unit.commit()

    assert stored.changed == {"Patient/p1"}
    (past,) = rows(tables.fact_history)
    assert (past["version"], past["seen_at"], past["until"], past["is_deleted"]) == ("1", NOW, LATER, False)
    (stands,) = rows(tables.fact)
    assert (stands["version"], stands["status"]) == ("2", "amended")


def test_pages_that_overtook_each_other(database: Database, source: Source) -> None:
    """An older version, seen before what stands, does not come back; of two versions in one page the newer counts."""
    older, newer = a_result(1, "2"), a_result(1, "10", seen=NOW)

    with database.begin() as unit:
        unit.facts.store(source, kept(newer, older), LATER)
        late = unit.facts.store(source, kept(older), NOW)

        assert late.changed == frozenset()
        assert unit.facts.known(source, ["Observation/o1"]) == {"Observation/o1": "10"}


def test_server_restored_from_a_backup(database: Database, source: Source) -> None:
    """An older version that is seen *later* is what the server says now."""
    with database.begin() as unit:
        unit.facts.store(source, kept(a_result(1, "10", seen=NOW)), NOW)
        unit.facts.store(source, kept(a_result(1, "2")), LATER)

        assert unit.facts.known(source, ["Observation/o1"]) == {"Observation/o1": "2"}


def test_group_appointment_has_a_row_for_each_patient(database: Database, source: Source, rows: Rows) -> None:
    """Who is no longer named loses the row and is assessed again; who stays keeps it."""
    both = (Participant("Patient/p1"), Participant("Patient/p2"))
    visit = Appointment(ref="Appointment/a1", version="1", status="booked", participants=both)
    moved = replace(visit, version="2", participants=both[:1])

    with database.begin() as unit:
        first = unit.facts.store(source, kept(visit, patients=["Patient/p1", "Patient/p2"]), NOW)
        second = unit.facts.store(source, kept(moved, patients=["Patient/p1"]), LATER)
        unit.commit()

    assert first.changed == second.changed == {"Patient/p1", "Patient/p2"}
    assert [row["patient_ref"] for row in rows(tables.fact)] == ["Patient/p1"]
    history = {(row["patient_ref"], row["is_deleted"]) for row in rows(tables.fact_history)}
    assert history == {("Patient/p1", False), ("Patient/p2", True)}


def test_patient_who_is_tracked_later(database: Database, source: Source) -> None:
    """A version that stands for one patient is stored for another, and only that one changes."""
    with database.begin() as unit:
        unit.facts.store(source, kept(a_result(1)), NOW)
        stored = unit.facts.store(source, kept(a_result(1), patients=["Patient/p1", "Patient/p2"]), LATER)

    assert stored.changed == {"Patient/p2"}


def test_fact_of_nobody(database: Database, source: Source) -> None:
    """A practitioner is stored without a patient, and marks none."""
    with database.begin() as unit:
        stored = unit.facts.store(source, kept(Other(ref="Practitioner/d1", version="1"), patients=[""]), NOW)

        assert stored.changed == frozenset()
        assert unit.facts.known(source, ["Practitioner/d1"]) == {"Practitioner/d1": "1"}


def test_without_a_version_the_content_counts(database: Database, source: Source) -> None:
    """Where a server gives no version, the same content seen again is the same fact."""
    bare = a_result(1, "")

    with database.begin() as unit:
        unit.facts.store(source, kept(bare), NOW)
        same = unit.facts.store(source, kept(replace(bare, seen=LATER)), LATER)
        other = unit.facts.store(source, kept(replace(bare, status="amended")), LATER)

    assert (same.new, other.new) == (0, 1)


def test_deleted_facts(database: Database, source: Source, rows: Rows) -> None:
    """What the server no longer has goes to history, and its patients are told; deleting again does nothing."""
    with database.begin() as unit:
        unit.facts.store(source, kept(a_result(1), a_result(2)), NOW)
        gone = unit.facts.delete(source, ["Observation/o1", "Observation/o9"], LATER)
        again = unit.facts.delete(source, ["Observation/o1"], LATER)
        unit.commit()

    assert (gone, again) == (frozenset({"Patient/p1"}), frozenset())
    assert [row["ref"] for row in rows(tables.fact)] == ["Observation/o2"]
    assert [(row["ref"], row["is_deleted"], row["until"]) for row in rows(tables.fact_history)] == [
        ("Observation/o1", True, LATER)
    ]


def test_references_come_in_pages(database: Database, source: Source) -> None:
    """All references of a type, each once, however many patients share it; no other type's."""
    results = [a_result(f"{number:04}") for number in range(1500)]

    with database.begin() as unit:
        unit.facts.store(source, kept(*results, patients=["Patient/p1", "Patient/p2"]), NOW)
        unit.facts.store(source, kept(a_care_plan(1)), NOW)
        pages = list(unit.facts.references(source, "Observation"))

    assert [len(page) for page in pages] == [1000, 500]
    assert [ref for page in pages for ref in page] == [result.ref for result in results]


def test_sources_do_not_see_each_other(database: Database, source: Source) -> None:
    """Equal references of two servers are two facts."""
    with database.begin() as unit:
        other = unit.sources.add(replace(source, slug="other", base_url="https://other.example/fhir"), NOW)
        unit.facts.store(source, kept(a_result(1)), NOW)

        assert unit.facts.store(other, kept(a_result(1)), NOW + timedelta(seconds=1)).new == 1
        assert unit.facts.delete(other, ["Observation/o1"], LATER) == {"Patient/p1"}
        assert list(unit.facts.known(source, ["Observation/o1"])) == ["Observation/o1"]


def test_many_at_once_are_stored_as_one_is(database: Database, source: Source, rows: Rows) -> None:
    """A page takes another way into PostgreSQL than a few facts do, and so does what it replaces."""
    refs = [f"Observation/o{number}" for number in range(MANY)]
    with database.begin() as unit:
        unit.facts.store(source, kept(*(a_result(number, "1") for number in range(MANY))), NOW)
        stored = unit.facts.store(source, kept(*(a_result(number, "2") for number in range(MANY))), LATER)
        found = unit.facts.get(source, refs)
        unit.commit()

    assert (stored.new, stored.unchanged) == (MANY, 0)
    assert sorted(found, key=lambda fact: fact.ref) == sorted(
        (a_result(number, "2") for number in range(MANY)), key=lambda fact: fact.ref
    )
    assert {past["version"] for past in rows(tables.fact_history)} == {"1"}

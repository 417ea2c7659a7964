"""The port CompanionLinks."""

from dataclasses import replace

from plugin.domain.companion import LinkState, PatientLink, Why
from plugin.domain.source import Source
from plugin.usecases.ports import Database
from tests.contract.storage.given import LATER, NOW


def a_link(number: int, store_ref: str | None = None) -> PatientLink:
    """A patient, linked or waiting."""
    state = LinkState.TO_DO if store_ref is None else LinkState.LINKED
    return PatientLink(patient=f"Patient/p{number}", state=state, store_ref=store_ref, at=NOW)


def test_links_come_back_as_they_were_saved(any_database: Database, any_source: Source) -> None:
    """By the source's reference, by the store's, and by state, longest there first."""
    linked = replace(a_link(1, "Patient/s1"), by="user:1", ours="o", theirs="t")
    waiting = replace(a_link(2), candidates=("Patient/s2", "Patient/s3"), why=Why.SEVERAL, at=LATER)
    with any_database.begin() as unit:
        assert unit.companion_links.save(any_source, [waiting, linked, a_link(3)]) == []

        assert unit.companion_links.of(any_source, ["Patient/p1", "Patient/p9"]) == {"Patient/p1": linked}
        assert unit.companion_links.by_store(any_source, ["Patient/s1", "Patient/s2"]) == {"Patient/s1": "Patient/p1"}
        assert unit.companion_links.in_state(any_source, LinkState.TO_DO) == [a_link(3), waiting]


def test_one_record_of_the_store_is_one_patients(any_database: Database, any_source: Source) -> None:
    """Whoever comes second is not stored, in one saving or in two; it is free when nothing has to be taken off it."""
    with any_database.begin() as unit:
        first, second, third = (a_link(number, "Patient/s1") for number in (1, 2, 3))

        assert unit.companion_links.save(any_source, [first, second]) == [second]
        assert unit.companion_links.save(any_source, [third]) == [third]
        assert list(unit.companion_links.of(any_source, ["Patient/p1", "Patient/p2", "Patient/p3"])) == ["Patient/p1"]

        unlinked = replace(first, state=LinkState.REFUSED)
        unit.companion_links.save(any_source, [unlinked])

        assert unit.companion_links.by_store(any_source, ["Patient/s1"]) == {}
        assert unit.companion_links.save(any_source, [second]) == [second]

        unit.companion_links.save(any_source, [replace(unlinked, store_ref=None)])

        assert unit.companion_links.save(any_source, [second]) == []
        assert unit.companion_links.by_store(any_source, ["Patient/s1"]) == {"Patient/s1": "Patient/p2"}


def test_links_of_a_removed_source_are_gone(any_database: Database, any_source: Source) -> None:
    """Who was who is forgotten with the chart."""
    with any_database.begin() as unit:
        unit.companion_links.save(any_source, [a_link(1, "Patient/s1")])
        unit.sources.forget(any_source, LATER, by="user:1", told={})

        assert unit.companion_links.of(any_source, ["Patient/p1"]) == {}

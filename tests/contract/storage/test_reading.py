"""The ports OnFile and ReadingCosts, and what of the facts lies within an extent."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from plugin.domain.record import Appointment, Moment, Participant
from plugin.domain.source import ReadingCost, Source
from plugin.usecases.ports import Database
from tests.contract.storage.given import LATER, NOW, a_care_plan, a_source, kept

NOVEMBER = datetime(2026, 11, 1, 4, tzinfo=UTC)
"""It begins so in New York."""
DECEMBER = datetime(2026, 12, 1, 5, tzinfo=UTC)


@pytest.fixture
def clinic(any_database: Database) -> Source:
    """A stored source."""
    with any_database.begin() as unit:
        source = unit.sources.add(a_source(), NOW)
        unit.commit()
    return source


def a_visit(name: str, start: str | None, version: str = "1") -> Appointment:
    """A booking of ``Patient/p1``."""
    return Appointment(
        ref=f"Appointment/{name}",
        version=version,
        status="booked",
        start=None if start is None else Moment(start),
        participants=(Participant("Patient/p1"),),
    )


def test_who_is_on_file(any_database: Database, clinic: Source) -> None:
    """Told twice, somebody is there once; whoever left is not; another source's are not ours."""
    with any_database.begin() as unit:
        other = unit.sources.add(replace(clinic, slug="other", base_url="https://other.example/fhir"), NOW)
        unit.on_file.add(clinic, ["Patient/p2", "Patient/p1", "Patient/p2"])
        unit.on_file.add(clinic, ["Patient/p1", "Patient/p3"])
        unit.on_file.add(clinic, [])
        unit.on_file.add(other, ["Patient/p9"])
        unit.on_file.remove(clinic, ["Patient/p3", "Patient/p9"])
        unit.commit()

    with any_database.begin(reading=True) as unit:
        assert unit.on_file.patients(clinic) == ["Patient/p1", "Patient/p2"]
        assert unit.on_file.patients(other) == ["Patient/p9"]


def test_many_on_file_at_once(any_database: Database, clinic: Source) -> None:
    """A first reading tells them by the thousand."""
    everybody = [f"Patient/{number:05}" for number in range(3000)]

    with any_database.begin() as unit:
        unit.on_file.add(clinic, everybody)
        unit.on_file.add(clinic, everybody)
        assert unit.on_file.patients(clinic) == everybody


def test_who_is_tracked_is_asked_for_with_replaced_records(any_database: Database, clinic: Source) -> None:
    """A replaced record's plans stand under its own name."""
    with any_database.begin() as unit:
        unit.on_file.add(clinic, ["Patient/p0"])
        unit.patients.track(clinic, ["Patient/p2", "Patient/p1"], NOW, read_back=False)
        unit.patients.merge(clinic, {"Patient/old": "Patient/p1"}, NOW)
        assert unit.on_file.tracked(clinic) == ["Patient/old", "Patient/p1", "Patient/p2"]


def test_costs_add_up_by_day(any_database: Database, clinic: Source) -> None:
    """Each worker adds its own to the day; days without any are not told."""
    today, before = date(2026, 6, 16), date(2026, 6, 14)
    with any_database.begin() as unit:
        unit.reading_costs.add(clinic, ReadingCost(today, 2, 1000, 0.5))
        unit.reading_costs.add(clinic, ReadingCost(before, 1, 5_000_000_000, 0.25))
        unit.reading_costs.add(clinic, ReadingCost(today, 3, 24, 0.25))
        unit.commit()

    with any_database.begin(reading=True) as unit:
        costs = unit.reading_costs.since(clinic, before)
        assert costs == [ReadingCost(before, 1, 5_000_000_000, 0.25), ReadingCost(today, 5, 1024, 0.75)]
        assert unit.reading_costs.since(clinic, today) == costs[1:]


def test_forgotten_with_the_source(any_database: Database, clinic: Source) -> None:
    """Minimum necessary: nobody is on file of a source that was removed."""
    with any_database.begin() as unit:
        unit.on_file.add(clinic, ["Patient/p1"])
        unit.reading_costs.add(clinic, ReadingCost(date(2026, 6, 16), 2, 1000, 0.5))
        unit.sources.forget(clinic, LATER, by="user:1", told={})

        assert unit.on_file.patients(clinic) == []
        assert unit.reading_costs.since(clinic, date(2026, 1, 1)) == []


def test_what_lies_within_days(any_database: Database, clinic: Source) -> None:
    """To the second, at both ends; what has no beginning lies within no days, nor does what is no appointment."""
    visits = [
        a_visit("before", "2026-10-31T23:59:59-04:00"),
        a_visit("first", "2026-11-01T00:00:00-04:00", "2"),
        a_visit("last", "2026-11-30T23:59:59-05:00"),
        a_visit("after", "2026-12-01T00:00:00-05:00"),
        a_visit("whenever", None),
        a_visit("some-day", "2026-11-15"),
    ]
    with any_database.begin() as unit:
        unit.facts.store(clinic, kept(*visits, a_care_plan()), NOW)

        within = unit.facts.within(clinic, "Appointment", since=NOVEMBER, until=DECEMBER)
        assert within == {"Appointment/first": "2", "Appointment/last": "1"}
        assert set(unit.facts.within(clinic, "Appointment", since=DECEMBER)) == {"Appointment/after"}
        assert set(unit.facts.within(clinic, "Appointment", until=NOVEMBER)) == {"Appointment/before"}
        assert len(unit.facts.within(clinic, "Appointment")) == len(visits)
        assert unit.facts.within(clinic, "CarePlan", since=NOVEMBER) == {}


def test_what_was_moved_lies_where_it_was_moved_to(any_database: Database, clinic: Source) -> None:
    """Found by the newest version's beginning."""
    with any_database.begin() as unit:
        unit.facts.store(clinic, kept(a_visit("a", "2026-11-05T09:00:00-05:00")), NOW)
        unit.facts.store(clinic, kept(a_visit("a", "2027-01-05T09:00:00-05:00", "2")), LATER)

        assert unit.facts.within(clinic, "Appointment", since=NOVEMBER, until=DECEMBER) == {}
        assert unit.facts.within(clinic, "Appointment", since=DECEMBER) == {"Appointment/a": "2"}


def test_what_lies_within_patients(any_database: Database, clinic: Source) -> None:
    """Of these patients and of this type only; a group's appointment is each one's; of nobody there is nothing."""
    group = a_visit("group", "2026-11-05T09:00:00-05:00")
    with any_database.begin() as unit:
        unit.facts.store(clinic, kept(a_care_plan(1)), NOW)
        unit.facts.store(clinic, kept(a_care_plan(2, subject="Patient/p2"), patients=["Patient/p2"]), NOW)
        unit.facts.store(clinic, kept(group, patients=["Patient/p1", "Patient/p2"]), NOW)

        def found(type_: str, *patients: str) -> list[str]:
            return sorted(unit.facts.within(clinic, type_, patients=patients, until=None))

        assert found("CarePlan", "Patient/p1") == ["CarePlan/c1"]
        assert found("CarePlan", "Patient/p1", "Patient/p2", "Patient/p3") == ["CarePlan/c1", "CarePlan/c2"]
        assert found("Appointment", "Patient/p2") == ["Appointment/group"]
        assert found("CarePlan") == []
        near = unit.facts.within(clinic, "Appointment", patients=["Patient/p2"], since=NOVEMBER, until=DECEMBER)
        assert near == {"Appointment/group": "1"}
        assert unit.facts.within(clinic, "Appointment", since=DECEMBER + timedelta(days=31)) == {}

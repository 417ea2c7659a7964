"""A source that is removed: what was read of it is gone, what people said and did stays, and its slug is its own for
ever."""

from dataclasses import replace

import pytest

from plugin.domain.errors import BadInput, CannotDo, UnknownName
from plugin.domain.record import Said, Statement
from plugin.domain.source import Cursor, SetAside, Source
from plugin.storage import tables
from plugin.usecases.ports import Database
from tests.contract.storage.databases import Rows
from tests.contract.storage.given import (
    LATER,
    NOW,
    TODAY,
    a_care_plan,
    a_plan,
    a_result,
    a_source,
    a_step,
    an_issuer,
    an_outcome,
    kept,
    saved,
    tracked,
)

WHO = "user:1"


@pytest.fixture
def read(database: Database, source: Source) -> Source:
    """The source, with a patient of whom everything is stored; beside it another that nothing may happen to."""
    with database.begin() as unit:
        other = unit.sources.add(a_source(slug="other", base_url="https://other.example/fhir"), NOW)
        for each in (source, other):
            unit.facts.store(each, kept(a_care_plan(), a_result()), NOW)
            unit.sources.move(each, "Observation", Cursor("2026-06-16T12:00:00Z"), NOW)
            unit.sources.set_aside(each, [SetAside("Task/t9", "1", "no status")], NOW)
        unit.issuers.add(an_issuer(), NOW)
        unit.statements.add(source, "Patient/p1", Statement(id="s1", said=Said.NOTE, by=WHO, at=NOW, target="k1"), NOW)
        unit.commit()
    (row,) = tracked(database, source, "Patient/p1")
    saved(database, an_outcome(row, a_plan(a_step())))
    return source


def forget(database: Database, source: Source) -> None:
    """As the use case does."""
    with database.begin() as unit:
        unit.sources.forget(source, LATER, by=WHO, told={"how": "keep"})
        unit.commit()


def test_nothing_that_was_read_of_it_is_left(database: Database, rows: Rows, read: Source) -> None:
    """Minimum necessary: no fact, no older version of one, no cursor; and nobody is tracked or due."""
    forget(database, read)

    for table in (tables.fact, tables.fact_history, tables.cursor, tables.set_aside, tables.sent, tables.sent_body):
        assert [row for row in rows(table) if row["source_id"] == read.id] == []
    with database.begin() as unit:
        assert unit.patients.tracked(read, ["Patient/p1"]) == frozenset()
        assert unit.patients.claim_due(LATER, 10) == []
        assert unit.plans.of_patient(read, "Patient/p1", TODAY) == []


def test_another_source_is_left_alone(database: Database, rows: Rows, read: Source) -> None:
    """With the same references."""
    forget(database, read)

    with database.begin() as unit:
        other = unit.sources.get("other")
        assert len(list(unit.facts.references(other, "Observation"))) == 1
        assert unit.sources.cursor(other, "Observation").watermark is not None
        assert len(unit.sources.aside(other)) == 1


def test_what_people_said_and_did_stays_on_record(database: Database, rows: Rows, read: Source) -> None:
    """Statements, and who removed the source, when and how."""
    forget(database, read)

    assert [row["id"] for row in rows(tables.statement)] == ["s1"]
    last = rows(tables.audit)[-1]
    assert (last["action"], last["who"], last["record"]) == ("remove-source", WHO, "source/clinic")


def test_it_is_no_source_any_more(database: Database, rows: Rows, read: Source) -> None:
    """It is not listed, has no token, and nobody opens a panel from its issuer."""
    with database.begin() as unit:
        unit.sources.update(replace(read, token="t0ken", hook_path="path", hook_secret="s"), NOW)
        unit.commit()

    forget(database, read)

    with database.begin() as unit:
        assert [source.slug for source in unit.sources.all()] == ["other"]
        with pytest.raises(UnknownName):
            unit.sources.get("clinic")
        assert unit.sources.by_hook("path") is None
        assert not unit.issuers.get("ehr").is_active
    gone = next(row for row in rows(tables.source) if row["id"] == read.id)
    assert (gone["token"], gone["hook_secret"]) == (None, None)


def test_the_same_server_comes_back_under_its_own_slug(database: Database, read: Source) -> None:
    """It is read anew from the beginning."""
    forget(database, read)

    with database.begin() as unit:
        back = unit.sources.add(a_source(), LATER)
        assert (back.id, back.last_read_at, back.paused) == (read.id, None, False)
        assert unit.sources.cursor(back, "Observation") == Cursor()
        assert unit.sources.get("clinic") == back


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"base_url": "https://elsewhere.example/fhir"}, id="its slug for another server"),
        pytest.param({"slug": "second"}, id="the server under another slug"),
    ],
)
def test_slug_and_server_stay_together(database: Database, read: Source, other: dict[str, str]) -> None:
    """The slug is part of the key of every Task that still stands there."""
    forget(database, read)

    with database.begin() as unit, pytest.raises(BadInput, match="was here before"):
        unit.sources.add(a_source(**other), LATER)


def test_what_a_reading_still_brings_is_not_stored(database: Database, read: Source) -> None:
    """From the wish on, and after it was carried out: a first reading takes an hour, and asks for the lock at each page."""
    with database.begin() as unit:
        unit.sources.update(replace(read, leaving="keep"), NOW)
        unit.commit()

    with database.begin() as unit, pytest.raises(CannotDo, match="being removed"):
        unit.sources.lock(read)
    forget(database, read)
    with database.begin() as unit, pytest.raises(CannotDo, match="being removed"):
        unit.sources.lock(read)

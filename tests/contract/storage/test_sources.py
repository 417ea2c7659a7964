"""The port Sources."""

from dataclasses import replace

import pytest

from plugin.domain.errors import BadInput, UnknownName
from plugin.domain.source import Cursor, SetAside, Source
from plugin.storage import tables
from plugin.usecases.ports import Database
from tests.contract.storage.databases import Rows
from tests.contract.storage.given import LATER, NOW, a_care_plan, a_result, a_source, kept


def test_comes_back_as_it_was(database: Database) -> None:
    """Every field of a source is stored, with an id of its own."""
    full = a_source(
        kind="r4",
        search_filter={"_tag": "urn:x|clinic"},
        link_aliases=("https://proxy.example/fhir",),
        token="t0ken",
        capability={"Task": True, "search": ["_lastUpdated"]},
        paused=True,
        hook_path="hook-1",
        hook_secret="s3cret",
        client_id="milepost-backend",
        auth_scopes=("system/Task.crus",),
        auth_hosts=("login.example:8443",),
    )

    with database.begin() as unit:
        added = unit.sources.add(full, NOW)

        assert added == replace(full, id=added.id)
        assert unit.sources.get("clinic") == unit.sources.by_id(added.id) == unit.sources.by_hook("hook-1") == added
        assert unit.sources.by_hook("hook-2") is None


def test_secrets_are_encrypted(database: Database, rows: Rows) -> None:
    """Token and hook secret do not lie readable in the database, nor in the audit."""
    with database.begin() as unit:
        unit.sources.add(a_source(token="t0ken", hook_secret="s3cret"), NOW)
        unit.commit()

    (row,) = rows(tables.source)
    assert (row["token"], row["hook_secret"]) == ("encrypted::t0ken", "encrypted::s3cret")
    assert "t0ken" not in str(rows(tables.audit))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base_url": "https://other.example/fhir"}, "has the same slug"),
        ({"slug": "other"}, "has the same base URL and search filter"),
    ],
)
def test_taken(database: Database, source: Source, changes: dict[str, str], words: str) -> None:
    """A slug is given once, and a server is read once."""
    with database.begin() as unit, pytest.raises(BadInput, match=words):
        unit.sources.add(a_source(**changes), NOW)


def test_two_sources_on_one_server(database: Database, source: Source) -> None:
    """Practices that share a server are told apart by their filters."""
    with database.begin() as unit:
        unit.sources.add(a_source(slug="north", search_filter={"_tag": "north"}), NOW)

        assert [found.slug for found in unit.sources.all()] == ["clinic", "north"]


def test_unknown_source(database: Database, source: Source) -> None:
    """Says which there are."""
    with database.begin() as unit:
        with pytest.raises(UnknownName, match="no source clinik; there is: clinic"):
            unit.sources.get("clinik")
        with pytest.raises(UnknownName, match="no source with the number 99"):
            unit.sources.by_id(99)


def test_changes_are_audited_by_name(any_database: Database) -> None:
    """What changed is stored and named, never with its value; nothing changed, nothing written."""
    with any_database.begin() as unit:
        changed = replace(unit.sources.add(a_source(), NOW), token="t0ken", paused=True)
        unit.sources.update(changed, LATER, by="user:1", told={"session": "s1"})
        unit.sources.update(changed, LATER, by="user:1", told={"session": "s1"})

        assert unit.sources.get("clinic") == changed
        (entry,) = [entry for entry in unit.audit.entries() if entry.action == "change-source"]
        assert (entry.who, entry.record) == ("user:1", "source/clinic")
        assert entry.detail == {"session": "s1", "changed": ["paused", "token"]}


def test_slug_is_given_once(database: Database, source: Source) -> None:
    """The slug is part of every key."""
    with database.begin() as unit, pytest.raises(BadInput, match="a slug is given once"):
        unit.sources.update(replace(source, slug="other"), NOW)


def test_cursors(database: Database, source: Source) -> None:
    """Each type has its own; a type that was never read begins at the beginning."""
    stands = Cursor("2026-06-15T10:00:00Z", ("Task/t1/3",), complete=True)

    with database.begin() as unit:
        unit.sources.move(source, "Task", Cursor("2026-06-14T10:00:00Z"), NOW)
        unit.sources.move(source, "Task", stands, NOW)

        assert unit.sources.cursor(source, "Task") == stands
        assert unit.sources.cursor(source, "Patient") == Cursor()


def test_health(database: Database, source: Source) -> None:
    """A failed read is remembered until a complete one; a change of the source does not touch it."""
    with database.begin() as unit:
        unit.sources.read_ok(source, NOW)
        unit.sources.read_failed(source, LATER, "HTTP 503")
        unit.sources.update(replace(source, paused=True), LATER)
        ill = unit.sources.get("clinic")
        unit.sources.read_ok(source, LATER)
        well = unit.sources.get("clinic")

    assert (ill.last_read_at, ill.last_error, ill.last_error_at) == (NOW, "HTTP 503", LATER)
    assert (well.last_read_at, well.last_error, well.last_error_at) == (LATER, None, None)


def test_records_set_aside(database: Database, source: Source) -> None:
    """One row for a reference, until a good version clears it."""
    with database.begin() as unit:
        unit.sources.set_aside(source, [SetAside("Task/t1", "1", "no status"), SetAside("CarePlan/c1", "1", "x")], NOW)
        unit.sources.set_aside(source, [SetAside("Task/t1", "2", "no subject")], LATER)

        assert unit.sources.aside(source, "Task") == [SetAside("Task/t1", "2", "no subject")]
        assert len(unit.sources.aside(source)) == 2

        unit.sources.clear_aside(source, ["Task/t1", "Task/t9"])

        assert unit.sources.aside(source) == [SetAside("CarePlan/c1", "1", "x")]


def test_every_care_plan_is_accounted_for(database: Database, source: Source) -> None:
    """Tracked, ended, in error, or left out and why; each plan once."""
    statuses = {1: "active", 2: "draft", 3: None, 4: "completed", 5: "revoked", 6: "entered-in-error", 7: "active"}

    with database.begin() as unit:
        plans = [a_care_plan(number, status=status) for number, status in statuses.items()]
        unit.facts.store(source, kept(*plans, a_result(1), patients=["Patient/p1", "Patient/p2"]), NOW)
        left_out = [SetAside("CarePlan/c7", "2", "cannot be parsed"), SetAside("CarePlan/c8", "1", "no patient")]
        unit.sources.set_aside(source, [*left_out, SetAside("Task/t1", "1", "no patient")], NOW)

        assert unit.sources.care_plans(source) == {
            "tracked": 3,
            "ended": 2,
            "entered-in-error": 1,
            "cannot be parsed": 1,
            "no patient": 1,
        }

"""`milepost source`, for an EHR without Tasks: adding it and its store, choosing where Tasks go, seeing what was
chosen."""

from dataclasses import replace

import pytest

from plugin.domain.companion import OPENEMR_NUMBERS
from plugin.domain.source import ReadingCost
from tests.builders import World
from tests.plugin.cli.typed import Typed

STORE = "http://127.0.0.1/store"


@pytest.fixture
def openemr(world: World, typed: Typed) -> World:
    """The practice's source is an OpenEMR, and a companion store was added."""
    with world.database.begin() as uow:
        uow.sources.update(replace(uow.sources.by_id(world.source.id), kind="openemr"), world.clock())
        uow.commit()
    world.ehr.types = (*world.ehr.types, "DetectedIssue")
    said = typed.text("source", "add", "store", STORE, "--store")
    assert "source set SOURCE --companion store" in said
    return world


def test_a_store_is_listed_and_is_no_ehr(openemr: World, typed: Typed) -> None:
    """A command without a slug still means the one EHR; the store is never polled nor behind."""
    listed = typed.json("source", "list")

    assert [(one["source"], one["use"], one["behind"]) for one in listed] == [
        ("main", "ehr", True),
        ("store", "store", False),
    ]
    assert "nowhere yet" in typed.text("source", "list")
    assert list(typed.json("sync")) == ["main"]
    typed.text("sync", "store", code=1)


def test_what_is_not_named_stays(openemr: World, typed: Typed) -> None:
    """Each option alone, one after the other."""
    typed.text("source", "set", "main", "--companion", "store", "--inbox", "coordinator=desk")
    typed.text("source", "set", "main", "--numbers", "https://example.org/mrn")
    typed.text("source", "set", "main", "--zone", "America/New_York")
    typed.text("source", "set", "main", "--inbox", "provider=drno", "--inbox", "coordinator=")

    chosen = openemr.now_source()
    assert (chosen.sink, chosen.companion, chosen.zone) == ("companion", "store", "America/New_York")
    assert chosen.inbox == {"provider": "drno"}
    assert chosen.systems == {OPENEMR_NUMBERS: "https://example.org/mrn"}
    assert "to the store store" in typed.text("source", "list")
    typed.text("source", "set", "main", "--zone", "practice")
    assert openemr.now_source().zone is None


def test_what_was_written_is_taken_back(openemr: World, typed: Typed) -> None:
    """And told."""
    typed.text("source", "set", "main", "--companion", "store")
    openemr.sweep()

    said = typed.text(
        *("source", "set", "main", "--sink", "message", "--inbox", "coordinator=desk", "--what-we-wrote", "delete")
    )

    assert "Task" in said
    assert "taken back" in said
    assert "to staff as messages" in said
    assert openemr.now_source().sink == "message"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--sink", "message"], "inbox takes what is nobody else's"),
        (["--companion", "nowhere"], "choose one of the companion stores"),
        (["--zone", "Mars/Olympus"], "no time zone"),
        (["--inbox", "coordinator"], "WHO=USER"),
        (["--companion", "store", "--numbers", "ours"], "no identifier system"),
    ],
)
def test_a_wrong_choice_changes_nothing(openemr: World, typed: Typed, options: list[str], words: str) -> None:
    """Said in a line, with exit code 2."""
    before = openemr.now_source()

    assert words in typed.wrong("source", "set", "main", *options)

    assert openemr.now_source() == before


def test_status_says_how_fresh_each_type_is_and_what_reading_costs(openemr: World, typed: Typed) -> None:
    """Of a source that is not read whole with each poll; the store has no line of its own."""
    openemr.sweep()
    with openemr.database.begin() as uow:
        uow.reading_costs.add(openemr.source, ReadingCost(openemr.clock().date(), 120, 3_400_000, 9.0))
        uow.commit()

    said = typed.text("status")

    assert "each type when it is due; last: " in said
    assert "reading it: 120 requests and 3.4 MB today" in said
    (told,) = typed.json("status")["sources"]
    assert told["costs"]["mb_today"] == 3.4
    assert "CarePlan" in told["types_read"]


def test_what_an_openemr_lacks_is_said_in_words(openemr: World, typed: Typed) -> None:
    """No Task is needed there; what that and the rest mean for those who work with Milepost."""
    openemr.ehr.types = ("Patient", "CarePlan", "Appointment")
    openemr.sweep(write=False)

    said = typed.text("source", "test", "main")

    assert "FAILED" not in said
    for words in ("seen in Milepost alone", "completing a plan there completes all its steps", "one plan took"):
        assert words in said
    typed.text("source", "set", "main", "--companion", "store")
    assert "go to the companion store store" in typed.text("source", "test", "main")

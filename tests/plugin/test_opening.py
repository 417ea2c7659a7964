"""How sources are opened: an OpenEMR with the sink of its Tasks, anew whenever either has changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fhir_adapters.servers.openemr.sink import ReadableSink, TaskSink
from fhir_adapters.sinks import CompanionStore, NoSink, StaffMessages
from plugin.config import Settings, settings
from plugin.domain.errors import CannotDo
from plugin.domain.source import Source
from plugin.opening import Ehrs
from plugin.sessions.cipher import make_key_file
from plugin.usecases.ports import Ehr
from tests.fake_storage import FakeDatabase
from tests.fakes import FakeClock

OPENEMR = Source(id=0, slug="clinic", base_url="https://emr.test/apis/default/fhir", kind="openemr", client_id="reads")
COMPANION = {"sink": "companion", "companion": "store"}


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    made = settings(
        {"MILEPOST_KEY_FILE": str(tmp_path / "milepost.key"), "MILEPOST_PUBLIC_URL": "https://milepost.test"}
    )
    make_key_file(made.key_file)
    return made


class Opened:
    """Sources in a database of their own, opened by a clock that is moved."""

    def __init__(self, given: Settings) -> None:
        self.database = FakeDatabase()
        self.clock = FakeClock(datetime(2026, 11, 26, 12, tzinfo=UTC))
        self.ehrs = Ehrs(given, self.database, None, self.clock)
        self.store = self.add(Source(id=0, slug="store", base_url="https://store.test/fhir", use="store"))
        self.source = self.add(OPENEMR)

    def add(self, source: Source) -> Source:
        with self.database.begin() as uow:
            added = uow.sources.add(source, self.clock())
            uow.commit()
        return added

    def change(self, source: Source, **parts: object) -> Source:
        with self.database.begin() as uow:
            changed = replace(uow.sources.by_id(source.id), **parts)  # type: ignore[arg-type]  # fields of a Source
            uow.sources.update(changed, self.clock())
            uow.commit()
        return changed

    def sink(self, **parts: object) -> TaskSink:
        return sink_of(self.ehrs(self.change(self.source, **parts)))


def sink_of(ehr: Ehr) -> TaskSink:
    found: TaskSink = ehr._sink  # type: ignore[attr-defined]  # what it was put together with
    return found


@pytest.fixture
def opened(given: Settings) -> Opened:
    return Opened(given)


def test_where_nothing_is_chosen_it_says_so(opened: Opened) -> None:
    """In words; and what is to be written stays planned (the port's promise)."""
    sink = opened.sink()

    assert isinstance(sink, NoSink)
    with pytest.raises(CannotDo, match="nobody has chosen where milestone Tasks go"):
        sink.device()


def test_each_sink(opened: Opened) -> None:
    """People can change Tasks in a companion store: it is read back; messages are not."""
    companion = opened.sink(**COMPANION)
    messages = opened.sink(sink="message", companion=None, inbox={"coordinator": "desk"})

    assert (type(companion), type(messages)) == (CompanionStore, StaffMessages)
    assert isinstance(companion, ReadableSink)
    assert not isinstance(messages, ReadableSink)


def test_a_source_is_opened_once(opened: Opened) -> None:
    """Connections, and what has failed in a row, are remembered."""
    source = opened.change(opened.source, **COMPANION)

    assert opened.ehrs(source) is opened.ehrs(source)


@pytest.mark.parametrize(
    "parts",
    [{"zone": "America/New_York"}, {"sink": "own", "companion": None}, {"inbox": {"provider": "dr"}}, {"token": "x"}],
)
def test_a_source_that_was_changed_is_opened_anew(opened: Opened, parts: dict[str, object]) -> None:
    """A running worker takes it up."""
    source = opened.change(opened.source, **COMPANION, client_id=None)
    before = opened.ehrs(source)

    assert opened.ehrs(opened.change(source, **parts)) is not before


def test_a_store_that_was_changed_is_taken_up_within_seconds(opened: Opened) -> None:
    """With its new address or token; and nothing is written while it is paused or gone."""
    source = opened.change(opened.source, **COMPANION)
    first = opened.ehrs(source)

    opened.change(opened.store, link_aliases=("https://store.example/fhir",))
    at_once = opened.ehrs(source)
    opened.clock.now += timedelta(seconds=11)
    moved = opened.ehrs(source)
    opened.change(opened.store, paused=True)
    opened.clock.now += timedelta(seconds=11)
    paused = sink_of(opened.ehrs(source))
    gone = sink_of(opened.ehrs(replace(source, companion="other")))

    assert at_once is first
    assert moved is not first
    for sink, words in ((paused, "store is paused"), (gone, "other is not there any more")):
        assert isinstance(sink, NoSink)
        with pytest.raises(CannotDo, match=words):
            sink.device()


def test_before_it_is_stored_it_is_asked_what_it_can_do(opened: Opened) -> None:
    """Without a number it is nobody's: opened each time, and remembers nothing."""
    assert opened.ehrs(OPENEMR) is not opened.ehrs(OPENEMR)

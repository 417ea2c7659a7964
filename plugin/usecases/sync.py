"""Read a source: everything since its cursors, page by page, then whom it must read back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from plugin.domain.errors import CannotDo, MilepostError, Refused
from plugin.domain.record import Coding
from plugin.domain.source import Cursor, Source
from plugin.usecases.backlog import FIRST_READ
from plugin.usecases.ingest import Ingested, ingest
from plugin.usecases.keeping import BY_CODE
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.read_back import read_back_waiting
from plugin.usecases.rules import codes_named_by, programs_ahead, rules_for
from plugin.usecases.services import Services

Progress = Callable[[str, int], None]
"""Told after each page: the type, and how many resources of it were read so far."""

READ_BACK = "read back"
"""What progress is told in place of a type while patients are read back."""

_PLANS = "CarePlan"
_TASK = "Task"
_ORDERED = "ordered"
"""Under this name a source's cursors keep which order codes were looked for."""


@dataclass(kw_only=True)
class Reading:
    """What one reading of a source brought; counts grow page by page. ``new`` are facts, new or in a new version; ``gone`` those that
    the server has no more."""

    read: dict[str, int] = field(default_factory=dict)
    new: int = 0
    first_seen: int = 0
    statements: int = 0
    set_aside: int = 0
    read_back: int = 0
    gone: int = 0

    @property
    def total(self) -> int:
        """Resources read."""
        return sum(self.read.values())

    def add(self, type_: str, done: Ingested) -> int:
        """Counts a page; what was read of its type so far."""
        self.read[type_] = self.read.get(type_, 0) + done.read
        self.new += done.new
        self.first_seen += done.first_seen
        self.statements += done.statements
        self.set_aside += done.set_aside
        self.gone += done.gone
        return self.read[type_]


def sync(services: Services, source_id: int) -> Reading | None:
    """Polls one source; None when it is paused, or is no EHR."""
    with services.database.begin(reading=True) as uow:
        source = uow.sources.by_id(source_id)
    if source.paused or not source.is_ehr:
        return None
    reading = read_source(services, source)
    if reading.new or reading.statements or reading.read_back or reading.gone:
        services.jobs.tick()
    return reading


def read_source(services: Services, source: Source, progress: Progress | None = None) -> Reading:
    """Everything of a source since its cursors, as far as it is due. The source remembers that it was read, or why not; a
    poll in which nothing was due has asked nothing, and does not know how the server is."""
    if not source.is_ehr:
        raise CannotDo(f"Source {source.slug}: it is a companion store, and is never read.")
    reading = Reading()
    began = services.clock()
    try:
        _name_programs_codes(services, source, began)
        ehr = services.ehr(source)
        _read_types(services, source, in_order(ehr.types), reading=reading, progress=progress)
        _read_types(services, source, _to_follow(services, source, ehr.followed), reading=reading)
        reading.read_back = read_back_waiting(services, source, lambda n: progress(READ_BACK, n) if progress else None)
    except MilepostError as error:
        words = str(error)
        _remember(services, lambda uow, now: uow.sources.read_failed(source, now, words))
        services.metrics.count("feed_failures", source=source.slug)
        raise
    if _was_asked(source, reading):
        _remember(services, lambda uow, now: _read_ok(uow, source, began, now))
    return reading


def _was_asked(source: Source, reading: Reading) -> bool:
    """Whether its own server was: edits of our Tasks come from a companion store, where the Tasks are."""
    own = reading.read.keys() if source.sink == "own" else reading.read.keys() - {_TASK}
    return bool(own) or reading.read_back > 0


def _read_ok(uow: UnitOfWork, source: Source, began: datetime, now: datetime) -> None:
    """All that was due was read. The end of the first complete reading is kept: whoever is overdue then belongs to the
    backlog."""
    if uow.sources.cursor(source, FIRST_READ).watermark is None:
        uow.sources.move(source, FIRST_READ, Cursor(now.isoformat(), complete=True), now)
    uow.sources.read_ok(source, now)
    uow.sources.codes_read(source, began)


def in_order(types: Sequence[str]) -> list[str]:
    """Plans first: whose facts are kept depends on who has one. The rest as the source says."""
    return sorted(types, key=lambda type_: type_ != _PLANS)


def _read_types(
    services: Services, source: Source, types: Sequence[str], *, reading: Reading, progress: Progress | None = None
) -> None:
    if not types:
        return
    with services.database.begin(reading=True) as uow:
        cursors = uow.sources.cursors(source, types)
    read = ""
    for page in services.ehr(source).pages_of(cursors):
        if page.type != read == _PLANS:
            _read_ordered(services, source, reading)
        read = page.type
        count = reading.add(read, ingest(services, source, page))
        if progress:
            progress(read, count)


def _to_follow(services: Services, source: Source, types: Sequence[str]) -> Sequence[str]:
    """Types of which only that is read which a plan refers to, and later its changes. The first time there is nothing to
    follow: it begins where the plans' own feed stands, since what they refer to was read after that."""
    if not types:
        return ()
    with services.database.begin() as uow:
        new = [type_ for type_, cursor in uow.sources.cursors(source, types).items() if cursor.watermark is None]
        plans = uow.sources.cursor(source, _PLANS)
        for type_ in new:
            uow.sources.move(source, type_, Cursor(plans.watermark, complete=True), services.clock())
        uow.commit()
    return [type_ for type_ in types if type_ not in new]


def _read_ordered(services: Services, source: Source, reading: Reading) -> None:
    """Orders that newly start a plan, of all patients. The first time: whose plan begins with an order is known before the
    feed goes past the rest of the chart, and need not be read back. Whom a server does not find by code is read back then.
    Later: a program that newly claims orders finds those that stand."""
    with services.database.begin(reading=True) as uow:
        programs = rules_for(services, uow, source, services.clock()).programs
        known = uow.sources.cursor(source, _ORDERED).watermark
    pairs = sorted({pair for program in programs for pair in program.order_codes})
    claimed = " ".join(f"{system}|{code}" for system, code in pairs)
    if claimed == (known or ""):
        return
    try:
        for page in services.ehr(source).ordered([Coding(*pair) for pair in pairs]):
            done = ingest(services, source, page)
            reading.add(page.type, replace(done, read=0))  # read once more, by the feed
    except Refused:
        pass
    _remember(services, lambda uow, now: uow.sources.move(source, _ORDERED, Cursor(claimed, complete=True), now))


def _name_programs_codes(services: Services, source: Source, now: datetime) -> None:
    """A program that newly names a code, after evidence with it was passed by, concerns the whole practice: the types
    that are kept by code are read again from their beginning. What is to come into force is read ahead of its day."""
    with services.database.begin() as uow:
        uow.sources.lock(source)
        codes = codes_named_by(programs_ahead(services, uow, now))
        named = uow.patients.named_codes(source)
        new = sorted(code for code in codes if (code.system, code.code) not in named)
        if not new:
            return
        uow.patients.names_codes(source, new)
        for type_ in services.ehr(source).types:
            if type_ in BY_CODE:
                uow.sources.move(source, type_, Cursor(), now)
        uow.commit()


def _remember(services: Services, what: Callable[[UnitOfWork, datetime], None]) -> None:
    with services.database.begin() as uow:
        what(uow, services.clock())
        uow.commit()

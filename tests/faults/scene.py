"""Where a kill fell: what was seen while the command stood still, and what was true right after it was dead."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

import requests
from sqlalchemy import Connection, and_, create_engine, func, select

from plugin.domain.ledger import EffectState
from plugin.storage.tables import effect, fact, patient, sent, source
from plugin.usecases.deliver import DELIVERED
from tests.faults.aims import TICK_ROWS, Sights
from tests.faults.gate import Gate, Row
from tests.faults.gateway import Exchange, Point
from tests.faults.practice import Milepost, now
from tests.faults.site import Watched


class Place(StrEnum):
    """Where a kill fell."""

    BEFORE_READING = "before anything was read"
    ASKING = "while the server was asked"
    PAGE_HALF_READ = "inside a page, half of it read"
    PAGE_HALF_STORED = "inside a page, half of it stored"
    BETWEEN_PAGES = "between two pages"
    BEFORE_REASSESS = "between reading and reassessing"
    IN_REASSESS = "in reassess, before its commit"
    COMMITTING = "between our commit and its answer"
    BEFORE_CLAIM = "between reassessing and a claim"
    CLAIMING = "while claiming"
    CLAIMED = "between a claim and its delivery"
    WRITTEN = "between the server's write and our commit"
    AFTER = "after the last commit"


@dataclass(frozen=True)
class Scene:
    """What was seen while the command stood still."""

    row: Row | None
    exchange: Exchange | None
    point: Point | None
    in_transaction: bool


@dataclass(frozen=True)
class State:
    """What is true of a database and of its server. ``written``: something stands there that is claimed here."""

    facts: int
    is_read: bool
    waiting: int
    tracked: int
    assessed: int
    due: int
    ready: int
    claimed: int
    written: bool

    def is_done(self, verb: str) -> bool:
        """Whether the verb has nothing left to do."""
        return not (self.due or self.waiting) and (verb == "tick" or not (self.ready or self.claimed))


def look_at(milepost: Milepost, gate: Gate | None, sights: Sights) -> Scene:
    """While the command is frozen."""
    last = sights.gateway.exchanges[-1] if sights.gateway.exchanges else None
    exchange = sights.held.exchange if sights.held is not None else last
    in_transaction = _is_locked(milepost) if gate is None else gate.others_in_transaction > 0
    return Scene(sights.aim.row, exchange, exchange.point if exchange else None, in_transaction)


def _is_locked(milepost: Milepost) -> bool:
    """Whether SQLite's one writer is at work."""
    file = sqlite3.connect(milepost.database_url.removeprefix("sqlite:///"), timeout=0, isolation_level=None)
    try:
        file.execute("BEGIN IMMEDIATE")
        file.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return True
    finally:
        file.close()
    return False


def state_of(watched: Watched) -> State:
    """As it is now."""
    engine = create_engine(watched.milepost.database_url)
    try:
        with engine.connect() as connection:
            return _state(connection, watched)
    finally:
        engine.dispose()


def _state(connection: Connection, watched: Watched) -> State:
    def count(*conditions: object) -> int:
        return connection.execute(select(func.count()).where(*conditions)).scalar_one()  # type: ignore[arg-type]  # any

    is_claimed = effect.c.state == EffectState.CLAIMED.value
    is_ours = effect.c.kind.in_([kind.value for kind in DELIVERED])
    is_ready = and_(effect.c.state == EffectState.PLANNED.value, effect.c.ready_at <= now(), is_ours)
    pending = connection.execute(select(sent.c.ref).where(sent.c.pending.is_not(None))).scalars().all()
    return State(
        facts=count(fact.c.ref.is_not(None)),
        is_read=count(source.c.last_read_at.is_not(None)) > 0,
        waiting=count(patient.c.waits_since.is_not(None)),
        tracked=count(patient.c.tracked_at.is_not(None)),
        assessed=count(patient.c.assessed_at.is_not(None)),
        due=count(patient.c.next_change_at <= now(), patient.c.waits_since.is_(None)),
        ready=count(is_ready),
        claimed=count(is_claimed),
        written=any(_stands(watched.practice.base_url, ref) for ref in pending),
    )


def _stands(base_url: str, ref: str) -> bool:
    if ref.startswith("Device/"):
        return False  # shared by all practices of a server
    with requests.Session() as session:
        session.trust_env = False
        return session.get(f"{base_url}/{ref}", timeout=60).ok


def place_of(scene: Scene, state: State) -> Place:
    """By what was seen, in the order in which a sweep goes."""
    if state.claimed:
        return Place.WRITTEN if state.written else Place.CLAIMED
    if scene.row is not None and scene.row.at_commit:
        return Place.COMMITTING
    if not state.is_read:
        return _place_of_reading(scene, state)
    if scene.row is not None and (scene.row.table, scene.row.verb) in TICK_ROWS:
        return Place.IN_REASSESS  # a second process of a sweep may have gone on and committed
    if state.assessed < state.tracked:
        return Place.IN_REASSESS if scene.in_transaction else Place.BEFORE_REASSESS
    if state.ready:
        return Place.CLAIMING if scene.in_transaction else Place.BEFORE_CLAIM
    return Place.AFTER


def _place_of_reading(scene: Scene, state: State) -> Place:
    if scene.in_transaction:
        return Place.PAGE_HALF_STORED
    if scene.exchange is not None and scene.exchange.is_page and scene.point is Point.HALF_SENT:
        return Place.PAGE_HALF_READ
    if scene.exchange is None or not scene.exchange.is_page:
        return Place.BEFORE_READING
    return Place.BETWEEN_PAGES if scene.point is Point.SENT else Place.ASKING

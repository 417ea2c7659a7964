"""Where a kill is aimed at: a point of an exchange with the server, a row of a table, a commit, or any moment at
all."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.faults.gate import Gate, Row
from tests.faults.gateway import Exchange, Gateway, Held, Point
from tests.faults.practice import Command

VERBS = ("sweep", "tick", "deliver")
LONGEST_WAIT_S = 90.0
POLL_S = 0.003

PAGE_ROWS = (("fact", "INSERT"), ("patient", "INSERT"), ("named_code", "INSERT"), ("cursor", "INSERT"))
TICK_ROWS = (
    ("plan", "INSERT"),
    ("milestone", "INSERT"),
    ("transition", "INSERT"),
    ("effect", "INSERT"),
    ("audit", "INSERT"),
    ("patient", "UPDATE"),
)
DELIVER_ROWS = (
    ("effect", "UPDATE"),
    ("sent", "INSERT"),
    ("sent_body", "INSERT"),
    ("sent", "UPDATE"),
    ("work_item", "INSERT"),
    ("work_item_step", "INSERT"),
)
ROWS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "sweep": (*PAGE_ROWS, *TICK_ROWS, *DELIVER_ROWS),
    "tick": TICK_ROWS,
    "deliver": DELIVER_ROWS,
}


@dataclass(frozen=True)
class Measured:
    """What an undisturbed sweep did: how many rows it wrote where, how often it asked, how long each part took."""

    rows: Mapping[tuple[str, str], int]
    exchanges: int
    writes: int
    seconds: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Aim:
    """One of `row`, `chosen` with `point`, or `after` (seconds after the command opened its database)."""

    database: str = "postgres"
    row: Row | None = None
    chosen: Callable[[Exchange], bool] | None = field(default=None, repr=False)
    point: Point = Point.ARRIVED
    after: float = 0.0
    words: str = ""


def aim_of(verb: str, number: int, measured: Measured) -> Aim:
    """The aim of the numbered run: the seed is verb and number."""
    chance = random.Random(f"{verb} {number}")
    cycle = _CYCLES[verb]
    return cycle[number % len(cycle)](verb, chance, measured)


def _any_moment(verb: str, chance: random.Random, measured: Measured) -> Aim:
    """On SQLite."""
    after = chance.random() * measured.seconds[verb]
    return Aim(database="sqlite", after=after, words=f"{after:.2f} s after it opened its database")


def _any_moment_on_postgres(verb: str, chance: random.Random, measured: Measured) -> Aim:
    after = chance.random() * measured.seconds[verb]
    return Aim(after=after, words=f"{after:.2f} s after it opened its database")


def _inside_a_page(verb: str, chance: random.Random, measured: Measured) -> Aim:
    if chance.random() < 0.5:
        number = chance.randint(1, measured.rows["fact", "INSERT"])
        return _at(Row("fact", "INSERT", number))
    place = chance.randint(measured.exchanges // 3, measured.exchanges * 3 // 4)
    return Aim(
        chosen=lambda exchange: exchange.number >= place and exchange.is_page,
        point=Point.HALF_SENT,
        words=f"half of the answer to request {place}",
    )


def _any_exchange(verb: str, chance: random.Random, measured: Measured) -> Aim:
    number, point = chance.randint(1, measured.exchanges), chance.choice(list(Point))
    return Aim(chosen=lambda exchange: exchange.number >= number, point=point, words=f"request {number} {point}")


def _any_row(verb: str, chance: random.Random, measured: Measured) -> Aim:
    table, what = chance.choice(ROWS[verb])
    number = chance.randint(1, max(measured.rows[table, what], 1))
    return _at(Row(table, what, number, at_commit=chance.random() < 0.3))


def _a_commit(verb: str, chance: random.Random, measured: Measured) -> Aim:
    table, what = chance.choice(ROWS[verb])
    return _at(Row(table, what, 1, at_commit=True))


def _before_a_write(verb: str, chance: random.Random, measured: Measured) -> Aim:
    return _a_write(1, Point.ARRIVED)


def _after_a_write(verb: str, chance: random.Random, measured: Measured) -> Aim:
    point = chance.choice((Point.ANSWERED, Point.ANSWERED, Point.HALF_SENT))
    return _a_write(chance.randint(1, measured.writes), point)


def _around_a_write(verb: str, chance: random.Random, measured: Measured) -> Aim:
    return _a_write(chance.randint(1, measured.writes), chance.choice(list(Point)))


def _a_write(ordinal: int, point: Point) -> Aim:
    left = [ordinal]

    def chosen(exchange: Exchange) -> bool:
        left[0] -= exchange.writes
        return exchange.writes and left[0] == 0

    return Aim(chosen=chosen, point=point, words=f"write {ordinal} {point}")


def _at(row: Row) -> Aim:
    where = "the commit of " if row.at_commit else ""
    return Aim(row=row, words=f"{where}{row.place} {row.number}")


_Choice = Callable[[str, random.Random, Measured], Aim]
_CYCLES: Mapping[str, tuple[_Choice, ...]] = {
    "sweep": (_inside_a_page, _any_exchange, _any_row, _any_moment, _around_a_write),
    "tick": (_any_row, _a_commit, _any_moment, _any_moment_on_postgres),
    "deliver": (_before_a_write, _after_a_write, _any_row, _any_moment, _any_moment_on_postgres),
}


class Sights:
    """Waits until a command has come to where the aim is, and holds it there."""

    def __init__(self, aim: Aim, gateway: Gateway, gate: Gate | None) -> None:
        self.aim = aim
        self.gateway = gateway
        self._gate = gate
        self.held: Held | None = None
        if aim.row is not None and gate is not None:
            gate.close(aim.row)
        if aim.chosen is not None:
            self.held = gateway.watch = Held(aim.chosen, aim.point)

    def wait(self, command: Command, opened: Callable[[], bool]) -> bool:
        """True when it is there; False when the command ended before it came there."""
        deadline = time.monotonic() + LONGEST_WAIT_S
        begun: float | None = None
        while time.monotonic() < deadline:
            if self.held is not None and self.held.is_held.is_set():
                return True
            if self.aim.row is not None and self._gate is not None and self._gate.stopped:
                return True
            if command.has_ended:
                return False
            if self.aim.row is None and self.held is None:
                begun = begun or (time.monotonic() if opened() else None)
                if begun is not None and time.monotonic() - begun >= self.aim.after:
                    return True
            time.sleep(POLL_S)
        raise TimeoutError(f"{' '.join(command.words)} did not come to {self.aim.words}")

    def release(self) -> None:
        """Lets go of what is held; whoever it was held for is dead."""
        if self.held is not None:
            self.held.release()
        if self._gate is not None:
            self._gate.open()

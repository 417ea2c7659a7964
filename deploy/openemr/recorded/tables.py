"""What the recorded clinic remembers: OpenEMR's tables, as plain state, and the ids that it hands out."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime
from itertools import count
from uuid import UUID
from zoneinfo import ZoneInfo

from deploy.openemr.recorded.moments import Clock, WallClock
from deploy.openemr.recorded.rows import (
    Answered,
    Appointment,
    CarePlanRow,
    CareTeam,
    Document,
    Encounter,
    Facility,
    Form,
    Message,
    Order,
    Patient,
    Performed,
    Problem,
    Survey,
    User,
    Vitals,
)

NEW_YORK = ZoneInfo("America/New_York")


def system_clock() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - a real server's own clock; tests give theirs


class Tables:
    """State only. ``clock`` says an aware time; ``seed`` makes the uuids, so that a clinic is the same each time."""

    def __init__(self, *, clock: Clock = system_clock, zone: ZoneInfo = NEW_YORK, seed: int = 7) -> None:
        self.wall = WallClock(clock, zone)
        self.has_index = False
        """Whether form_care_plan has the index on ``id`` that makes CarePlan cheap; a stock OpenEMR has none."""
        self.has_task_module = False
        """Whether a module adds /fhir/Task."""
        self.first_chart: int | None = None
        """Whose chart a login leads to, by pid; None: the finder."""
        self.facilities: dict[int, Facility] = {}
        self.users: dict[int, User] = {}
        self.patients: dict[int, Patient] = {}
        self.encounters: dict[int, Encounter] = {}
        self.forms: dict[int, Form] = {}
        self.care_plans: dict[int, tuple[CarePlanRow, ...]] = {}
        self.code_tables: defaultdict[str, set[str]] = defaultdict(set)
        self.appointments: dict[int, Appointment] = {}
        self.messages: dict[int, Message] = {}
        self.vitals: dict[int, Vitals] = {}
        self.orders: dict[int, Order] = {}
        self.surveys: list[Survey] = []
        self.problems: dict[int, Problem] = {}
        self.teams: dict[str, CareTeam] = {}
        self.procedures: list[Performed] = []
        self.answers: list[Answered] = []
        self.documents: dict[int, Document] = {}
        # Ids of made-up people, the same each time.
        self._chance = random.Random(seed)  # nosec B311  # synthetic charts, nothing secret
        self._numbers: defaultdict[str, count[int]] = defaultdict(lambda: count(1))

    def now(self) -> datetime:
        """The clinic's wall clock."""
        return self.wall.now()

    def mint(self) -> str:
        """The next uuid."""
        return str(UUID(int=self._chance.getrandbits(128), version=4))

    def number(self, table: str, wanted: int | None = None) -> int:
        """The next number of a table, or the one that is wanted; what follows is larger, as AUTO_INCREMENT has it."""
        if wanted is None:
            return next(self._numbers[table])
        self._numbers[table] = count(max(wanted + 1, self._upcoming(table)))
        return wanted

    def _upcoming(self, table: str) -> int:
        upcoming = next(self._numbers[table])
        self._numbers[table] = count(upcoming)
        return upcoming

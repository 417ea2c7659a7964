"""One patient's chart while it is being written, and what all charts of a run share."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, TypeVar

from deploy.demo.generator.fhir import PRACTICE, TAG_SYSTEM, Json, days
from deploy.demo.generator.steps import THERAPY, State, Step
from deploy.demo.generator.tally import Tally


class Named(Protocol):
    """Something that a rotation hands out."""

    @property
    def name(self) -> str: ...
    @property
    def weight(self) -> int: ...


T = TypeVar("T", bound=Named)


@dataclass(frozen=True)
class Choice:
    """A plain word in a rotation."""

    name: str
    weight: int = 1


class Rotation:
    """Hands out the alternatives in turn, so that a small practice has every form too."""

    def __init__(self) -> None:
        self._used: Counter[tuple[str, str]] = Counter()

    def pick(self, group: str, options: Sequence[T]) -> T:
        """The option that lags furthest behind its weight; the first of equals."""
        chosen = min(options, key=lambda option: self._used[group, option.name] / option.weight)
        self._used[group, chosen.name] += 1
        return chosen

    def word(self, group: str, words: Sequence[str]) -> str:
        """The same for plain words."""
        return self.pick(group, [Choice(word) for word in words]).name


@dataclass(frozen=True)
class Run:
    """What all charts of one run share."""

    today: date
    seed: int
    tag: str = ""
    tally: Tally = field(default_factory=Tally)
    rotation: Rotation = field(default_factory=Rotation)

    @property
    def yesterday(self) -> date:
        """The last day of which everything is known."""
        return self.today - days(1)

    def id_of(self, kind: str, *numbers: str) -> str:
        """An id that is the same in every run, and another for every tag."""
        return "-".join(["demo", *([self.tag] if self.tag else []), kind, *numbers])

    def mark(self, resource: Json) -> Json:
        """The resource with the practice's tag, where it has one, and counted."""
        self.tally.add("resource", resource["resourceType"])
        if self.tag:
            resource["meta"] = {"tag": [{"system": TAG_SYSTEM, "code": self.tag}]}
        return resource

    def business_id(self, system: str, value: str) -> Json:
        """A business identifier, kept apart by tag."""
        return {"system": f"{PRACTICE}/{system}", "value": f"{self.tag}-{value}" if self.tag else value}


@dataclass(frozen=True)
class Fate:
    """What became of a step, by the generator's own books: by the name of the way."""

    title: str
    due: date | None
    state: State
    way: str


class Chart:
    """The resources of one patient, in an order in which none refers to a later one where that can be helped."""

    def __init__(self, run: Run, number: int, partner: str | None = None) -> None:
        self.run = run
        self.number = number
        self.partner = partner  # the patient before, of the same transaction; a group visit has two
        self.rng = random.Random(f"{run.seed}:{number}")  # synthetic charts, no secrets: # nosec B311
        self.resources: list[Json] = []
        self.activities: list[Json] = []
        self.fates: list[Fate] = []
        self.start = run.today
        self.gap_days = 0
        self._numbered: Counter[str] = Counter()

    @property
    def has_gap(self) -> bool:
        """A step is past due, and not done."""
        return any(fate.state is State.OVERDUE for fate in self.fates)

    @property
    def serial(self) -> str:
        """The patient's number as it stands in ids and in the MRN."""
        return f"{self.number:06d}"

    @property
    def patient_id(self) -> str:
        """The id of this patient."""
        return self.run.id_of("patient", self.serial)

    @property
    def patient(self) -> str:
        """The reference to this patient."""
        return f"Patient/{self.patient_id}"

    @property
    def plan(self) -> str:
        """The reference to this patient's plan."""
        return f"CarePlan/{self.run.id_of('plan', self.serial)}"

    @property
    def written(self) -> date:
        """The day on which the plan and its orders were written: its start, at the latest yesterday."""
        return min(self.start, self.run.yesterday)

    @property
    def provider(self) -> str:
        """The practitioner who has this patient: one of four."""
        return f"Practitioner/{self.run.id_of('provider', str(self.number % 4 + 1))}"

    def add(self, resource_type: str, elements: Json, resource_id: str = "") -> str:
        """Adds a resource, numbered within its type, and gives the reference to it."""
        if not resource_id:
            self._numbered[resource_type] += 1
            resource_id = self.run.id_of(resource_type.lower(), self.serial, str(self._numbered[resource_type]))
        self.resources.append(self.run.mark({"resourceType": resource_type, "id": resource_id, **elements}))
        return f"{resource_type}/{resource_id}"

    def count(self, group: str, name: str) -> None:
        """Counts one more of a form in the tally of the run."""
        self.run.tally.add(group, name)

    def word(self, group: str, words: Sequence[str]) -> str:
        """The next of some words, in turn over the whole run."""
        return self.run.rotation.word(group, words)

    def day_between(self, first: date, last: date) -> date:
        """A day of that span, a weekday where there is one; the first when the span is empty."""
        span = [first + days(number) for number in range((last - first).days + 1)] or [first]
        return self.rng.choice([day for day in span if day.weekday() < 5] or span)

    def past_day(self, step: Step) -> date:
        """A day in the window before today, not after the due date."""
        end = min(step.due or self.run.yesterday, self.run.yesterday)
        return self.day_between(max(step.opens, self.start), end)

    def done_day(self, step: Step) -> date:
        """The day on which a step was done; one in five is late, where a late day can belong to no other step."""
        late = step.due and step.due < self.run.yesterday and step.item is not THERAPY
        if step.due and late and self.rng.randrange(5) == 0:
            self.count("outcome", "(of the done ones, late)")
            return self.day_between(step.due + days(1), min(step.due + days(20), self.run.yesterday))
        return self.past_day(step)

    def missed_day(self, step: Step) -> date:
        """A day since the window opened and before today; it may lie after the due date."""
        return self.day_between(max(step.opens, self.start), self.run.yesterday)

    def coming_day(self, step: Step) -> date:
        """A day from tomorrow on, not before the window opens."""
        first = max(step.opens, self.run.today + days(1))
        return self.day_between(first, max(step.due or first, first + days(10)))


@dataclass
class Placed:
    """Where a step stands in the chart: what evidence and appointments can point to."""

    order: str | None = None  # a ServiceRequest
    task: str | None = None
    order_number: Json | None = None  # the order's business identifier
    activity: Json | None = None  # its entry in CarePlan.activity
    body: Json | None = None  # the Task itself, for its output

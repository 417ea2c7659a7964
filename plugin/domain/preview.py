"""What a draft would do to the caseload, as values: computed by ``plugin.usecases.preview``, shown before
publishing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, TypeVar

from plugin.domain.configuration import DraftOf

PreviewState = Literal["waiting", "running", "done", "failed", "cancelled"]
OVER: frozenset[str] = frozenset({"done", "failed", "cancelled"})
"""States that a preview stays in."""

Key = TypeVar("Key")


class PreviewPart(NamedTuple):
    """Patients by our numbers, from this one to that one; without them those who were never assessed yet."""

    number: int
    first: int | None = None
    last: int | None = None


class Caseload(NamedTuple):
    """Everybody whom a reassessment would look at: how many were never assessed yet, the numbers of the others in order;
    how many are left out because they wait for a reading; how many belong to the backlog."""

    never_assessed: int
    patients: Sequence[int]
    waiting: int
    backlog: int


class StepGap(NamedTuple):
    """A milestone whose gap opens, closes or moves to another tier. None is no gap; 0 a gap that is in no tier yet."""

    milestone: str
    title: str
    before: int | None
    after: int | None


class PlannedEffect(NamedTuple):
    """An effect that the ledger gets, loses or gets back: ``day`` is the practice's local date of its ``at`` (of the
    preview's moment, where it has none); ``role`` and ``owner`` whom it is for. One that moves to another day or to
    somebody else is lost and got."""

    key: str
    kind: str
    what: str
    role: str | None
    owner: str | None
    tier: int | None
    day: date
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientChange:
    """What would be different for one patient. Writes to the EHR follow from the rest and are only counted."""

    patient_id: int
    patient: str
    gaps: tuple[StepGap, ...] = ()
    begun: tuple[PlannedEffect, ...] = ()
    withdrawn: tuple[PlannedEffect, ...] = ()
    work: tuple[tuple[str, date, int], ...] = ()
    """(role, local day, work items more or less): several steps of one patient for one role on one day are one item."""
    steps_added: tuple[str, ...] = ()
    steps_removed: tuple[str, ...] = ()
    """Titles."""
    writes: int = 0

    @property
    def counts(self) -> bool:
        """Gaps or effects change: what the practice's cap counts (DESIGN §8)."""
        return bool(self.gaps or self.begun or self.withdrawn)

    @property
    def shows(self) -> bool:
        """There is more to say than that something is written."""
        return bool(self.counts or self.steps_added or self.steps_removed)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewSums:
    """Over the whole caseload. ``work`` and ``messages`` are net: begun less withdrawn."""

    caseload: int = 0
    changed: int = 0
    """Patients whose gaps or effects change."""
    failed: int = 0
    """Patients of whom it could not be said."""
    waiting: int = 0
    """Patients who are not in it: they wait for a reading, or their source was never read completely."""
    gaps_opened: int = 0
    gaps_closed: int = 0
    tier_moves: Mapping[tuple[int, int], int] = field(default_factory=dict)
    work: Mapping[tuple[str, date], int] = field(default_factory=dict)
    """(role, local day) -> items."""
    work_before: Mapping[tuple[str, date], int] = field(default_factory=dict)
    """The same as it stands without the draft: open, or planned."""
    messages: Mapping[date, int] = field(default_factory=dict)
    messages_before: Mapping[date, int] = field(default_factory=dict)
    begun: Mapping[str, int] = field(default_factory=dict)
    withdrawn: Mapping[str, int] = field(default_factory=dict)
    """Effects by kind."""
    steps_added: int = 0
    steps_removed: int = 0
    writes: int = 0
    new_codes: int = 0
    """Codes that the draft names and nothing named before: what the EHR has under them was not kept so far."""
    claims_differ: bool = False
    """The draft claims other plans or orders: patients who are not followed yet may come to be."""

    @property
    def share(self) -> float:
        """Of the caseload, from 0 to 1."""
        return self.changed / self.caseload if self.caseload else 0.0

    def __add__(self, other: PreviewSums) -> PreviewSums:
        both: dict[str, Any] = {  # Any: counts, and mappings to counts
            f.name: _sum(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)
        }
        return PreviewSums(**both)

    @classmethod
    def of(cls, changes: Iterable[PatientChange]) -> PreviewSums:
        """Of patients who were looked at, with or without a change."""
        counts: Counter[str] = Counter()
        moves: Counter[tuple[int, int]] = Counter()
        work: Counter[tuple[str, date]] = Counter()
        messages: Counter[date] = Counter()
        begun: Counter[str] = Counter()
        withdrawn: Counter[str] = Counter()
        for change in changes:
            counts.update(
                changed=change.counts,
                steps_added=len(change.steps_added),
                steps_removed=len(change.steps_removed),
                writes=change.writes,
                gaps_opened=sum(gap.before is None for gap in change.gaps),
                gaps_closed=sum(gap.after is None for gap in change.gaps),
            )
            moves.update((g.before, g.after) for g in change.gaps if g.before is not None and g.after is not None)
            work.update({(role, day): count for role, day, count in change.work})
            messages.update(effect.day for effect in change.begun if effect.kind == "message")
            messages.subtract(effect.day for effect in change.withdrawn if effect.kind == "message")
            begun.update(effect.kind for effect in change.begun)
            withdrawn.update(effect.kind for effect in change.withdrawn)
        return cls(
            tier_moves=_told(moves),
            work=_told(work),
            messages=_told(messages),
            begun=_told(begun),
            withdrawn=_told(withdrawn),
            changed=counts["changed"],
            gaps_opened=counts["gaps_opened"],
            gaps_closed=counts["gaps_closed"],
            steps_added=counts["steps_added"],
            steps_removed=counts["steps_removed"],
            writes=counts["writes"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One preview: of this revision of a draft, at a moment (now, or the one from which it is to be published)."""

    id: int
    draft_id: int
    revision: int
    kind: str
    code: str
    at: datetime
    state: PreviewState
    by: str
    asked_at: datetime
    of: DraftOf = "change"
    plans_from: date | None = None
    """As if it were published for plans that start on this day or later; None: for everybody."""
    attempt: int = 0
    """How often it was begun."""
    snapshot: str | None = None
    """Under this name another worker sees what the first one sees."""
    done: int = 0
    total: int = 0
    began_at: datetime | None = None
    moved_at: datetime | None = None
    """When it last got on."""
    worker: str | None = None
    finished_at: datetime | None = None
    failed: str | None = None
    """Why, in words."""
    sums: PreviewSums | None = None

    @property
    def is_over(self) -> bool:
        """Nothing of it moves any more."""
        return self.state in OVER

    @property
    def per_s(self) -> float | None:
        """Patients a second; None before there is anything to tell."""
        until = self.finished_at or self.moved_at
        if self.began_at is None or until is None or not self.done:
            return None
        return self.done / max((until - self.began_at).total_seconds(), 0.001)

    @property
    def seconds_left(self) -> float | None:
        """At the same pace."""
        return None if self.per_s is None else (self.total - self.done) / self.per_s


def _sum(one: object, other: object) -> object:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        both = Counter(one)
        both.update(other)
        return _told(both)
    if isinstance(one, bool) and isinstance(other, bool):
        return one or other
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    raise TypeError(f"{type(one).__name__} and {type(other).__name__} are no sums")


def _told(counted: Counter[Key]) -> dict[Key, int]:
    """What comes to nothing is not told."""
    return {key: count for key, count in counted.items() if count}

"""What was made: counts by group and name, and the generator's own books on who has a gap."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

GROUPS = (
    "patient",
    "plan",
    "start of a plan",
    "step",
    "outcome",
    "appointment",
    "link of an appointment",
    "cancelled because",
    "evidence",
    "gap",
    "goal",
    "score",
    "referral",
    "interpreter",
    "resource",
)


@dataclass
class Tally:
    """Counts under a few group names; its size does not depend on how many patients were made."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    patients: int = 0
    with_gap: int = 0
    showcase: str | None = None
    """The patient whose chart holds something of everything; None while it has not been made."""

    def add(self, group: str, name: str, count: int = 1) -> None:
        """Counts one more of `name`."""
        self.counts[group, name] += count

    def of(self, group: str) -> dict[str, int]:
        """The counts of one group, most frequent first."""
        found = [(name, count) for (held, name), count in self.counts.items() if held == group]
        return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))

    def rows(self) -> Iterator[tuple[str, str, int]]:
        """Every count, in the order in which a reader looks for it."""
        for group in GROUPS:
            for name, count in self.of(group).items():
                yield group, name, count

    @property
    def resources(self) -> int:
        """How many resources were made."""
        return sum(self.of("resource").values())

    @property
    def gap_share(self) -> float:
        """Patients with an open gap, as a part of all patients; 0 before the first."""
        return self.with_gap / self.patients if self.patients else 0.0

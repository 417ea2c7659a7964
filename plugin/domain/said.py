"""What people's statements mean for each milestone: the word that stands, holds, reassignments, evidence (E13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from plugin.domain.record import Said, Statement


@dataclass(slots=True)
class Spoken:
    """What stands of all that was said of one milestone."""

    word: Statement | None = None
    hold: Statement | None = None
    owner: str | None = None
    reviewed: Statement | None = None
    confirmed: dict[str, Statement] = field(default_factory=dict)
    refused: set[tuple[str, str]] = field(default_factory=set)

    def is_held(self, today: date) -> bool:
        """A hold puts aside until a date: on that date it has ended."""
        return self.hold is not None and (self.hold.until is None or today < self.hold.until)

    def is_refused(self, ref: str, version: str) -> bool:
        """E13: that resource, in that version, is no evidence for this step."""
        return (ref, version) in self.refused or (ref, "") in self.refused


NOTHING_SAID = Spoken()


def spoken_of(statements: Iterable[Statement]) -> Mapping[str, Spoken]:
    """By milestone key. An undone statement never was; of two words the later stands."""
    said = sorted(statements, key=lambda s: (s.at, s.id))
    undone = {s.target for s in said if s.said is Said.UNDO}
    by_key: dict[str, Spoken] = {}
    for statement in said:
        if statement.milestone is None or statement.id in undone:
            continue
        _hear(by_key.setdefault(statement.milestone, Spoken()), statement)
    return by_key


def _hear(spoken: Spoken, statement: Statement) -> None:
    match statement.said:
        case Said.COMPLETED | Said.NOT_APPLICABLE:
            spoken.word = statement
        case Said.HOLD:
            spoken.hold = statement
        case Said.RELEASE:
            spoken.hold = None
        case Said.REASSIGN:
            spoken.owner = statement.target
        case Said.REVIEWED:
            spoken.reviewed = statement
        case Said.CONFIRM:
            spoken.confirmed[statement.target or ""] = statement
            spoken.refused.discard((statement.target or "", statement.target_version or ""))
        case Said.REFUSE:
            spoken.refused.add((statement.target or "", statement.target_version or ""))
            spoken.confirmed.pop(statement.target or "", None)
        case _:
            pass


def enrolments(statements: Iterable[Statement]) -> list[Statement]:
    """Standing enrolments, by program code (the first of each)."""
    said = list(statements)
    undone = {s.target for s in said if s.said is Said.UNDO}
    first: dict[str, Statement] = {}
    for statement in said:
        if statement.said is Said.ENROL and statement.id not in undone and statement.target:
            first.setdefault(statement.target, statement)
    return list(first.values())

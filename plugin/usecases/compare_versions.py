"""Two versions of a program or ladder side by side: what is different, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plugin.domain.account import SignedIn
from plugin.domain.configuration import ConfigVersion
from plugin.domain.errors import UnknownName
from plugin.domain.program_compare import Difference, compare, compare_ladders
from plugin.domain.program_words import Line, ladder_words, program_lines, step_lines
from plugin.usecases.read_programs import DRAFT, Listed, OnShow, show_version
from plugin.usecases.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two, whole: its heading lines, and each step's by its code."""

    version: ConfigVersion
    head: Sequence[Line]
    steps: Mapping[str, tuple[str, Sequence[Line]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two versions, what differs, and both of them whole; ``steps`` are the codes of either, in the newer's order."""

    listed: Listed
    versions: Sequence[ConfigVersion]
    older: Side
    newer: Side
    differences: Sequence[Difference]

    @property
    def steps(self) -> Sequence[str]:
        """Of both, each once."""
        return list(dict.fromkeys([*self.newer.steps, *self.older.steps]))


def compare_versions(
    services: Services,
    me: SignedIn,
    kind: str,
    code: str,
    older: str | None,
    newer: str | None,
    languages: Mapping[str, str],
) -> Compared:
    """By their versions; ``draft`` is the one that is worked at. Not named: the draft, or the newest, against the one in
    force. UnknownName when one of them is not there."""
    one = show_version(services, me, kind, code, older, languages)
    newest = one.versions[-1].version if one.versions else None
    other = show_version(services, me, kind, code, newer or (DRAFT if one.listed.draft else newest), languages)
    return Compared(
        listed=one.listed,
        versions=one.versions,
        older=_side(one),
        newer=_side(other),
        differences=_differences(one, other),
    )


def _differences(one: OnShow, other: OnShow) -> Sequence[Difference]:
    """Also of a draft that is wrong: of what can be read of it."""
    if one.program and other.program:
        return compare(one.program, other.program, other.names)
    if one.ladder and other.ladder:
        return compare_ladders(one.ladder, other.ladder)
    raise UnknownName("This draft is too large to be compared.")


def _side(shown: OnShow) -> Side:
    program = shown.program
    if program is None:
        rungs = ladder_words(shown.ladder) if shown.ladder else ()
        return Side(version=shown.shown, head=[Line("", words) for words in rungs], steps={})
    steps = {step.code: (step.title, step_lines(step, program, shown.names)) for step in program.milestones}
    return Side(version=shown.shown, head=program_lines(program, shown.names), steps=steps)

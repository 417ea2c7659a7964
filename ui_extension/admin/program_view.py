"""A program as its page draws it: phase by phase a table, each step a row of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from plugin.domain.condition_words import Names, condition_words
from plugin.domain.program import MilestoneDefinition, Program
from plugin.domain.program_words import (
    KIND_WORDS,
    celebrated_words,
    completion_words,
    due_words,
    evidence_words,
    offset_words,
    owner_words,
    repeat_words,
)
from ui_extension.admin.editor_words import first_up


class Row(NamedTuple):
    """One step."""

    title: str
    kind: str
    opens: str
    due: str
    repeats: str
    owner: str
    evidence: str
    completed: str
    checklist: Sequence[str]
    for_whom: str
    celebrated: str


class Section(NamedTuple):
    """One phase; the steps that are in none have no title."""

    title: str
    steps: Sequence[Row]


def sections(program: Program, names: Names) -> list[Section]:
    """Phases in order; what is in none of them comes last."""
    known = [phase.code for phase in program.phases]
    found = [
        Section(phase.title, [_row(step, program, names) for step in program.milestones if step.phase == phase.code])
        for phase in program.phases
    ]
    loose = [_row(step, program, names) for step in program.milestones if step.phase not in known]
    return [*found, Section("", loose)] if loose else found


def _row(step: MilestoneDefinition, program: Program, names: Names) -> Row:
    return Row(
        title=step.title,
        kind=KIND_WORDS.get(step.kind, step.kind),
        opens=first_up(offset_words(step.opens, program)) if step.opens else "With the plan",
        due=first_up(offset_words(step.due, program)) if step.due else first_up(due_words(step, program)),
        repeats=repeat_words(step),
        owner=first_up(owner_words(step)),
        evidence=first_up(evidence_words(step)),
        completed=first_up(completion_words(step)),
        checklist=step.checklist,
        for_whom=f"Who {condition_words(step.applies_if, names)}" if step.applies_if else "Everybody",
        celebrated=celebrated_words(step),
    )

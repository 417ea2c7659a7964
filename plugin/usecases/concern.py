"""Whom a draft can concern at all, by what was found of the patients last: nobody else has to be looked at for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from plugin.domain.configuration import LADDER, PROGRAM, ConfigDraft, ConfigVersion
from plugin.domain.program import Program
from plugin.usecases.admin_ports import Previews
from plugin.usecases.draft_rules import versions_with
from plugin.usecases.rules import programs_of
from plugin.usecases.services import Services

Concerned = Callable[[Previews, Sequence[int]], frozenset[int]]


def concerned_by(services: Services, versions: Sequence[ConfigVersion], draft: ConfigDraft) -> Concerned | None:
    """Of a program that claims no more than each version in force of it, those who are in it; of a ladder, those with a gap,
    which alone climb. None where it may be anybody: so, too, where some plans follow no version of it so far. It holds of
    patients whose stored assessment was made by these versions."""
    if draft.kind == LADDER:
        return lambda previews, ids: previews.with_gap(ids)
    if draft.kind != PROGRAM:
        return None
    had, has = (_standing(services, of, draft.code) for of in (versions, versions_with(versions, draft)))
    if not had or had[-1].plans_from is not None:
        return None
    if any(_claims(new) - _claims(old) for new in has for old in had):
        return None
    return lambda previews, ids: previews.in_program(ids, draft.code)


def _standing(services: Services, versions: Sequence[ConfigVersion], code: str) -> Sequence[Program]:
    return [program for program in programs_of(services, versions) if program.code == code]


def _claims(program: Program) -> frozenset[object]:
    orders = (("order", *pair) for pair in program.order_codes)
    return frozenset((*program.instantiates, *program.plan_codes, *orders))

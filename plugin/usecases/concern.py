"""Whom a draft can concern at all, by what was found of the patients last: nobody else has to be looked at for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from plugin.domain.configuration import LADDER, PROGRAM, ConfigDraft, ConfigVersion
from plugin.domain.program import Program
from plugin.usecases.admin_ports import Previews
from plugin.usecases.draft_rules import versions_with
from plugin.usecases.services import Services

Concerned = Callable[[Previews, Sequence[int]], frozenset[int]]


def concerned_by(services: Services, versions: Sequence[ConfigVersion], draft: ConfigDraft) -> Concerned | None:
    """Of a program that claims no more than before, those who are in it; of a ladder, those with a gap, which alone climb.
    None where it may be anybody. It holds of patients whose stored assessment was made by these versions."""
    if draft.kind == LADDER:
        return lambda previews, ids: previews.with_gap(ids)
    if draft.kind != PROGRAM:
        return None
    had, has = (_program(services, of, draft.code) for of in (versions, versions_with(versions, draft)))
    if had is None or (has is not None and _claims(has) - _claims(had)):
        return None
    return lambda previews, ids: previews.in_program(ids, draft.code)


def _program(services: Services, versions: Sequence[ConfigVersion], code: str) -> Program | None:
    found = (version for version in versions if (version.kind, version.code) == (PROGRAM, code))
    return next((services.catalog.program(version) for version in found), None)


def _claims(program: Program) -> frozenset[object]:
    orders = (("order", *pair) for pair in program.order_codes)
    return frozenset((*program.instantiates, *program.plan_codes, *orders))

"""A program or ladder back in the shape of its body: what drawn programs are read from."""

from __future__ import annotations

from collections.abc import Iterable

from plugin.domain.condition import KEYS, Condition
from plugin.domain.ladder import Ladder
from plugin.domain.program import MOST_WEEKS, Anchor, CompletesWhen, MilestoneDefinition, Offset, Program
from plugin.domain.record import Coding

Body = dict[str, object]


def program_body(program: Program) -> Body:
    """JSON-able, with nothing that need not be said; read again, it is the same program."""
    claims = _said(
        instantiates=sorted(program.instantiates),
        plans=[{"system": system, "code": code} for system, code in sorted(program.plan_codes)],
        orders=[{"system": system, "code": code} for system, code in sorted(program.order_codes)],
    )
    return _said(
        code=program.code,
        version=program.version,
        title=program.title,
        ladder=program.ladder,
        claims=claims,
        phases=[{"code": phase.code, "title": phase.title} for phase in program.phases],
        milestones=[milestone_body(milestone) for milestone in program.milestones],
        intake=[{"title": item.title, "codes": _codings(item.codes)} for item in program.intake],
        flags=[{"code": f.code, "title": f.title, "when": condition_body(f.when)} for f in program.flags],
    )


def ladder_body(ladder: Ladder) -> Body:
    """Likewise of a ladder."""
    tiers = [
        _said(number=t.number, from_days=t.from_days, kind=t.kind.value, what=t.what, role=t.role) for t in ladder.tiers
    ]
    return _said(code=ladder.code, version=ladder.version, title=ladder.title, tiers=tiers)


def milestone_body(milestone: MilestoneDefinition) -> Body:
    """One step."""
    asks_more = milestone.completes_when is not CompletesWhen.EVENT
    repeat = milestone.repeat
    return _said(
        code=milestone.code,
        title=milestone.title,
        phase=milestone.phase,
        kind=milestone.kind if milestone.kind != "task" else None,
        codes=_codings(milestone.codes),
        opens=offset_body(milestone.opens),
        due=offset_body(milestone.due),
        owner=milestone.owner_role,
        completes_when=milestone.completes_when.value if asks_more else None,
        checklist=list(milestone.checklist),
        before_plan_start=milestone.before_plan_start or None,
        celebrate=milestone.celebrate or None,
        repeat={**_amount(repeat.every), "count": repeat.count} if repeat else None,
        applies_if=condition_body(milestone.applies_if) if milestone.applies_if else None,
    )


def offset_body(offset: Offset | None) -> Body | None:
    """An offset; always with what it is counted from."""
    if offset is None:
        return None
    anchor = Anchor(offset.anchor).value
    return {"from": anchor, **_amount(offset), **_said(of=offset.of, codes=_codings(offset.codes))}


def condition_body(condition: Condition) -> Body:
    """A condition with the keys that go with it."""
    said: Body = {
        "parts": [condition_body(part) for part in condition.parts],
        "codes": _codings(condition.codes),
        "years": condition.years,
        "count": condition.count if condition.count != 1 else None,
        "operator": condition.operator.value,
        "value": condition.value,
        "unit": condition.unit,
        "days": condition.days,
        "languages": list(condition.languages),
        "state": condition.state.value,
        "program": condition.program,
    }
    asked = {key: said[key] for key in KEYS[condition.what] if said[key] is not None}
    return {"what": condition.what, **asked}


def _amount(offset: Offset) -> Body:
    weeks, days = divmod(offset.days, 7)
    if weeks > MOST_WEEKS:
        weeks, days = MOST_WEEKS, offset.days - 7 * MOST_WEEKS
    elif days:
        weeks, days = 0, offset.days
    return _said(months=offset.months or None, weeks=weeks or None, days=days or None)


def _codings(codings: Iterable[Coding]) -> list[Body]:
    return [_said(system=c.system, code=c.code, display=c.display) for c in codings]


def _said(**values: object) -> Body:
    """Without what says nothing."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}

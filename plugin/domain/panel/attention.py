"""What needs a person: gaps with their ladder, what was tried and what comes next; and steps that somebody must look
at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from plugin.domain.assessment import EffectKind, Gap, Milestone, PlanState, Status
from plugin.domain.ladder import Ladder, Tier
from plugin.domain.ledger import EffectState, LedgerRow
from plugin.domain.panel.on_file import OnFile
from plugin.domain.panel.view import Attempt, Attention, Line, Next, NextKind, Rung, RungState
from plugin.domain.permissions import Data
from plugin.domain.record import Said, Statement
from plugin.domain.work import WorkItem

_OPEN = ("open", "claimed", "snoozed")
_STATES = {
    EffectState.DONE: RungState.DONE,
    EffectState.FAILED: RungState.FAILED,
    EffectState.PLANNED: RungState.WAITING,
    EffectState.CLAIMED: RungState.WAITING,
    EffectState.SKIPPED: RungState.PASSED,
    EffectState.WITHDRAWN: RungState.PASSED,
}


def attention_of(file: OnFile, lines: Mapping[str, Line]) -> tuple[Attention, ...]:
    """Gaps first, the highest tier and the latest before the others; then what is in review; then gaps with a booking,
    which nobody has to do anything for while it stands. What is put aside is not among them."""
    found = [
        _attention(milestone, earlier, plan, file, lines[milestone.key])
        for plan in file.plans
        for milestone, earlier in _acting(plan.milestones)
        if milestone.key in lines and _needs_somebody(milestone)
    ]
    return tuple(sorted(found, key=_order))


def _needs_somebody(milestone: Milestone) -> bool:
    is_gap = milestone.gap is Gap.OPEN and milestone.status is not Status.ON_HOLD
    return is_gap or milestone.status is Status.IN_REVIEW


def _order(card: Attention) -> tuple[bool, bool, int, int, str]:
    line = card.line
    rests = line.booking is not None and line.status is not Status.IN_REVIEW
    return (rests, line.days_late == 0, -line.tier, -line.days_late, line.title or "")


def _acting(milestones: Sequence[Milestone]) -> Iterable[tuple[Milestone, int]]:
    """Each milestone with how many earlier turns of it were missed too; of a repeating one only the latest overdue turn,
    and none once a later one is completed (DESIGN §5). Turns in review stay: somebody must look at each."""
    turns: dict[str, list[Milestone]] = {}
    for milestone in milestones:
        turns.setdefault(milestone.source if milestone.repeats else milestone.key, []).append(milestone)
    for group in turns.values():
        done = max((m.iteration for m in group if m.status is Status.COMPLETED), default=0)
        late = [m for m in group if m.gap is Gap.OPEN]
        last = max((m.iteration for m in late), default=0)
        for milestone in group:
            if milestone.status is Status.IN_REVIEW or not milestone.repeats:
                yield milestone, 0
            elif milestone.iteration == last > done:
                yield milestone, len(late) - 1


def _attention(milestone: Milestone, earlier: int, plan: PlanState, file: OnFile, line: Line) -> Attention:
    rungs = rungs_of(milestone, plan, file)
    return Attention(
        line=line,
        next=_next(milestone, rungs, file),
        rungs=rungs,
        attempts=attempts_of(milestone.key, file),
        earlier_turns=earlier,
    )


# --------------------------------------------------------------------------------------------------------- the ladder
def rungs_of(milestone: Milestone, plan: PlanState, file: OnFile) -> tuple[Rung, ...]:
    """All rungs of an open gap's ladder, with what each did or will do; none where nothing is late."""
    if milestone.gap is not Gap.OPEN or milestone.due is None:
        return ()
    ladder = file.rules.ladder_of(file.program(plan))
    mine = _of_episode(file.effects_of.get(milestone.key, ()), milestone.due)
    return tuple(_rung(tier, ladder, milestone, mine.get(tier.number), file) for tier in ladder.tiers)


def _of_episode(rows: Iterable[LedgerRow], due: date) -> Mapping[int, LedgerRow]:
    """The ladder's effects of this due date, by tier."""
    return {row.tier: row for row in rows if row.tier is not None and f"|{due.isoformat()}|tier-" in row.key}


def _rung(tier: Tier, ladder: Ladder, milestone: Milestone, row: LedgerRow | None, file: OnFile) -> Rung:
    begins = ladder.begins(tier, milestone.due or file.today)
    is_now = tier.number == milestone.tier
    state = RungState.PASSED if begins <= file.today else RungState.AHEAD
    on = begins
    if row is not None:
        state = _STATES[row.state]
        on = _day_of(row, file) or begins
    elif state is RungState.AHEAD:
        on = _acts_on(tier, begins, file)
    return Rung(tier.number, tier.kind, tier.role, state, on, is_now)


def _day_of(row: LedgerRow, file: OnFile) -> date | None:
    """When it was carried out, or is to be."""
    is_past = row.state in (EffectState.DONE, EffectState.FAILED)
    at = row.changed_at if is_past else row.at
    return None if at is None else file.rules.practice.day(at)


def _acts_on(tier: Tier, begins: date, file: OnFile) -> date:
    """Messages obey the send window, the staff's steps the practice's mornings."""
    practice = file.rules.practice
    start = practice.start_of(begins)
    at = practice.send_time(start) if tier.kind is EffectKind.MESSAGE else practice.staff_morning(start)
    return practice.day(at)


# --------------------------------------------------------------------------------------------------- tried, and next
def attempts_of(key: str, file: OnFile) -> tuple[Attempt, ...]:
    """What was done about a milestone, oldest first: steps of the ladder that were carried out or failed, and contacts."""
    steps = [_step(row, file) for row in file.effects_of.get(key, ()) if row.state in _TRIED and row.changed_at]
    calls = [contact_of(s, file) for s in file.said_of.get(key, ()) if s.said is Said.CONTACT]
    return tuple(sorted((*steps, *calls), key=lambda attempt: attempt.at))


_TRIED = (EffectState.DONE, EffectState.FAILED)


def _step(row: LedgerRow, file: OnFile) -> Attempt:
    return Attempt(
        at=file.local(row.changed_at or file.now),
        kind=row.kind,
        what=row.what,
        by=file.who(None if row.kind is EffectKind.WORK else row.owner, row.role),
        has_failed=row.state is EffectState.FAILED,
    )


def contact_of(statement: Statement, file: OnFile) -> Attempt:
    """A contact that a person logged; why it was a barrier, and the words, for those who may see notes."""
    may_see = Data.NOTES in file.visible
    return Attempt(
        at=file.local(statement.at),
        kind=None,
        what="contact",
        by=file.who(statement.by),
        outcome=statement.outcome,
        reason=statement.reason if may_see else None,
        note=statement.note if may_see else None,
    )


def _next(milestone: Milestone, rungs: Sequence[Rung], file: OnFile) -> Next:
    contact_on = _contact_on(milestone.key, file)
    if milestone.status is Status.IN_REVIEW:
        asked = _asked(milestone.key, file)
        due = file.rules.practice.day(asked.due_at) if asked else None
        return Next(NextKind.REVIEW, due, asked.role if asked else None, contact_on=contact_on)
    booked = file.day(milestone.booked_for)
    if booked is not None:
        return Next(NextKind.BOOKING, booked.on, contact_on=contact_on)
    ahead = [r for r in rungs if r.state in (RungState.AHEAD, RungState.WAITING) and r.on >= file.today]
    if not ahead:
        return Next(NextKind.TOP, contact_on=contact_on)
    rung = min(ahead, key=lambda r: r.number)
    return Next(NextKind.RUNG, rung.on, rung.role, rung, contact_on=contact_on)


def _contact_on(key: str, file: OnFile) -> date | None:
    """The day of the next contact that the last one named, unless it has passed."""
    contacts = [s for s in file.said_of.get(key, ()) if s.said is Said.CONTACT]
    on = contacts[-1].next_on if contacts else None
    return on if on and on >= file.today else None


def _asked(key: str, file: OnFile) -> WorkItem | None:
    """The open work item that lists the milestone: it is in a role's queue, whoever owns the step."""
    items = (i for i in file.work if i.state in _OPEN and any(step == key for step, _ in i.milestones))
    return next(items, None)

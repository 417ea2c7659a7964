"""The turns of the steps at one moment: their windows (with the program's rules) and what is gathered for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from plugin.domain.appointment import Visit
from plugin.domain.assessment import Evidence, Strength
from plugin.domain.chart import Chart, PlanChart, circumstances_of
from plugin.domain.circumstance import holds
from plugin.domain.due import Course, Turn
from plugin.domain.moment import days, plus_days
from plugin.domain.origin import SourceStatus
from plugin.domain.program import Anchor, Offset, Repeat
from plugin.domain.record import Event, Other, Said
from plugin.domain.said import NOTHING_SAID, Spoken
from plugin.domain.step import Step


@dataclass(slots=True)
class TurnState:
    """One turn while it is being assessed. ``begins`` is the first day of its window (D3; None: nothing says), ``until``
    the day on which the next turn's begins (None: it stays open, D4)."""

    index: int
    step: Step
    turn: Turn
    key: str
    due_from: str | None
    begins: date | None
    until: date | None = None
    waits: bool = False
    """The program's rule has no date yet: what it waits for has not happened."""
    spoken: Spoken = field(default_factory=Spoken)
    source: SourceStatus = SourceStatus.OPEN
    evidence: dict[str, Evidence] = field(default_factory=dict)
    dates: list[date] = field(default_factory=list)
    is_met: bool = False
    """Evidence that completes is there."""
    awaits_result: bool = False
    outcome_unread: bool = False
    visits: list[Visit] = field(default_factory=list)

    @property
    def is_taken(self) -> bool:
        """E4: completed or cancelled already, so that coded evidence is for another."""
        ended = self.source in (SourceStatus.COMPLETED, SourceStatus.CANCELLED, SourceStatus.IN_ERROR)
        return self.is_met or ended or self.spoken.word is not None

    @property
    def is_done(self) -> bool:
        """E4: completed already, as far as sources, evidence and people say."""
        word = self.spoken.word
        return (
            self.is_met or self.source is SourceStatus.COMPLETED or (word is not None and word.said is Said.COMPLETED)
        )

    def holds(self, first: date, last: date) -> bool:
        """E4: its window holds these days."""
        return self.begins is not None and self.begins <= first and (self.until is None or last < self.until)

    def touches(self, first: date, last: date) -> bool:
        """E9: its window holds some of them."""
        return self.begins is not None and self.begins <= last and (self.until is None or first < self.until)

    def holds_until_due(self, first: date, last: date) -> bool:
        """E4: the days from opening to due date hold them."""
        return self.turn.due is not None and last <= self.turn.due and self.holds(first, last)

    @property
    def order(self) -> tuple[date, int, int]:
        """By due date, then by number."""
        return (self.turn.due or date.max, self.step.order, self.turn.number)

    def add(self, evidence: Evidence) -> None:
        """Each resource once, with its strongest link (E7)."""
        known = self.evidence.get(evidence.resource)
        if known is None or known.strength < evidence.strength:
            self.evidence[evidence.resource] = evidence

    def count(self, evidence: Evidence) -> None:
        """Adds evidence that dates the completion."""
        self.add(evidence)
        if evidence.on is not None:
            self.dates.append(evidence.on)

    def drop_weak(self) -> None:
        """E7: loose only where there is nothing stronger."""
        if len(self.evidence) < 2:
            return
        strong = {ref: e for ref, e in self.evidence.items() if e.strength > Strength.LOOSE}
        if strong:
            self.evidence = strong


def turns_of(plan: PlanChart, chart: Chart, today: date, completions: Mapping[str, date | None]) -> list[TurnState]:
    """All turns of a plan. ``completions`` are the days on which the program's milestones were completed so far."""
    states: list[TurnState] = []
    for index, step in enumerate(plan.steps):
        definition = step.definition
        condition = definition.applies_if if definition and len(step.origins) == 1 else None
        if condition and not holds(condition, circumstances_of(plan, chart), today):
            continue
        course, waits = _course(step, plan, chart, completions)
        default = _default_opening(step, plan, chart)
        states.extend(_turns(index, step, course, chart, default=default, waits=waits))
    return states


def _turns(
    index: int, step: Step, course: Course, chart: Chart, *, default: date | None, waits: bool
) -> list[TurnState]:
    states: list[TurnState] = []
    for turn in course.turns:
        key = f"{step.base}|{turn.number}"
        state = TurnState(
            index=index,
            step=step,
            turn=turn,
            key=key,
            due_from=course.due_from if turn.due else None,
            begins=turn.opens or default,
            waits=waits,
            spoken=chart.spoken.get(key, NOTHING_SAID),
        )
        if states:
            states[-1].until = state.begins
        states.append(state)
    return states


def _default_opening(step: Step, plan: PlanChart, chart: Chart) -> date | None:
    """D3: the plan's start, else the order's authoredOn, else CarePlan.created."""
    if plan.start is not None:
        return plan.start.first
    for origin in step.origins:
        written = days(origin.authored_on, chart.rules.practice.zone) if origin.authored_on else None
        if written is not None:
            return written.first
    return plan.opens.first if plan.opens else None


# ------------------------------------------------------------------------------------------------ the program's rules
def _course(step: Step, plan: PlanChart, chart: Chart, completions: Mapping[str, date | None]) -> tuple[Course, bool]:
    """The sources' course, else the program's (§4.2: it stands before the appointment's own start)."""
    definition = step.definition
    if definition is None:
        return step.course, False
    opens = _day(definition.opens, plan, chart, completions)
    has_own = step.course.due is not None and not (
        len(step.course.turns) == 1 and step.course.due_from == "Appointment.start" and definition.due
    )
    if has_own:
        return _with_opening(step.course, opens), False
    due = _day(definition.due, plan, chart, completions)
    if definition.repeat is not None and (opens or due):
        return _repeated(definition.repeat, opens or due, due), False
    if due is None and step.course.due is not None:
        return _with_opening(step.course, opens), False
    waits = (definition.due is not None and due is None) or (definition.opens is not None and opens is None)
    opens = opens or step.course.opens
    if opens and due and opens > due:
        opens = None
    return Course((Turn(1, opens, due, "day" if due else None),), "program" if due else None), waits


def _with_opening(course: Course, opens: date | None) -> Course:
    first = course.turns[0]
    if first.opens is not None or opens is None or (first.due is not None and opens > first.due):
        return course
    return Course((first._replace(opens=opens), *course.turns[1:]), course.due_from, course.repeats)


def _repeated(repeat: Repeat, opens: date | None, due: date | None) -> Course:
    """Turn n opens n-1 times the interval after the first, and is due as long after its opening as the first is, else
    the day before the next one opens."""
    turns: list[Turn] = []
    if opens is None:
        return Course((Turn(1, None, due, "day"),), "program")
    length = (due - opens).days if due and due >= opens else None
    first = opens
    for number in range(1, repeat.count + 1):
        start = Offset(days=repeat.every.days * (number - 1), months=repeat.every.months * (number - 1)).after(first)
        following = Offset(days=repeat.every.days * number, months=repeat.every.months * number).after(first)
        last = plus_days(following, -1)
        turns.append(Turn(number, start, min(plus_days(start, length), last) if length is not None else last))
    return Course(tuple(turns), "program", repeats=True)


def _day(offset: Offset | None, plan: PlanChart, chart: Chart, completions: Mapping[str, date | None]) -> date | None:
    """The day that an offset means; none while what it is counted from has not happened (DESIGN §4.2)."""
    if offset is None:
        return None
    base: date | None = None
    match offset.anchor:
        case Anchor.PLAN_START:
            base = plan.start.first if plan.start else (plan.opens.first if plan.opens else None)
        case Anchor.COMPLETION:
            base = completions.get(offset.of or "")
        case Anchor.DUE:
            base = _due_of(offset.of, plan, chart, completions)
        case Anchor.FACT:
            base = _day_of_fact(offset, plan, chart)
    return offset.after(base) if base else None


def _due_of(code: str | None, plan: PlanChart, chart: Chart, completions: Mapping[str, date | None]) -> date | None:
    for step in plan.steps:
        if step.definition and step.definition.code == code:
            course, _ = _course(step, plan, chart, completions)
            return course.due
    return None


def _day_of_fact(offset: Offset, plan: PlanChart, chart: Chart) -> date | None:
    """The latest day, from the plan's start on where it has one, of a fact with one of the codes."""
    wanted = {(c.system, c.code) for c in offset.codes}
    found: list[date] = []
    for fact in chart.record.facts.values():
        if not isinstance(fact, Event | Other) or not (start := fact.start or fact.end):
            continue
        if any((c.system, c.code) in wanted for concept in fact.concepts for c in concept.codings):
            dated = days(start, chart.rules.practice.zone)
            if dated and (plan.start is None or dated.last >= plan.start.first):
                found.append(dated.first)
    return max(found, default=None)

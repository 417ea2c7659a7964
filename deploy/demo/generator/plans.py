"""One patient's plan: when it began, which of its steps are past due, and the CarePlan that holds them."""

from dataclasses import dataclass
from datetime import date

from deploy.demo.generator.chart import Chart, Fate, Placed
from deploy.demo.generator.fhir import (
    PROGRAM_CANONICAL,
    PROGRAM_CODE,
    PROGRAM_SYSTEM,
    SNOMED,
    Json,
    coding,
    concept,
    days,
    on,
    reference,
)
from deploy.demo.generator.goals import add_goals
from deploy.demo.generator.inline import place_forbidden, place_inline
from deploy.demo.generator.layouts import CYCLE, LAYOUTS, NEVER_A_GAP, Layout, Origin, Place, windows
from deploy.demo.generator.orders import PLACERS
from deploy.demo.generator.outcomes import choose
from deploy.demo.generator.people import (
    Person,
    add_condition,
    add_consent,
    add_first_visit,
    add_patient,
    add_team,
    written_at,
)
from deploy.demo.generator.referrals import add_referrals
from deploy.demo.generator.scores import add_scores
from deploy.demo.generator.showcase import SHOWCASE
from deploy.demo.generator.steps import EYES, INLINE, Form, Slot, State, Step

TIER_DAYS = {"tier 1": (1, 7), "tier 2": (8, 14), "tier 3": (15, 30), "tier 4": (31, 60)}
LONGEST_RUN = 335  # a plan lasts a year; none that has a gap is nearly over
SECOND_GAP_FROM = 20
YEAR = 365


@dataclass(frozen=True)
class Shape:
    """A plan of another kind than the ordinary: its status, and where its start lies from today."""

    name: str
    status: str
    started: tuple[int, int]  # days ago; negative for a start ahead
    intent: str = "plan"
    weight: int = 1
    bare: bool = False


ORDINARY = Shape("active", "active", (12, 330))
ODD_SHAPES = (
    Shape("draft", "draft", (-14, -3)),
    Shape("on-hold", "on-hold", (30, 200)),
    Shape("revoked", "revoked", (30, 200)),
    Shape("completed", "completed", (370, 420)),
    Shape("unknown", "unknown", (30, 200)),
    Shape("entered-in-error", "entered-in-error", (30, 200)),
    Shape("active, intent proposal", "active", (-14, -3), intent="proposal"),
    Shape("active, without dates and codes", "active", (30, 200), bare=True),
    Shape("active, without activities", "active", (30, 200), bare=True),
)
ODD_PEOPLE = (Person.DECEASED, Person.MERGED, Person.INACTIVE)


def tier_of(days_past_due: int) -> str:
    """The name of the tier, as the books have it."""
    return next((name for name, (_, last) in TIER_DAYS.items() if days_past_due <= last), "tier 4")


def begin_with_gap(chart: Chart, layout: Layout) -> Slot:
    """Sets the plan's start so that one step is past due by as many days as the next tier asks for."""
    first, last = TIER_DAYS[chart.word("tier", list(TIER_DAYS))]
    chart.gap_days = chart.rng.randint(first, last)
    able = [slot for slot in layout if slot.form not in NEVER_A_GAP and slot.offset + chart.gap_days <= LONGEST_RUN]
    if chart.number == SHOWCASE:
        able = [slot for slot in able if slot.item is EYES]
    target = chart.rng.choice(able)
    chart.start = chart.run.today - days(target.offset + chart.gap_days)
    return target


def state_of(chart: Chart, opens: date, due: date | None) -> State:
    """Where a step is whose fate was not decided by the books."""
    today = chart.run.today
    if due and due < today:
        return State.DONE
    return State.OPEN if opens <= today else State.AHEAD


def steps_of(chart: Chart, slot: Slot, target: Slot | None) -> list[Step]:
    """The turns of a step, with the state of each; of the step past due the first turn is not done."""
    turns = []
    for turn, (opens, due) in enumerate(windows(slot, chart.start), start=1):
        overdue = slot is target and turn == 1
        state = State.OVERDUE if overdue else state_of(chart, opens, due)
        turns.append(Step(slot, opens, due, state, turn))
    return turns


def also_overdue(chart: Chart, steps: list[list[Step]]) -> list[list[Step]]:
    """In some charts the next step is past due as well: two in a row."""
    if chart.gap_days < SECOND_GAP_FROM or chart.rng.random() < 0.5:
        return steps
    changed: list[list[Step]] = []
    left = 1
    for turns in steps:
        step = turns[0]
        if left and step.due and step.state is State.DONE and step.form not in NEVER_A_GAP and changed_after(changed):
            turns = [Step(step.slot, step.opens, step.due, State.OVERDUE, step.turn), *turns[1:]]
            left -= 1
        changed.append(turns)
    return changed


def changed_after(before: list[list[Step]]) -> bool:
    """The step past due has come already."""
    return any(step.state is State.OVERDUE for turns in before for step in turns)


def place(chart: Chart, turns: list[Step]) -> None:
    """Writes one step with what became of it; only a step that stands once has a word of its source."""
    first = turns[0]
    chart.count("step", first.form)
    if first.form is Form.INLINE_FORBIDDEN:
        place_forbidden(chart, first)
        return
    ways = [choose(chart, step) for step in turns]
    placed = Placed()
    if first.form in INLINE:
        placed = place_inline(chart, turns, ways[0].source)
    elif first.form in PLACERS:
        placed = PLACERS[first.form](chart, first, ways[0].source)
    for step, way in zip(turns, ways, strict=True):
        way.write(chart, step, placed)
        chart.fates.append(Fate(step.item.title, step.due, step.state, way.name))


def place_all(chart: Chart, layout: Layout, target: Slot | None) -> None:
    """Writes all steps of a plan."""
    for turns in also_overdue(chart, [steps_of(chart, slot, target) for slot in layout]):
        place(chart, turns)


def plan_body(chart: Chart, shape: Shape, team: str) -> Json:
    """The CarePlan around its activities."""
    return {
        "identifier": [chart.run.business_id("plan", f"SYN-PLAN-{chart.serial}")],
        "status": shape.status,
        "intent": shape.intent,
        "title": "Care plan for twelve months",
        "subject": reference(chart.patient),
        "period": {"start": on(chart.start), "end": on(chart.start + days(YEAR))},
        "created": written_at(chart),
        "author": reference(chart.provider),
        "careTeam": [reference(team)],
    }


def add_plan(chart: Chart, shape: Shape, origin: Origin, condition: str) -> None:
    """Writes the CarePlan; of the program it is by canonical or by category."""
    body = plan_body(chart, shape, add_team(chart))
    goals = [reference(goal) for goal in add_goals(chart, condition)]
    body |= {"addresses": [reference(condition)], "goal": goals}
    if origin is Origin.CANONICAL:
        body["instantiatesCanonical"] = [PROGRAM_CANONICAL]
    if origin is Origin.CATEGORY:
        body["category"] = [concept(coding(PROGRAM_SYSTEM, PROGRAM_CODE, "Chronic care"))]
    if chart.activities:
        body["activity"] = chart.activities
    chart.add("CarePlan", body, chart.plan.partition("/")[2])
    chart.count("plan", shape.name)


def add_claimed_order(chart: Chart) -> None:
    """The referral by which the program begins where nobody writes CarePlans."""
    program = coding(PROGRAM_SYSTEM, PROGRAM_CODE, "Chronic care")
    body = {
        "identifier": [chart.run.business_id("order", f"{chart.serial}-program")],
        "status": "active",
        "intent": "order",
        "category": [concept(coding(SNOMED, "3457005", "Patient referral")), concept(program)],
        "code": concept(program, text="Referral to the chronic care program"),
        "subject": reference(chart.patient),
        "authoredOn": written_at(chart),
        "requester": reference(chart.provider),
    }
    chart.add("ServiceRequest", body)


def add_bare_plan(chart: Chart, shape: Shape) -> None:
    """A plan as some people write it: words, no dates, no codes; or nothing at all."""
    body: Json = {"status": shape.status, "intent": shape.intent, "subject": reference(chart.patient)}
    if shape.name.endswith("codes"):
        body["activity"] = [
            {"detail": {"status": "not-started", "description": "Walk half an hour a day"}},
            {"detail": {"status": "unknown", "description": "Talk about stopping to smoke"}},
        ]
    chart.add("CarePlan", body, chart.plan.partition("/")[2])
    chart.count("plan", shape.name)


def person_of(chart: Chart, place_: Place) -> Person:
    """Who the patient at this place is; nobody is merged into a patient who is not there."""
    if not place_.odd_person:
        return Person.ORDINARY
    able = [person for person in ODD_PEOPLE if chart.partner or person is not Person.MERGED]
    return Person(chart.word("person", able))


def begin(chart: Chart, shape: Shape, place_: Place, wants_gap: bool) -> Slot | None:
    """Sets the plan's start; gives the step that will be past due."""
    if wants_gap:
        return begin_with_gap(chart, place_.layout)
    chart.start = chart.run.today - days(chart.rng.randint(*shape.started))
    return None


def shape_of(chart: Chart, place_: Place, person: Person) -> Shape:
    """The shape of the plan; that of a merged record has just begun, so that nothing of it is the survivor's."""
    if place_.odd_plan:
        return chart.run.rotation.pick("shape", ODD_SHAPES)
    return Shape("active", "active", (1, 3)) if person is Person.MERGED else ORDINARY


def write_chart(chart: Chart, wants_gap: bool) -> None:
    """Writes the whole chart of one patient."""
    place_ = CYCLE[chart.number % len(CYCLE)]
    person = person_of(chart, place_)
    shape = shape_of(chart, place_, person)
    target = begin(chart, shape, place_, wants_gap)
    add_patient(chart, person)
    chart.count("start of a plan", place_.origin)
    condition = add_condition(chart)
    add_consent(chart)
    add_first_visit(chart)
    if shape.bare:
        add_bare_plan(chart, shape)
        return
    if place_.origin is Origin.ORDER:
        add_claimed_order(chart)
    layout = place_.layout or (LAYOUTS[chart.number % len(LAYOUTS)] if place_.odd_plan else ())
    place_all(chart, layout, target)
    if place_.origin not in (Origin.ORDER, Origin.ENROLMENT):
        add_plan(chart, shape, place_.origin, condition)
    if place_.origin is not Origin.ENROLMENT:
        add_referrals(chart)
    add_scores(chart, layout)

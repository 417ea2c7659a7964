"""A patient as they were known on a past day: what is computed later is what was stored then."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.domain.act import Act, ActKind
from plugin.domain.assess import assess
from plugin.domain.assessment import PlanState
from plugin.domain.calendar import Practice
from plugin.domain.errors import BadInput, Forbidden, PermanentFailure, UnknownName
from plugin.domain.panel.view import Panel
from plugin.domain.permissions import Role
from plugin.domain.record import CarePlan
from plugin.usecases.act import act
from plugin.usecases.act_form import act_form
from plugin.usecases.rules import rules_at
from plugin.usecases.show_as_of import moment_of, show_as_of, why_as_of
from plugin.usecases.show_panel import show_panel
from tests.builders import CHICAGO, HBA1C, WEIGHT, World, a_booking, a_patient, a_plan, a_result, an_activity
from tests.full_chart import a_session

ANA = "Patient/p1"
in_memory = pytest.mark.parametrize("world", ["memory"], indirect=True)
"""Where the database decides nothing."""


def as_stored(world: World) -> list[PlanState]:
    """What an assessment is compared by: not the days that pass by themselves, nor the words."""
    with world.look() as uow:
        return comparable(uow.plans.of_patient(world.source, ANA, world.clock().date()))


def comparable(plans: Sequence[PlanState]) -> list[PlanState]:
    """In one order; steps without their words."""
    slim = [
        replace(
            plan,
            milestones=tuple(
                sorted((replace(m, why=(), days_past_due=None) for m in plan.milestones), key=lambda m: m.key)
            ),
        )
        for plan in plans
    ]
    return sorted(slim, key=lambda plan: plan.plan)


def as_computed(world: World, moment: datetime) -> list[PlanState]:
    """The same, of a past moment."""
    with world.look() as uow:
        source = uow.sources.by_id(world.source.id)
        past = uow.history.of_patient(source, ANA, moment)
        if past is None:
            return []
        return comparable(assess(past.record, rules_at(world.services, uow, source, moment), moment).plans)


def lines(panel: Panel) -> dict[str, str]:
    """Steps with how they look."""
    return {line.title or "": line.look.value for plan in panel.plans for phase in plan.phases for line in phase.lines}


# --------------------------------------------------------------------------------------- what was stored, day by day
ACTS = [ActKind.DONE, ActKind.HOLD, ActKind.NOTE]
CHANGES = ["result", "booking", "gone", "step", "step", "act", "nothing"]


class Practising:
    """A practice that is driven over some days; at the end of each, what is stored is kept."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.kept: list[tuple[datetime, list[PlanState]]] = []
        self.dues = {"a": "2026-06-20", "b": "2026-07-10"}
        self.equal: list[str] = []
        self.world.server.put(a_patient(), self.plan())
        self.look()

    def plan(self) -> CarePlan:
        """As the EHR has it now: two steps, and some that are equal to the second."""
        steps = [(name, code) for name, code in (("a", HBA1C), ("b", WEIGHT)) if name in self.dues]
        activities = [
            an_activity(place, code=code, due=self.dues[name], opens="2026-06-01")
            for place, (name, code) in enumerate(steps)
        ]
        more = [
            an_activity(len(activities) + place, code=WEIGHT, due=due, opens="2026-06-01")
            for place, due in enumerate(self.equal)
        ]
        return a_plan(activities=[*activities, *more])

    def change(self, what: str, number: int) -> None:
        """One thing that happens on a day."""
        server, today = self.world.server, self.world.clock().date()
        match what:
            case "result":
                server.put(a_result(on=today.isoformat(), code=HBA1C if number % 2 else WEIGHT))
            case "booking":
                server.put(a_booking(status="booked" if number % 3 else "noshow"))
            case "gone":
                for ref in ("Observation/o1", "Appointment/a1")[number % 2 :]:
                    if ref in server.facts:
                        server.delete(ref)
            case "act":
                self.act(ACTS[number % len(ACTS)], number)
            case "step":
                self.change_plan(number)
                server.put(self.plan())

    def change_plan(self, number: int) -> None:
        """A step is moved, goes, comes back; one more that equals another."""
        match number % 4:
            case 0:
                self.dues["a"] = (date(2026, 6, 10) + timedelta(days=number)).isoformat()
            case 1:
                self.dues["b"] = "2026-07-10"
            case 2:
                self.dues.pop("b", None)
            case _:
                self.equal.append((date(2026, 7, 11) + timedelta(days=len(self.equal))).isoformat())

    def act(self, kind: ActKind, number: int) -> None:
        """On the first step that can still be done."""
        world = self.world
        open_ones = [step for step in world.milestones() if not step.status.is_final and step.hold_until is None]
        if not open_ones:
            return
        session = replace(a_session(world), launch=f"launch-{number}-{world.clock()}")
        form = act_form(world.services, session, kind, open_ones[0].key)
        until = (world.clock().date() + timedelta(days=3)).isoformat() if kind is ActKind.HOLD else ""
        reason = "away" if kind is ActKind.HOLD else ""
        wish = Act(
            kind=kind,
            milestone=form.milestone,
            once="token-of-the-form" * 2,
            note="As told.",
            until=until,
            reason=reason,
        )
        act(world.services, session, wish, patient=ANA, version=form.version)

    def live(self, course: Sequence[Sequence[tuple[str, int]]]) -> None:
        """Day after day."""
        for day in course:
            for what, number in day:
                self.change(what, number)
            self.look()
            self.world.clock.forward(hours=23)

    def look(self) -> None:
        """Read, assess, keep."""
        self.world.sweep()
        self.kept.append((self.world.clock(), as_stored(self.world)))
        self.world.clock.forward(hours=1)


days = st.lists(st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 30)), max_size=3), min_size=2, max_size=9)


@settings(max_examples=15, deadline=None)
@given(days)
def test_a_day_is_computed_as_it_was_stored(course: list[list[tuple[str, int]]]) -> None:
    """Whatever happened later: results that were corrected or went, steps that moved, words of people."""
    practising = Practising()
    practising.live(course)

    for moment, stored in practising.kept:
        assert as_computed(practising.world, moment) == stored, moment


def test_a_course_of_everything(world: World) -> None:
    """The same in a database: steps that equal each other, moved, gone and back; results and bookings that come and go;
    words of people."""
    practising = Practising(world)
    practising.live(
        [
            [("step", 3), ("step", 3)],
            [("step", 2), ("act", 1)],
            [("step", 4), ("result", 1)],
            [("step", 1), ("step", 3), ("booking", 1)],
            [("gone", 0), ("step", 12)],
            [("act", 0), ("step", 2)],
        ]
    )

    assert len({repr(stored) for _, stored in practising.kept}) == len(practising.kept)
    for moment, stored in practising.kept:
        assert as_computed(world, moment) == stored, moment


@settings(max_examples=15, deadline=None)
@given(days)
def test_as_of_now_is_what_stands(course: list[list[tuple[str, int]]]) -> None:
    """The record of this moment, read as the past, is the record."""
    practising = Practising()
    practising.live(course)
    world = practising.world

    with world.look() as uow:
        tracked = uow.patients.look(world.source, ANA)
        assert tracked is not None
        (live,) = uow.patients.records([tracked.row])
        past = uow.history.of_patient(world.source, ANA, world.clock())

    assert past is not None
    assert (past.record.facts, past.record.statements) == (live.facts, live.statements)
    assert {step.key: step for step in past.record.known} == {step.key: step for step in live.known}


# --------------------------------------------------------------------------------------------------------- the page
@pytest.fixture
def lived(world: World) -> World:
    """Due on 8 June and late; done by a result of the 10th that came on the 17th."""
    world.server.put(a_patient(), a_plan(due="2026-06-08", start="2026-06-01"))
    world.sweep()
    world.clock.forward(days=2)
    world.server.put(a_result(on="2026-06-10"))
    world.sweep()
    return world


def test_a_page_of_a_past_day(lived: World) -> None:
    """On the day before the result came the step was late, though the result is of an earlier day; nothing can be done
    there, and the chart is not called stale."""
    lived.clock.forward(days=1)
    moment = moment_of("2026-06-16", lived.services.practice, lived.clock())
    assert moment is not None

    then = show_as_of(lived.services, a_session(lived), moment)
    now = show_panel(lived.services, a_session(lived), lived.clock())

    assert (lines(then.panel), lines(now)) == ({"Hemoglobin A1c": "late"}, {"Hemoglobin A1c": "done"})
    (card,) = then.panel.attention
    assert (card.line.days_late, card.line.acts, then.panel.today) == (8, (), date(2026, 6, 16))
    assert (then.was_known, then.panel.freshness.is_past, then.panel.freshness.is_stale) == (True, True, False)
    assert all(not happening.can_be_undone for happening in then.panel.lately)


def test_why_on_a_past_day(lived: World) -> None:
    """By what was known then: no word of the result."""
    moment = datetime(2026, 6, 16, 20, tzinfo=UTC)
    key = lived.milestones()[0].key

    then = why_as_of(lived.services, a_session(lived), key, moment)

    assert (then.line.look.value, then.line.evidence) == ("late", ())
    with pytest.raises(UnknownName):
        why_as_of(lived.services, a_session(lived), "no such", moment)


def test_before_the_first_sight(lived: World) -> None:
    """It says so, and still whose page it is."""
    then = show_as_of(lived.services, a_session(lived), datetime(2026, 6, 1, tzinfo=UTC))

    assert (then.was_known, then.panel.strip.ref) == (False, ANA)


def test_each_look_leaves_a_row(lived: World) -> None:
    """It says as of when; and who may not read plans sees nothing and leaves nothing."""
    moment = datetime(2026, 6, 16, 20, tzinfo=UTC)

    show_as_of(lived.services, a_session(lived), moment)
    with pytest.raises(Forbidden):
        show_as_of(lived.services, a_session(lived, ANA, Role.ADMINISTRATOR), moment)

    with lived.look() as uow:
        newest = uow.audit.entries(1)[0]
    assert (newest.action, newest.record, newest.detail["as_of"]) == ("read:panel", f"main/{ANA}", moment.isoformat())


@in_memory
def test_another_patients_fact_stops_the_page(world: World) -> None:
    """What is stored under a patient and is somebody else's is shown on no day."""
    world.server.put(a_patient(), a_plan())
    world.sweep()
    with world.database.begin() as uow:
        uow.facts.store(world.source, [(a_result(patient=2), [ANA])], world.clock())
        uow.commit()

    with pytest.raises(PermanentFailure):
        show_as_of(world.services, a_session(world), world.clock())


# ---------------------------------------------------------------------------------------------------------- the day
NOW = datetime(2026, 11, 4, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-03", datetime(2026, 11, 4, 5, 59, 59, 999999, tzinfo=UTC)),
        ("2026-11-01", datetime(2026, 11, 2, 5, 59, 59, 999999, tzinfo=UTC)),  # the hour turned back in that night
        ("2026-11-04", None),
        ("2026-11-04T09:00", datetime(2026, 11, 4, 15, tzinfo=UTC)),
        ("2026-03-08T02:30", datetime(2026, 3, 8, 8, 30, tzinfo=UTC)),  # an hour that there was not
    ],
)
def test_a_day_or_a_moment(written: str, moment: datetime | None) -> None:
    """A day means its end, in the practice's zone; today means now."""
    assert moment_of(written, Practice(CHICAGO), NOW) == moment


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-05",
        "2026-11-04T10:00",
        "2026-02-30",
        "yesterday",
        "20261103",
        "2026-W45-1",
        "1066-10-14",
        "2026-11-03\n",
    ],
)
def test_what_cannot_be_shown(written: str) -> None:
    """What has not come, and what is no day, in words."""
    with pytest.raises(BadInput):
        moment_of(written, Practice(CHICAGO), NOW)


def test_another_zone() -> None:
    """The end of the day where the practice is."""
    auckland = Practice(ZoneInfo("Pacific/Auckland"))

    assert moment_of("2026-11-03", auckland, NOW) == datetime(2026, 11, 3, 10, 59, 59, 999999, tzinfo=UTC)

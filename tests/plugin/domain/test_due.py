"""Due dates and windows: where they come from, partial dates, turns (DESIGN §4.2, D1-D9)."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.due import MOST_TURNS, Bounds, unroll
from plugin.domain.moment import plus_months
from plugin.domain.record import Moment, Timing
from tests.charts import (
    A1C,
    CHICAGO,
    LIPIDS,
    THERAPY,
    VISIT,
    booking,
    done,
    inline,
    look,
    order,
    patient,
    plan,
    repeating,
    result,
    step,
    task,
)

NOW = "2026-06-16"
Json = dict[str, Any]


def due_of(*chart: Json, activities: tuple[Json, ...] = (), at: str = NOW, **more: Any) -> tuple[Any, ...]:
    """Due date, origin and precision of the one milestone."""
    only = look([patient(), plan(*activities, **more), *chart], at).only
    return only["due"], only["due_from"], only["due_precision"]


# ------------------------------------------------------------------------------------------------------- D1, D2, D9
ORDER_DATES: list[tuple[str, Json, str, str]] = [
    (
        "ServiceRequest",
        {"occurrencePeriod": {"start": "2026-06-01", "end": "2026-06-15"}},
        "2026-06-15",
        "occurrencePeriod.end",
    ),
    ("ServiceRequest", {"occurrenceDateTime": "2026-06-15"}, "2026-06-15", "occurrenceDateTime"),
    ("ServiceRequest", {"occurrenceTiming": {"event": ["2026-06-15"]}}, "2026-06-15", "occurrenceTiming"),
    ("CommunicationRequest", {"occurrenceDateTime": "2026-06-15"}, "2026-06-15", "occurrenceDateTime"),
    ("CommunicationRequest", {"occurrencePeriod": {"end": "2026-06-15"}}, "2026-06-15", "occurrencePeriod.end"),
    ("DeviceRequest", {"occurrenceDateTime": "2026-06-15"}, "2026-06-15", "occurrenceDateTime"),
    ("DeviceRequest", {"occurrencePeriod": {"end": "2026-06-15"}}, "2026-06-15", "occurrencePeriod.end"),
    ("DeviceRequest", {"occurrenceTiming": {"event": ["2026-06-15"]}}, "2026-06-15", "occurrenceTiming"),
]


@pytest.mark.parametrize(("type_", "occurs", "due", "path"), ORDER_DATES)
def test_the_due_date_of_an_order_is_its_occurrence(type_: str, occurs: Json, due: str, path: str) -> None:
    """§4.2 and D1; D9: the path with the choice type written out."""
    found = due_of(order("x1", None, type_, **occurs), activities=(step(f"{type_}/x1"),))

    assert found == (due, f"{type_}.{path}", "day")


@pytest.mark.parametrize(
    "made",
    [
        order("x1", A1C, occurrencePeriod={"start": "2026-06-01"}),
        order("x1", A1C, authoredOn="2026-06-01"),
        order("x1", None, "MedicationRequest", dispenseRequest={"validityPeriod": {"end": "2026-06-15"}}),
        order("x1", None, "MedicationRequest", occurrenceDateTime="2026-06-15"),
        order("x1", None, "NutritionOrder", patient={"reference": "Patient/p1"}, dateTime="2026-06-15"),
        order("x1", None, "VisionPrescription", patient={"reference": "Patient/p1"}, dateWritten="2026-06-15"),
        task("x1", executionPeriod={"end": "2026-06-15"}, authoredOn="2026-06-01"),
        task("x1", restriction={"period": {"start": "2026-06-01"}}),
    ],
)
def test_nothing_else_gives_a_due_date(made: Json) -> None:
    """D1: only what §4.2 lists. A milestone without a due date is never overdue."""
    found = look([patient(), plan(step(f"{made['resourceType']}/x1")), made], "2030-01-01").only

    assert (found["due"], found["due_from"], found["due_precision"]) == (None, None, None)
    assert (found["days_past_due"], found["tier"], found["gap"]) == (None, 0, "none")


def test_an_activity_has_no_scheduled_date_time() -> None:
    """D1: R4 knows scheduledTiming, scheduledPeriod and scheduledString, and no more."""
    assert due_of(activities=(inline(A1C, scheduledDateTime="2026-06-15"),))[0] is None


def test_an_appointment_gives_its_day_only_to_the_step_that_it_is() -> None:
    """D1: the local date of its start; a booking of another step says nothing of when that one is due."""
    late = booking("2026-06-16T03:30:00Z", on=None)

    assert due_of(late, activities=(step("Appointment/a1"),)) == ("2026-06-15", "Appointment.start", "day")
    assert due_of(order(), booking("2026-06-15T14:00:00Z"), activities=(step("ServiceRequest/sr1"),))[0] is None
    behind = task(focus={"reference": "Appointment/a1"})
    assert due_of(late, behind, activities=(step("Task/t1"),))[0] is None


def test_the_first_that_exists_decides() -> None:
    """§4.2: the restriction, the order's occurrence, the activity's period, its timing, its text, the appointment."""
    links: Json = {"focus": {"reference": "ServiceRequest/sr1"}, "basedOn": [{"reference": "CarePlan/cp1"}]}
    restricted = task(due="2026-06-01", code=A1C, **links)
    plain = task(code=A1C, **links)
    ordered, undated = order(code=A1C, occurrenceDateTime="2026-06-02"), order(code=A1C)
    everything: Json = {"scheduledTiming": {"event": ["2026-06-04"]}, "scheduledString": "2026-06-05"}
    planned = inline(A1C, due="2026-06-03", **everything) | step("ServiceRequest/sr1")
    timed = inline(A1C, **everything) | step("ServiceRequest/sr1")
    written = inline(A1C, scheduledString="2026-06-05") | step("ServiceRequest/sr1")

    assert due_of(ordered, restricted, activities=(planned,))[:2] == ("2026-06-01", "Task.restriction.period.end")
    assert due_of(ordered, plain, activities=(planned,))[:2] == ("2026-06-02", "ServiceRequest.occurrenceDateTime")
    assert due_of(undated, plain, activities=(planned,))[1] == "activity.detail.scheduledPeriod.end"
    assert due_of(undated, plain, activities=(timed,))[:2] == ("2026-06-04", "activity.detail.scheduledTiming")
    assert due_of(undated, plain, activities=(written,))[:2] == ("2026-06-05", "activity.detail.scheduledString")
    booked = inline(A1C, scheduledString="2026-06-05") | step("Appointment/a1")
    assert due_of(booking("2026-06-09T14:00:00Z", on=None), activities=(booked,))[0] == "2026-06-05"


@pytest.mark.parametrize(
    ("end", "due", "precision"),
    [
        ("2026", "2026-12-31", "year"),
        ("2026-06", "2026-06-30", "month"),
        ("2028-02", "2028-02-29", "month"),
        ("2026-06-15", "2026-06-15", "day"),
        ("2026-06-16T04:59:59Z", "2026-06-15", "day"),
        ("2026-06-16T05:00:00Z", "2026-06-16", "day"),
        ("2026-06-15T23:30:00-05:00", "2026-06-15", "day"),
        ("2026-06-15T23:30:00+14:00", "2026-06-15", "day"),
    ],
)
def test_a_partial_date_means_its_last_day_and_an_instant_its_local_day(end: str, due: str, precision: str) -> None:
    """D2, and §4.2: an instant is converted to the practice's zone before its date is taken."""
    assert due_of(activities=(inline(A1C, due=end),)) == (due, "activity.detail.scheduledPeriod.end", precision)


@pytest.mark.parametrize(
    ("start", "opens"), [("2026", "2026-01-01"), ("2026-05", "2026-05-01"), ("2026-05-02T03:00:00Z", "2026-05-01")]
)
def test_as_a_start_a_partial_date_means_its_first_day(start: str, opens: str) -> None:
    """D2."""
    assert look([patient(), plan(inline(A1C, "2026-12-31", start))], NOW).only["opens"] == opens


@pytest.mark.parametrize("end", ["2026-02-30", "2026-13", "soon", "", "2026-6-1", 20260615, None])
def test_what_is_no_date_is_none(end: Any) -> None:
    """No sentinel, no guess: the milestone stays, without a due date."""
    activity = inline(A1C, scheduledPeriod={"start": "2026-06-01", "end": end})

    assert due_of(activities=(activity,))[0] is None


# ------------------------------------------------------------------------------------------------------------- D3, D4
@pytest.mark.parametrize(
    ("start", "authored", "created", "opening"),
    [
        ("2026-06-10", "2026-06-01", "2026-06-01", "2026-06-10"),
        ("2026-06", "2026-06-05", "2026-06-05", "2026-06-01"),
        (None, "2026-06-10", "2026-06-01", "2026-06-10"),
        (None, None, "2026-06-10", "2026-06-10"),
    ],
)
def test_without_a_start_the_window_opens_with_the_plan(
    start: str | None, authored: str | None, created: str | None, opening: str
) -> None:
    """D3: at the plan's start, else the order's authoredOn, else CarePlan.created; ``opens`` is null. The window decides
    upcoming and coded evidence alike: the day before, the day."""
    made = order(code=A1C, occurrenceDateTime="2026-07-15") | ({"authoredOn": authored} if authored else {})
    chart = [patient(), plan(step("ServiceRequest/sr1"), start=start, created=created), made]
    before = (date.fromisoformat(opening) - timedelta(days=1)).isoformat()

    assert look(chart, opening).only["opens"] is None
    assert look(chart, before).only["status"] == "upcoming"
    assert look(chart, opening).only["status"] == "ready"
    assert look([*chart, result(before)], "2026-07-01").only["status"] == "ready"
    assert look([*chart, result(opening)], "2026-07-01").only["status"] == "completed"


def test_with_none_of_them_there_is_no_coded_evidence() -> None:
    """D3: and it is ready."""
    found = look([patient(), plan(inline(A1C, "2026-07-15"), start=None), result("2026-06-10")], NOW).only

    assert (found["status"], found["evidence"]) == ("ready", [])


def test_a_window_without_a_next_turn_stays_open() -> None:
    """D4: or nobody who is late could be booked, or complete late."""
    chart = [patient(), plan(inline(THERAPY, "2026-06-15", "2026-06-01"))]

    late = look([*chart, done("2026-08-01")], "2026-08-02").only
    booked = look(
        [*chart, booking("2026-08-10T14:00:00Z", on=None, serviceType=[THERAPY])],
        "2026-08-02",
    ).only

    assert (late["status"], late["gap"]) == ("completed", "closed")
    assert (booked["status"], booked["gap"], booked["tier"]) == ("scheduled", "open", 4)


def test_a_start_after_the_end_opens_nothing() -> None:
    """Contradictory data: the due date stands, the window opens as if no start were given."""
    found = look([patient(), plan(inline(A1C, "2026-06-15", "2026-07-01"))], NOW).only

    assert (found["opens"], found["due"], found["status"], found["tier"]) == (None, "2026-06-15", "ready", 1)


# ----------------------------------------------------------------------------------------------------------------- D5
@pytest.mark.parametrize(
    ("text", "due", "precision"),
    [
        ("2026-06-15", "2026-06-15", "day"),
        ("2026-06-15 00:00:00", "2026-06-15", "day"),
        ("2026-06-15, in the morning", "2026-06-15", "day"),
        ("2026-06", "2026-06-30", "month"),
        ("2026-06 or so", "2026-06-30", "month"),
        ("2026-06-16T03:00:00Z", "2026-06-15", "day"),
        ("2026-06-15T10:00:00-05:00 at the clinic", "2026-06-15", "day"),
        ("2026", None, None),
        ("2026 in summer", None, None),
        ("before 2026-06-15", None, None),
        ("06/15/2026", None, None),
        ("2026-06-31", None, None),
        ("2026-13", None, None),
        ("2026-06-155", None, None),
        ("20260615", None, None),
        ("every three months", None, None),
    ],
)
def test_a_date_at_the_beginning_of_a_text(text: str, due: str | None, precision: str | None) -> None:
    """D5: YYYY-MM-DD, YYYY-MM or an instant; a bare year is not a date."""
    found = due_of(activities=(inline(A1C, scheduledString=text),))

    assert found == (due, "activity.detail.scheduledString" if due else None, precision)


# ----------------------------------------------------------------------------------------------------------------- D6
def test_each_event_of_a_timing_is_a_turn() -> None:
    """D6: sorted; a turn opens the day after the event before it, the first by D3, and is due on its day."""
    events = ["2026-08-01", "2026-06-15", "2026-07-01T03:00:00Z", "2026-08-01T12:00:00Z"]

    found = look([patient(), plan(inline(A1C, scheduledTiming={"event": events}))], NOW)

    assert found.turns("HbA1c", "iteration", "opens", "due", "status") == [
        (1, None, "2026-06-15", "ready"),
        (2, "2026-06-16", "2026-06-30", "ready"),
        (3, "2026-07-01", "2026-08-01", "upcoming"),
    ]
    assert found.the("HbA1c", 2)["due_from"] == "activity.detail.scheduledTiming"


def test_evidence_completes_the_turn_whose_window_holds_it() -> None:
    """D4 and E4: a window ends where the next turn's begins."""
    activity = inline(THERAPY, scheduledTiming={"event": ["2026-05-15", "2026-06-15", "2026-07-15"]})
    chart = [patient(), plan(activity), done("2026-05-15", id_="a"), done("2026-05-16", id_="b")]

    found = look(chart, NOW).turns("Physical therapy", "status", "tier")

    assert found == [("completed", 0), ("completed", 0), ("ready", 0)]


# ----------------------------------------------------------------------------------------------------------------- D7
@pytest.mark.parametrize(
    ("repeat", "turns"),
    [
        # frequency f with period p gives f turns a period, p/f apart, in whole days, at least one
        (
            {"start": "2026-06-01", "end": "2026-06-07", "period": 1, "periodUnit": "wk", "frequency": 2},
            [("2026-06-01", "2026-06-03"), ("2026-06-04", "2026-06-06"), ("2026-06-07", "2026-06-07")],
        ),
        (
            {"start": "2026-06-01", "end": "2026-06-03", "period": 8, "periodUnit": "h"},
            [("2026-06-01", "2026-06-01"), ("2026-06-02", "2026-06-02"), ("2026-06-03", "2026-06-03")],
        ),
        # counted from the first opening
        (
            {"start": "2026-01-31", "end": "2026-04-29", "period": 1, "periodUnit": "mo"},
            [("2026-01-31", "2026-02-27"), ("2026-02-28", "2026-03-30"), ("2026-03-31", "2026-04-29")],
        ),
        # at the latest on the last day of the bounds; a turn that opens on that last day counts
        (
            {"start": "2026-06-01", "end": "2026-06-15", "period": 2, "periodUnit": "wk"},
            [("2026-06-01", "2026-06-14"), ("2026-06-15", "2026-06-15")],
        ),
        (
            {"start": "2026-06-01", "end": "2026-06-14", "period": 2, "periodUnit": "wk"},
            [("2026-06-01", "2026-06-14")],
        ),
        # count, countMax (which beats it)
        (
            {"start": "2026-06-01", "end": "2026-12-31", "period": 1, "periodUnit": "d", "count": 2},
            [("2026-06-01", "2026-06-01"), ("2026-06-02", "2026-06-02")],
        ),
        (
            {"start": "2026-06-01", "period": 1, "periodUnit": "wk", "count": 5, "countMax": 1},
            [("2026-06-01", "2026-06-07")],
        ),
        # boundsDuration
        (
            {"boundsDuration": {"value": 2, "code": "wk"}, "period": 1, "periodUnit": "wk"},
            [("2026-01-05", "2026-01-11"), ("2026-01-12", "2026-01-18")],
        ),
        (
            {"boundsDuration": {"value": 1, "code": "mo"}, "period": 2, "periodUnit": "wk"},
            [("2026-01-05", "2026-01-18"), ("2026-01-19", "2026-02-01"), ("2026-02-02", "2026-02-04")],
        ),
        # no period: one turn, due at the end of the bounds
        ({"start": "2026-06-01", "end": "2026-06-15"}, [("2026-06-01", "2026-06-15")]),
        ({"end": "2026-06-15"}, [("2026-01-05", "2026-06-15")]),
        # half a year, as calendar months
        (
            {"start": "2026-01-01", "end": "2026-12-31", "period": 1, "periodUnit": "a", "frequency": 2},
            [("2026-01-01", "2026-06-30"), ("2026-07-01", "2026-12-31")],
        ),
    ],
)
def test_a_timing_by_bounds_is_unrolled(repeat: Json, turns: list[tuple[str, str]]) -> None:
    """D7. Without a bounds' start the plan's start counts."""
    found = look([patient(), plan(repeating(THERAPY, **repeat))], NOW)

    assert found.turns("Physical therapy", "opens", "due") == turns
    assert {m["due_from"] for m in found.milestones} == {"activity.detail.scheduledTiming"}


def test_without_an_end_the_plans_end_counts_else_sixty_turns() -> None:
    """D7 and §4.2: at most 60 iterations."""
    weekly = repeating(THERAPY, period=1, periodUnit="wk")
    daily = repeating(THERAPY, start="2026-01-05", period=1, periodUnit="d", count=100)

    ended = look([patient(), plan(weekly, period={"start": "2026-06-01", "end": "2026-06-10"})], NOW)
    endless = look([patient(), plan(weekly)], NOW)

    assert ended.turns("Physical therapy", "due") == [("2026-06-07",), ("2026-06-10",)]
    assert len(endless.milestones) == 60
    assert len(look([patient(), plan(daily)], NOW).milestones) == 60


def test_a_start_nowhere_is_not_unrolled() -> None:
    """D7: one milestone, without a due date."""
    activity = repeating(THERAPY, end="2026-12-31", period=1, periodUnit="wk")

    found = look([patient(), plan(activity, start=None)], NOW)

    assert (found.only["due"], found.only["iteration"], found.only["status"]) == (None, 1, "ready")


@pytest.mark.parametrize("timing", [{"code": {"text": "BID"}}, {"repeat": {"timeOfDay": ["09:00:00"]}}, {}])
def test_a_timing_that_bounds_nothing_is_no_due_date(timing: Json) -> None:
    """D7 speaks of bounds: where there are none, the plan's end is nobody's due date."""
    period = {"start": "2026-01-05", "end": "2026-12-31"}

    assert due_of(activities=(inline(A1C, scheduledTiming=timing),), period=period)[0] is None


def test_the_start_of_bounds_alone_opens_the_window() -> None:
    """Like a scheduledPeriod with a start only."""
    found = look([patient(), plan(repeating(A1C, start="2026-06-20"))], NOW).only

    assert (found["opens"], found["due"], found["status"]) == ("2026-06-20", None, "upcoming")


def test_the_end_of_bounds_may_be_partial() -> None:
    """D2: the turn that is due at the bounds' end is as precise as they are; the others are due on a day."""
    found = look([patient(), plan(repeating(A1C, start="2026-06-01", end="2026-06", period=3, periodUnit="wk"))], NOW)

    assert found.turns("HbA1c", "due", "due_precision") == [("2026-06-21", "day"), ("2026-06-30", "month")]


def test_what_a_source_says_of_a_repeating_step_holds_for_each_turn() -> None:
    """D7: as a whole."""
    activity = repeating(A1C, start="2026-05-01", end="2026-07-31", period=1, periodUnit="mo")
    activity["detail"]["status"] = "on-hold"

    found = look([patient(), plan(activity)], NOW)

    assert found.turns("HbA1c", "status", "reason") == [("on-hold", "held-by-source")] * 3


def test_undated_exact_evidence_goes_to_the_first_open_turn() -> None:
    """D7; dated evidence goes to the turn whose window holds it."""
    timing = {"repeat": {"boundsPeriod": {"start": "2026-05-01", "end": "2026-07-31"}, "period": 1, "periodUnit": "mo"}}
    chart = [patient(), plan(step("ServiceRequest/sr1")), order(code=A1C, occurrenceTiming=timing)]
    dated = result("2026-05-10", order_="ServiceRequest/sr1", id_="dated")
    undated = result(None, order_="ServiceRequest/sr1", id_="undated")

    assert look([*chart, undated], NOW).turns("HbA1c", "status") == [("completed",), ("ready",), ("upcoming",)]
    both = look([*chart, dated, undated], NOW).turns("HbA1c", "status")
    assert both == [("completed",), ("completed",), ("upcoming",)]


# ----------------------------------------------------------------------------------------------------------------- D8
def test_a_plan_that_starts_in_the_future() -> None:
    """D8: its undated steps are upcoming until then; what has a window of its own opens with that."""
    activities = [inline(A1C), inline(LIPIDS, "2026-06-30", "2026-06-01"), inline(VISIT, "2026-06-30"), step("Task/x")]
    chart = [patient(), plan(*activities, start="2026-06-20")]

    before, then = look(chart, "2026-06-19"), look(chart, "2026-06-20")

    assert [m["status"] for m in before.milestones] == ["upcoming", "ready", "upcoming", "upcoming"]
    assert [m["status"] for m in then.milestones] == ["ready"] * 4


# -------------------------------------------------------------------------------------------------------- generated
days_ = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@given(
    start=days_,
    length=st.integers(0, 900),
    period=st.sampled_from([0.5, 1, 2, 3, 6, 10, 90]),
    unit=st.sampled_from(["h", "d", "wk", "mo", "a"]),
    frequency=st.integers(1, 5),
    count=st.none() | st.integers(1, 80),
)
def test_turns_follow_each_other_without_gap_or_overlap(
    start: date, length: int, period: float, unit: str, frequency: int, count: int | None
) -> None:
    """D7, for any timing: numbered from 1, none longer than the bounds, each due the day before the next one opens."""
    end = start + timedelta(days=length)
    timing = Timing(
        bounds_start=Moment(start.isoformat()),
        bounds_end=Moment(end.isoformat()),
        period=period,
        period_unit=unit,
        frequency=frequency,
        count=count,
    )

    turns = unroll(timing, Bounds(), CHICAGO)

    assert 1 <= len(turns) <= min(MOST_TURNS, count or MOST_TURNS)
    assert [turn.number for turn in turns] == list(range(1, len(turns) + 1))
    assert turns[0].opens == start
    for turn in turns:
        assert turn.opens is not None
        assert turn.due is not None
        assert turn.opens <= turn.due <= end
    for turn, following in pairwise(turns):
        assert turn.due is not None
        assert following.opens == turn.due + timedelta(days=1)
    if len(turns) < min(MOST_TURNS, count or MOST_TURNS):
        assert turns[-1].due == end


@given(start=days_, months=st.integers(1, 6))
def test_months_are_counted_from_the_first_opening(start: date, months: int) -> None:
    """D7: 31 January, 28 February, 31 March: no turn drifts to an earlier day of the month."""
    timing = Timing(bounds_start=Moment(start.isoformat()), period=float(months), period_unit="mo", count=12)

    turns = unroll(timing, Bounds(), CHICAGO)

    assert [turn.opens for turn in turns] == [plus_months(start, months * n) for n in range(12)]


@given(events=st.lists(days_, min_size=1, max_size=12))
def test_events_are_turns_in_any_order(events: list[date]) -> None:
    """D6, for any events: sorted, one turn a day, opening the day after the one before."""
    timing = Timing(events=tuple(Moment(event.isoformat()) for event in events))

    turns = unroll(timing, Bounds(), CHICAGO)

    assert [turn.due for turn in turns] == sorted(set(events))
    assert [turn.opens for turn in turns] == [None, *(day + timedelta(days=1) for day in sorted(set(events))[:-1])]

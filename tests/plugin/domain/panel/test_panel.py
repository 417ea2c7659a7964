"""The panel's view model: what is said of one patient, on the day before, the day, and the day after."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from plugin.domain.assessment import EffectKind, Evidence, Gap, Milestone, Missed, Owner, PlanState, Status, Strength
from plugin.domain.calendar import Practice
from plugin.domain.ledger import EffectState, LedgerRow
from plugin.domain.panel import OnFile, panel_of, version_of, why_of
from plugin.domain.panel.view import Day, Look, NextKind, Panel, RungState, TodoKind, Who
from plugin.domain.permissions import Data
from plugin.domain.program import MilestoneDefinition, Phase, Program
from plugin.domain.record import (
    Appointment,
    CareTeam,
    Coding,
    Concept,
    Event,
    Fact,
    Member,
    Moment,
    Order,
    Participant,
    Patient,
    Record,
    Said,
    Statement,
)
from plugin.domain.rules import Rules
from plugin.domain.source import Source
from plugin.domain.tracking import Move, PatientRow, Tracked
from plugin.domain.work import WorkItem
from tests.builders import CHICAGO

NOW = datetime(2026, 6, 22, 13, 30, tzinfo=UTC)
TODAY = date(2026, 6, 22)
DUE = date(2026, 6, 10)
ROW = PatientRow(id=1, source_id=1, ref="Patient/p1", next_change_at=None, digest="d")
SOURCE = Source(id=1, slug="main", base_url="https://ehr.test/fhir", last_read_at=NOW - timedelta(seconds=40))
PATIENT = Patient(
    ref="Patient/p1", name="Test-Rivera, Ana", birth_date=Moment("1961-06-22"), mrn="DEMO-00412", language="es"
)


def a_step(key: str = "k1", **changes: object) -> Milestone:
    """An HbA1c that was due on ``DUE``, 12 days ago."""
    step = Milestone(
        key=key,
        plan="CarePlan/c1",
        title="HbA1c",
        source=f"ServiceRequest/{key}",
        iteration=1,
        status=Status.READY,
        reason=None,
        owner=Owner("Practitioner/cho", None, "Task.owner"),
        opens=date(2026, 5, 1),
        due=DUE,
        due_from="ServiceRequest.occurrencePeriod.end",
        due_precision="day",
        days_past_due=12,
        tier=2,
        gap=Gap.OPEN,
        refs=(f"ServiceRequest/{key}",),
    )
    return replace(step, **changes)  # type: ignore[arg-type]  # fields of a Milestone


def on_time(key: str = "k2", **changes: object) -> Milestone:
    """A step whose day has not come."""
    return a_step(key, **{"due": date(2026, 7, 15), "days_past_due": 0, "tier": 0, "gap": Gap.NONE, **changes})


def a_file(
    *steps: Milestone,
    facts: tuple[Fact, ...] = (),
    said: tuple[Statement, ...] = (),
    roles: tuple[str, ...] = ("coordinator",),
    plan: PlanState | None = None,
    **changes: object,
) -> OnFile:
    """What is stored of ``Patient/p1``."""
    state = plan or PlanState(plan="CarePlan/c1", patient="Patient/p1", status="active", stage="follow-ups")
    file = OnFile(
        record=Record.of("Patient/p1", "main", (PATIENT, *facts), said),
        source=SOURCE,
        asked_for="Patient/p1",
        reader="Practitioner/cho",
        tracked=Tracked(row=ROW, assessed_at=NOW),
        rules=Rules(Practice(CHICAGO)),
        roles=roles,
        now=NOW,
        stale_after=timedelta(hours=2),
        plans=(replace(state, milestones=steps),),
        versions={step.key: f"version-{step.key}" for step in steps},
        names={"Practitioner/cho": "M. Test Cho"},
    )
    return replace(file, **changes)  # type: ignore[arg-type]  # fields of an OnFile


def shown(*steps: Milestone, **given: object) -> Panel:
    """The panel of it."""
    return panel_of(a_file(*steps, **given))  # type: ignore[arg-type]  # keywords of a_file


def an_effect(tier: int, kind: EffectKind, state: EffectState, **changes: object) -> LedgerRow:
    """A step of the ladder in the episode of ``DUE``."""
    row = LedgerRow(
        id=tier,
        key=f"k1|{DUE.isoformat()}|tier-{tier}|overdue",
        kind=kind,
        what="overdue",
        state=state,
        patient_id=1,
        source_id=1,
        milestone="k1",
        tier=tier,
        role="coordinator",
        changed_at=datetime(2026, 6, 18, 13, tzinfo=UTC),
    )
    return replace(row, **changes)  # type: ignore[arg-type]  # fields of a LedgerRow


def a_contact(id_: str = "s1", at: datetime = NOW - timedelta(days=10), **more: object) -> Statement:
    """Somebody was called."""
    said = Statement(id=id_, said=Said.CONTACT, by="Practitioner/cho", at=at, milestone="k1", outcome="left-message")
    return replace(said, **more)  # type: ignore[arg-type]  # fields of a Statement


# ----------------------------------------------------------------------------------------------------------- the strip
@pytest.mark.parametrize(
    ("born", "years", "months"),
    [
        ("1961-06-21", 65, None),
        ("1961-06-22", 65, None),
        ("1961-06-23", 64, None),
        ("2024-06-23", 1, 23),
        ("2024-06-22", 2, None),
        ("2026-06-22", 0, 0),
        ("2026-06-23", None, None),
        ("1961-06", None, None),
        ("1961", None, None),
    ],
)
def test_age(born: str, years: int | None, months: int | None) -> None:
    """The day before the birthday, the day, the day after; months for an infant; none of a part of a date."""
    file = replace(a_file(), record=Record.of("Patient/p1", "main", [replace(PATIENT, birth_date=Moment(born))]))

    strip = panel_of(file).strip

    assert (strip.age_years, strip.age_months) == (years, months)


def test_age_of_who_has_died() -> None:
    """It stands still at death; a date of death that lies ahead is none yet (S3)."""
    dead = replace(PATIENT, deceased=True, deceased_at=Moment("2020-06-21"))
    file = replace(a_file(), record=Record.of("Patient/p1", "main", [dead]))
    ahead = replace(a_file(), record=Record.of("Patient/p1", "main", [replace(dead, deceased_at=Moment("2026-06-23"))]))

    assert (panel_of(file).strip.has_died, panel_of(file).strip.age_years) == (True, 58)
    assert panel_of(ahead).strip.has_died is False


@pytest.mark.parametrize(("hours", "is_stale"), [(1.99, False), (2, False), (2.01, True)])
def test_stale(hours: float, is_stale: bool) -> None:
    """A chart that was not read for longer than the limit is said to be old; reading this patient alone counts too."""
    old = replace(SOURCE, last_read_at=NOW - timedelta(hours=hours))
    tracked = Tracked(row=ROW, read_at=NOW - timedelta(minutes=1))

    assert shown(source=old).freshness.is_stale is is_stale
    assert shown(source=old, tracked=tracked).freshness.is_stale is False
    assert shown(source=replace(SOURCE, last_read_at=None)).freshness.is_stale


def test_version() -> None:
    """Another when something was assessed, read or said, when a day begins, and when the chart has become old."""

    def of(tracked: Tracked | None, now: datetime = NOW, today: date = TODAY) -> str:
        return version_of(tracked, SOURCE, now, today=today, stale_after=timedelta(hours=2))

    one = Tracked(row=ROW, assessed_at=NOW)
    versions = {
        of(one),
        of(replace(one, assessed_at=NOW + timedelta(seconds=1))),
        of(replace(one, read_at=NOW)),
        of(replace(one, row=replace(ROW, next_change_at=NOW))),
        of(one, today=TODAY + timedelta(days=1)),
        of(one, now=NOW + timedelta(hours=3)),
        of(None),
    }

    assert len(versions) == 7
    assert of(one) == of(one)


# ------------------------------------------------------------------------------------------------------ the first line
def test_summary() -> None:
    """How far, what slipped, what next; what was cancelled is not counted."""
    steps = (
        a_step(),
        on_time("k2"),
        on_time("k3", status=Status.COMPLETED, completed_on=date(2026, 6, 1)),
        on_time("k4", status=Status.CANCELLED, reason="not-applicable"),
    )

    summary = shown(*steps).summary

    assert (summary.done, summary.of, summary.late, summary.latest_days, summary.dropped) == (1, 3, 1, 12, 1)
    assert summary.coming is not None
    assert (summary.coming.key, summary.coming.is_booked, summary.coming.whose.name) == ("k2", False, "M. Test Cho")


@pytest.mark.parametrize(("due", "key"), [(21, None), (22, "k2"), (23, "k2")])
def test_what_comes_next(due: int, key: str | None) -> None:
    """What is due today comes next; what was due yesterday is late."""
    coming = shown(on_time(due=date(2026, 6, due))).summary.coming

    assert (coming.key if coming else None) == key


def test_a_booking_comes_before_what_is_only_due() -> None:
    """On one day; and what is put aside or must be looked at is not next."""
    booked = on_time("k3", status=Status.SCHEDULED, booked_for="2026-07-15T10:30:00-05:00")
    held = on_time("k4", status=Status.ON_HOLD, reason="held", due=date(2026, 6, 25))

    coming = shown(on_time(), booked, held).summary.coming

    assert coming is not None
    assert (coming.key, coming.is_booked) == ("k3", True)
    assert coming.day.at is not None
    assert coming.day.at.hour == 10


def test_bar() -> None:
    """A piece for each step of a short plan; of a long one a piece for each look."""
    few = shown(a_step(), on_time()).bar
    many = shown(*[on_time(f"k{n}", status=Status.COMPLETED) for n in range(30)]).bar

    assert [(piece.look, piece.size) for piece in few[0].segments] == [(Look.LATE, 1), (Look.READY, 1)]
    assert [(piece.look, piece.size) for piece in many[0].segments] == [(Look.DONE, 30)]


# ------------------------------------------------------------------------------------------------ what needs attention
def test_order_of_what_needs_attention() -> None:
    """The highest tier first, then the latest; then what is in review; last what is booked. What is held is not there."""
    panel = shown(
        on_time("review", status=Status.IN_REVIEW, reason="outcome-not-recorded"),
        a_step("booked", status=Status.SCHEDULED, booked_for="2026-06-25T10:30:00-05:00"),
        a_step("late"),
        a_step("later", days_past_due=14),
        a_step("top", tier=3, days_past_due=15),
        a_step("held", status=Status.ON_HOLD, reason="held"),
        on_time("fine"),
    )

    assert [card.line.key for card in panel.attention] == ["top", "later", "late", "review", "booked"]


def test_only_the_latest_missed_turn_acts() -> None:
    """Of a step that repeats the latest overdue turn needs somebody, and none once a later one is done (DESIGN §5)."""
    turns = [a_step(f"t{n}", source="x", iteration=n, repeats=True) for n in (1, 2, 3)]
    done = a_step("t4", source="x", iteration=4, repeats=True, status=Status.COMPLETED, gap=Gap.NONE)

    assert [(c.line.key, c.earlier_turns) for c in shown(*turns).attention] == [("t3", 2)]
    assert shown(*turns, done).attention == ()


def test_the_ladder() -> None:
    """Each rung says what it did or will do, and when; a rung without an effect whose days have come did not act."""
    effects = (
        an_effect(2, EffectKind.WORK, EffectState.DONE),
        an_effect(1, EffectKind.MESSAGE, EffectState.DONE, key="k1|2026-05-01|tier-1|overdue"),
    )

    (card,) = shown(a_step(), effects=effects).attention

    assert [(rung.state, rung.on, rung.is_now) for rung in card.rungs] == [
        (RungState.PASSED, date(2026, 6, 11), False),
        (RungState.DONE, date(2026, 6, 18), True),
        (RungState.AHEAD, date(2026, 6, 25), False),
        (RungState.AHEAD, date(2026, 7, 13), False),
    ]
    assert (card.next.kind, card.next.on, card.next.role) == (NextKind.RUNG, date(2026, 6, 25), "provider")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (EffectState.DONE, RungState.DONE),
        (EffectState.FAILED, RungState.FAILED),
        (EffectState.PLANNED, RungState.WAITING),
        (EffectState.CLAIMED, RungState.WAITING),
        (EffectState.SKIPPED, RungState.PASSED),
        (EffectState.WITHDRAWN, RungState.PASSED),
    ],
)
def test_states_of_a_rung(state: EffectState, expected: RungState) -> None:
    """Every state that an effect can have is a state of its rung."""
    effect = an_effect(2, EffectKind.WORK, state, at=datetime(2026, 6, 18, 13, tzinfo=UTC))

    (card,) = shown(a_step(), effects=(effect,)).attention

    assert (card.rungs[1].state, card.rungs[1].on) == (expected, date(2026, 6, 18))


def test_what_happens_next() -> None:
    """A booking; somebody who looks; at the top of the ladder nothing more by itself; the day that a contact named."""
    booked = a_step(status=Status.SCHEDULED, booked_for="2026-06-25T10:30:00-05:00")
    review = on_time("k2", status=Status.IN_REVIEW, reason="loose-evidence")
    item = WorkItem(
        key="w", kind="confirm-evidence", patient_id=1, role="coordinator", owner=None, due_at=NOW, priority=1,
        milestones=(("k2", "HbA1c"),),
    )  # fmt: skip
    top = a_step(tier=4, days_past_due=40, due=date(2026, 5, 13))
    called = a_contact(next_on=date(2026, 6, 24))

    assert shown(booked).attention[0].next[:2] == (NextKind.BOOKING, date(2026, 6, 25))
    assert shown(review, work=(item,)).attention[0].next[:3] == (NextKind.REVIEW, TODAY, "coordinator")
    assert shown(top).attention[0].next.kind is NextKind.TOP
    assert shown(a_step(), said=(called,)).attention[0].next.contact_on == date(2026, 6, 24)
    assert shown(a_step(), said=(replace(called, next_on=date(2026, 6, 21)),)).attention[0].next.contact_on is None


def test_attempts() -> None:
    """What was carried out or failed, and contacts, in order; what is only planned, or was taken back, was not tried."""
    effects = (
        an_effect(2, EffectKind.WORK, EffectState.DONE),
        an_effect(1, EffectKind.MESSAGE, EffectState.PLANNED),
    )
    undone = a_contact("s2")
    undo = Statement(id="s3", said=Said.UNDO, by="Practitioner/cho", at=NOW, milestone="k1", target="s2")

    (card,) = shown(a_step(), effects=effects, said=(a_contact(), undone, undo)).attention

    assert [(one.kind, one.outcome) for one in card.attempts] == [(None, "left-message"), (EffectKind.WORK, None)]


# ------------------------------------------------------------------------------------------------------------ the plan
@pytest.mark.parametrize(
    ("changes", "look"),
    [
        ({"status": Status.COMPLETED, "gap": Gap.CLOSED}, Look.DONE),
        ({"status": Status.CANCELLED, "gap": Gap.NONE}, Look.DROPPED),
        ({"status": Status.SCHEDULED, "booked_for": "2026-06-25"}, Look.BOOKED),
        ({"status": Status.IN_REVIEW}, Look.REVIEW),
        ({"status": Status.ON_HOLD}, Look.HOLD),
        ({"status": Status.READY}, Look.LATE),
        ({"status": Status.UPCOMING}, Look.LATE),
        ({"status": Status.READY, "gap": Gap.NONE}, Look.READY),
        ({"status": Status.UPCOMING, "gap": Gap.NONE}, Look.LATER),
    ],
)
def test_looks(changes: dict[str, object], look: Look) -> None:
    """Every status has a look; what is late looks late unless it is booked, held, or must be looked at first."""
    (plan,) = shown(a_step(**changes)).plans

    assert plan.phases[0].lines[0].look is look


def test_phases() -> None:
    """In the program's order, what belongs to none last; turns far ahead are counted, not listed."""
    program = Program(
        code="p", version="3", title="Program", phases=(Phase("a", "First"), Phase("b", "Second")),
        milestones=(MilestoneDefinition(code="x", title="X", phase="a"),),
    )  # fmt: skip
    state = PlanState(plan="CarePlan/c1", patient="Patient/p1", status="active", stage="follow-ups", program="p")
    steps = (
        on_time("other"),
        on_time("two", phase="b"),
        on_time("one", phase="a", status=Status.COMPLETED),
        on_time("far", phase="b", to_write=False, repeats=True, iteration=3, due=date(2027, 1, 1)),
    )

    (plan,) = shown(*steps, plan=state, rules=Rules(Practice(CHICAGO), (program,))).plans

    assert [(p.title, [line.key for line in p.lines], p.done, p.of, p.further) for p in plan.phases] == [
        ("First", ["one"], 1, 1, 0),
        ("Second", ["two"], 0, 1, 1),
        (None, ["other"], 0, 1, 0),
    ]
    assert plan.phases[1].further_until == date(2027, 1, 1)


def test_a_title_that_is_only_a_reference() -> None:
    """An id is no name."""
    steps = (
        a_step(title="ServiceRequest/k1"),
        on_time(title="CarePlan/c1#activity[3]", source="CarePlan/c1#activity[3]"),
    )

    (plan,) = shown(*steps).plans

    assert [line.title for line in plan.phases[0].lines] == [None, None]


def test_evidence_and_booking() -> None:
    """Evidence with its value (0 is one), a booking with whom."""
    result = Event(
        ref="Observation/o1", subject="Patient/p1", status="final", concepts=(Concept((), "PHQ-9 total"),), value=0.0
    )
    visit = Appointment(
        ref="Appointment/a1",
        start=Moment("2026-06-25T10:30:00-05:00"),
        participants=(Participant("Patient/p1"), Participant("Practitioner/cho")),
    )
    done = on_time(status=Status.COMPLETED, evidence=(Evidence("Observation/o1", Strength.EXACT, TODAY),))
    booked = on_time("k3", status=Status.SCHEDULED, booked_for="2026-06-25T10:30:00-05:00")

    (plan,) = shown(done, booked, facts=(result, visit)).plans
    first, second = plan.phases[0].lines

    assert [(e.title, e.value) for e in first.evidence] == [("PHQ-9 total", "0")]
    assert second.booking is not None
    assert (second.booking.ref, second.booking.with_whom) == ("Appointment/a1", ("M. Test Cho",))


def test_who_is_never_an_id() -> None:
    """A name, else the role, else nobody by name."""
    owners = [
        (Owner("Practitioner/cho", None, "Task.owner"), Who("M. Test Cho")),
        (Owner("Practitioner/unknown", None, "Task.owner"), Who()),
        (Owner(None, "coordinator", "fallback"), Who(None, "coordinator")),
        (Owner("Patient/p1", None, "Task.owner"), Who(None, "patient")),
    ]
    for owner, expected in owners:
        (plan,) = shown(a_step(owner=owner)).plans
        assert plan.phases[0].lines[0].owner == expected


# ------------------------------------------------------------------------------------------------------ beside the plan
def test_what_the_patient_still_has_to_do() -> None:
    """Come to what is booked, book what is ordered, go for a test; not the staff's own tasks, nor what is in review."""
    panel = shown(
        on_time("visit", status=Status.SCHEDULED, booked_for="2026-06-25T10:30:00-05:00"),
        on_time("order"),
        a_step("test", codes=("http://loinc.org|4548-4",)),
        on_time("staff", task="Task/t1", refs=("Task/t1",)),
        on_time("home", refs=("Task/t2",), owner=Owner("Patient/p1", None, "Task.owner")),
        on_time("inline", refs=(), source="CarePlan/c1#activity[1]"),
        on_time("review", status=Status.IN_REVIEW, reason="loose-evidence"),
        on_time("done", status=Status.COMPLETED),
    )

    assert [(todo.key, todo.kind) for todo in panel.todos] == [
        ("test", TodoKind.TEST),
        ("visit", TodoKind.COME),
        ("order", TodoKind.BOOK),
        ("home", TodoKind.DO),
        ("inline", TodoKind.DO),
    ]


def test_missed_visits() -> None:
    """Each once, newest first, with the contacts between it and the next one."""
    visits = (
        Missed("Appointment/a1", "noshow", "2026-06-01T09:00:00-05:00"),
        Missed("Appointment/a2", "cancelled", "2026-06-15T09:00:00-05:00"),
    )
    said = (a_contact("s1", datetime(2026, 6, 2, tzinfo=UTC)), a_contact("s2", datetime(2026, 6, 16, tzinfo=UTC)))
    said = (*said, a_contact("s3", datetime(2026, 5, 1, tzinfo=UTC)))

    missed = shown(a_step(missed=visits), on_time(missed=visits), said=said).missed

    assert [(m.ref, m.kind, [c.at.day for c in m.contacts]) for m in missed] == [
        ("Appointment/a2", "cancelled", [15]),
        ("Appointment/a1", "noshow", [1]),
    ]


def test_open_referrals() -> None:
    """By their category; not what is completed, ours, or done by evidence."""
    referral = Concept((Coding("http://snomed.info/sct", "3457005"),))
    orders = [
        Order(ref=f"ServiceRequest/{ref}", status=status, categories=(referral,), concept=Concept((), ref))
        for ref, status in (("open", "active"), ("ended", "completed"), ("k2", "active"))
    ]
    lab = Order(ref="ServiceRequest/lab", status="active", concept=Concept((), "lab"))

    found = shown(on_time(status=Status.COMPLETED), facts=(*orders, lab)).referrals

    assert [one.title for one in found] == ["open"]


def test_team() -> None:
    """Names and roles, each member once; the patient is no member."""
    coding = Coding("x", "nurse", "Nurse")
    members = (Member("Practitioner/cho", (coding,)), Member("Patient/p1"), Member("Practitioner/cho", (coding,)))
    team = CareTeam(ref="CareTeam/t", subject="Patient/p1", status="active", members=members)
    old = replace(team, ref="CareTeam/old", status="inactive", members=(Member("Practitioner/other", (), name="Old"),))

    assert [(m.name, m.title) for m in shown(facts=(team, old)).team] == [("M. Test Cho", "Nurse")]


def test_recent_activity() -> None:
    """Newest first; a move that follows a word is told once; many moves at once are one line."""
    done = Statement(id="s1", said=Said.COMPLETED, by="Practitioner/cho", at=NOW - timedelta(minutes=5), milestone="k1")
    follows = Move("k1", "ready", "completed", done.at + timedelta(seconds=1))
    ends = [Move(f"k{n}", "ready", "cancelled", NOW - timedelta(days=1)) for n in range(2, 8)]
    steps = [a_step(), *(on_time(f"k{n}") for n in range(2, 8))]

    lately = shown(*steps, said=(done,), moves=(follows, *ends)).lately

    assert [(one.kind.value, one.what, one.size) for one in lately] == [
        ("said", "completed", 1),
        ("moved", "cancelled", 6),
    ]


@pytest.mark.parametrize(
    ("minutes", "reader", "role", "can"),
    [
        (14, "Practitioner/cho", "coordinator", True),
        (16, "Practitioner/cho", "coordinator", False),
        (1, "Practitioner/other", "coach", False),
        (1, "Practitioner/cho", "billing", False),
    ],
)
def test_what_can_be_taken_back(minutes: int, reader: str, role: str, can: bool) -> None:
    """One's own, for a while, by who may act."""
    said = a_contact(at=NOW - timedelta(minutes=minutes))

    (one,) = shown(a_step(), said=(said,), reader=reader, roles=(role,)).lately

    assert one.can_be_undone is can


# -------------------------------------------------------------------------------------------------------- who may see
def test_billing_sees_no_results() -> None:
    """Scores, values, measured goals and notes are not in its panel, and it is said so."""
    score = Event(
        ref="Observation/o1", subject="Patient/p1", status="final", start=Moment("2026-06-09"), value=21.0,
        concepts=(Concept((Coding("http://loinc.org", "44261-6"),), "PHQ-9 total"),),
    )  # fmt: skip
    done = on_time(status=Status.COMPLETED, evidence=(Evidence("Observation/o1", Strength.CODED, TODAY),))
    said = (a_contact(note="private words", reason="fear"),)

    seen = shown(a_step(), done, facts=(score,), said=said, roles=("provider",))
    panel = shown(a_step(), done, facts=(score,), said=said, roles=("billing",))

    assert [series.points[-1].value for series in seen.scores] == [21.0]
    assert panel.hidden == (Data.RESULTS, Data.NOTES)
    assert panel.scores == ()
    for hidden in ("21", "PHQ-9 total", "private words", "fear"):
        assert hidden not in repr(panel)
        assert hidden in repr(seen)


def test_an_administrator_sees_no_patient_data() -> None:
    """Only who it is, so that the wrong chart is noticed."""
    panel = shown(a_step(), roles=("administrator",))

    assert panel.strip.name == "Test-Rivera, Ana"
    assert (panel.plans, panel.attention, panel.lately) == ((), (), ())
    assert Data.PLAN in panel.hidden


@pytest.mark.parametrize(("on", "count"), [("2026-05-22", 0), ("2026-05-23", 1), ("2026-06-22", 1)])
def test_a_word_of_distress(on: str, count: int) -> None:
    """An answer above 0 about death or self-harm stands above everything for 30 days (DESIGN §6)."""
    item = Event(
        ref="Observation/o1", subject="Patient/p1", status="final", start=Moment(on), value=1.0,
        concepts=(Concept((Coding("http://loinc.org", "44260-8"),)),),
    )  # fmt: skip

    assert len(shown(facts=(item,)).crises) == count
    assert shown(facts=(replace(item, value=0.0),)).crises == ()


# ----------------------------------------------------------------------------------------------------------------- why
def test_why() -> None:
    """The facts, and the rules' own words but for those that are said with the values themselves."""
    step = a_step(
        why=("due 2026-06-10 by x", "program p version 1", "can be done or booked now", "no evidence since 2026-05-01")
    )
    file = a_file(step, said=(a_contact(),), facts=(Order(ref="ServiceRequest/k1", subject="Patient/p1"),))

    why = why_of("k1", file)

    assert why is not None
    assert why.reasons == ("can be done or booked now", "no evidence since 2026-05-01")
    assert why.sources == ("ServiceRequest/k1",)
    assert [one.what for one in why.said] == ["contact"]
    assert why.line.due == Day(DUE)
    assert why_of("k9", file) is None


def test_no_plan() -> None:
    """A patient without a plan has a strip, and nothing else."""
    panel = panel_of(replace(a_file(), plans=(), tracked=None))

    assert (panel.is_tracked, panel.plans, panel.summary.of, panel.bar) == (False, (), 0, ())


def test_a_plan_that_has_ended() -> None:
    """It is shown, and nothing in it needs anybody."""
    state = PlanState(plan="CarePlan/c1", patient="Patient/p1", status="completed", stage="review")
    steps = (on_time(status=Status.CANCELLED, reason="plan-ended"), on_time("k3", status=Status.COMPLETED))

    panel = shown(*steps, plan=state)

    assert panel.plans[0].has_ended
    assert (panel.attention, panel.summary.done, panel.summary.of) == ((), 1, 1)

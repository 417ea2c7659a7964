"""A draft tried on one patient: the differences that it alone makes, today and on a past day."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import cast

import pytest

from plugin.catalog.loader import FileCatalog
from plugin.domain.configuration import (
    LADDER,
    LIMITS,
    PROGRAM,
    THE_PRACTICE,
    ConfigDraft,
    ConfigVersion,
    Limits,
    limits_body,
)
from plugin.domain.due_moves import DueMove
from plugin.domain.errors import BadProgram, Forbidden, UnknownName
from plugin.domain.panel.view import Panel, RungState
from plugin.domain.permissions import Role
from plugin.domain.preview import StepGap
from plugin.domain.record import Coding, Concept
from plugin.usecases.show_as_of import show_as_of
from plugin.usecases.try_draft import Asked, Trial, try_draft, why_tried
from tests.builders import World, a_patient, a_plan
from tests.fakes import FakeCatalog
from tests.full_chart import a_session

ANA = "Patient/p1"
IN_PROGRAM = (Concept((Coding("https://milepost.example/cs/program", "chronic-care"),)),)
THE_16TH = datetime(2026, 6, 16, 23, tzinfo=UTC)


@pytest.fixture
def practice() -> World:
    """Shipped programs and ladders; one patient in chronic care since 1 May: HbA1c was due on 12 June."""
    world = World(catalog=cast(FakeCatalog, FileCatalog()))
    world.sweep()
    world.clock.forward(hours=1)
    world.server.put(a_patient(), replace(a_plan(activities=(), start="2026-05-01"), categories=IN_PROGRAM))
    world.sweep()
    world.clock.forward(days=1)
    world.sweep()
    return world


def shipped(kind: str, code: str) -> Mapping[str, object]:
    """The body of what is shipped."""
    return next(v.body for v in FileCatalog().shipped() if (v.kind, v.code) == (kind, code))


def with_due(weeks: int) -> Mapping[str, object]:
    """Chronic care with its HbA1c due so many weeks after the start."""
    body = shipped(PROGRAM, "chronic-care")
    steps = [
        {**step, "due": {"weeks": weeks}} if step["code"] == "hba1c" else step
        for step in cast(list[dict[str, object]], body["milestones"])
    ]
    return {**body, "milestones": steps}


def drafted(world: World, kind: str, code: str, body: Mapping[str, object]) -> ConfigDraft:
    """A draft."""
    with world.database.begin() as uow:
        draft = uow.drafts.open(kind, code, base=None, body=body, by="user:1", now=world.clock(), person_id=1)
        uow.commit()
    return draft


def tried(world: World, draft: ConfigDraft, moment: datetime | None = None, *roles: str) -> Trial:
    """On the patient, by a coordinator if nobody else is named."""
    return try_draft(world.services, Asked(draft.id, a_session(world, ANA, *roles), moment))


def hba1c(panel: Panel) -> tuple[str, date | None]:
    """How it looks, and when it is due."""
    lines = [line for plan in panel.plans for phase in plan.phases for line in phase.lines]
    (line,) = [line for line in lines if line.title == "HbA1c at six weeks"]
    return line.look.value, line.due.on if line.due else None


def test_a_gap_that_would_close(practice: World) -> None:
    """Due in ten weeks, not six: the gap closes, its message goes, the day moves; the panel shows it so beside the other."""
    draft = drafted(practice, PROGRAM, "chronic-care", with_due(10))

    trial = tried(practice, draft)

    assert (hba1c(trial.without), hba1c(trial.with_draft)) == (
        ("late", date(2026, 6, 12)),
        ("ready", date(2026, 7, 10)),
    )
    assert StepGap(trial.change.gaps[0].milestone, "HbA1c at six weeks", 1, None) in trial.change.gaps
    assert [(e.kind, e.title) for e in trial.change.withdrawn] == [("message", "HbA1c at six weeks")]
    assert [(move.title, move.before, move.after) for move in trial.due_moves] == [
        ("HbA1c at six weeks", date(2026, 6, 12), date(2026, 7, 10))
    ]
    assert isinstance(trial.due_moves[0], DueMove)


def test_a_tier_that_would_move(practice: World) -> None:
    """By a ladder whose second rung comes after two days, not eight: the rung is drawn as it would stand."""
    body = shipped(LADDER, "standard")
    tiers = [{**t, "from_days": 2} if t["number"] == 2 else t for t in cast(list[dict[str, object]], body["tiers"])]

    trial = tried(practice, drafted(practice, LADDER, "standard", {**body, "tiers": tiers}))

    late = {gap.title: (gap.before, gap.after) for gap in trial.change.gaps}
    assert late["HbA1c at six weeks"] == (1, 2)
    assert ("work", "coordinator") in [(effect.kind, effect.role) for effect in trial.change.begun]
    rungs = next(card.rungs for card in trial.with_draft.attention if card.line.title == "HbA1c at six weeks")
    assert (rungs[1].is_now, rungs[1].state) == (True, RungState.WAITING)


def test_nothing_is_stored(practice: World) -> None:
    """Only that somebody looked: one row, which says at which revision of what; nobody is asked for anything."""
    draft = drafted(practice, PROGRAM, "chronic-care", with_due(10))
    practice.jobs.asked.clear()
    before, effects = practice.milestones(), practice.effects()

    tried(practice, draft)

    assert (practice.milestones(), practice.effects(), practice.jobs.asked) == (before, effects, [])
    with practice.look() as uow:
        row = uow.audit.entries(1)[0]
    assert (row.action, row.record) == ("read:trial", f"main/{ANA}")
    assert {"draft": draft.id, "revision": draft.revision}.items() <= row.detail.items()


def test_a_draft_that_changes_nothing(practice: World) -> None:
    """The same content, and limits, which decide nothing about a patient: no difference at all."""
    same = drafted(practice, PROGRAM, "chronic-care", shipped(PROGRAM, "chronic-care"))
    limits = drafted(practice, LIMITS, THE_PRACTICE, limits_body(Limits(cap_percent=7)))

    for draft in (same, limits):
        trial = tried(practice, draft)
        assert (trial.change.shows, trial.change.writes, trial.due_moves) == (False, 0, [])
        assert trial.with_draft == trial.without


def test_on_a_past_day(practice: World) -> None:
    """What was known then, by the other rules of that day, with the draft and without it; nothing can be done there."""
    draft = drafted(practice, PROGRAM, "chronic-care", with_due(10))
    practice.clock.forward(days=30)
    newer = {**with_due(20), "version": "2"}
    with practice.database.begin() as uow:
        uow.configurations.publish(
            ConfigVersion(kind=PROGRAM, code="chronic-care", version="2", body=newer), practice.clock()
        )
        uow.patients.mark_all(practice.clock())
        uow.commit()
    practice.sweep()

    then, now = tried(practice, draft, THE_16TH), tried(practice, draft)

    assert [hba1c(then.without), hba1c(then.with_draft)] == [("late", date(2026, 6, 12)), ("ready", date(2026, 7, 10))]
    assert [hba1c(now.without)[1], hba1c(now.with_draft)[1]] == [date(2026, 9, 18), date(2026, 7, 10)]
    assert (then.is_past, then.without.freshness.is_past, then.with_draft.today) == (True, True, date(2026, 6, 16))
    page = show_as_of(practice.services, a_session(practice), THE_16TH)
    assert hba1c(page.panel) == hba1c(then.without)


def test_why_it_would_stand_so(practice: World) -> None:
    """By the draft, or without it; UnknownName for what is no step of this patient."""
    draft = drafted(practice, PROGRAM, "chronic-care", with_due(10))
    key = next(step.key for step in practice.milestones() if step.title == "HbA1c at six weeks")
    asked = Asked(draft.id, a_session(practice))

    found = [why_tried(practice.services, asked, key, with_draft=with_draft) for with_draft in (True, False)]

    assert [why.line.due and why.line.due.on for why in found] == [date(2026, 7, 10), date(2026, 6, 12)]
    assert all(why.line.acts == () for why in found)
    with pytest.raises(UnknownName):
        why_tried(practice.services, asked, "no such", with_draft=True)


def test_what_cannot_be_tried(practice: World) -> None:
    """A draft that is wrong, one that is gone, a patient of whom nothing was known, one whom nobody follows."""
    wrong = drafted(practice, PROGRAM, "chronic-care", {**with_due(10), "milestones": [{"code": "x"}]})
    right = drafted(practice, LADDER, "standard", shipped(LADDER, "standard"))

    with pytest.raises(BadProgram):
        tried(practice, wrong)
    with pytest.raises(UnknownName):
        try_draft(practice.services, Asked(right.id + 100, a_session(practice)))
    with pytest.raises(UnknownName):
        tried(practice, right, datetime(2026, 6, 1, tzinfo=UTC))
    with pytest.raises(UnknownName):
        try_draft(practice.services, Asked(right.id, a_session(practice, "Patient/p9")))


@pytest.mark.parametrize("role", Role)
def test_who_may(practice: World, role: Role) -> None:
    """It takes both: to see care plans, and to see programs."""
    draft = drafted(practice, PROGRAM, "chronic-care", with_due(10))
    may = role not in (Role.ADMINISTRATOR, Role.BILLING)

    if may:
        assert tried(practice, draft, None, role).draft == draft
    else:
        with pytest.raises(Forbidden):
            tried(practice, draft, None, role)

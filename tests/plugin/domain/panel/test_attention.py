"""What needs a person: its order, its ladder, what was tried, what comes next."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from plugin.domain.assessment import EffectKind, Gap, Status
from plugin.domain.ledger import EffectState
from plugin.domain.panel.view import NextKind, RungState
from plugin.domain.record import (
    Said,
    Statement,
)
from plugin.domain.work import WorkItem
from tests.panel_file import NOW, TODAY, a_contact, a_step, an_effect, on_time, shown


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

"""What may be done with work: by whom, in which state, and what it makes of it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest

from plugin.domain.act import UNDO_WITHIN, ContactOutcome
from plugin.domain.errors import BadAct
from plugin.domain.permissions import Role
from plugin.domain.work import (
    ABOUT,
    OPEN,
    WhyNot,
    WorkAct,
    WorkItem,
    WorkOutcome,
    WorkState,
    claimed,
    finished,
    may_take,
    needs_words,
    offered,
    reassigned,
    released,
    reopened,
    snoozed,
    why_not,
    woken,
)
from plugin.domain.work_check import check_finish, check_snooze

NOW = datetime(2026, 6, 16, 12, tzinfo=UTC)
TODAY = date(2026, 6, 16)
ME, OTHER = "user:1", "user:2"
COORDINATOR, LEAD = ("coordinator",), ("practice-lead",)
CALL = WorkItem(key="k", kind="overdue", patient_id=1, role="coordinator", owner=None, due_at=NOW, priority=2)
MINE, THEIRS = claimed(CALL, ME), claimed(CALL, OTHER)
DONE = replace(finished(MINE, ME, outcome="no-answer", reason=None, note=None, next_on=None), changed_at=NOW)


@pytest.mark.parametrize(
    ("item", "acts"),
    [
        (CALL, {"claim", "done", "snooze", "reassign"}),
        (MINE, {"release", "done", "snooze", "reassign"}),
        (THEIRS, set()),
        (
            snoozed(CALL, OTHER, until=TODAY, reason="away", note=None),
            {"claim", "release", "done", "snooze", "wake", "reassign"},
        ),
        (replace(CALL, state="withdrawn"), set()),
        (DONE, {"undo"}),
        (replace(DONE, by=OTHER), set()),
        (replace(DONE, changed_at=NOW - UNDO_WITHIN - timedelta(seconds=1)), set()),
    ],
)
def test_what_a_coordinator_can_do(item: WorkItem, acts: set[str]) -> None:
    """By state and by who has it; one's own "done" for a while."""
    assert set(offered(item, ME, COORDINATOR, NOW)) == acts


def test_who_leads_may_overrule() -> None:
    """A lead takes work from whoever has it: gives it back, or to somebody else. Not by claiming it silently."""
    assert set(offered(THEIRS, ME, LEAD, NOW)) == {WorkAct.RELEASE, WorkAct.REASSIGN}


@pytest.mark.parametrize(
    ("item", "act", "reason"),
    [
        (THEIRS, WorkAct.CLAIM, WhyNot.TAKEN),
        (DONE, WorkAct.CLAIM, WhyNot.DONE),
        (replace(CALL, state="withdrawn"), WorkAct.CLAIM, WhyNot.WITHDRAWN),
        (CALL, WorkAct.RELEASE, WhyNot.NOT_NOW),
        (replace(CALL, kind="review-result"), WorkAct.CLAIM, None),
    ],
)
def test_why_it_cannot_be_done(item: WorkItem, act: WorkAct, reason: WhyNot | None) -> None:
    """The first reason that a person would name."""
    assert why_not(item, act, ME, COORDINATOR, NOW) is reason


def test_who_does_which_kind_of_work() -> None:
    """The front desk what is about appointments; results those who may act on results; who only reads, nothing."""
    takers = {
        kind: {role.value for role in Role if may_take([role], kind)} for kind in ("rebook", "overdue", "review-result")
    }

    assert takers["review-result"] == {"coordinator", "provider", "practice-lead"}
    assert takers["overdue"] == takers["review-result"] | {"coach", "medical-assistant"}
    assert takers["rebook"] == takers["overdue"] | {"scheduler"}
    assert set(ABOUT) >= set(takers)


def test_no_act_leaves_the_states() -> None:
    """Every act makes one of the states that there are; what is open has a way on."""
    made = [
        MINE,
        released(MINE, ME),
        DONE,
        finished(CALL, ME, outcome="left-message", reason=None, note=None, next_on=TODAY),
        snoozed(MINE, ME, until=TODAY, reason="away", note=None),
        woken(snoozed(MINE, ME, until=TODAY, reason="away", note=None), ME),
        reassigned(MINE, ME, "role:provider"),
        reassigned(MINE, ME, OTHER),
        reopened(DONE, ME),
    ]

    assert [(item.state, item.owner) for item in made] == [
        ("claimed", ME),
        ("open", None),
        ("done", ME),
        ("snoozed", ME),
        ("snoozed", ME),
        ("claimed", ME),
        ("open", None),
        ("claimed", OTHER),
        ("claimed", ME),
    ]
    assert {item.state for item in made} <= set(get_args(WorkState))
    assert set(OPEN) < set(get_args(WorkState))
    assert made[6].role == "provider"


def test_negative_outcomes_need_words() -> None:
    """What closes a door is said in words; that nobody answered is said by its code."""
    wordless = {o.value for o in (*ContactOutcome, *WorkOutcome) if not needs_words(o)}

    assert wordless == {"reached-will-book", "reached-booked", "left-message", "no-answer", "seen-to"}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (("", "", "", ""), {"outcome"}),
        (("nonsense", "", "", ""), {"outcome"}),
        (("reached-barrier", "", "far away", ""), {"outcome"}),
        (("moved", "", " \x00 ", ""), {"note"}),
        (("not-needed", "", "", ""), {"note"}),
        (("no-answer", "", "", "2026-06-16"), {"next_on"}),
        (("no-answer", "", "", "tomorrow"), {"next_on"}),
        (("no-answer", "", "x" * 2001, "2036-06-16"), {"note", "next_on"}),
    ],
)
def test_what_is_missing_in_an_outcome(given: tuple[str, str, str, str], wrong: set[str]) -> None:
    """It is said at its field."""
    with pytest.raises(BadAct) as bad:
        check_finish(*given, TODAY)

    assert set(bad.value.fields) == wrong


def test_a_good_outcome() -> None:
    """A barrier with what it is; a reason that belongs to nothing is left out."""
    barrier = check_finish("reached-barrier", "transport", "no car", "2026-06-17", TODAY)
    plain = check_finish("seen-to", "transport", "", "", TODAY)

    assert (barrier.reason, barrier.note, barrier.next_on) == ("transport", "no car", date(2026, 6, 17))
    assert (plain.outcome, plain.reason, plain.note, plain.next_on) == ("seen-to", None, None, None)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (("", "away", ""), {"until"}),
        (("2026-06-16", "away", ""), {"until"}),
        (("2026-06-17", "", ""), {"reason"}),
        (("2026-06-17", "other", ""), {"note"}),
    ],
)
def test_what_is_missing_in_a_snooze(given: tuple[str, str, str], wrong: set[str]) -> None:
    """A day ahead, a coded reason, and words where the reason says nothing."""
    with pytest.raises(BadAct) as bad:
        check_snooze(*given, TODAY)

    assert set(bad.value.fields) == wrong

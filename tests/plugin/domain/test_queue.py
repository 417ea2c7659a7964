"""The order of the lists, and which gaps stand in them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from plugin.domain.assessment import Alert, Assessment, Gap, Milestone, Status
from plugin.domain.queue import (
    HIGHEST,
    LAST,
    OF_TIER,
    Whom,
    WorkLine,
    acting_gaps,
    age_on,
    place_of,
    rank,
)
from plugin.domain.work import WorkItem
from tests.contract.storage.given import a_plan, a_step

TODAY = date(2026, 6, 16)
NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)


def test_tier_before_risk_before_due() -> None:
    """The worst first; of equal ones the riskier, of those the one that is due first; without a due date last."""
    order = [
        rank(4, 0, date(2026, 6, 15)),
        rank(3, 2, date(2026, 6, 15)),
        rank(3, 1, date(2026, 6, 1)),
        rank(3, 1, date(2026, 6, 2)),
        rank(3, 1, datetime(2026, 6, 2, 8, tzinfo=UTC)),
        rank(3, 1, None),
        rank(0, 0, date(1900, 1, 1)),
        rank(0, 0, date(9999, 12, 31)),
        LAST,
    ]

    assert order == sorted(set(order))
    assert [HIGHEST - one // OF_TIER for one in order] == [4, 3, 3, 3, 3, 3, 0, 0, 0]


@pytest.mark.parametrize(("tier", "risk"), [(-1, -1), (1000, 1000)])
def test_rank_stays_within_its_places(tier: int, risk: int) -> None:
    """Nonsense moves a line to the end or the beginning, never into another's place."""
    assert 0 <= rank(tier, risk, date(2026, 1, 1)) <= LAST


def a_line(*steps: Milestone) -> WorkLine:
    """Work about these steps."""
    item = WorkItem(key="w1", kind="overdue", patient_id=1, role="scheduler", owner=None, due_at=NOON, priority=2)
    return WorkLine(item=item, whom=Whom(1, 1, "Patient/p1"), rank=1, steps=steps)


def test_a_line_says_the_worst_of_its_steps() -> None:
    """How late the step is that is late longest, and the first booking; of none, nothing."""
    steps = (
        a_step("k1", days_past_due=3, booked_for="2026-06-25"),
        a_step("k2", days_past_due=12),
        a_step("k3", days_past_due=None, booked_for="2026-06-20T10:00:00-05:00"),
    )

    assert (a_line(*steps).days_late, a_line(*steps).booked_for) == (12, "2026-06-20T10:00:00-05:00")
    assert (a_line().days_late, a_line().booked_for) == (0, None)


def turn(number: int, **changes: Any) -> Milestone:
    """A turn of one step that repeats."""
    return a_step(f"t{number}", iteration=number, repeats=True, **changes)


def test_only_the_latest_overdue_turn_acts() -> None:
    """Earlier turns are on record as missed; a later one that was completed ends them all."""
    late = [turn(1), turn(2), a_step("k9"), a_step("k8", gap=Gap.NONE)]
    done = [turn(1), turn(2), turn(3, status=Status.COMPLETED, gap=Gap.CLOSED)]

    assert [step.key for step in acting_gaps(late)] == ["t2", "k9"]
    assert acting_gaps(done) == ()


def test_place_of_a_patient() -> None:
    """The highest tier of all plans, the sum of their alerts, and the earliest due day; without a gap the next one."""
    alerts = (Alert("a", "A"), Alert("b", "B"))
    late = a_plan(a_step("k1", tier=2, due=date(2026, 6, 1)), a_step("k2", tier=3, due=date(2026, 6, 9)), alerts=alerts)
    other = a_plan(a_step("k3", tier=1, due=date(2026, 5, 1)), plan="CarePlan/c2", alerts=alerts[:1])
    ahead = a_step("k4", gap=Gap.NONE, tier=0, due=date(2026, 8, 1))

    worst = place_of(Assessment(patient="Patient/p1", plans=(late, other)))
    calm = place_of(Assessment(patient="Patient/p1", plans=(a_plan(ahead, replace(ahead, due=None)),)))

    assert worst[1:] == (3, 3, 3, date(2026, 5, 1))
    assert calm[1:] == (0, 0, 0, date(2026, 8, 1))
    assert place_of(Assessment(patient="Patient/p1")) == (LAST, 0, 0, 0, None)


@pytest.mark.parametrize(
    ("born", "years"),
    [
        ("1961-06-16", 65),
        ("1961-06-17", 64),
        ("2026-06-16", 0),
        ("2026-06-17", None),
        ("1961-06", None),
        ("", None),
        (None, None),
    ],
)
def test_age(born: str | None, years: int | None) -> None:
    """Whole years on the birthday and from then on; nothing where the day is not known."""
    assert age_on(born, TODAY) == years

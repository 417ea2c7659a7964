"""Days past due, gaps and tiers of the standard ladder (DESIGN §5, G1, G2)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.assessment import Gap, Status
from plugin.domain.gap import days_past_due, gap_of
from plugin.domain.ladder import STANDARD
from tests.charts import A1C, inline, look, patient, plan, result

DUE = date(2026, 6, 15)
OPEN_ONES = [status for status in Status if not status.is_final]


@pytest.mark.parametrize(
    ("past", "tier"),
    [(-1, 0), (0, 0), (1, 1), (7, 1), (8, 2), (14, 2), (15, 3), (30, 3), (31, 4), (400, 4)],
)
def test_the_tiers_of_the_standard_ladder(past: int, tier: int) -> None:
    """DESIGN §5: every boundary; on the due date itself 0, not overdue."""
    at = (DUE + timedelta(days=past)).isoformat()

    found = look([patient(), plan(inline(A1C, DUE.isoformat()))], at).only

    assert (found["tier"], found["days_past_due"]) == (tier, max(0, past))
    assert found["gap"] == ("open" if past > 0 else "none")


@pytest.mark.parametrize(
    ("at", "zone", "past"),
    [
        ("2026-06-16T04:59:59Z", "America/Chicago", 0),
        ("2026-06-16T05:00:00Z", "America/Chicago", 1),
        ("2026-06-15T18:29:59Z", "Asia/Kolkata", 0),
        ("2026-06-15T18:30:00Z", "Asia/Kolkata", 1),
        ("2026-06-15T09:59:59Z", "Pacific/Kiritimati", 0),
        ("2026-06-15T10:00:00Z", "Pacific/Kiritimati", 1),
        ("2026-06-16T00:00:00Z", "UTC", 1),
    ],
)
def test_the_practices_zone_decides_the_day(at: str, zone: str, past: int) -> None:
    """DESIGN §5: local date now, minus the due date."""
    assert look([patient(), plan(inline(A1C, "2026-06-15"))], at, zone=zone).only["days_past_due"] == past


@pytest.mark.parametrize(
    ("due", "at", "zone", "past"),
    [
        ("2026-03-07", "2026-03-15T00:00:00-04:00", "America/New_York", 8),
        ("2026-03-07", "2026-03-14T23:59:59-04:00", "America/New_York", 7),
        ("2026-10-31", "2026-11-07T23:59:59-05:00", "America/New_York", 7),
        ("2026-10-31", "2026-11-08T00:00:00-05:00", "America/New_York", 8),
        ("2026-09-05", "2026-09-05T23:59:59-04:00", "America/Santiago", 0),
        ("2026-09-05", "2026-09-06T01:00:00-03:00", "America/Santiago", 1),
    ],
)
def test_days_are_calendar_days(due: str, at: str, zone: str, past: int) -> None:
    """A day of 23 or 25 hours counts as one; where midnight does not exist, the day begins after it."""
    found = look([patient(), plan(inline(A1C, due, "2026-01-05"))], at, zone=zone).only

    assert found["days_past_due"] == past


def test_without_a_due_date_there_are_no_days() -> None:
    """G1: null; never overdue."""
    assert days_past_due(Status.READY, None, False, DUE) is None
    assert gap_of(Status.READY, None, [], DUE) is Gap.NONE


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELLED])
def test_what_has_ended_is_not_past_due(status: Status) -> None:
    """G1: 0 for all that is completed or cancelled; a cancelled one has no gap (G2)."""
    assert days_past_due(status, DUE, False, date(2030, 1, 1)) == 0
    assert gap_of(Status.CANCELLED, DUE, [], date(2030, 1, 1)) is Gap.NONE


@given(status=st.sampled_from(OPEN_ONES), past=st.integers(-500, 500))
def test_open_while_past_due(status: Status, past: int) -> None:
    """G1 and G2, for every open status."""
    today = DUE + timedelta(days=past)

    assert days_past_due(status, DUE, False, today) == max(0, past)
    assert days_past_due(status, DUE, True, today) == 0
    assert (gap_of(status, DUE, [], today) is Gap.OPEN) == (past > 0)
    tier = STANDARD.tier_at(max(0, past))
    assert (tier is None) == (past <= 0)


@pytest.mark.parametrize(
    ("on", "gap"), [(None, "none"), ("2026-06-14", "none"), ("2026-06-15", "none"), ("2026-06-16", "closed")]
)
def test_a_gap_is_closed_when_completed_after_the_due_date(on: str | None, gap: str) -> None:
    """G2: the day before, the day, the day after; without a date it counts as in time."""
    activity = inline(A1C, "2026-06-15", "2026-06-01", status="not-started" if on else "completed")

    found = look([patient(), plan(activity), *([result(on)] if on else [])], "2026-07-01").only

    assert (found["status"], found["gap"]) == ("completed", gap)

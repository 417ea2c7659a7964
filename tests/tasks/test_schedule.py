"""When things run."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from celery import Celery

from tasks.routes import COUNT_CODES, DELIVER, POLL_ALL, RECONCILE_ALL, ROUTES, SEAL, TICK
from tasks.schedule import RECONCILE_AT, schedule

ENTRIES = schedule(poll_every=timedelta(seconds=30), tick_every=timedelta(seconds=30))


def test_the_beat_sends_these_tasks() -> None:
    """All of them known, each from one entry."""
    known = [POLL_ALL, TICK, DELIVER, SEAL, RECONCILE_ALL, COUNT_CODES]
    assert sorted(entry["task"] for entry in ENTRIES.values()) == sorted(known)
    assert {entry["task"] for entry in ENTRIES.values()} <= set(ROUTES)


@pytest.mark.parametrize(("poll", "tick"), [(30, 30), (1, 86_400)])
def test_intervals_are_the_settings(poll: int, tick: int) -> None:
    """MILEPOST_POLL_SECONDS and MILEPOST_TICK_SECONDS."""
    entries = schedule(poll_every=timedelta(seconds=poll), tick_every=timedelta(seconds=tick))

    assert entries["poll"]["schedule"] == timedelta(seconds=poll)
    assert entries["tick"]["schedule"] == timedelta(seconds=tick)


@pytest.mark.parametrize("name", ["poll", "tick", "deliver", "seal"])
def test_what_waited_for_its_whole_interval_is_thrown_away(name: str) -> None:
    """After an hour without a worker there are not 120 polls to do."""
    assert ENTRIES[name]["options"]["expires"] == ENTRIES[name]["schedule"].total_seconds()


@pytest.mark.parametrize(
    ("zone", "due_at"),
    [
        ("UTC", datetime(2026, 6, 15, 4, 15, tzinfo=UTC)),
        ("America/Chicago", datetime(2026, 6, 15, 9, 15, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 6, 14, 22, 45, tzinfo=UTC)),
    ],
)
def test_reconciliation_is_at_night_where_the_practice_is(zone: str, due_at: datetime) -> None:
    """A minute before it is not due, at its minute it is."""
    for moment, is_due in ((due_at - timedelta(minutes=1), False), (due_at, True)):
        nightly = _in(zone, ENTRIES["reconcile"]["schedule"], moment)

        assert nightly.is_due(due_at - timedelta(hours=20)).is_due is is_due


def _in(zone: str, crontab: Any, now: datetime) -> Any:  # Any: Celery publishes no types
    app = Celery(set_as_current=False)
    app.conf.timezone = zone
    return type(crontab)(minute=crontab._orig_minute, hour=crontab._orig_hour, nowfun=lambda: now, app=app)


def test_no_zone_moves_its_clocks_at_that_time() -> None:
    """Otherwise a night would have no reconciliation, or two."""
    hour, minute = RECONCILE_AT
    moved = []
    for name in available_timezones():
        zone = ZoneInfo(name)
        for day in range(366):
            local = datetime(2026, 1, 1, hour, minute) + timedelta(days=day)  # noqa: DTZ001 - a wall-clock time
            there = local.replace(tzinfo=zone)
            if (
                there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local
                or there.utcoffset() != there.replace(fold=1).utcoffset()
            ):
                moved.append((name, local))

    assert moved == []

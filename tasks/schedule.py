"""Every time of day in the product, and every interval.

The tick needs no exact time (``next_change_at`` has it), and a poll that is late reads what two would have read. So
what the broker holds longer than its own interval is thrown away: after an outage work begins once, not a hundred times.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from celery.schedules import crontab

from tasks.routes import DELIVER, POLL_ALL, RECONCILE_ALL, TICK

DELIVER_EVERY = timedelta(seconds=5)
"""Beside the delivery that each tick asks for: what was to wait until now, and what a crash left."""

RECONCILE_AT = (4, 15)
"""Hour and minute in the practice's zone. Clocks are put forward and back before that hour, everywhere."""

Entry = Mapping[str, Any]  # Any: a schedule, a name, options, as Celery's beat takes them


def schedule(*, poll_every: timedelta, tick_every: timedelta) -> Mapping[str, Entry]:
    """What the beat sends, by the name under which Redis keeps when it was last sent."""
    hour, minute = RECONCILE_AT
    return {
        "poll": _every(poll_every, POLL_ALL),
        "tick": _every(tick_every, TICK),
        "deliver": _every(DELIVER_EVERY, DELIVER),
        "reconcile": {"task": RECONCILE_ALL, "schedule": crontab(hour=hour, minute=minute)},
    }


def _every(interval: timedelta, task: str) -> Entry:
    return {"task": task, "schedule": interval, "options": {"expires": interval.total_seconds()}}

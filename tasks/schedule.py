"""Every time of day in the product, and every interval.

The tick needs no exact time (``next_change_at`` has it), and a poll that is late reads what two would have read. So
what the broker holds longer than its own interval is thrown away: after an outage work begins once, not a hundred
times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from typing import Any

from celery.schedules import crontab

from plugin.domain.job import Periodic
from tasks.routes import COUNT_CODES, DELIVER, POLL_ALL, RECONCILE_ALL, ROUTES, SEAL, TICK

DELIVER_EVERY = timedelta(seconds=5)
"""Beside the delivery that each tick asks for: what was to wait until now, and what a crash left."""

SEAL_EVERY = timedelta(seconds=5)
"""So long an audit row can be without its place in the chain."""

COUNT_CODES_EVERY = timedelta(hours=1)
"""How often it is asked for; it is done once a day, for the first time as soon as charts were read."""

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
        "seal": _every(SEAL_EVERY, SEAL),
        "codes": _every(COUNT_CODES_EVERY, COUNT_CODES),
        "reconcile": {"task": RECONCILE_ALL, "schedule": crontab(hour=hour, minute=minute)},
    }


def _every(interval: timedelta, task: str) -> Entry:
    return {"task": task, "schedule": interval, "options": {"expires": interval.total_seconds()}}


def periodic(*, poll_every: timedelta, tick_every: timedelta) -> Sequence[Periodic]:
    """The same for people: each job with its broker route, and how often or when."""
    hour, minute = RECONCILE_AT
    entries = schedule(poll_every=poll_every, tick_every=tick_every).values()
    return [
        Periodic(entry["task"], ROUTES[entry["task"]], every=entry["schedule"])
        if isinstance(entry["schedule"], timedelta)
        else Periodic(entry["task"], ROUTES[entry["task"]], at=time(hour, minute))
        for entry in entries
    ]

"""The Celery app: how messages look, how they are acknowledged, how long a task may take. Connects to nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from celery import Celery

from plugin.usecases.services import Services
from tasks.routes import ROUTES
from tasks.schedule import schedule

LONGEST_TASK = timedelta(minutes=30)
"""After that the process is killed, which loses nothing: a reading goes on from its cursor. There is no soft limit: it
raises wherever the code happens to be, and the loops that let one record fail alone would blame that record. Tasks that
go in batches stop by themselves between two of them (``within``)."""

BEAT_LOOKS_EVERY = timedelta(seconds=3)
BEAT_LOCK = 5 * BEAT_LOOKS_EVERY
"""One beat at a time: how long the lock of one that was killed stands in the way of the other."""

KEY_PREFIX = "milepost.broker."
BEAT_PREFIX = "milepost.beat."

Configuration = Mapping[str, Any]  # Any: Celery's settings are of every type

_QUEUES = {route: {"exchange": "milepost", "routing_key": route} for route in sorted({*ROUTES.values()})}

CONFIGURATION: Configuration = {
    # JSON and nothing else: a message can hold ids, never code (row 17 of deploy/THREATS.md: pickle).
    "accept_content": ["json"],
    "result_accept_content": ["json"],
    "task_serializer": "json",
    "result_serializer": "json",
    "event_serializer": "json",
    # Nobody reads a result: what a task did is in the database.
    "task_ignore_result": True,
    "result_backend": None,
    "result_expires": None,
    "task_store_errors_even_if_ignored": False,
    # Acknowledged when done: a message whose worker died goes to another. Every task may run twice.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "task_time_limit": LONGEST_TASK.total_seconds(),
    # A message that nobody acknowledged for so long is delivered again; longer than the longest task, or a task that is
    # still running would be begun a second time.
    "broker_transport_options": {
        "visibility_timeout": int(2 * LONGEST_TASK.total_seconds()),
        "global_keyprefix": KEY_PREFIX,
        "socket_connect_timeout": 2,
    },
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "task_default_exchange": "milepost",
    "task_default_queue": "milepost.tick",
    "task_default_routing_key": "milepost.tick",
    "task_create_missing_queues": False,
    "task_queues": _QUEUES,
    "task_routes": {task: {"queue": route} for task, route in ROUTES.items()},
    # A publisher says at once that the broker is away; what it would have asked for is found by the next run.
    "task_publish_retry": False,
    "broker_pool_limit": 4,
    # Our own logs (plugin/ops/logs.py); no commands and no gossip over the broker.
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    # A task that lost the broker is finished: its message comes again, and finds nothing left to do.
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_max_memory_per_child": 400_000,  # KiB; a child that has grown is replaced between two tasks
    "enable_utc": True,
    "beat_scheduler": "tasks.beat:Beat",
    "beat_max_loop_interval": BEAT_LOOKS_EVERY.total_seconds(),
    "redbeat_key_prefix": BEAT_PREFIX,
    "redbeat_lock_timeout": BEAT_LOCK.total_seconds(),
    "redbeat_redis_options": {"retry_period": -1, "socket_connect_timeout": 2, "socket_timeout": 10},
}


class Turns(Protocol):
    """Whose turn it is to poll a source."""

    def run(self, source_id: int, poll: Callable[[], object]) -> bool:
        """Polls unless another does; True when a poll was wanted meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """What tasks work with; built in each worker process, after the fork."""

    services: Services
    turns: Turns


class MilepostApp(Celery):  # type: ignore[misc] # Celery publishes no types
    """A Celery app that carries the equipment of its process."""

    equipment: Equipment | None = None


celery_app = MilepostApp("milepost", set_as_current=False)
celery_app.conf.update(CONFIGURATION)


def configure(redis_url: str, *, zone: ZoneInfo, poll_every: timedelta, tick_every: timedelta) -> None:
    """Makes the app that of this installation: broker, times."""
    celery_app.conf.update(
        broker_url=redis_url,
        redbeat_redis_url=redis_url,
        timezone=zone.key,
        beat_schedule=schedule(poll_every=poll_every, tick_every=tick_every),
    )

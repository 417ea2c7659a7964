"""The beat: RedBeat, that outlives a Redis which is away for a while or has forgotten everything.

RedBeat 2.4.2 ends the process in both cases: its lock and its pipelines are not tried again.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from redbeat.schedulers import RedBeatScheduler, acquire_distributed_beat_lock
from redis.exceptions import LockError, RedisError

from plugin.ops.logs import log_for

_TRY_AGAIN_AFTER_S = 1.0

_log = log_for("tasks.beat")


class Beat(RedBeatScheduler):  # type: ignore[misc] # RedBeat publishes no types
    """One of several: whoever holds the lock sends, the others wait for it."""

    def tick(self, **options: Any) -> float:  # Any: what Celery's service gives
        """Sends what is due; how many seconds to sleep."""
        if self.lock is None:  # Redis was away when the lock was to be taken
            return self._begin_anew()
        try:
            wait: float = super().tick(**options)
        except LockError:
            _log.warning("beat_lock_lost")
            return self._begin_anew()
        except RedisError as error:
            _log.warning("beat_waits_for_redis", error=type(error).__name__)
            return _TRY_AGAIN_AFTER_S
        return wait

    def _begin_anew(self) -> float:
        """Another beat may have the lock by now: waits for it. Redis may have forgotten the schedule: writes it."""
        try:
            acquire_distributed_beat_lock(SimpleNamespace(scheduler=self))
            self.setup_schedule()
        except RedisError as error:
            _log.warning("beat_waits_for_redis", error=type(error).__name__)
        return _TRY_AGAIN_AFTER_S

"""The port ``Jobs``: asks the broker for work, by the task's name and with ids only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from celery import Celery
from kombu.exceptions import InconsistencyError, KombuError

from plugin.domain.job import Periodic
from plugin.ops.logs import log_for
from plugin.usecases.ports import Metrics
from tasks.app import CONFIGURATION
from tasks.routes import DELIVER, DELIVER_NOW, LEAVE, POLL, PREVIEW, READ, RECONCILE, TICK

_WORTH = timedelta(minutes=2)
"""A job that nobody took for so long is not worth taking: the beat has asked again since."""

_log = log_for("tasks.dispatch")


class BrokerJobs:
    """Losing a job loses nothing, so a broker that is away stops nobody: the loss is counted."""

    def __init__(
        self,
        app: Celery,
        metrics: Metrics,
        *,
        wants: Callable[[int], bool],
        check: Callable[[], None],
        periodic: Sequence[Periodic] = (),
    ) -> None:
        """``wants`` says whether a poll of a source is not waiting already; ``check`` whether the broker answers;
        ``periodic`` is what the beat asks for."""
        self._app = app
        self._metrics = metrics
        self._wants = wants
        self._check = check
        self._periodic = tuple(periodic)

    def poll(self, source_id: int) -> None:
        """However often it is asked for, one poll waits at a time."""
        if self._wants(source_id):
            self._send(POLL, source_id)

    def tick(self) -> None:
        """Reassess what is due now."""
        self._send(TICK)

    def deliver(self) -> None:
        """Deliver what is due now."""
        self._send(DELIVER)

    def reconcile(self, source_id: int) -> None:
        """Compare this source with what is stored."""
        self._send(RECONCILE, source_id)

    def read(self, patient_id: int) -> None:
        """Read this patient afresh."""
        self._send(READ, patient_id)

    def deliver_now(self, patient_id: int) -> None:
        """Deliver what a person's act has made due for this patient."""
        self._send(DELIVER_NOW, patient_id)

    def preview(self, preview_id: int) -> None:
        """Work out this preview, or help whoever has begun."""
        self._send(PREVIEW, preview_id)

    def leave(self, source_id: int) -> None:
        """Carry out that this source is removed."""
        self._send(LEAVE, source_id)

    def periodic(self) -> Sequence[Periodic]:
        """What the beat asks for by itself."""
        return self._periodic

    def run(self, name: str) -> None:
        """One of them now."""
        self._send(name)

    def check(self) -> None:
        """Raises TemporaryFailure when the broker does not answer."""
        self._check()

    def _send(self, task: str, *ids: int) -> None:
        try:
            self._app.send_task(task, args=ids, expires=_WORTH.total_seconds(), ignore_result=True)
        except (KombuError, InconsistencyError) as error:
            self._metrics.count("jobs_lost", task=task)
            _log.warning("job_lost", task=task, ids=ids, error=type(error).__name__)


def sender(redis_url: str) -> Celery:
    """An app that only sends, and gives up at once: whoever asks for a job does not wait for the broker."""
    app = Celery("milepost", set_as_current=False)
    app.conf.update(CONFIGURATION)
    app.conf.update(
        broker_url=redis_url,
        broker_transport_options={
            **CONFIGURATION["broker_transport_options"],
            "socket_timeout": 5,
            "max_retries": 0,
            "interval_start": 0,
        },
    )
    return app

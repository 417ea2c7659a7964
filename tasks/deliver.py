"""Delivering the effects whose time has come."""

from datetime import timedelta

from plugin.usecases.deliver import deliver
from tasks.base import MilepostTask, task
from tasks.routes import DELIVER

WITHIN = timedelta(minutes=2)
"""What is left then is the next run's."""


@task(DELIVER)
def deliver_due(this: MilepostTask) -> None:
    """All that are due now; the process's name stands beside what it has claimed."""
    deliver(this.services, within=WITHIN)

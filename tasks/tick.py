"""Reassessing the patients whose time has come."""

from datetime import timedelta

from plugin.usecases.tick import tick
from tasks.base import MilepostTask, task
from tasks.routes import TICK

WITHIN = timedelta(minutes=2)
"""What is due after that is the next run's, so that a long one keeps nobody from the worker."""


@task(TICK)
def reassess_due(this: MilepostTask) -> None:
    """All that are due now."""
    tick(this.services, within=WITHIN)

"""Reassess all that is due, batch by batch, until nobody is or the time is up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from plugin.usecases.reassess import BATCH, Reassessed, reassess
from plugin.usecases.services import Services

Progress = Callable[[int], None]
"""Told after each batch how many patients were reassessed so far."""


def tick(services: Services, within: timedelta | None = None, progress: Progress | None = None) -> Reassessed:
    """What was done. A patient is looked at once: one who is due again at the end is the next tick's."""
    began = services.clock()
    total = Reassessed()
    while True:
        batch = reassess(services, began, BATCH)
        total += batch
        if progress and batch.claimed:
            progress(total.claimed)
        is_late = within is not None and services.clock() - began >= within
        if batch.claimed < BATCH or is_late:
            break
    services.metrics.count("patients_reassessed", total.claimed)
    if total.effects:
        services.jobs.deliver()
    return total

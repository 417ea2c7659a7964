"""Reassess all that is due, batch by batch, until nobody is or the time is up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from plugin.usecases.come_into_force import come_into_force
from plugin.usecases.reassess import BATCH, Reassessed, reassess
from plugin.usecases.services import Services

Progress = Callable[[int], None]
"""Told after each batch how many patients were reassessed so far."""


class Hand(Protocol):
    """Another process that reassesses beside this one. Both claim, and neither gets what the other has."""

    def begin(self) -> None:
        """Reassess what is due now."""

    def finish(self) -> Reassessed:
        """Waits until nobody is due there; what was done. Nothing, when that process has died."""


def tick_together(services: Services, hand: Hand | None, progress: Progress | None = None) -> Reassessed:
    """The same with two hands, where there are two. What a hand that died had claimed is due again."""
    if hand is None:
        return tick(services, progress=progress)
    hand.begin()
    own = tick(services, progress=progress)
    return own + hand.finish() + tick(services)


def tick(services: Services, within: timedelta | None = None, progress: Progress | None = None) -> Reassessed:
    """What was done. First comes into force whatever is to; then a patient is looked at once: one who is due again at the
    end is the next tick's. Where one batch is not enough, another worker is asked to join."""
    began = services.clock()
    come_into_force(services, began)
    total = Reassessed()
    while True:
        batch = reassess(services, began, BATCH)
        if batch.claimed == BATCH and not total.claimed:
            services.jobs.tick()
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

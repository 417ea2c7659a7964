"""What comes into force takes effect: all patients are looked at again, and what a program newly names is read.

It is asked at each tick whether the moment of anything has come, so that nobody has to press a button that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from plugin.domain.configuration import LIMITS, PROGRAM, Enactment
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.rules import codes_named_by, programs_of
from plugin.usecases.services import Services


def come_into_force(services: Services, now: datetime) -> int:
    """How many versions came into force by this: each once, whoever else asks at the same time."""
    with services.database.begin(reading=True) as uow:
        if not uow.configurations.come(now):
            return 0
    with services.database.begin() as uow:
        uow.configurations.lock()
        made = uow.configurations.come(now)
        if not made:
            return 0
        uow.configurations.applied(made, now)
        to_read = take_effect(services, uow, made, now)
        uow.commit()
    for source_id in to_read:
        services.jobs.poll(source_id)
    return len(made)


def take_effect(services: Services, uow: UnitOfWork, made: Sequence[Enactment], now: datetime) -> Sequence[int]:
    """Within the transaction in which they are applied. The sources that are to be read at once: their patients wait for
    that, or older evidence under a newly named code would be missed and gaps opened that are none."""
    kinds = {one.kind for one in made}
    if kinds <= {LIMITS}:
        return []
    to_read = _await_codes(services, uow, now) if PROGRAM in kinds else []
    uow.patients.mark_all(now)
    return to_read


def _await_codes(services: Services, uow: UnitOfWork, now: datetime) -> list[int]:
    codes = codes_named_by(programs_of(services, uow.configurations.current(now)))
    waiting: list[int] = []
    for source in (source for source in uow.sources.all() if source.is_ehr):
        named = uow.patients.named_codes(source)
        is_read = source.last_read_at is not None and not source.paused
        if is_read and any((code.system, code.code) not in named for code in codes):
            uow.sources.await_codes(source, now)
            waiting.append(source.id)
    return waiting

"""Chain the audit rows that were committed since the last time, and keep the new head outside the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from plugin.domain.seal import Head, Link, Unsealed, linked
from plugin.usecases.admin_ports import Seals
from plugin.usecases.services import Services

BATCH = 5_000
"""Rows of one sealing. On SQLite it is the one writer for some hundredths of a second."""

Progress = Callable[[int], None]
"""Told after each sealing how many rows were sealed so far."""


def seal(services: Services, within: timedelta | None = None, progress: Progress | None = None) -> int:
    """How many rows were sealed. Two at once do no harm: the second finds the first at it, and leaves it to them."""
    began = services.clock()
    total, after = 0, 0
    while rows := _seal_batch(services, after):
        total, after = total + len(rows), rows[-1].audit_id
        if progress:
            progress(total)
        is_late = within is not None and services.clock() - began >= within
        if len(rows) < BATCH or is_late:
            break
    return total


def anything_waits(services: Services) -> bool:
    """Whether a sealing has something to do; asked for without being in anybody's way."""
    with services.database.begin(reading=True) as uow:
        return bool(uow.seals.waiting(0, 1))


def _seal_batch(services: Services, after: int) -> list[Unsealed]:
    """The head goes out before the commit: a seal without its head outside does not exist. A crash in between leaves a
    head of rows that are sealed anew by the next one, which begins where that began; verifying knows this."""
    with services.database.begin() as uow:
        if not uow.seals.turn():
            return []
        rows = list(uow.seals.waiting(after, BATCH))
        if rows:
            links = linked(uow.seals.last(), rows)
            uow.seals.add(links)
            services.heads.append(_head(uow.seals, links[-1], len(rows), services.clock()))
            uow.commit()
    return rows


def _head(seals: Seals, last: Link, count: int, at: datetime) -> Head:
    return Head(at=at, practice=seals.practice_id, number=last.number, chain=last.chain, count=count)

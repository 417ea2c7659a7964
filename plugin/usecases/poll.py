"""Ask for sources to be polled or compared: by the clock, or because a source says that something has changed."""

from __future__ import annotations

import hmac

from plugin.domain.source import Source
from plugin.usecases.services import Services


def poll_all(services: Services) -> None:
    """Asks for a poll of each source that is not paused. Which of its parts are due is known to whoever reads it: a kind
    of server that logs what it answers is asked for little at a time."""
    for source in _active(services):
        services.jobs.poll(source.id)


def reconcile_all(services: Services) -> None:
    """Asks for a comparison of each source that is not paused, and once more for the removal of each that is to leave: its
    job may have been lost, or its server away."""
    for source in _active(services):
        services.jobs.reconcile(source.id)
    with services.database.begin(reading=True) as uow:
        leaving = [source.id for source in uow.sources.all() if source.leaving is not None]
    for id_ in leaving:
        services.jobs.leave(id_)


def source_of_hook(services: Services, path: str) -> Source | None:
    """The source with this path in its hook's address."""
    with services.database.begin(reading=True) as uow:
        return uow.sources.by_hook(path)


def is_hooks_own(source: Source, shown: str) -> bool:
    """Whether what came as the ``Authorization`` header is what this source's Subscription was given. Takes the same
    time however much of it is right."""
    wanted = f"Bearer {source.hook_secret or ''}"
    return hmac.compare_digest(wanted.encode(), shown.encode()) and bool(source.hook_secret)


def _active(services: Services) -> list[Source]:
    with services.database.begin(reading=True) as uow:
        return [source for source in uow.sources.all() if source.is_ehr and not source.paused]

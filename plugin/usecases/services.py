"""Services: the ports that a use case gets, in one frozen bundle; nothing concrete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from plugin.domain.calendar import Practice
from plugin.domain.source import Source
from plugin.usecases.ports import Catalog, Clock, Database, Ehr, Jobs, Metrics, Processes


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the use cases work with. ``ehr`` opens a source; asked twice for the same one, it gives the same session.
    ``token`` makes an unguessable text. ``public_url`` is where a source's hook reaches us, if it can."""

    database: Database
    ehr: Callable[[Source], Ehr]
    catalog: Catalog
    practice: Practice
    jobs: Jobs
    metrics: Metrics
    processes: Processes
    clock: Clock
    token: Callable[[], str]
    public_url: str | None = None
    stale_after: timedelta = timedelta(hours=2)
    """A source that was not read completely for so long is behind (DESIGN §5, perceived gaps)."""

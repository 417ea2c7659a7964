"""Change where a source's milestone Tasks go, and say what becomes of those that were written already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from plugin.domain.errors import CannotDo
from plugin.domain.source import Leaving, Source
from plugin.usecases.remove_source import Removed, take_back
from plugin.usecases.services import Services
from plugin.usecases.source_settings import Wanted, settle_source
from plugin.usecases.sources import pause_source


def change_sink(
    services: Services,
    source: Source,
    wanted: Wanted,
    *,
    left: Leaving = "keep",
    by: str,
    told: Mapping[str, object] | None = None,
) -> tuple[Source, Removed]:
    """Stores the settings. What stands in the old place is left as it stands (``keep``), says that it counts no more, or
    is deleted; that is done first, while nothing is written, and when a part of it is refused nothing has changed: CannotDo
    says so. What was taken back, by type, comes with the source."""
    was_paused = source.paused
    if left == "keep":
        return settle_source(services, source, wanted, by=by, told=told), Removed()
    words = {**(told or {}), "what_was_written": left}
    pause_source(services, source, is_paused=True, by=by, told=words)
    removed = Removed()
    try:
        take_back(services, source, left, removed)
        if removed.refused:
            refused = f"{len(removed.refused)} of our resources could not be taken back. {removed.refused[0]}"
            raise CannotDo(f"Source {source.slug}: nothing was changed. {refused}")
        settled = settle_source(services, source, wanted, by=by, told={**words, "taken_back": removed.done})
    finally:
        pause_source(services, source, is_paused=was_paused, by=by, told=told)
    return replace(settled, paused=was_paused), removed

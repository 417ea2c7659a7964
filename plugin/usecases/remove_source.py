"""Remove a source: what we wrote there stays, says that it counts no more, or is deleted; then its chart is forgotten
here.

The wish is stored first and carried out by a worker, so that a crash loses nothing: each part can be done again, and a
wish that was not carried out is asked for again each night.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from plugin.domain.errors import BadInput, CannotDo, TemporaryFailure
from plugin.domain.source import HowToTakeBack, Leaving, Source
from plugin.usecases.services import Services

_AT_MOST = 5
"""Rounds over what we wrote: something that was under way when the source was paused may have come after the first."""


@dataclass(slots=True)
class Removed:
    """What became of what we wrote there, by type; and in the server's words what could not be taken back. The source is
    forgotten only when that is nothing."""

    done: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Nothing is left that should not be."""
        return not self.refused


def written_there(services: Services, source: Source) -> Mapping[str, int]:
    """How much of ours stands on the server, by type: asked for now."""
    return services.ehr(source).ours_by_type()


def leave_source(
    services: Services, source: Source, how: Leaving, *, by: str, told: Mapping[str, object] | None = None
) -> Source:
    """From now on the source is neither read nor written; a worker does the rest. Said again with another wish, the other
    one holds. CannotDo for a companion store while milestone Tasks of a source go there."""
    with services.database.begin() as uow:
        if users := [each.slug for each in uow.sources.all() if each.companion == source.slug]:
            raise CannotDo(
                f"Source {source.slug}: milestone Tasks of {', '.join(users)} go there; choose another place first."
            )
        leaving = replace(uow.sources.by_id(source.id), leaving=how, paused=True)
        uow.sources.update(leaving, services.clock(), by=by, told={**(told or {}), "leaving": how})
        uow.commit()
    services.jobs.leave(source.id)
    return leaving


def stay(services: Services, source: Source, *, by: str, told: Mapping[str, object] | None = None) -> Source:
    """The source is not removed after all; it stays paused, until somebody lets it go on. UnknownName when it is gone."""
    with services.database.begin() as uow:
        uow.sources.get(source.slug)
        staying = replace(uow.sources.by_id(source.id), leaving=None)
        uow.sources.update(staying, services.clock(), by=by, told=told)
        uow.commit()
    return staying


def carry_out_leaving(services: Services, source_id: int, *, by: str = "milepost") -> Removed:
    """Takes back what the wish says, then forgets the source. Nothing for a source that nobody wants removed."""
    with services.database.begin(reading=True) as uow:
        source = uow.sources.by_id(source_id)
    if source.leaving is None:
        return Removed()
    removed = Removed()
    if source.leaving != "keep":
        take_back(services, source, source.leaving, removed)
    with services.database.begin() as uow:
        now = services.clock()
        if removed.is_complete:
            uow.sources.forget(source, now, by=by, told={"how": source.leaving, "taken_back": removed.done})
        else:
            uow.sources.read_failed(source, now, _words(removed))
        uow.commit()
    return removed


def take_back(services: Services, source: Source, how: HowToTakeBack, removed: Removed) -> None:
    """Round after round, until nothing is left: something may have been under way. The source is paused by now."""
    ehr = services.ehr(source)
    for _ in range(_AT_MOST):
        removed.refused.clear()
        done = 0
        for part in ehr.take_back(how):
            done += part.done
            removed.done[part.type] = removed.done.get(part.type, 0) + part.done
            removed.refused.extend(part.refused)
        if done == 0 or (how == "delete" and not ehr.ours_by_type()):
            return
    if not removed.refused:
        raise TemporaryFailure(f"Source {source.slug}: what Milepost wrote there comes back while it is taken back.")


def _words(removed: Removed) -> str:
    count = len(removed.refused)
    return f"{count} of our resources could not be taken back. The first: {removed.refused[0]}"


def checked_leaving(text: str) -> Leaving:
    """``keep``, ``cancel`` or ``delete``, else BadInput."""
    known: dict[str, Leaving] = {"keep": "keep", "cancel": "cancel", "delete": "delete"}
    if text not in known:
        raise BadInput(f"What is to become of what Milepost wrote there: {', '.join(known)}.")
    return known[text]

"""Sources: add one, list them, test one, ask it what it can do, subscribe to its changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from plugin.domain.errors import BadInput, CannotDo, MilepostError
from plugin.domain.slug import checked_slug
from plugin.domain.source import Source
from plugin.usecases.ports import Ehr
from plugin.usecases.services import Services

_MUST_READ = ("Patient", "CarePlan")
_MUST_WRITE = "Task"


class Check(NamedTuple):
    """One thing that was tried with a source, and what came of it, in words."""

    what: str
    is_good: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a source is: ``is_behind`` when it was not read completely for too long, or never."""

    source: Source
    is_behind: bool


def add_source(services: Services, source: Source) -> Source:
    """Asks the server first: what is no FHIR R4 server, or has no CarePlans or Tasks, is not added."""
    checked_slug(source.slug)
    capability = _probed(services.ehr(source), source.slug)
    made = replace(source, capability=capability, hook_path=services.token(), hook_secret=services.token())
    with services.database.begin() as uow:
        added = uow.sources.add(made, services.clock())
        uow.commit()
    return added


def source_named(services: Services, slug: str | None) -> Source:
    """By slug; without one, the only source there is. Raises UnknownName, or BadInput when there are several."""
    with services.database.begin(reading=True) as uow:
        if slug is not None:
            return uow.sources.get(slug)
        sources = uow.sources.all()
    if len(sources) == 1:
        return sources[0]
    if not sources:
        raise BadInput("There is no source yet; `milepost source add SLUG URL` adds one.")
    raise BadInput(f"There are several sources; say which: {', '.join(source.slug for source in sources)}.")


def every_source(services: Services) -> Sequence[Health]:
    """All, by slug."""
    now = services.clock()
    with services.database.begin(reading=True) as uow:
        sources = uow.sources.all()
    return [
        Health(source=source, is_behind=source.last_read_at is None or now - source.last_read_at > services.stale_after)
        for source in sources
    ]


def probe_source(services: Services, source: Source) -> Source:
    """Asks the server anew what it can do, and keeps the answer."""
    capability = services.ehr(source).probe()
    with services.database.begin() as uow:
        probed = replace(uow.sources.by_id(source.id), capability=capability)
        uow.sources.update(probed, services.clock())
        uow.commit()
    return probed


def check_source(services: Services, source: Source) -> Sequence[Check]:
    """Tries what a sweep needs, and says of each thing whether it works. Nothing is stored or written."""
    ehr = services.ehr(source)
    try:
        capability = ehr.probe()
    except MilepostError as error:
        return [Check("metadata", is_good=False, words=str(error))]
    checks = [Check("metadata", is_good=True, words=f"FHIR {capability.get('fhir_version', 'R4')}")]
    offered = _types(capability)
    for type_ in (*_MUST_READ, _MUST_WRITE):
        words = "offered" if type_ in offered else "not in its CapabilityStatement"
        checks.append(Check(type_, is_good=type_ in offered, words=words))
    return [*checks, *(_count(ehr, type_) for type_ in _MUST_READ if type_ in offered)]


def pause_source(services: Services, source: Source, is_paused: bool) -> Source:
    """A paused source is neither polled nor written to."""
    with services.database.begin() as uow:
        changed = replace(uow.sources.by_id(source.id), paused=is_paused)
        uow.sources.update(changed, services.clock())
        uow.commit()
    return changed


def give_token(services: Services, source: Source, token: str) -> None:
    """From now on the source is asked with this token; running workers take it up with their next poll. BadInput for a
    source where we get our own."""
    if source.client_id is not None:
        raise BadInput(f"Source {source.slug}: takes no token, we get our own there as {source.client_id}.")
    with services.database.begin() as uow:
        uow.sources.update(replace(uow.sources.by_id(source.id), token=token), services.clock())
        uow.commit()


def subscribe(services: Services, source: Source) -> str | None:
    """Registers the hook that means "poll now"; the Subscription's reference, None where the server cannot, or where we
    have no address that it could reach. Repeating it changes nothing."""
    if services.public_url is None or source.hook_path is None or source.hook_secret is None:
        return None
    return services.ehr(source).subscribe(f"{services.public_url}/hooks/fhir/{source.hook_path}", source.hook_secret)


def _probed(ehr: Ehr, slug: str) -> Mapping[str, object]:
    capability = ehr.probe()
    missing = [type_ for type_ in (*_MUST_READ, _MUST_WRITE) if type_ not in _types(capability)]
    if missing:
        raise CannotDo(f"Source {slug}: its CapabilityStatement does not offer {', '.join(missing)}; it was not added.")
    return capability


def _types(capability: Mapping[str, object]) -> frozenset[str]:
    types = capability.get("types")
    return frozenset(str(name) for name in types) if isinstance(types, Mapping | list | tuple) else frozenset()


def _count(ehr: Ehr, type_: str) -> Check:
    try:
        return Check(f"{type_} count", is_good=True, words=str(ehr.count(type_)))
    except MilepostError as error:
        return Check(f"{type_} count", is_good=False, words=str(error))

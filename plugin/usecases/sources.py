"""Sources: add one, list them, test one, ask it what it can do, subscribe to its changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import urlsplit

from plugin.domain.errors import BadInput, CannotDo, MilepostError, Unauthorized
from plugin.domain.slug import checked_slug
from plugin.domain.source import SetAside, Source
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


def add_source(
    services: Services,
    source: Source,
    *,
    is_vouched_for: bool = False,
    by: str = "milepost",
    told: Mapping[str, object] | None = None,
) -> Source:
    """Asks the server first: what is no FHIR R4 server, or has no CarePlans or Tasks, is not added. Before any token is
    shown it must say who it is without one, and be who the address says; ``is_vouched_for``: somebody knows that it is,
    although it says nothing without a token."""
    checked_slug(source.slug)
    if source.token is not None or source.client_id is not None:
        _meet(services, source, is_vouched_for)
    capability = _probed(services.ehr(source), source.slug)
    made = replace(source, capability=capability, hook_path=services.token(), hook_secret=services.token())
    with services.database.begin() as uow:
        added = uow.sources.add(made, services.clock(), by=by, told=told)
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


def set_aside_records(services: Services, source: Source) -> Sequence[SetAside]:
    """What was set aside or left out, and why; by reference."""
    with services.database.begin(reading=True) as uow:
        return uow.sources.aside(source)


def probe_source(
    services: Services, source: Source, *, by: str = "milepost", told: Mapping[str, object] | None = None
) -> Source:
    """Asks the server anew what it can do, and keeps the answer."""
    capability = services.ehr(source).probe()
    with services.database.begin() as uow:
        probed = replace(uow.sources.by_id(source.id), capability=capability)
        uow.sources.update(probed, services.clock(), by=by, told=told)
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
    checks += [_count(ehr, type_) for type_ in _MUST_READ if type_ in offered]
    return [*checks, *_what_is_missing(ehr, capability)]


def pause_source(
    services: Services,
    source: Source,
    is_paused: bool,
    *,
    by: str = "milepost",
    told: Mapping[str, object] | None = None,
) -> Source:
    """A paused source is neither polled nor written to."""
    with services.database.begin() as uow:
        changed = replace(uow.sources.by_id(source.id), paused=is_paused)
        uow.sources.update(changed, services.clock(), by=by, told=told)
        uow.commit()
    return changed


def give_token(
    services: Services, source: Source, token: str, *, by: str = "milepost", told: Mapping[str, object] | None = None
) -> None:
    """From now on the source is asked with this token; running workers take it up with their next poll. BadInput for a
    source where we get our own."""
    if source.client_id is not None:
        raise BadInput(f"Source {source.slug}: takes no token, we get our own there as {source.client_id}.")
    with services.database.begin() as uow:
        uow.sources.update(replace(uow.sources.by_id(source.id), token=token), services.clock(), by=by, told=told)
        uow.commit()


def subscribe(services: Services, source: Source) -> str | None:
    """Registers the hook that means "poll now"; the Subscription's reference, None where the server cannot, or where we
    have no address that it could reach. Repeating it changes nothing."""
    if services.public_url is None or source.hook_path is None or source.hook_secret is None:
        return None
    return services.ehr(source).subscribe(f"{services.public_url}/hooks/fhir/{source.hook_path}", source.hook_secret)


def _meet(services: Services, source: Source, is_vouched_for: bool) -> None:
    """Asks who it is, without a token. CannotDo for a server that says that it is another."""
    try:
        said = services.ehr(replace(source, id=0, token=None, client_id=None)).probe()
    except Unauthorized as error:
        if is_vouched_for:
            return
        raise CannotDo(
            f"Source {source.slug}: it does not say who it is before a token is shown, so none was shown. If you know "
            "this server, vouch for it (--vouched) and add it again."
        ) from error
    address = str(said.get("address") or "")
    known = {_host(url) for url in (source.base_url, *source.link_aliases)}
    if address and _host(address) not in known:
        raise CannotDo(
            f"Source {source.slug}: the server says that it is at {address}, not at {source.base_url}. It got no token. "
            "If both are the same server, add it with the other address as an alias."
        )


def _host(url: str) -> str | None:
    return urlsplit(url).hostname


def _probed(ehr: Ehr, slug: str) -> Mapping[str, object]:
    capability = ehr.probe()
    missing = [type_ for type_ in (*_MUST_READ, _MUST_WRITE) if type_ not in _types(capability)]
    if missing:
        raise CannotDo(f"Source {slug}: its CapabilityStatement does not offer {', '.join(missing)}; it was not added.")
    return capability


_CAN_BE_DONE_WITHOUT = {
    "transaction": "changes are not written back: Tasks and gaps are seen in Milepost alone",
    "subscription": "what happens there is noticed with the next poll, not within seconds",
    "history": "who changed one of our Tasks there is not known; it counts as somebody's in the EHR",
    "update": "milestone Tasks cannot be kept up to date there",
}
"""What a server may lack, and what that means for those who work with Milepost."""


def _what_is_missing(ehr: Ehr, capability: Mapping[str, object]) -> Iterator[Check]:
    """What works without, and what its users will notice. Such a server is good enough to be added."""
    types = capability.get("types")
    types = types if isinstance(types, Mapping) else {}
    has = {
        "transaction": "transaction" in _texts(capability.get("system")),
        "subscription": bool({"create", "update"} & _interactions(types, "Subscription")),
        "history": "history-instance" in _interactions(types, "Task"),
        "update": "update" in _interactions(types, "Task"),
    }
    for what, means in _CAN_BE_DONE_WITHOUT.items():
        yield Check(what, is_good=True, words="offered" if has[what] else f"not offered: {means}")
    for type_ in ehr.not_offered:
        yield Check(type_, is_good=True, words=f"not offered: no {type_} counts as evidence or is shown")


def _interactions(types: Mapping[str, object], type_: str) -> frozenset[str]:
    entry = types.get(type_)
    return _texts(entry.get("interactions")) if isinstance(entry, Mapping) else frozenset()


def _texts(value: object) -> frozenset[str]:
    return frozenset(str(text) for text in value) if isinstance(value, list | tuple) else frozenset()


def _types(capability: Mapping[str, object]) -> frozenset[str]:
    types = capability.get("types")
    return frozenset(str(name) for name in types) if isinstance(types, Mapping | list | tuple) else frozenset()


def _count(ehr: Ehr, type_: str) -> Check:
    try:
        return Check(f"{type_} count", is_good=True, words=str(ehr.count(type_)))
    except MilepostError as error:
        return Check(f"{type_} count", is_good=False, words=str(error))

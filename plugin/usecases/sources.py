"""Sources: add one, list them, test one, ask it what it can do, subscribe to its changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from plugin.domain.errors import BadInput, CannotDo, MilepostError, SwitchedOff, Unauthorized
from plugin.domain.slug import checked_slug
from plugin.domain.source import SetAside, Source
from plugin.usecases.ports import Ehr
from plugin.usecases.services import Services
from plugin.usecases.source_check import Check as Check
from plugin.usecases.source_check import must_offer, types_in, what_is_missing

_COUNTED = frozenset({"Patient", "CarePlan"})


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
    """Asks the server first: what is no FHIR R4 server, or lacks what its kind must have, is not added. Before any token is
    shown it must say who it is without one, and be who the address says; ``is_vouched_for``: somebody knows that it is,
    although it says nothing without a token."""
    checked_slug(source.slug)
    if source.token is not None or source.client_id is not None:
        _meet(services, source, is_vouched_for)
    capability = _probed(services.ehr(source), source)
    made = replace(source, capability=capability, hook_path=services.token(), hook_secret=services.token())
    with services.database.begin() as uow:
        added = uow.sources.add(made, services.clock(), by=by, told=told)
        uow.commit()
    return added


def source_named(services: Services, slug: str | None) -> Source:
    """By slug; without one, the only EHR there is. Raises UnknownName, or BadInput when there are several."""
    with services.database.begin(reading=True) as uow:
        if slug is not None:
            return uow.sources.get(slug)
        sources = [source for source in uow.sources.all() if source.is_ehr]
    if len(sources) == 1:
        return sources[0]
    if not sources:
        raise BadInput("There is no source yet; `milepost source add SLUG URL` adds one.")
    raise BadInput(f"There are several sources; say which: {', '.join(source.slug for source in sources)}.")


def every_source(services: Services) -> Sequence[Health]:
    """All, by slug, companion stores among them: those are never behind, since nobody reads them."""
    oldest = services.clock() - services.stale_after
    with services.database.begin(reading=True) as uow:
        sources = uow.sources.all()
    return [
        Health(source=each, is_behind=each.is_ehr and (each.last_read_at is None or each.last_read_at < oldest))
        for each in sources
    ]


def every_ehr(services: Services) -> Sequence[Health]:
    """Those that are read, by slug."""
    return [health for health in every_source(services) if health.source.is_ehr]


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
    offered = types_in(capability)
    for type_ in must_offer(source):
        words = "offered" if type_ in offered else "not in its CapabilityStatement"
        checks.append(Check(type_, is_good=type_ in offered, words=words))
    checks += [_count(ehr, type_) for type_ in must_offer(source) if type_ in _COUNTED & offered]
    return [*checks, *what_is_missing(services, source, ehr, capability)]


def pause_source(
    services: Services,
    source: Source,
    is_paused: bool,
    *,
    by: str = "milepost",
    told: Mapping[str, object] | None = None,
) -> Source:
    """A paused source is neither polled nor written to. What waited for a companion store to go on is tried at once."""
    now = services.clock()
    with services.database.begin() as uow:
        changed = replace(uow.sources.by_id(source.id), paused=is_paused)
        uow.sources.update(changed, now, by=by, told=told)
        if not is_paused:
            for other in [each for each in uow.sources.all() if each.companion == source.slug]:
                uow.ledger.again(other, now)
        uow.commit()
    return changed


def give_token(
    services: Services, source: Source, token: str, *, by: str = "milepost", told: Mapping[str, object] | None = None
) -> None:
    """From now on the source is asked with this token; running workers take it up with their next poll. Asked first, without
    it, the server must still be who the address says; one that had a token and says nothing without it was vouched for.
    BadInput for a source where we get our own."""
    if source.client_id is not None:
        raise BadInput(f"Source {source.slug}: takes no token, we get our own there as {source.client_id}.")
    _meet(services, source, is_vouched_for=source.token is not None)
    with services.database.begin() as uow:
        uow.sources.update(replace(uow.sources.by_id(source.id), token=token), services.clock(), by=by, told=told)
        uow.commit()


def subscribe(services: Services, source: Source) -> str | None:
    """Registers the hook that means "poll now"; the Subscription's reference, None where the server cannot, or is not
    polled, or where we have no address that it could reach. Repeating it changes nothing."""
    if not source.is_ehr or services.public_url is None or source.hook_path is None or source.hook_secret is None:
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


def _probed(ehr: Ehr, source: Source) -> Mapping[str, object]:
    capability = ehr.probe()
    missing = ", ".join(type_ for type_ in must_offer(source) if type_ not in types_in(capability))
    if missing:
        raise CannotDo(f"Source {source.slug}: its CapabilityStatement does not offer {missing}; it was not added.")
    return capability


def _count(ehr: Ehr, type_: str) -> Check:
    try:
        return Check(f"{type_} count", is_good=True, words=str(ehr.count(type_)))
    except MilepostError as error:
        # OpenEMR 8.2 does not count what it lets us read, which is nobody's fault.
        is_uncounted = isinstance(error, CannotDo) and not isinstance(error, SwitchedOff)
        words = f"not counted: {error}" if is_uncounted else str(error)
        return Check(f"{type_} count", is_good=is_uncounted, words=words)

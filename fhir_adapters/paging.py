"""The pages of one search, oldest change first: by keyset where the server can, else by its `next` links.

Keyset: ask for what changed at or after the last stamp that was read (`ge`, for `gt` skips siblings of that stamp), and
within that stamp go on by `_offset`. A whole bulk load can carry one single stamp. Each page begins with the last
resource of the page before, its anchor: when another one stands there, a sibling was changed or deleted meanwhile and
the rest has moved up by one, so the stamp is read again from its beginning. Nothing is skipped; what comes twice is the
caller's to drop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from fhir_adapters.http import LARGEST_PAGE, FhirHttp, Params, Reply, Resource
from fhir_adapters.mapping import stamp_of, version_of
from fhir_adapters.servers.base import Server
from plugin.domain.errors import NotFhir, ServerBusy, TooLarge

T = TypeVar("T")

MOST_PAGES = 50_000
"""Of one walk; more is a server that never ends."""
MOST_RESTARTS = 20
FEW = 10
"""A page of fewer is the last one: no server caps its pages below this. Any other may have been cut short by a cap that
is lower than what we asked for, so the next page is asked for, to see."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for: a type, and parameters beside those of paging (the source's own filter among them)."""

    type: str
    params: Mapping[str, str | list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RawPage:
    """One page as it came. `keys` (``id/version``) and `stamps` stand beside `resources`; a key is None where the server
    gives no version or no stamp. `served_at` is the server's clock."""

    resources: Sequence[Resource]
    keys: Sequence[str | None]
    stamps: Sequence[datetime | None]
    served_at: datetime | None
    is_last: bool


def walk(http: FhirHttp, server: Server, search: Search, since: datetime | None) -> Iterator[RawPage]:
    """All pages of what changed at or after a moment; of everything without one."""
    return _by_keyset(http, server, search, since) if server.keyset else _by_links(http, server, search, since)


def one_ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items (pages); while one is worked on, the next is fetched. Never more than one ahead: memory stays
    flat."""
    return ahead([items])


def ahead(streams: Iterable[Iterator[T]]) -> Iterator[T]:
    """The items of all streams, one stream after the other. While one is worked on, the next of its stream is fetched,
    and at the same time the first of the stream that follows: never more than these two."""
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="feed") as fetcher:
        begun = ((stream, fetcher.submit(next, stream, None)) for stream in streams)
        coming = next(begun, None)
        while coming is not None:
            (stream, first), coming = coming, next(begun, None)
            while (item := first.result()) is not None:
                first = fetcher.submit(next, stream, None)
                yield item


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a walk by keyset stands: what the next page begins with."""

    low: datetime | None
    offset: int = 0
    anchor: tuple[str, str] | None = None

    def after(self, found: Sequence[Resource], stamps: Sequence[datetime | None]) -> _Place:
        last = stamps[-1]
        if last is None or last == self.low:
            return _Place(self.low, self.offset + len(found) - 1, _identity(found[-1]))
        siblings = next((n for n, stamp in enumerate(reversed(stamps)) if stamp != last), len(stamps))
        return _Place(last, siblings - 1, _identity(found[-1]))

    def params(self) -> dict[str, str]:
        made = {"_sort": "_lastUpdated,_id"}
        if self.low is not None:
            made["_lastUpdated"] = f"ge{fhir_instant(self.low)}"
        if self.offset:
            made["_offset"] = str(self.offset)
        return made


def _by_keyset(http: FhirHttp, server: Server, search: Search, since: datetime | None) -> Iterator[RawPage]:
    place, restarts = _Place(since), 0
    few = min(FEW, server.page_size)
    for _ in range(MOST_PAGES):
        reply = _asked(http, server, search, place.params())
        found = _resources(reply, search.type)
        if place.anchor is not None and (not found or _identity(found[0]) != place.anchor):
            restarts += 1
            if restarts > MOST_RESTARTS:
                raise ServerBusy(f"{search.type} at {http.base_url} changes faster than it can be read.")
            place = _Place(place.low)
            continue
        stamps = [stamp_of(resource) for resource in found]
        skip = 0 if place.anchor is None else 1
        is_last = len(found) == skip or (len(found) < few and http.next_link(reply.resource) is None)
        yield _page(found[skip:], stamps[skip:], reply.served_at, is_last)
        if is_last:
            return
        place = place.after(found, stamps)
    raise _endless(http, search)


def _by_links(http: FhirHttp, server: Server, search: Search, since: datetime | None) -> Iterator[RawPage]:
    params = {"_sort": "_lastUpdated"}
    if since is not None:
        params["_lastUpdated"] = f"ge{fhir_instant(since)}"
    reply = _asked(http, server, search, params)
    visited: set[str] = set()
    while len(visited) < MOST_PAGES:
        found = _resources(reply, search.type)
        link = http.next_link(reply.resource)
        yield _page(found, [stamp_of(resource) for resource in found], reply.served_at, link is None)
        if link is None:
            return
        if link in visited:
            break
        visited.add(link)
        reply = http.read(link, headers=server.search_headers)
    raise _endless(http, search)


def _endless(http: FhirHttp, search: Search) -> TooLarge:
    return TooLarge(f"The pages of {search.type} at {http.base_url} go in a circle, or do not end.")


def _asked(http: FhirHttp, server: Server, search: Search, params: Mapping[str, str]) -> Reply:
    asked: Params = {**search.params, **params, "_count": str(server.page_size)}
    return http.read(search.type, asked, server.search_headers)


def _resources(reply: Reply, type_: str) -> list[Resource]:
    """The resources of the type that was asked for: a server may add others, and words (OperationOutcome)."""
    bundle = reply.resource
    entries = bundle.get("entry", [])
    if bundle.get("resourceType") != "Bundle" or not isinstance(entries, list):
        raise NotFhir(f"A search for {type_} was answered with no Bundle.")
    if len(entries) > LARGEST_PAGE:
        raise TooLarge(f"A page of {len(entries):,} entries of {type_} was refused.")
    found = (entry.get("resource") for entry in entries if isinstance(entry, dict))
    return [resource for resource in found if isinstance(resource, dict) and resource.get("resourceType") == type_]


def _page(
    found: Sequence[Resource], stamps: Sequence[datetime | None], served_at: datetime | None, is_last: bool
) -> RawPage:
    keys = [None if stamp is None else _key(resource) for resource, stamp in zip(found, stamps, strict=True)]
    return RawPage(found, keys, stamps, served_at, is_last)


def _key(resource: Resource) -> str | None:
    """Without a version nobody can tell whether this one was read already."""
    id_, version = resource.get("id"), version_of(resource)
    return f"{id_}/{version}" if version else None


def _identity(resource: Resource) -> tuple[str, str]:
    return str(resource.get("id")), version_of(resource)


def fhir_instant(stamp: datetime) -> str:
    """As servers want it in a query: in UTC with Z (a plus sign would have to be escaped), to the millisecond, or finer
    where the server's own stamps are."""
    digits = "milliseconds" if stamp.microsecond % 1000 == 0 else "microseconds"
    return stamp.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=digits) + "Z"

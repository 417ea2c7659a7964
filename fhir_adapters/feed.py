"""What changed at a source, type by type: from a cursor to pages of facts, each with the cursor that follows it.

Everything stored with a page's cursor is never lost, and a crash repeats at most the page that was under way. Deletions
do not show in any search: `references` is what the nightly reconciliation compares with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from fhir_adapters.http import FhirHttp, Resource
from fhir_adapters.mapping import Mapped, MappingRules, map_resource, version_of
from fhir_adapters.paging import RawPage, Search, ahead, one_ahead, walk
from fhir_adapters.position import Position
from fhir_adapters.servers.base import Server
from plugin.domain.errors import NotFhir, Refused
from plugin.domain.record import Fact
from plugin.domain.source import Cursor, Page, SetAside

ESSENTIAL = frozenset({"Patient", "CarePlan"})
"""Without these there is nothing to track; of any other type a server may know nothing, or not let us see it."""

_NOT_OFFERED = frozenset({403, 404, 405, 501})
_NOT_FOR_US = "this server does not offer the type to us"
_FRESH = {"Cache-Control": "no-cache"}


class _Fetched(NamedTuple):
    """A page as it came; None where the server does not offer the type."""

    type: str
    position: Position
    page: RawPage | None


class Feed:
    """One source. `search_filter` is added to every search, for practices that share a server."""

    def __init__(
        self, http: FhirHttp, server: Server, rules: MappingRules, search_filter: Mapping[str, str] | None = None
    ) -> None:
        self._http = http
        self._server = server
        self._rules = rules
        self._filter = dict(search_filter or {})

    def pages(self, type_: str, cursor: Cursor) -> Iterator[Page]:
        """What changed since the cursor, and the rest of a pass that was cut short. There is always a last page, also
        without facts: its cursor ends the pass. A type that the server does not offer is one page that says so."""
        return self.pages_of({type_: cursor})

    def pages_of(self, cursors: Mapping[str, Cursor]) -> Iterator[Page]:
        """The same of several types, one type after the other. While a page is worked on, the one after it is fetched,
        and the first of the next type."""
        for type_, position, raw in ahead(self._fetched(type_, cursor) for type_, cursor in cursors.items()):
            if raw is None:
                yield Page(type=type_, set_aside=(SetAside(type_, "", _NOT_FOR_US),))
            else:
                fresh = position.take(raw)
                yield self.mapped(type_, fresh, position.cursor(is_last=raw.is_last))

    def _fetched(self, type_: str, cursor: Cursor) -> Iterator[_Fetched]:
        position = Position(cursor, self._server.overlap)
        try:
            for raw in walk(self._http, self._server, self._search(type_), position.low):
                yield _Fetched(type_, position, raw)
        except Refused as refusal:
            if type_ in ESSENTIAL or refusal.status_code not in _NOT_OFFERED:
                raise
            yield _Fetched(type_, position, None)

    def references(self, type_: str) -> Iterator[Sequence[tuple[str, str]]]:
        """(``Type/id``, version) of everything that is there now."""
        search = self._search(type_, {"_elements": "id,meta"})
        for raw in one_ahead(walk(self._http, self._server, search, None)):
            yield [(f"{type_}/{resource.get('id')}", version_of(resource)) for resource in raw.resources]

    def count(self, type_: str) -> int:
        """The server's own count."""
        found = self._http.get(type_, {**self._filter, "_summary": "count"}, _FRESH).get("total")
        if not isinstance(found, int):
            raise NotFhir(f"{type_} at {self._http.base_url} could not be counted: the answer has no total.")
        return found

    def search(self, type_: str, params: Mapping[str, str | list[str]]) -> Iterator[Sequence[Resource]]:
        """What else is looked for, as it came: under the source's filter, page by page, always the present state.
        Nothing of a type that the server does not offer."""
        try:
            for raw in walk(self._http, self._server, self._search(type_, params), None):
                yield raw.resources
        except Refused as refusal:
            if refusal.status_code not in _NOT_OFFERED:
                raise

    def mapped(self, type_: str, resources: Sequence[Resource], cursor: Cursor | None = None) -> Page:
        """Facts of raw resources; what cannot be mapped is set aside, and stops nothing."""
        facts: list[Fact] = []
        aside: list[SetAside] = []
        left_out: dict[str, int] = {}
        for resource in resources:
            found = map_resource(resource, self._rules, left_out)
            if isinstance(found, Mapped):
                facts.append(found.fact)
            else:
                aside.append(found)
        return Page(
            type=type_,
            facts=tuple(facts),
            set_aside=tuple(aside),
            left_out=left_out,
            read=len(resources),
            cursor=cursor,
        )

    def _search(self, type_: str, params: Mapping[str, str | list[str]] | None = None) -> Search:
        """Both the filter and the search may use one parameter (`_tag`): then both must hold."""
        both: dict[str, str | list[str]] = dict(self._filter)
        for name, value in (params or {}).items():
            known = both.get(name)
            both[name] = value if known is None else [*_listed(known), *_listed(value)]
        return Search(type_, both)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value

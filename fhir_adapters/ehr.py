"""One source as the use cases see it: the port `Ehr`, over FHIR."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from fhir_adapters import lookup
from fhir_adapters.capability import Capability, from_json, probe
from fhir_adapters.feed import Feed
from fhir_adapters.http import FhirHttp
from fhir_adapters.mapping import MappingRules, Raw, stamp_of
from fhir_adapters.resources import Polled, polled
from fhir_adapters.servers import server_of
from fhir_adapters.writeback import Names, subscribe
from fhir_adapters.writing import FhirWriting
from plugin.domain.record import Coding
from plugin.domain.source import Cursor, Page, Source

_FED = tuple(row.name for row in polled(Polled.EVERY, Polled.BY_CODE) if not row.elements)
"""What the feed reads, in the order of a first sweep. A type of which we want some elements only (notes) is read where
a program names it."""

_FOLLOWED = tuple(row.name for row in polled(Polled.ON_DEMAND) if not row.elements and row.name != "Provenance")
"""What a plan refers to and no sweep reads as a whole."""


class FhirEhr(FhirWriting):
    """See plugin/usecases/ports.py; the writing half is `FhirWriting`. `names` are the systems under which Milepost writes
    and finds its own; `overlap` is how far a poll reaches back, where the installation says something else than the kind of
    server. `seen` says when a version came to be, where that is known better than by the server's stamp."""

    def __init__(
        self,
        http: FhirHttp,
        source: Source,
        names: Names | None = None,
        *,
        overlap: timedelta | None = None,
        seen: Callable[[Raw], datetime | None] | None = None,
    ) -> None:
        names = names or Names()
        kind = server_of(source.kind)
        self._server = kind if overlap is None else replace(kind, overlap=overlap)
        self._capability = None if source.capability is None else from_json(source.capability)
        rules = rules_of(
            http.base_url,
            names,
            aliases=source.link_aliases,
            seen=seen or (stamp_of if self._stamps_changes() else _never),
        )
        super().__init__(http, Feed(http, self._server, rules, source.search_filter), names, rules)

    @property
    def types(self) -> Sequence[str]:
        return tuple(type_ for type_ in _FED if type_ not in self.not_offered)

    @property
    def followed(self) -> Sequence[str]:
        known: Capability | None = self._capability
        return tuple(type_ for type_ in _FOLLOWED if known is None or type_ in known.types)

    @property
    def not_offered(self) -> Sequence[str]:
        """Types of the feed that the server does not have, by its own account; unknown before it was probed."""
        known: Capability | None = self._capability
        return () if known is None else tuple(type_ for type_ in _FED if type_ not in known.types)

    def probe(self) -> Mapping[str, object]:
        return probe(self._http, self._server).as_json()

    def pages(self, type_: str, cursor: Cursor) -> Iterator[Page]:
        return self._feed.pages(type_, cursor)

    def pages_of(self, cursors: Mapping[str, Cursor]) -> Iterator[Page]:
        return self._feed.pages_of(cursors)

    def read(self, refs: Sequence[str]) -> Iterator[Page]:
        return lookup.by_reference(self._feed, refs)

    def ordered(self, codes: Sequence[Coding]) -> Iterator[Page]:
        return lookup.ordered(self._feed, self.types, codes)

    def read_patient(self, patient: str, since: date | None) -> Iterator[Page]:
        return lookup.of_patient(self._feed, self.types, patient, since)

    def references(self, type_: str) -> Iterator[Sequence[tuple[str, str]]]:
        return self._feed.references(type_)

    def count(self, type_: str) -> int:
        return self._feed.count(type_)

    def subscribe(self, endpoint: str, secret: str) -> str | None:
        if self._capability is not None and not self._capability.subscription:
            return None
        return subscribe(self._http, self._names, endpoint, secret=secret, types=self.types)

    def _stamps_changes(self) -> bool:
        if self._capability is not None:
            return self._capability.change_stamp
        return self._server.change_stamp is True


def rules_of(
    base_url: str,
    names: Names,
    *,
    aliases: Sequence[str] = (),
    seen: Callable[[Raw], datetime | None] = stamp_of,
) -> MappingRules:
    """How what a server says is mapped, and what of it is ours."""
    return MappingRules(
        resolve=resolver(base_url, aliases),
        ours_tag_system=names.system("tag"),
        identifier_base=f"{names.base}/",
        seen=seen,
    )


def resolver(base_url: str, aliases: Sequence[str] = ()) -> Callable[[str], str | None]:
    """References of a source: those under its own base (or another name of it) become ``Type/id``, and versions are
    left off; what leads elsewhere stays."""
    bases = tuple(f"{base.rstrip('/')}/" for base in (base_url, *aliases))

    def resolve(reference: str) -> str:
        if "/_history/" in reference:
            reference = reference.partition("/_history/")[0]
        if reference.startswith(bases):
            return next(reference.removeprefix(base) for base in bases if reference.startswith(base))
        return reference

    return resolve


def _never(_raw: Raw) -> datetime | None:
    """Where `meta.lastUpdated` is no change stamp, a fact came to be when we first saw it."""
    return None

"""A Bundle in a file -> facts, with references resolved as FHIR says for Bundles (SEMANTICS O11, O12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, cast

import orjson

from fhir_adapters.mapping import MAPPERS, Mapped, MappingRules, Raw, map_resource, stamp_of, version_of
from plugin.domain.errors import BadBundle
from plugin.domain.record import CarePlan, Fact

_BOM = b"\xef\xbb\xbf"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class BundleFacts:
    """`warnings` say what was left out, and why: one line each, without what the chart says."""

    facts: tuple[Fact, ...]
    warnings: tuple[str, ...]


class _Entry(NamedTuple):
    """An entry that counts: its resource, and how it is named."""

    place: int
    ref: str
    raw: Raw
    full_url: str | None


def read_bundle(
    text: bytes,
    *,
    tag_system: str = "https://milepost.example/tag",
    identifier_base: str = "https://milepost.example/",
) -> BundleFacts:
    """The facts of a Bundle of any type. Raises BadBundle for what is no Bundle at all, in one line."""
    entries, warnings = _entries(_bundle(text))
    names = _Names(entries)
    rules = MappingRules(resolve=names.resolve, ours_tag_system=tag_system, identifier_base=identifier_base)
    left_out: dict[str, int] = {}
    facts: list[Fact] = []
    for entry in _newest(entries):
        mapped = map_resource(entry.raw, rules, left_out, entry.ref)
        if not isinstance(mapped, Mapped):
            warnings.append(f"{_shown(entry.ref)}: left out, {mapped.reason}")
        elif isinstance(mapped.fact, CarePlan) and mapped.fact.subject is None:
            warnings.append(f"{_shown(entry.ref)}: left out, it names no patient")
        else:
            facts.append(mapped.fact)
    warnings += [f"left out: {reason}" + (f" ({n} times)" if n > 1 else "") for reason, n in sorted(left_out.items())]
    return BundleFacts(tuple(facts), tuple(warnings))


def _bundle(text: bytes) -> Raw:
    parsed, problem = _parsed(text.removeprefix(_BOM))
    if problem:
        raise BadBundle(problem)
    if not isinstance(parsed, dict):
        raise BadBundle("The input is JSON, but no object; a FHIR R4 Bundle was expected.")
    type_ = parsed.get("resourceType")
    if type_ != "Bundle":
        found = f"a {type_}" if isinstance(type_, str) and type_.isalpha() and len(type_) < 40 else "no FHIR resource"
        raise BadBundle(f"The input is {found}; a FHIR R4 Bundle was expected.")
    if not isinstance(parsed.get("entry"), list | None):
        raise BadBundle("The Bundle's entry is not a list.")
    return cast(Raw, parsed)


def _parsed(text: bytes) -> tuple[object, str]:
    """The value, or what is wrong. The parser's own error holds the whole chart, so it goes no further than here."""
    try:
        return orjson.loads(text), ""
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg:
            return None, "The input is nested too deeply for a FHIR R4 Bundle."
        where = f"line {error.lineno}, column {error.colno}"
        return None, f"The input is not JSON ({where}); a FHIR R4 Bundle in JSON was expected."


def _entries(bundle: Raw) -> tuple[list[_Entry], list[str]]:
    """What counts, with names. A DELETE says nothing; neither does a type that Milepost does not read."""
    found: list[_Entry] = []
    warnings: list[str] = []
    for place, entry in enumerate(cast("list[object]", bundle.get("entry") or [])):
        if not isinstance(entry, dict):
            warnings.append(f"Bundle.entry[{place}]: left out, not an object")
            continue
        request, raw = entry.get("request"), entry.get("resource")
        if isinstance(request, dict) and request.get("method") == "DELETE":
            continue
        if not isinstance(raw, dict) or not isinstance(raw.get("resourceType"), str):
            warnings.append(f"Bundle.entry[{place}]: left out, it holds no resource")
            continue
        url = entry.get("fullUrl")
        full_url = url if isinstance(url, str) and url.strip() else None
        if raw["resourceType"] in MAPPERS:
            found.append(_Entry(place, _name(raw, full_url, place), cast(Raw, raw), full_url))
    return found, warnings


def _name(raw: Raw, full_url: str | None, place: int) -> str:
    """Its id, else the id in its fullUrl, else its place: ``CarePlan/entry[3]``."""
    id_ = raw.get("id")
    if isinstance(id_, str) and id_.strip():
        return f"{raw['resourceType']}/{id_}"
    last = "" if full_url is None else full_url.partition("/_history/")[0].rstrip("/").rpartition("/")[2]
    return f"{raw['resourceType']}/{last.rpartition(':')[2] or f'entry[{place}]'}"


def _newest(entries: list[_Entry]) -> Iterator[_Entry]:
    """Of entries with the same type and id the newest: by stamp, then version, then place. In the order of places."""
    newest: dict[str, _Entry] = {}
    for entry in entries:
        known = newest.get(entry.ref)
        if known is None or _age(entry) >= _age(known):
            newest[entry.ref] = entry
    yield from sorted(newest.values(), key=lambda entry: entry.place)


def _age(entry: _Entry) -> tuple[datetime, int]:
    version = version_of(entry.raw)
    return stamp_of(entry.raw) or _LONG_AGO, int(version) if version.isdecimal() else 0


class _Names:
    """What the references of a Bundle mean."""

    def __init__(self, entries: list[_Entry]) -> None:
        self._by_url: Mapping[str, str] = {_bare(entry.full_url): entry.ref for entry in entries if entry.full_url}
        self._refs = frozenset(entry.ref for entry in entries)

    def resolve(self, reference: str) -> str:
        """By fullUrl, else by type and id, with or without a base; a version is ignored. What is not in the Bundle stays
        as given."""
        bare = _bare(reference)
        by_url = self._by_url.get(bare)
        if by_url is not None:
            return by_url
        type_and_id = "/".join(bare.rsplit("/", 2)[-2:])
        return type_and_id if type_and_id in self._refs else bare


def _bare(reference: str) -> str:
    return reference.partition("/_history/")[0]


def _shown(ref: str) -> str:
    """A name for a warning: one line, and not a long one."""
    return "".join(character for character in ref if character.isprintable())[:120]

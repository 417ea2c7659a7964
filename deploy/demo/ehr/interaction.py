"""What a request to a FHIR server would do: which type, which of create, read, update, delete and search.

https://hl7.org/fhir/R4/http.html, and the letters of
https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_TYPE = re.compile(r"[A-Z][A-Za-z]+")
_ID = re.compile(r"(?!\.+$)[A-Za-z0-9\-.]{1,64}")
_ON_TYPE = {"GET": "s", "HEAD": "s", "POST": "c", "PUT": "u", "PATCH": "u", "DELETE": "d"}
_ON_ONE = {"GET": "r", "HEAD": "r", "PUT": "u", "PATCH": "u", "DELETE": "d"}
READING = ("GET", "HEAD")
EVERY = "*"


class NotServed(Exception):
    """An interaction that the proxy does not pass on, whoever asks."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """``type`` is ``*`` for the whole server. ``is_version``: a history, or one old version."""

    type: str
    letter: str
    id: str | None = None
    is_version: bool = False


def interaction(method: str, path: str) -> Interaction:
    """Of a path below the base (``Task/1``). Raises NotServed: operations, and what is no FHIR."""
    steps = path.split("/") if path else []
    if steps in ([], ["_history"]) and method in READING:
        return Interaction(EVERY, "s", is_version=bool(steps))
    if not steps or not _TYPE.fullmatch(steps[0]):
        raise NotServed("This interaction is not served here.")
    return _below(method, steps)


def _below(method: str, steps: Sequence[str]) -> Interaction:
    type_, rest = steps[0], steps[1:]
    if rest == ["_history"] and method in READING:
        return Interaction(type_, "s", is_version=True)
    if rest == ["_search"] and method in ("GET", "POST"):
        return Interaction(type_, "s")
    if not rest and method in _ON_TYPE:
        return Interaction(type_, _ON_TYPE[method])
    if rest and not _ID.fullmatch(rest[0]):
        raise NotServed("This interaction is not served here.")
    if len(rest) == 1 and method in _ON_ONE:
        return Interaction(type_, _ON_ONE[method], rest[0])
    if len(rest) == 2 and method in READING and _TYPE.fullmatch(rest[1]):
        return Interaction(rest[1], "s")  # a search in a compartment
    if rest[1:2] == ["_history"] and len(rest) <= 3 and method in READING and all(map(_ID.fullmatch, rest[2:])):
        return Interaction(type_, "r", rest[0], is_version=True)
    raise NotServed("This interaction is not served here.")


def of_bundle(bundle: Mapping[str, Any]) -> Iterator[Interaction]:  # Any: JSON
    """Each interaction of a transaction or batch; a conditional one searches as well. Raises NotServed."""
    entries = bundle.get("entry", [])
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") not in ("transaction", "batch"):
        raise NotServed("Only a transaction or a batch may be posted to the base.")
    for entry in entries if isinstance(entries, list) else ():
        yield from _of_entry(entry)


def _of_entry(entry: object) -> Iterator[Interaction]:
    asked = entry.get("request") if isinstance(entry, dict) else None
    method, url = (asked.get("method"), asked.get("url")) if isinstance(asked, dict) else (None, None)
    if not isinstance(asked, dict) or not isinstance(method, str) or not isinstance(url, str):
        raise NotServed("An entry of the Bundle says nothing of its request.")
    parts = urlsplit(url)
    if parts.scheme or parts.netloc:
        raise NotServed("An entry's address must be relative to the base.")
    found = interaction(method, parts.path.strip("/"))
    yield found
    if asked.get("ifNoneExist") or (parts.query and found.letter in "ud"):
        yield Interaction(found.type, "s")

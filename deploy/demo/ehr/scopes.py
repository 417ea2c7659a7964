"""SMART scopes (App Launch 2.2): read, cut down to what a client may have, and asked whether they allow something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LETTERS = "cruds"
PLAIN = ("openid", "fhirUser", "profile", "launch", "launch/patient", "online_access", "offline_access")
_RESOURCE = re.compile(r"(patient|system)/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?|read|write|\*)")
_FIRST_VERSION = {"read": "rs", "write": "cud", "*": LETTERS}


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be done (a subset of ``cruds``) with one type, or with every type (``*``)."""

    context: str
    type: str
    letters: str

    def __str__(self) -> str:
        return f"{self.context}/{self.type}.{self.letters}"

    def covers(self, type_: str) -> bool:
        """Whether it speaks of that type; ``*`` is only covered by ``*``."""
        return self.type in ("*", type_)


def read(word: str) -> Scope | None:
    """A scope for resources, of either version; None for anything else, also for letters in a wrong order."""
    found = _RESOURCE.fullmatch(word)
    if found is None or not found[3]:
        return None
    return Scope(found[1], found[2], _FIRST_VERSION.get(found[3], found[3]))


def granted(asked: str, allowed: Iterable[str], context: str) -> tuple[str, ...]:
    """The part of what was asked for that a client may have, in the order asked; the rest is left out, as OAuth says.
    ``context`` is ``patient`` where a person is there, ``system`` where none is."""
    may = list(allowed)
    kept = (_cut_down(word, may, context) for word in asked.split())
    return tuple(dict.fromkeys(word for word in kept if word))


def allows(scopes: Iterable[str], context: str, type_: str, letter: str) -> bool:
    """Whether one of these scopes allows that interaction with that type."""
    found = [scope for word in scopes if (scope := read(word))]
    return any(scope.context == context and scope.covers(type_) and letter in scope.letters for scope in found)


def _cut_down(word: str, allowed: Sequence[str], context: str) -> str | None:
    asked = read(word)
    if asked is None:
        return word if word in allowed and word in PLAIN and context == "patient" else None
    if asked.context != context:
        return None
    letters = "".join(letter for letter in asked.letters if allows(allowed, context, asked.type, letter))
    return str(Scope(context, asked.type, letters)) if letters else None

"""The scopes of OpenEMR 8.2: which it knows, and what they allow.

``scopes.txt`` holds those of its openid-configuration, in its order (recording 003).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

Context = Literal["system", "user", "patient"]
CONTEXTS: tuple[Context, ...] = ("system", "user", "patient")
"""The stronger first: with several a call is made in the first that allows it."""
V1 = {"read": "rs", "write": "cud"}
BARE_RESOURCE_SCOPES = ("cruds", "read", "write")
_RESOURCE_SCOPE = re.compile(
    r"(?P<context>system|user|patient)/(?P<resource>[A-Za-z_]+)\.(?P<letters>read|write|c?r?u?d?s?)(?P<part>\?.*)?"
)


class Allowance(NamedTuple):
    """A scope about a resource, read: ``user/Patient.read`` -> user, Patient, {r, s}."""

    context: str
    resource: str
    letters: frozenset[str]

    @property
    def subject(self) -> tuple[str, str]:
        """Context and resource."""
        return self.context, self.resource


def allowance(scope: str) -> Allowance | None:
    """None: it is no scope about a resource (``openid``, ``launch``), or about an operation (``.$export``)."""
    found = _RESOURCE_SCOPE.fullmatch(scope)
    if found is None or not found["letters"]:
        return None
    letters = V1.get(found["letters"], found["letters"])
    return Allowance(found["context"], found["resource"], frozenset(letters))


def words(scopes: object) -> list[str]:
    """Those of a request's ``scope``, in its order, each once."""
    return list(dict.fromkeys(scopes.split())) if isinstance(scopes, str) else []


def contexts(scopes: Iterable[str], resource: str, letter: str) -> Context | None:
    """The strongest context in which one of the scopes allows this call."""
    allowing = {
        one.context for one in map(allowance, scopes) if one and one.resource == resource and letter in one.letters
    }
    return next((context for context in CONTEXTS if context in allowing), None)


@functools.cache
def _stock() -> tuple[str, ...]:
    return tuple((Path(__file__).parent / "scopes.txt").read_text(encoding="utf-8").split())


class KnownScopes:
    """Those of a stock OpenEMR, and of resources that its modules add (recordings 386 and 393: ``Task``)."""

    def __init__(self, modules: Sequence[str] = ()) -> None:
        added = (
            f"{context}/{resource}.{letters}"
            for resource in modules
            for context in CONTEXTS
            for letters in BARE_RESOURCE_SCOPES
        )
        self.all = (*_stock(), *added)
        self._letters: dict[tuple[str, str], set[str]] = {}
        for one in filter(None, map(allowance, self.all)):
            self._letters.setdefault(one.subject, set()).update(one.letters)

    @property
    def without_system(self) -> tuple[str, ...]:
        """OpenEMR 8.2's smart-configuration lists no ``system/`` scope, its openid-configuration does (recording 002)."""
        return tuple(scope for scope in self.all if not scope.startswith("system/"))

    def is_known(self, scope: str) -> bool:
        """A list's own, or one whose letters the resource has under another spelling: ``user/ServiceRequest.read``,
        ``user/Appointment.rs`` (recordings 006 and 026), but not ``user/Task.read`` (010 and 027)."""
        one = allowance(scope)
        if scope in self.all or one is None or "?" in scope:
            return scope in self.all
        return one.letters <= self._letters.get(one.subject, set())

    def unknown(self, scopes: Iterable[str]) -> str | None:
        """The first that it does not know: one kills the whole request."""
        return next((scope for scope in scopes if not self.is_known(scope)), None)


@functools.cache
def known_scopes(modules: tuple[str, ...] = ()) -> KnownScopes:
    """Those of an OpenEMR with these modules' resources."""
    return KnownScopes(modules)


def registered(asked: Iterable[str], of_client: Collection[str]) -> list[str]:
    """What is left of the asked ones: OpenEMR 8.2 drops what the client did not register without a word (recordings 034,
    061 and 312)."""
    owned = [one for one in map(allowance, of_client) if one]
    return [scope for scope in asked if scope in of_client or _is_covered(scope, owned)]


def _is_covered(scope: str, owned: Sequence[Allowance]) -> bool:
    one = allowance(scope)
    if one is None or "?" in scope:
        return False
    letters = frozenset[str]().union(*(other.letters for other in owned if other.subject == one.subject))
    return one.letters <= letters


def of_asked_resources(asked: Sequence[str], of_client: Sequence[str]) -> list[str]:
    """What a silent launch grants: every registered scope of a resource of which anything was asked, in the order of the
    registration (OpenEMR 8.2, recording 340: ``user/patient.write`` for ``user/patient.read``)."""
    subjects = {one.subject for one in map(allowance, asked) if one}

    def is_granted(scope: str) -> bool:
        one = allowance(scope)
        return scope in asked or (one is not None and one.subject in subjects)

    return [scope for scope in of_client if is_granted(scope)]


def answered(scopes: Iterable[str]) -> str:
    """``scope`` of a token answer: OpenEMR 8.2 leaves the ``api:`` scopes out there."""
    return " ".join(scope for scope in scopes if not scope.startswith("api:"))

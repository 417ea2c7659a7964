"""Which scopes are asked for, and whether what was granted is enough. Pure.

v2 (``patient/Patient.r``) where the server knows it, v1 (``patient/Patient.read``) where it says that it knows only
that. https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from fhir_adapters.smart import openemr
from fhir_adapters.smart.discovery import Configuration
from plugin.domain.rights import FOR_PANEL, Right

_LAUNCH = frozenset({"launch", "launch/patient"})
_ALWAYS = ("openid", "fhirUser")
_WHERE_OFFERED = ("online_access",)
"""A refresh token for as long as the person is there; one that outlives them is not asked for."""
_RESOURCE = re.compile(r"(?P<context>patient|user|system)/(?P<type>\*|[A-Za-z]+)\.(?P<may>[a-z]+|\*)")
_V2 = re.compile(r"c?r?u?d?s?")
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}

_IN_V1 = {"r": "read", "rs": "read", "cruds": "*"}
"""What v1 calls the permissions that Milepost asks for."""


def for_launch(own: Sequence[str], known: Configuration, *, is_standalone: bool) -> tuple[str, ...]:
    """``own`` are those of the issuer's record, and replace ours. The panel reads one resource with the person's token,
    the patient: everything else it shows is ours, and is written with our own rights."""
    first = "launch/patient" if is_standalone else "launch"
    if own:
        return (first, *(scope for scope in own if scope not in _LAUNCH))
    if known.is_openemr:
        return (first, *openemr.negotiated(FOR_PANEL, known.scopes))
    offered = [scope for scope in _WHERE_OFFERED if not known.scopes or scope in known.scopes]
    return (first, *_ALWAYS, *offered, *spelled([("patient", "Patient", "r")], known))


def spelled(rights: Iterable[tuple[str, str, str]], known: Configuration) -> list[str]:
    """Rights (context, type, ``cruds``) in the version that the server knows."""
    if knows_v2(known):
        return [f"{context}/{type_}.{may}" for context, type_, may in rights]
    return [f"{context}/{type_}.{_IN_V1[may]}" for context, type_, may in rights]


def knows_v2(known: Configuration) -> bool:
    """By its capabilities, else by the scopes that it lists; a server that says nothing of either is taken for one of
    STU 2."""
    if known.capabilities & {"permission-v2", "permission-v1"}:
        return "permission-v2" in known.capabilities
    found = [match["may"] for scope in known.scopes if (match := _RESOURCE.fullmatch(scope.partition("?")[0]))]
    return not found or any(may not in _V1 for may in found)


def missing(granted: Collection[str]) -> tuple[str, ...]:
    """What the panel cannot do without and was not granted, in words."""
    return () if any(_reads_patient(scope) for scope in granted) else ("reading the patient",)


def lacking(needed: Iterable[Right], granted: Collection[str]) -> tuple[str, ...]:
    """What cannot be done, in words, because its right was not granted; a server may answer 200 and grant nothing at all
    (OpenEMR 8.2, recordings 060, 061)."""
    return tuple(
        f"cannot {right.means}: {right.scope} was not granted"
        for right in needed
        if not any(_holds(scope, right.scope) for scope in granted)
    )


def _holds(granted: str, needed: str) -> bool:
    """Whether one scope allows all that another one does, of the same context, in either version."""
    ours, theirs = _RESOURCE.fullmatch(needed), _RESOURCE.fullmatch(granted)
    if ours is None or theirs is None:
        return False
    is_there = theirs["context"] == ours["context"] and theirs["type"] in ("*", ours["type"])
    return is_there and bool(_letters(theirs["may"])) and _letters(ours["may"]) <= _letters(theirs["may"])


def _letters(may: str) -> frozenset[str]:
    """Nothing for letters that are no permission: a wrong order may be ignored, and so may all of it."""
    letters = _V1.get(may, may)
    return frozenset(letters) if _V2.fullmatch(letters) else frozenset()


def _reads_patient(scope: str) -> bool:
    return _holds(scope, "patient/Patient.r") or _holds(scope, "user/Patient.r")

"""What we author is checked by fhirclient's models, and for the codes that these leave unchecked."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import orjson
from fhirclient.models.communication import Communication
from fhirclient.models.detectedissue import DetectedIssue
from fhirclient.models.device import Device
from fhirclient.models.fhirabstractbase import FHIRValidationError
from fhirclient.models.flag import Flag
from fhirclient.models.provenance import Provenance
from fhirclient.models.subscription import Subscription
from fhirclient.models.task import Task

from plugin.domain.errors import PermanentFailure

Body = dict[str, Any]  # Any: JSON on its way out, built here and checked by the models

_MODELS: Mapping[str, Any] = MappingProxyType(  # Any: fhirclient publishes no types
    {
        "Communication": Communication,
        "DetectedIssue": DetectedIssue,
        "Device": Device,
        "Flag": Flag,
        "Provenance": Provenance,
        "Subscription": Subscription,
        "Task": Task,
    }
)
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", re.ASCII)
_A_DATE = "2000-01-31"
_INSTANT = re.compile(_DATE.pattern + r"T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_AN_INSTANT = "2000-01-31T12:00:00Z"
# The required bindings of what we write (https://hl7.org/fhir/R4/terminologies.html#required). The models take any text.
_CODES: Mapping[tuple[str, str], frozenset[str]] = MappingProxyType(
    {
        ("Communication", "status"): frozenset({"preparation", "in-progress", "not-done", "completed"}),
        ("DetectedIssue", "severity"): frozenset({"high", "moderate", "low"}),
        ("DetectedIssue", "status"): frozenset({"preliminary", "final", "cancelled", "entered-in-error"}),
        ("Device", "status"): frozenset({"active", "inactive"}),
        ("Flag", "status"): frozenset({"active", "inactive", "entered-in-error"}),
        ("Subscription", "status"): frozenset({"requested", "active", "error", "off"}),
        ("Task", "intent"): frozenset({"order", "plan", "proposal"}),
        ("Task", "status"): frozenset(
            {
                "draft",
                "ready",
                "accepted",
                "rejected",
                "in-progress",
                "on-hold",
                "failed",
                "completed",
                "cancelled",
                "entered-in-error",
            }
        ),
    }
)


def checked(type_: str, content: Mapping[str, object]) -> Body:
    """The body of a resource; parts that are None or empty are left out. A PermanentFailure names the resource and the
    element, never a value."""
    body: Body = {"resourceType": type_} | {name: part for name, part in content.items() if part not in (None, [], {})}
    ref = f"{type_}/{body.get('id')}"
    for (of_type, element), allowed in _CODES.items():
        if of_type == type_ and element in body and body[element] not in allowed:
            raise PermanentFailure(f"{ref} was not built: {element} has a code that R4 does not know.")
    if not _is_taken(type_, orjson.dumps(_pattern(body), option=orjson.OPT_SORT_KEYS)):
        raise PermanentFailure(f"{ref} was not built: its content is no valid {type_}.")
    return body


@lru_cache(maxsize=4_096)
def _is_taken(type_: str, pattern: bytes) -> bool:
    """Whether fhirclient's model of the type takes such a body whole, and gives the same back."""
    body = {**orjson.loads(pattern), "resourceType": type_}
    try:
        return bool(_MODELS[type_](body).as_json() == body)
    except FHIRValidationError:
        return False  # the error's text repeats what the model was given


def _pattern(part: object) -> object:
    """A body with every text replaced by one of its kind. The models look at elements, types and the forms of dates
    only, and take half a millisecond, a quarter of what the server needs to store the resource: so they are asked once
    for each pattern, of which there are few, instead of once for each resource."""
    if isinstance(part, dict):
        return {name: _pattern(value) for name, value in part.items()}
    if isinstance(part, list):
        return [_pattern(value) for value in part]
    if not isinstance(part, str):
        return part
    return _A_DATE[: len(part)] if _DATE.fullmatch(part) else (_AN_INSTANT if _INSTANT.fullmatch(part) else "text")

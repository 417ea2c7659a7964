"""The Subscription that Milepost registers for itself: a rest-hook without payload, which means "poll now"."""

from collections.abc import Sequence

from fhir_adapters.http import FhirHttp, Resource
from fhir_adapters.writeback.model import Body, checked
from fhir_adapters.writeback.names import Names
from plugin.domain.errors import NotFound, Refused, Unauthorized
from plugin.domain.writes import derived_id


def subscribe(http: FhirHttp, names: Names, endpoint: str, *, secret: str, types: Sequence[str]) -> str | None:
    """Its reference, the same for the same endpoint; None when the server takes none. One that stands and works is left
    alone, since writing it again would stop it for a moment."""
    wanted = _subscription(names, endpoint, secret, types)
    ref = f"Subscription/{wanted['id']}"
    try:
        if not _stands(_read(http, ref), wanted):
            http.put(ref, wanted)
    except Unauthorized:
        raise
    except Refused:
        return None
    return ref


def _subscription(names: Names, endpoint: str, secret: str, types: Sequence[str]) -> Body:
    """A criterion of several types in brackets is HAPI's own; R4 itself knows searches of one type."""
    return checked(
        "Subscription",
        {
            "id": derived_id("mh", endpoint),
            "meta": names.meta,
            "status": "requested",
            "reason": "Milepost polls when something has changed",
            "criteria": f"[{','.join(types)}]",
            "channel": {"type": "rest-hook", "endpoint": endpoint, "header": [f"Authorization: Bearer {secret}"]},
        },
    )


def _read(http: FhirHttp, ref: str) -> Resource:
    try:
        return http.get(ref)
    except NotFound:
        return {}


def _stands(standing: Resource, wanted: Body) -> bool:
    same = all(standing.get(element) == wanted[element] for element in ("criteria", "channel"))
    return same and standing.get("status") in ("requested", "active")

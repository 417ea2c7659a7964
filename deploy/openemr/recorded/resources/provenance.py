"""Provenance: who wrote something, for whoever asks with ``_revinclude=Provenance:target``."""

from __future__ import annotations

from deploy.openemr.recorded.resources.shape import TERMINOLOGY, Json, Scene, concept, reference

_US_CORE_TYPE = "http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type"
_PARTICIPANT = f"{TERMINOLOGY}provenance-participant-type"


def provenance(scene: Scene, one: Json) -> Json:
    """The author, on behalf of the practice, which passes it on (recording 130)."""
    type_, id_ = one["resourceType"], f"{one['resourceType']}-PSK-{one['id']}"
    practice = scene.organization()
    author = one.get("author", practice)
    agents = (
        (concept(_PARTICIPANT, "author", "Author"), author),
        (concept(_US_CORE_TYPE, "transmitter", "Transmitter"), practice),
    )
    return {
        "id": id_,
        "resourceType": "Provenance",
        "target": [reference(type_, one["id"])],
        "recorded": one["meta"]["lastUpdated"],
        "agent": [{"type": kind, "who": who, "onBehalfOf": practice} for kind, who in agents],
    }

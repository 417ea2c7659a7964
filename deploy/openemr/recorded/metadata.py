"""/fhir/metadata: what OpenEMR 8.2 says that it can do. It says nothing of its version, nor of what modules add."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from deploy.openemr.recorded.resources.shape import US_CORE, Json

_HL7 = "http://hl7.org/fhir/"
_SMART = "http://fhir-registry.smarthealthit.org/StructureDefinition/capabilities"
_CAPABILITIES = [
    "launch-ehr",
    "context-passthrough-banner",
    "context-ehr-patient",
    "context-passthrough-style",
    "sso-openid-connect",
    "client-confidential-symmetric",
    "permission-user",
    "context-standalone-patient",
    "launch-standalone",
    "permission-patient",
    "permission-offline",
    "client-public",
]
_SERVICE = {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service"} | dict.fromkeys(
    ("code", "display"), "SMART-on-FHIR"
)


def metadata(fhir_base: str, today: date) -> Json:
    """The CapabilityStatement."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": today.isoformat(),
        "kind": "instance",
        "instantiates": [
            "http://hl7.org/fhir/us/core/CapabilityStatement/us-core-server",
            "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data",
        ],
        "software": {"name": "OpenEMR"},
        "implementation": {"description": "OpenEMR FHIR API", "url": fhir_base},
        "fhirVersion": "4.0.1",
        "format": ["application/json"],
        "rest": [{"mode": "server", "resource": list(_resources(fhir_base)), "security": _security()}],
    }


def _security() -> Json:
    return {
        "extension": [{"valueCode": code, "url": _SMART} for code in _CAPABILITIES],
        "service": [
            {
                "coding": [_SERVICE],
                "text": "OAuth2 using SMART-on-FHIR profile (see http://docs.smarthealthit.org)",
            }
        ],
    }


def _resources(fhir_base: str) -> Iterator[Json]:
    for head, profiles in _listed():
        name, interactions, parameters, provenance, operations = (part.strip() for part in head.split(";"))
        found: Json = {"type": name, "profile": f"{_HL7}StructureDefinition/{name}"}
        if profiles:
            found["supportedProfile"] = list(profiles)
        found["interaction"] = [{"code": code} for code in interactions.split()]
        found["updateCreate"] = False
        if parameters:
            found["searchInclude"] = ["*"]  # which is not so: any _include empties the answer (recording 129)
        if provenance:
            found["searchRevInclude"] = ["Provenance:target"]
        if parameters:
            pairs = (word.split(":") for word in parameters.split())
            found["searchParam"] = [{"name": name, "type": type_} for name, type_ in pairs]
        if operations:
            found["operation"] = [_operation(word, fhir_base) for word in operations.split()]
        yield found


def _operation(word: str, fhir_base: str) -> Json:
    name, _, definition = word.partition("=")
    return {"name": name, "definition": definition.replace("hl7:", _HL7).replace("BASE", fhir_base)}


@functools.cache
def _listed() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each resource's line, with its profiles."""
    found: list[tuple[str, list[str]]] = []
    for line in (Path(__file__).parent / "capability.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            profile, *versions = line.split()
            address = profile.replace("us:", US_CORE).replace("hl7:", _HL7)
            found[-1][1].extend(address if version == "-" else f"{address}|{version}" for version in versions)
        elif not line.startswith("#"):
            found.append((line, []))
    return tuple((head, tuple(profiles)) for head, profiles in found)

"""R4 JSON -> plugin.domain.record: pure functions, one module per family of resources.

A server's own peculiarities are in `servers/`; what is said here is true of FHIR R4 itself.
"""

from fhir_adapters.mapping.moments import instant
from fhir_adapters.mapping.plain import Raw
from fhir_adapters.mapping.reading import MappingRules, stamp_of, version_of
from fhir_adapters.mapping.resource import MAPPERS, Mapped, map_resource, patients_of

__all__ = [
    "MAPPERS",
    "Mapped",
    "MappingRules",
    "Raw",
    "instant",
    "map_resource",
    "patients_of",
    "stamp_of",
    "version_of",
]

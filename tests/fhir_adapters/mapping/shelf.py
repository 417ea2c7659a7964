"""The fixtures of R4 resources, and how the tests map them."""

from pathlib import Path
from typing import Any

import orjson

from fhir_adapters.ehr import resolver
from fhir_adapters.mapping import Mapped, MappingRules, map_resource
from plugin.domain.record import Fact

FIXTURES = Path(__file__).parents[2] / "fixtures" / "fhir" / "r4"
RULES = MappingRules(resolve=resolver("https://ehr.example/fhir"))
NAMES = tuple(sorted(path.stem for path in FIXTURES.glob("*.json")))


def raw(name: str, /, **changes: object) -> dict[str, Any]:
    """A fixture as it came, with elements exchanged; None takes one away."""
    resource: dict[str, Any] = orjson.loads((FIXTURES / f"{name}.json").read_bytes())
    resource.update(changes)
    return {element: value for element, value in resource.items() if value is not None}


def mapped(resource: object, left_out: dict[str, int] | None = None) -> Fact:
    """The fact, where there must be one."""
    found = map_resource(resource, RULES, {} if left_out is None else left_out)
    assert isinstance(found, Mapped), found
    return found.fact

"""The description of launch and panel is true: of every route, whatever is sent to it."""

import json
import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS
from schemathesis.core.result import Ok

from plugin.api.access import Access, decision
from plugin.app import create_app
from tests.architecture.house import ROOT
from tests.builders import World
from tests.tabs import OURS, Browser, shown

DESCRIPTION = json.loads((ROOT / "ui_extension" / "panel" / "openapi.json").read_text())
OPERATIONS = [f"{method.upper()} {path}" for path, methods in DESCRIPTION["paths"].items() for method in methods]
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


def test_every_route_is_described(world: World) -> None:
    """A new one is added here with what it may answer."""
    app = create_app(world.services)
    served = {
        f"{method} {re.sub(r'<(?:[^:>]*:)?([^>]*)>', '{}', rule.rule)}"
        for rule in app.url_map.iter_rules()
        if decision(app, rule.endpoint) in (Access.LAUNCH, Access.PANEL)
        for method in (rule.methods or set()) - {"HEAD"}
    }

    assert {re.sub(r"{[^}]*}", "{}", operation) for operation in OPERATIONS} == served


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_route_answers_as_it_is_described(world: World, operation: str) -> None:
    """With a session that is open, and whatever else: never with a fault, and never with what is not described."""
    world.sweep()
    app = create_app(world.services)
    schema = schemathesis.openapi.from_dict(DESCRIPTION)
    schema.app = app
    found = next(
        each.ok() for each in schema.get_all_operations() if isinstance(each, Ok) and each.ok().label == operation
    )
    checks = CHECKS.get_by_names(list(CHECKED))

    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=found.as_strategy())
    def ask(case: Any) -> None:  # Any: schemathesis' own kind of case
        opened = Browser(app.test_client()).enter() if "security" in found.definition.raw else None
        headers = {"Origin": OURS, **(shown(opened["token"]) if opened else {})}
        case.validate_response(case.call(headers=headers), checks=checks)

    ask()

"""The golden cases, as people ask them: through ``evaluate`` (tests/cases/README.md)."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from plugin.bootstrap import evaluator
from plugin.usecases.evaluate import evaluate
from tests.golden import Case, cases, faults


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.slug)
def test_a_golden_case_holds(case: Case) -> None:
    """What the case says is true at each of its moments; only the keys that it gives are compared."""
    moments = [datetime.fromisoformat(expected["at"]) for expected in case.expect]

    found = evaluate(evaluator(), json.dumps(case.bundle).encode(), at=moments, zone=ZoneInfo(case.zone))

    for expected, document in zip(case.expect, found.documents, strict=True):
        assert list(faults(expected, document["plans"])) == []  # type: ignore[arg-type]  # the plans of a document
        assert document["zone"] == case.zone


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.slug)
def test_the_order_of_a_bundle_says_nothing(case: Case) -> None:
    """DESIGN §1, 2: the entries backwards, and each of them twice, give the same answer."""
    moments = [datetime.fromisoformat(expected["at"]) for expected in case.expect]
    turned = case.bundle | {"entry": [*reversed(case.bundle["entry"]), *case.bundle["entry"]]}

    one, other = (
        evaluate(evaluator(), json.dumps(bundle).encode(), at=moments, zone=ZoneInfo(case.zone))
        for bundle in (case.bundle, turned)
    )

    assert one.documents == other.documents

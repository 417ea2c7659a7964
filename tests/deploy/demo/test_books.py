"""The demo practice's own books against what Milepost says of it: the generator knows nothing of the tracker."""

import json
from collections import Counter
from datetime import date, datetime, time

import pytest

from deploy.demo.generator.fhir import ZONE
from deploy.demo.generator.stream import generate
from deploy.demo.generator.tally import Tally
from fhir_adapters.bundle import read_bundle
from plugin.catalog.loader import PROGRAM, FileCatalog
from plugin.domain.assess import assess
from plugin.domain.assessment import Assessment, Gap
from plugin.domain.calendar import Practice
from plugin.domain.rules import Rules
from plugin.usecases.evaluate import records_of


def assessed(today: date, patients: int, tally: Tally) -> list[Assessment]:
    """What is true of everybody in the practice at noon; `tally` gets the generator's books."""
    entries = [entry for transaction in generate(today, patients, tally=tally) for entry in transaction["entry"]]
    read = read_bundle(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode())
    assert read.warnings == ()
    catalog = FileCatalog()
    programs = tuple(catalog.program(version) for version in catalog.shipped() if version.kind == PROGRAM)
    now = datetime.combine(today, time(12), ZONE)
    return [assess(record, Rules(Practice(ZONE), programs), now) for record in records_of(read.facts)]


@pytest.mark.parametrize(("today", "patients"), [(date(2026, 6, 15), 340), (date(2026, 11, 1), 63)])
def test_the_patients_with_a_gap_are_those_of_the_generators_books(today: date, patients: int) -> None:
    """As many, and tier by tier: each patient counts by the oldest open gap. Nobody else is told to be late."""
    tally = Tally()

    found = assessed(today, patients, tally)

    tiers = Counter(
        f"tier {max(m.tier for m in gaps)}" if gaps else "none"
        for gaps in ([m for m in one.milestones if m.gap is Gap.OPEN] for one in found)
    )
    assert len(found) == patients - tally.of("patient").get("merged into another", 0)
    assert sum(tiers.values()) - tiers["none"] == tally.with_gap
    assert {name: count for name, count in tiers.items() if name != "none"} == {
        name: count for name, count in tally.of("gap").items() if name != "none"
    }


def test_every_status_and_every_reason_to_look_occurs() -> None:
    """What a visitor of the demo sees: all seven statuses, and people to be asked."""
    found = assessed(date(2026, 6, 15), 340, Tally())

    milestones = [m for one in found for m in one.milestones]
    assert {m.status.value for m in milestones} == {
        "upcoming",
        "ready",
        "scheduled",
        "in-review",
        "on-hold",
        "completed",
        "cancelled",
    }
    assert {"outcome-not-recorded", "awaiting-result", "loose-evidence", "outcome-contradicted", "source-failed"} <= {
        m.reason for m in milestones
    }
    assert {"overdue", "rebook", "record-outcome", "confirm-evidence", "two-missed-in-a-row"} <= {
        effect.what for one in found for effect in one.wanted
    }

"""The demo practice's own books against what Milepost says of it: the generator knows nothing of the tracker."""

import json
from collections import Counter
from datetime import date, datetime, time

import pytest

from deploy.demo.generator.fhir import ZONE
from deploy.demo.generator.stream import generate
from deploy.demo.generator.tally import Tally
from fhir_adapters.bundle import BundleFacts, read_bundle
from plugin.catalog.loader import PROGRAM, FileCatalog
from plugin.domain.assess import assess
from plugin.domain.assessment import Assessment, Gap
from plugin.domain.calendar import Practice
from plugin.domain.goal import goals
from plugin.domain.record import Appointment, CareTeam, Order, Patient
from plugin.domain.rules import Rules
from plugin.domain.score import scores
from plugin.usecases.evaluate import records_of

CATALOG = FileCatalog()
PROGRAMS = tuple(CATALOG.program(version) for version in CATALOG.shipped() if version.kind == PROGRAM)
RULES = Rules(Practice(ZONE), PROGRAMS)


def practice_of(today: date, patients: int, tally: Tally | None = None) -> BundleFacts:
    """The practice as Milepost reads it; `tally` gets the generator's books."""
    entries = [entry for transaction in generate(today, patients, tally=tally) for entry in transaction["entry"]]
    read = read_bundle(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode())
    assert read.warnings == ()
    return read


def at_noon(today: date) -> datetime:
    """In the practice's zone."""
    return datetime.combine(today, time(12), ZONE)


def assessed(today: date, patients: int, tally: Tally) -> list[Assessment]:
    """What is true of everybody in the practice at noon."""
    return [assess(record, RULES, at_noon(today)) for record in records_of(practice_of(today, patients, tally).facts)]


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


@pytest.mark.parametrize("today", [date(2026, 6, 15), date(2026, 11, 1), date(2028, 2, 29)])
def test_the_first_charts_with_a_gap_hold_something_of_everything(today: date) -> None:
    """Whatever the day: what the panel has a section for is seen in the first chart and in the showcase."""
    records = {record.ref: record for record in records_of(practice_of(today, 3).facts)}
    for ref in ("Patient/demo-patient-000000", "Patient/demo-patient-000002"):
        record, found = records[ref], assess(records[ref], RULES, at_noon(today))
        lines = goals(record, ZONE, found.milestones)
        series = scores(record, ZONE)

        assert any(m.gap is Gap.OPEN for m in found.milestones)
        assert {line.title for line in lines} >= {"Blood pressure below 130/80", "Weight at most 88 kg"}
        assert [line.no_change for line in lines].count(True) == 1
        assert any(line.milestones for line in lines)
        assert [(one.instrument, len(one.last_three)) for one in series] == [("PHQ-9", 3), ("GAD-7", 3), ("PCL-5", 3)]
        assert 0 in [point.value for point in series[0].last_three]
        assert (
            len([f for f in record.facts.values() if isinstance(f, Order) and "Referral: " in str(f.concept.text)]) == 3
        )
        teams = [f for f in record.facts.values() if isinstance(f, CareTeam) and f.subject]
        assert all(member.name for team in teams for member in team.members)
        assert teams
        patient = record.facts[ref]
        assert isinstance(patient, Patient)
        assert patient.needs_interpreter is (ref.endswith("2"))


def test_the_showcase_has_phases_and_a_missed_visit() -> None:
    """Its plan is of a program, and the step that is late was cancelled with a reason and then missed."""
    today = date(2026, 6, 15)
    (record,) = [r for r in records_of(practice_of(today, 3).facts) if r.ref.endswith("000002")]

    milestones = assess(record, RULES, at_noon(today)).milestones

    assert [(m.phase_title, m.phase_place) for m in milestones] == [("Start", 1)] * 3 + [("Follow-up", 2)] * 3
    (late,) = [m for m in milestones if m.gap is Gap.OPEN]
    assert [miss.kind for miss in late.missed] == ["noshow"]
    reasons = [f.cancelation_reason for f in record.facts.values() if isinstance(f, Appointment)]
    assert [reason.title for reason in reasons if reason]

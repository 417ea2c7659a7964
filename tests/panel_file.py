"""What is stored of one patient, in few words, and the panel that is made of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from plugin.domain.assessment import EffectKind, Gap, Milestone, Owner, PlanState, Status
from plugin.domain.calendar import Practice
from plugin.domain.ledger import EffectState, LedgerRow
from plugin.domain.panel import OnFile, panel_of
from plugin.domain.panel.view import Panel
from plugin.domain.record import (
    Fact,
    Moment,
    Patient,
    Record,
    Said,
    Statement,
)
from plugin.domain.rules import Rules
from plugin.domain.source import Source
from plugin.domain.tracking import PatientRow, Tracked
from tests.builders import CHICAGO

NOW = datetime(2026, 6, 22, 13, 30, tzinfo=UTC)
TODAY = date(2026, 6, 22)
DUE = date(2026, 6, 10)
ROW = PatientRow(id=1, source_id=1, ref="Patient/p1", next_change_at=None, digest="d")
SOURCE = Source(id=1, slug="main", base_url="https://ehr.test/fhir", last_read_at=NOW - timedelta(seconds=40))
PATIENT = Patient(
    ref="Patient/p1", name="Test-Rivera, Ana", birth_date=Moment("1961-06-22"), mrn="DEMO-00412", language="es"
)


def a_step(key: str = "k1", **changes: object) -> Milestone:
    """An HbA1c that was due on ``DUE``, 12 days ago."""
    step = Milestone(
        key=key,
        plan="CarePlan/c1",
        title="HbA1c",
        source=f"ServiceRequest/{key}",
        iteration=1,
        status=Status.READY,
        reason=None,
        owner=Owner("Practitioner/cho", None, "Task.owner"),
        opens=date(2026, 5, 1),
        due=DUE,
        due_from="ServiceRequest.occurrencePeriod.end",
        due_precision="day",
        days_past_due=12,
        tier=2,
        gap=Gap.OPEN,
        refs=(f"ServiceRequest/{key}",),
    )
    return replace(step, **changes)  # type: ignore[arg-type]  # fields of a Milestone


def on_time(key: str = "k2", **changes: object) -> Milestone:
    """A step whose day has not come."""
    return a_step(key, **{"due": date(2026, 7, 15), "days_past_due": 0, "tier": 0, "gap": Gap.NONE, **changes})


def a_file(
    *steps: Milestone,
    facts: tuple[Fact, ...] = (),
    said: tuple[Statement, ...] = (),
    roles: tuple[str, ...] = ("coordinator",),
    plan: PlanState | None = None,
    **changes: object,
) -> OnFile:
    """What is stored of ``Patient/p1``."""
    state = plan or PlanState(plan="CarePlan/c1", patient="Patient/p1", status="active", stage="follow-ups")
    file = OnFile(
        record=Record.of("Patient/p1", "main", (PATIENT, *facts), said),
        source=SOURCE,
        asked_for="Patient/p1",
        reader="Practitioner/cho",
        tracked=Tracked(row=ROW, assessed_at=NOW),
        rules=Rules(Practice(CHICAGO)),
        roles=roles,
        now=NOW,
        stale_after=timedelta(hours=2),
        plans=(replace(state, milestones=steps),),
        versions={step.key: f"version-{step.key}" for step in steps},
        names={"Practitioner/cho": "M. Test Cho"},
    )
    return replace(file, **changes)  # type: ignore[arg-type]  # fields of an OnFile


def shown(*steps: Milestone, **given: object) -> Panel:
    """The panel of it."""
    return panel_of(a_file(*steps, **given))  # type: ignore[arg-type]  # keywords of a_file


def an_effect(tier: int, kind: EffectKind, state: EffectState, **changes: object) -> LedgerRow:
    """A step of the ladder in the episode of ``DUE``."""
    row = LedgerRow(
        id=tier,
        key=f"k1|{DUE.isoformat()}|tier-{tier}|overdue",
        kind=kind,
        what="overdue",
        state=state,
        patient_id=1,
        source_id=1,
        milestone="k1",
        tier=tier,
        role="coordinator",
        changed_at=datetime(2026, 6, 18, 13, tzinfo=UTC),
    )
    return replace(row, **changes)  # type: ignore[arg-type]  # fields of a LedgerRow


def a_contact(id_: str = "s1", at: datetime = NOW - timedelta(days=10), **more: object) -> Statement:
    """Somebody was called."""
    said = Statement(id=id_, said=Said.CONTACT, by="Practitioner/cho", at=at, milestone="k1", outcome="left-message")
    return replace(said, **more)  # type: ignore[arg-type]  # fields of a Statement

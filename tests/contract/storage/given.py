"""Synthetic sources, facts, assessments and outcomes, with what a test cares about as keywords."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from plugin.domain.assessment import Assessment, Effect, EffectKind, Gap, Milestone, Owner, PlanState, Status
from plugin.domain.issuer import ClientAuth, Issuer
from plugin.domain.launch import PanelSession
from plugin.domain.ledger import LedgerChange
from plugin.domain.record import Activity, CarePlan, Coding, Concept, Detail, Event, Fact, Moment
from plugin.domain.source import Source
from plugin.domain.tracking import Outcome, PatientRow
from plugin.usecases.ports import Database

NOW = datetime(2026, 6, 16, 12, tzinfo=UTC)
TODAY = date(2026, 6, 16)
LATER = NOW + timedelta(hours=1)
HBA1C = Coding("http://loinc.org", "4548-4", "Hemoglobin A1c")


def a_source(**changes: Any) -> Source:
    """A source that is not stored yet."""
    return replace(Source(id=0, slug="clinic", base_url="https://ehr.example/fhir"), **changes)


def an_issuer(**changes: Any) -> Issuer:
    """An EHR's authorization server that is not stored yet, of the source ``clinic``."""
    issuer = Issuer(
        id=0,
        slug="ehr",
        fhir_base="https://ehr.example/fhir",
        source="clinic",
        client_id="milepost",
        client_auth=ClientAuth.PUBLIC,
        oidc_issuer="https://ehr.example",
        ehr_origins=("https://ehr.example",),
        allowed_hosts=("ehr.example",),
    )
    return replace(issuer, **changes)


def a_session(**changes: Any) -> PanelSession:
    """An open panel of ``Patient/p1``."""
    session = PanelSession(
        launch="launch-1",
        issuer="ehr",
        source_id=1,
        patient="Patient/p1",
        person_id=1,
        who="Practitioner/n1",
        name="Demo-Nurse",
        roles=("coordinator",),
        scopes=("patient/Patient.r",),
        opened_at=NOW,
        ends_at=LATER,
    )
    return replace(session, **changes)


def a_result(number: int | str = 1, version: str = "1", **changes: Any) -> Event:
    """An Observation."""
    event = Event(
        ref=f"Observation/o{number}",
        version=version,
        seen=NOW - timedelta(days=1),
        subject="Patient/p1",
        status="final",
        concepts=(Concept((HBA1C,), "HbA1c"),),
        start=Moment("2026-06-15"),
    )
    return replace(event, **changes)


def a_care_plan(number: int | str = 1, version: str = "1", **changes: Any) -> CarePlan:
    """A CarePlan with one inline activity."""
    plan = CarePlan(
        ref=f"CarePlan/c{number}",
        version=version,
        seen=NOW - timedelta(days=1),
        subject="Patient/p1",
        status="active",
        start=Moment("2026-01-01"),
        activities=(Activity(0, detail=Detail(concept=Concept((HBA1C,)))),),
    )
    return replace(plan, **changes)


def kept(*facts: Fact, patients: Sequence[str] = ("Patient/p1",)) -> list[tuple[Fact, Sequence[str]]]:
    """Facts with the patients for whom they are kept."""
    return [(fact, patients) for fact in facts]


def a_step(key: str = "k1", **changes: Any) -> Milestone:
    """A milestone, overdue by a day on ``TODAY``."""
    step = Milestone(
        key=key,
        plan="CarePlan/c1",
        title="HbA1c",
        source="CarePlan/c1#activity[0]",
        iteration=1,
        status=Status.READY,
        reason=None,
        owner=Owner(None, "coordinator", "fallback"),
        opens=date(2026, 6, 1),
        due=date(2026, 6, 15),
        due_from="activity.detail.scheduledPeriod.end",
        due_precision="day",
        days_past_due=1,
        tier=1,
        gap=Gap.OPEN,
        why=("due 2026-06-15 by activity.detail.scheduledPeriod.end",),
        codes=("http://loinc.org|4548-4",),
    )
    return replace(step, **changes)


def a_plan(*steps: Milestone, **changes: Any) -> PlanState:
    """A plan as assessed."""
    plan = PlanState(plan="CarePlan/c1", patient="Patient/p1", status="active", stage="assignment", milestones=steps)
    return replace(plan, **changes)


def an_effect(key: str = "e1", **changes: Any) -> Effect:
    """A work item that is wanted at once."""
    return replace(
        Effect(key=key, kind=EffectKind.WORK, what="overdue", patient="Patient/p1", milestone="k1"), **changes
    )


def a_write(content: str = "one", key: str = "w1", **changes: Any) -> Effect:
    """A write, with a content of one word."""
    return an_effect(key, kind=EffectKind.WRITE, what="task", content={"word": content}, **changes)


def an_outcome(row: PatientRow, *plans: PlanState, **changes: Any) -> Outcome:
    """A changed assessment; ``create``, ``skip``, ``withdraw`` and ``renew`` go into the ledger."""
    parts = {name: changes.pop(name) for name in ("create", "skip", "withdraw", "renew") if name in changes}
    next_change_at = changes.pop("next_change_at", None)
    assessment = Assessment(patient=row.ref, plans=plans, next_change_at=next_change_at)
    outcome = Outcome(row=row, assessment=assessment, digest="d1", unchanged=False, ledger=LedgerChange(**parts))
    return replace(outcome, **changes)


def tracked(database: Database, source: Source, *refs: str) -> list[PatientRow]:
    """Patients made tracked, as rows; each is due now."""
    with database.begin() as unit:
        unit.patients.track(source, refs, NOW, read_back=False)
        unit.commit()
        rows = {row.ref: row for row in unit.patients.claim_due(NOW, 100)}
    return [rows[ref] for ref in refs]


def saved(database: Database, *outcomes: Outcome, now: datetime = NOW) -> None:
    """Stores outcomes."""
    with database.begin() as unit:
        unit.plans.save(outcomes, now)
        unit.commit()

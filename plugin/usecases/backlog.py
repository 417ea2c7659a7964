"""The backlog: plans that were overdue when their source was first read send no message by themselves (DESIGN §5).

They become one work item for each patient, so many a working day, until someone releases them or no gap is left open.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from plugin.domain.assessment import Assessment, Effect, EffectKind, Gap
from plugin.domain.calendar import ONE_DAY, Practice
from plugin.domain.record import Record, Said
from plugin.domain.tracking import PatientRow

A_DAY = 50
"""Patients a working day, for the practice as a whole."""
FIRST_READ = "first read"
"""Under this name a source's cursors keep when its first complete reading ended."""

_ROLE = "coordinator"


def is_in_backlog(row: PatientRow, record: Record, assessment: Assessment, first_read: datetime | None) -> bool:
    """Whether the patient belongs to it now. At first sight: one who was found while the source was first read (until
    then nobody moved ``next_change_at``) and has an open gap."""
    if not any(milestone.gap is Gap.OPEN for milestone in assessment.milestones) or _is_released(record):
        return False
    if row.digest:
        return row.backlog
    return first_read is not None and row.next_change_at is not None and row.next_change_at <= first_read


def with_backlog(assessment: Assessment, key: str, at: datetime) -> Assessment:
    """The same, with one work item in place of the messages to the patient."""
    wanted = [effect for effect in assessment.wanted if effect.kind is not EffectKind.MESSAGE]
    gaps = [milestone.title for milestone in assessment.milestones if milestone.gap is Gap.OPEN]
    item = Effect(
        key=key,
        kind=EffectKind.WORK,
        what="backlog",
        patient=assessment.patient,
        at=at,
        role=_ROLE,
        content={"title": "backlog", "steps": gaps},
    )
    return replace(assessment, wanted=(*wanted, item))


def backlog_key(slug: str, patient: str) -> str:
    """Of the one work item."""
    return f"{slug}|{patient}|backlog"


def turn_of(place: int, practice: Practice, now: datetime) -> datetime:
    """The morning of the one in this place (from 0), so many a day."""
    morning = practice.staff_morning(now)
    for _ in range(place // A_DAY):
        morning = practice.staff_morning(practice.start_of(practice.day(morning) + ONE_DAY))
    return morning


def _is_released(record: Record) -> bool:
    undone = {statement.target for statement in record.statements if statement.said is Said.UNDO}
    return any(s.said is Said.RELEASE_BACKLOG and s.id not in undone for s in record.statements)

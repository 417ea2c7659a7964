"""What Milepost's own database says of the demo, where its commands do not: which gaps are open, what waits for a
person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Select, create_engine, func, select

from plugin.domain.assessment import Gap
from plugin.domain.companion import LinkState
from plugin.domain.ledger import EffectState
from plugin.storage.sink_tables import companion_link
from plugin.storage.tables import effect, milestone, patient

Gaps = Mapping[str, list[date | None]]
"""When the open gaps of a patient, as the EHR knows them, were due."""


def open_gaps(database: Path) -> Gaps:
    """By patient."""
    query = select(patient.c.ref, milestone.c.due).join(milestone, milestone.c.patient_id == patient.c.id)
    found: defaultdict[str, list[date | None]] = defaultdict(list)
    for ref, due in _rows(database, query.where(milestone.c.gap == Gap.OPEN.value)):
        found[ref].append(due)
    return found


def waits_for_a_link(database: Path) -> int:
    """How much could not be written because its patient is not linked to the companion store."""
    waiting = select(companion_link.c.patient_ref).where(companion_link.c.state == LinkState.TO_DO.value)
    query = select(func.count()).select_from(effect).join(patient, patient.c.id == effect.c.patient_id)
    refused = query.where(effect.c.state == EffectState.FAILED.value, patient.c.ref.in_(waiting))
    ((count,),) = _rows(database, refused)
    return int(count)


def _rows(database: Path, query: Select[Any]) -> list[Any]:  # Any: rows of whatever columns
    engine = create_engine(f"sqlite:///{database}")
    try:
        with engine.connect() as connection:
            return list(connection.execute(query))
    finally:
        engine.dispose()

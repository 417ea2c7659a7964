"""Explain one patient: what is true at this moment, and why each milestone is as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.domain.assess import assess
from plugin.domain.assessment import Assessment
from plugin.domain.errors import UnknownName
from plugin.domain.record import Statement
from plugin.domain.source import Source
from plugin.usecases.rules import rules_for
from plugin.usecases.services import Services

_WAIT = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The assessment at a moment, what people said, and the source it comes from."""

    source: Source
    at: datetime
    assessment: Assessment
    statements: tuple[Statement, ...]


def explain(services: Services, patient: str, source: Source | None = None) -> Explanation:
    """Assesses the patient anew, as the next tick would, and stores nothing. Raises UnknownName when nobody tracks the
    patient. Without a source, the only one that does."""
    ref = patient if "/" in patient else f"Patient/{patient}"
    now = services.clock()
    with services.database.begin() as uow:
        candidates = [source] if source else uow.sources.all()
        tracking = [each for each in candidates if uow.patients.tracked(each, [ref])]
        if not tracking:
            raise UnknownName(f"{ref} is not tracked: there is no plan, or its source was not read yet.")
        if len(tracking) > 1:
            raise UnknownName(f"{ref} is in several sources; say which: {', '.join(each.slug for each in tracking)}.")
        row = uow.patients.lock(tracking[0], ref, _WAIT)
        record = uow.patients.records([row])[0]
        assessment = assess(record, rules_for(services, uow, tracking[0], now), now)
    return Explanation(source=tracking[0], at=now, assessment=assessment, statements=tuple(record.statements))

"""Whether what an open panel shows is still what stands: one quick look at our own tables, and every few minutes the
question to the EHR whether the person is still let in."""

from __future__ import annotations

from dataclasses import dataclass

from plugin.domain.errors import SessionEnded
from plugin.domain.launch import PanelSession
from plugin.domain.panel import version_of
from plugin.usecases.panel_session import check_with_ehr
from plugin.usecases.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """``version`` is the panel's, as it would be made now; ``ends_in`` is in seconds, if nobody does anything."""

    version: str
    patient: str
    ends_in: int


def pulse(services: Services, session: PanelSession, token: str) -> Pulse:
    """Raises SessionEnded when it ends at this very moment."""
    check_with_ehr(services, token, session)
    until = services.launches.idle_until(token)
    if until is None:
        raise SessionEnded("This panel session has ended.")
    now = services.clock()
    left = min(until, session.ends_at) - now
    with services.database.begin(reading=True) as uow:
        source = uow.sources.by_id(session.source_id)
        tracked = uow.patients.look(source, session.patient)
    today = services.practice.day(now)
    version = version_of(tracked, source, now, today=today, stale_after=services.stale_after)
    return Pulse(version=version, patient=session.patient, ends_in=max(0, int(left.total_seconds())))

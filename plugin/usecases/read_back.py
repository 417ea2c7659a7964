"""Read a patient back: all of the chart from the plan's start on, before the patient is assessed (again)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from plugin.domain.errors import PermanentFailure
from plugin.domain.source import SetAside, Source
from plugin.usecases.ingest import ingest
from plugin.usecases.rules import rules_for
from plugin.usecases.services import Services

_AT_ONCE = 50


def read_back_waiting(services: Services, source: Source, progress: Callable[[int], None] | None = None) -> int:
    """Reads back every patient who waits for it; how many. One whose chart the server refuses goes on waiting, set aside
    with the reason: half a chart would make gaps that are none."""
    done = 0
    refused: set[str] = set()
    while True:
        with services.database.begin(reading=True) as uow:
            waiting = uow.patients.waiting_for_read_back(source, _AT_ONCE + len(refused))
        left = [(ref, since) for ref, since in waiting if ref not in refused]
        if not left:
            return done
        for ref, since in left:
            try:
                read_back(services, source, ref, since)
            except PermanentFailure as error:
                refused.add(ref)
                _set_aside(services, source, SetAside(ref, "", str(error)))
            else:
                done += 1
            if progress:
                progress(done)


def read_back(services: Services, source: Source, ref: str, since: date | None) -> None:
    """Reads one patient, and the records that were merged into this one."""
    began = services.clock()
    with services.database.begin(reading=True) as uow:
        rules = rules_for(services, uow, source, began)
        replaced = uow.patients.replaced_by(source, ref)
    looks_back = any(m.before_plan_start for program in rules.programs for m in program.milestones)
    for record in (ref, *replaced):
        for page in services.ehr(source).read_patient(record, None if looks_back else since):
            ingest(services, source, page)
    with services.database.begin() as uow:
        uow.patients.read_back_done(source, ref, began=began, now=services.clock())
        uow.sources.clear_aside(source, [ref])
        uow.commit()


def _set_aside(services: Services, source: Source, record: SetAside) -> None:
    with services.database.begin() as uow:
        uow.sources.set_aside(source, [record], services.clock())
        uow.commit()

"""Read one patient afresh, because somebody looks: at every launch, and before a patient is shown for the first
time."""

from __future__ import annotations

from plugin.domain.errors import BadInput
from plugin.domain.permissions import Action, Data, check_can
from plugin.domain.reader import PageReader
from plugin.domain.record import Patient
from plugin.domain.source import Source
from plugin.usecases.ingest import ingest
from plugin.usecases.read_back import read_back
from plugin.usecases.reassess import reassess
from plugin.usecases.services import Services
from plugin.usecases.show_panel import write_down


def read_patient(services: Services, patient_id: int) -> None:
    """Reads the chart, and assesses what is new in it. Nothing for a patient who is not tracked any more, or whose source
    is paused. Doing it twice changes nothing."""
    with services.database.begin(reading=True) as uow:
        found = uow.patients.reading_of(patient_id)
        if found is None:
            return
        source_id, ref, since = found
        source = uow.sources.by_id(source_id)
    if source.paused:
        return
    read_back(services, source, ref, since)
    reassess(services, services.clock(), patient_id=patient_id)


def read_chart_now(services: Services, reader: PageReader) -> None:
    """Somebody at the patient's page does not want to wait for the next poll. One audit row of theirs. BadInput while
    nothing is read there; what the EHR refuses, or does not answer, is told as it is."""
    check_can(reader.roles, Action.READ, Data.PLAN)
    with services.database.begin(reading=True) as uow:
        source = uow.sources.by_id(reader.source_id)
        is_tracked = uow.patients.reading_of(reader.patient_id) is not None
    if source.paused or source.leaving:
        raise BadInput("The EHR is paused in Milepost: nothing is read there.")
    if not is_tracked:
        raise BadInput("Nobody follows this patient here any more.")
    write_down(services, reader, source, "read:chart", now=services.clock())
    read_patient(services, reader.patient_id)


def patient_now(services: Services, source: Source, ref: str) -> Patient | None:
    """The patient as the source has it at this moment, which is remembered; None when the source shows no such patient."""
    found: Patient | None = None
    for page in services.ehr(source).read([ref]):
        found = next((fact for fact in page.facts if isinstance(fact, Patient) and fact.ref == ref), found)
        ingest(services, source, page)
    return found


def first_reading(services: Services, source: Source, ref: str) -> None:
    """Tracks and reads a patient of whom nothing was read before, with a plan or without one: somebody looks at this
    chart from now on. A reading that fails leaves a patient who waits for it."""
    with services.database.begin() as uow:
        uow.sources.lock(source)
        uow.patients.track(source, [ref], services.clock(), read_back=True)
        uow.commit()
    read_back(services, source, ref, None)
    with services.database.begin(reading=True) as uow:
        found = uow.patients.look(source, ref)
    if found is not None:
        reassess(services, services.clock(), patient_id=found.row.id)

"""Take down what a person says: a statement about a patient, a plan or a milestone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from plugin.domain.errors import UnknownName
from plugin.domain.record import Patient, Said, Statement
from plugin.domain.source import Source
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.read_back import read_back
from plugin.usecases.rules import rules_for
from plugin.usecases.services import Services

_WAIT = timedelta(milliseconds=500)


def enrol(
    services: Services,
    source: Source,
    patient: str,
    *,
    program: str,
    by: str,
    told: Mapping[str, str] | None = None,
) -> bool:
    """Enrols a patient in a program: a plan of its own begins. False when the patient is enrolled in it already.

    Raises UnknownName when the program is not published, or the source has no such patient.
    """
    now = services.clock()
    with services.database.begin(reading=True) as uow:
        rules = rules_for(services, uow, source, now)
        is_tracked = bool(uow.patients.tracked(source, [patient]))
    known = sorted({each.code for each in rules.programs})
    if program not in known:
        raise UnknownName(f"There is no program {program!r}; published are: {', '.join(known) or 'none'}.")
    if not is_tracked:
        _require_patient(services, source, patient)
    with services.database.begin() as uow:
        uow.sources.lock(source)
        new = uow.patients.track(source, [patient], now, read_back=True)
        statement = _said(uow, source, patient, said=Said.ENROL, target=program, by=by, at=now)
        is_said = statement is not None and uow.statements.add(source, patient, statement, now, told=told)
        uow.commit()
    if new:
        read_back(services, source, patient, services.practice.day(now))
    return is_said


def _require_patient(services: Services, source: Source, patient: str) -> None:
    found = [
        fact.ref for page in services.ehr(source).read([patient]) for fact in page.facts if isinstance(fact, Patient)
    ]
    if patient not in found:
        raise UnknownName(f"Source {source.slug} has no {patient}.")


def _said(
    uow: UnitOfWork, source: Source, patient: str, *, said: Said, target: str, by: str, at: datetime
) -> Statement | None:
    """What is to be said; None when it stands already. The id counts the patient's statements: two who say the same at the
    same moment say it once."""
    uow.patients.lock(source, patient, _WAIT)
    before = uow.statements.of_patient(source, patient)
    undone = {statement.target for statement in before if statement.said is Said.UNDO}
    if any(s.said is said and s.target == target and s.id not in undone for s in before):
        return None
    parts = "\n".join((source.slug, patient, said.value, target, str(len(before))))
    id_ = f"say-{hashlib.sha256(parts.encode()).hexdigest()[:26]}"
    return Statement(id=id_, said=said, by=by, at=at, target=target)

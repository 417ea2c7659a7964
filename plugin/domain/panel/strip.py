"""Who the patient is, and how old what we know is."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from plugin.domain.panel.on_file import OnFile, patient_of
from plugin.domain.panel.view import Day, Freshness, Strip
from plugin.domain.source import Source
from plugin.domain.tracking import Tracked

_MONTHS_UNTIL = 24
"""An infant's age is told in months."""


def strip_of(file: OnFile) -> Strip:
    """The patient strip; hardly more than the reference when no fact about the patient is stored."""
    patient = patient_of(file.record)
    is_merged = file.asked_for != file.record.ref
    if patient is None:
        return Strip(ref=file.asked_for, is_merged=is_merged)
    died = file.day(patient.deceased_at)
    is_dead = patient.deceased if died is None else died.on <= file.today
    born = file.day(patient.birth_date)
    months = _months_between(born, died.on if died and is_dead else file.today)
    return Strip(
        ref=file.asked_for,
        name=patient.name,
        born=born,
        age_years=None if months is None else months // 12,
        age_months=months if months is not None and months < _MONTHS_UNTIL else None,
        mrn=patient.mrn,
        language=patient.language_name or patient.language,
        needs_interpreter=patient.needs_interpreter,
        has_died=is_dead,
        died=died if is_dead else None,
        is_inactive=not patient.active,
        is_merged=is_merged,
    )


def _months_between(born: Day | None, until: date) -> int | None:
    """Whole months; None without a whole date of birth, or with one that lies ahead."""
    if born is None or born.precision != "day" or born.on > until:
        return None
    months = (until.year - born.on.year) * 12 + until.month - born.on.month
    return months - (until.day < born.on.day)


def last_read(source: Source, tracked: Tracked | None) -> datetime | None:
    """When the chart was last read completely: with all others, or this patient alone."""
    readings = [at for at in (source.last_read_at, tracked.read_at if tracked else None) if at]
    return max(readings, default=None)


def is_stale(source: Source, tracked: Tracked | None, now: datetime, stale_after: timedelta) -> bool:
    """DESIGN §5, perceived gaps: it was not read for so long that what is late may have been done since."""
    read_at = last_read(source, tracked)
    return read_at is None or now - read_at > stale_after


def _read_whole(file: OnFile) -> datetime | None:
    """Since when nothing of the chart is older: a poll of a source whose types are read each when it is due has not read
    all of it."""
    alone = file.tracked.read_at if file.tracked else None
    with_all = file.source.last_read_at
    if with_all is not None and file.parts_read_at is not None:
        with_all = min(with_all, file.parts_read_at)
    return max((at for at in (alone, with_all) if at), default=None)


def freshness_of(file: OnFile) -> Freshness:
    """How old what we know is, and whether something failed."""
    if file.is_past:
        return Freshness(is_past=True)
    source, tracked = file.source, file.tracked
    read_at = _read_whole(file)
    return Freshness(
        read_at=file.local(read_at) if read_at else None,
        is_stale=is_stale(source, tracked, file.now, file.stale_after),
        is_being_read=tracked is not None and tracked.waits_since is not None,
        not_assessed=tracked is not None and tracked.failed is not None,
        assessed_at=file.local(tracked.assessed_at) if tracked and tracked.assessed_at else None,
    )

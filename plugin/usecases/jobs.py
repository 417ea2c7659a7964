"""Periodic jobs: remember that one ran, show when each ran and runs next, ask for one now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.domain.audit import AuditEntry
from plugin.domain.errors import UnknownName
from plugin.domain.job import JobRun, Periodic
from plugin.usecases.services import Services

_LATE = 3
"""A job that has not run for so many of its intervals is late."""
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStanding:
    """A periodic job, its last run and its next; ``next_at`` None where nobody knows yet."""

    job: Periodic
    last: JobRun | None
    next_at: datetime | None
    is_late: bool


def remember_run(services: Services, run: JobRun) -> None:
    """That a periodic job has ended."""
    with services.database.begin() as uow:
        uow.job_runs.ran(run)
        uow.commit()


def every_job(services: Services, now: datetime) -> Sequence[JobStanding]:
    """All that run by themselves, in the order in which they are listed for the beat."""
    with services.database.begin(reading=True) as uow:
        runs = {run.name: run for run in uow.job_runs.all()}
    return [_standing(services, job, runs, now) for job in services.jobs.periodic()]


def run_now(services: Services, name: str, *, by: str = "milepost", told: Mapping[str, object] | None = None) -> None:
    """Asks for one, beside its times, and says who did. UnknownName when there is none of that name."""
    known = [job.name for job in services.jobs.periodic()]
    if name not in known:
        raise UnknownName(f"There is no periodic job {name!r}; there is: {', '.join(known)}.")
    asked = AuditEntry(at=services.clock(), who=by, action="run-job", record=f"job/{name}", detail=told or {})
    with services.database.begin() as uow:
        uow.audit.write([asked])
        uow.commit()
    services.jobs.run(name)


def _standing(services: Services, job: Periodic, runs: Mapping[str, JobRun], now: datetime) -> JobStanding:
    last = runs.get(job.name)
    due = _next(services, job, last, now)
    interval = job.every or _A_DAY
    is_late = last is not None and now - last.began > _LATE * interval
    return JobStanding(job=job, last=last, next_at=due, is_late=is_late)


def _next(services: Services, job: Periodic, last: JobRun | None, now: datetime) -> datetime | None:
    if job.every is not None:
        return None if last is None else max(last.began + job.every, now)
    if job.at is None:
        return None
    practice = services.practice
    today = practice.day(now)
    at = practice.at(today, job.at)
    return at if at > now else practice.at(today + _A_DAY, job.at)

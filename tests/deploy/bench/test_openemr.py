"""Tests of the stage that reads an OpenEMR: the clinic's day, and what the figures are called."""

from datetime import UTC, datetime

from deploy.bench.openemr import OpenEmrFigures
from deploy.bench.openemr_clinic import DAY, VISITS_A_DAY, BusyClinic
from deploy.bench.openemr_rows import openemr_part
from deploy.openemr.recorded.clinic import Clinic

FIGURES = OpenEmrFigures(
    patients=500,
    tracked=200,
    requests_per_cycle=12.0,
    most_requests_per_cycle=30,
    requests_per_day=600,
    bytes_per_day=61_000_000,
    first_requests=40,
    first_bytes=9_000_000,
    noticed_p95_s=240.0,
    noticed_median_s=120.0,
    missed=4,
)


def test_the_day_of_a_clinic() -> None:
    """In order, within the day; visits are missed by people with a plan, so that somebody is waited for."""
    busy = BusyClinic(Clinic(clock=lambda: datetime(2026, 11, 18, 3, tzinfo=UTC)))
    busy.fill(30)

    doings = busy.doings()

    assert len(busy.today) == VISITS_A_DAY
    assert [doing.at for doing in doings] == sorted(doing.at for doing in doings)
    assert {doing.at.date() for doing in doings} == {DAY}
    planned = {str(patient.pid) for patient in busy.planned}
    missed = [doing.misses.pc_pid for doing in doings if doing.misses]
    assert len(missed) == VISITS_A_DAY // 10
    assert planned.issuperset(missed)


def test_the_keys_do_not_change() -> None:
    """Requests are for 1,000 patients, however many there were; what is over its bound is a goal missed."""
    part = openemr_part(FIGURES)

    assert part.keys == {"openemr_requests_per_1000": 24.0, "openemr_mb_per_day": 61.0, "openemr_noticed_s": 240}
    assert [row.is_met for row in part.rows] == [True, False, True]

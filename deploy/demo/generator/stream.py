"""The stream of transactions: one patient at a time, so that a hundred thousand need no more memory than ten."""

import re
from collections.abc import Callable, Iterator
from datetime import date

from deploy.demo.generator.chart import Chart, Run
from deploy.demo.generator.fhir import Json
from deploy.demo.generator.layouts import CYCLE, Origin
from deploy.demo.generator.plans import tier_of, write_chart
from deploy.demo.generator.practice import practice_resources
from deploy.demo.generator.showcase import SHOWCASE
from deploy.demo.generator.tally import Tally

DEFAULT_SEED = 20260101
DEFAULT_PATIENTS = 340
MOST_PATIENTS = 100_000
GAP_SHARE = 0.38
ENTRIES = 120  # a transaction is closed by the patient who fills that number


def check_tag(tag: str) -> str:
    """The tag, if it can stand in an id and leaves room for the rest of it."""
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,20}", tag):
        raise ValueError(f"{tag!r} cannot stand in an id; expected up to 20 letters, digits, dots and hyphens")
    return tag


def transaction(resources: list[Json]) -> Json:
    """A transaction of PUTs: every id is given, so that a second load changes nothing."""
    entries = [
        {
            "resource": resource,
            "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
        }
        for resource in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def write_patient(run: Run, number: int, partner: str | None) -> Chart:
    """The chart of one patient; who has a gap is decided so that the share holds at any number of patients."""
    place = CYCLE[number % len(CYCLE)]
    tally = run.tally
    wants_gap = place.may_have_gap and tally.with_gap < GAP_SHARE * (tally.patients + 1)
    chart = Chart(run, number, partner)
    write_chart(chart, wants_gap)
    if number == SHOWCASE:
        tally.showcase = chart.patient
    tally.patients += 1
    tally.with_gap += wants_gap
    tally.add("gap", tier_of(chart.gap_days) if wants_gap else "none")
    return chart


def generate(
    today: date,
    patients: int,
    seed: int = DEFAULT_SEED,
    *,
    tag: str = "",
    tally: Tally | None = None,
    resources: int | None = None,
    enrol: Callable[[str], None] | None = None,
    each: Callable[[Chart], None] | None = None,
) -> Iterator[Json]:
    """Yields transactions; each refers only to itself and to the first one, which is the practice.

    `tally` is filled while the stream is read. With `resources` the stream ends after the patient who fills that
    number. `enrol` is called with the reference of every patient who has to be enrolled by hand, `each` with every chart
    as it is done.
    """
    if tag:
        check_tag(tag)
    run = Run(today, seed, tag, tally if tally is not None else Tally())
    yield transaction(practice_resources(run))
    held: list[Json] = []
    partner: str | None = None
    for number in range(patients):
        if len(held) >= ENTRIES:
            yield transaction(held)
            held, partner = [], None
        chart = write_patient(run, number, partner)
        held.extend(chart.resources)
        partner = chart.patient
        if enrol and CYCLE[number % len(CYCLE)].origin is Origin.ENROLMENT:
            enrol(chart.patient)
        if each:
            each(chart)
        if resources is not None and run.tally.resources >= resources:
            break
    if held:
        yield transaction(held)

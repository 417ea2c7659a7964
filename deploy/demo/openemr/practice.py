"""The demo practice, entered into a recorded OpenEMR: the same patients, plans and days as the HAPI demo loads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from deploy.demo.generator.chart import Chart as WrittenChart
from deploy.demo.generator.chart import Fate
from deploy.demo.generator.fhir import ZONE, Json
from deploy.demo.generator.stream import DEFAULT_SEED, generate
from deploy.demo.generator.tally import Tally
from deploy.demo.openemr.calendar import enter_calendar
from deploy.demo.openemr.chart import Chart, Desk, enter_visits, registered
from deploy.demo.openemr.plans import enter_plan
from deploy.demo.openemr.results import enter_results
from deploy.demo.openemr.staff import add_staff
from deploy.demo.openemr.unsaid import Ledger
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.rows import Patient, User

CLINIC = "Sampleton Chronic Care"


@dataclass(frozen=True)
class Entered:
    """The clinic, and the generator's own books beside it. ``patients`` are by the reference that the practice knows them
    by; ``fates`` are what became of their steps, by the generator's word; ``late`` those of whom one is past due."""

    day: date
    clinic: Clinic
    tally: Tally
    ledger: Ledger
    staff: dict[str, User]
    patients: dict[str, Patient] = field(default_factory=dict)
    fates: dict[str, list[Fate]] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    to_enrol: list[str] = field(default_factory=list)

    @property
    def showcase(self) -> Patient | None:
        """Whose chart holds something of everything."""
        return self.patients.get(self.tally.showcase or "")


@dataclass(frozen=True)
class _Books:
    """The generator's, patient by patient."""

    fates: dict[str, list[Fate]] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    enrol: list[str] = field(default_factory=list)

    def note(self, chart: WrittenChart) -> None:
        """As a chart is done."""
        self.fates[chart.patient] = chart.fates
        if chart.has_gap:
            self.late.add(chart.patient)


def entered(today: date, patients: int, seed: int = DEFAULT_SEED) -> Entered:
    """All of it; the same day and seed make the same clinic, ids included."""
    clinic, tally, ledger = Clinic(zone=ZONE, seed=seed), Tally(), Ledger()
    books = _Books()
    made = generate(today, patients, seed, tally=tally, enrol=books.enrol.append, each=books.note)
    practice = _resources(next(made))
    clinic.furnish(CLINIC)
    staff = dict(add_staff(clinic, practice))
    found = Entered(today, clinic, tally, ledger, staff, fates=books.fates, late=books.late, to_enrol=books.enrol)
    teams = {f"CareTeam/{one['id']}": one for one in practice if one["resourceType"] == "CareTeam"}
    desk = Desk(clinic, found.staff, ledger)
    for transaction in made:
        for chart in _charts(desk, _resources(transaction)):
            enter_plan(chart, teams)
            enter_calendar(chart)
            enter_visits(chart)
            enter_results(chart)
            found.patients[chart.ref] = chart.patient
    return found


def _resources(transaction: Json) -> list[Json]:
    return [entry["resource"] for entry in transaction["entry"]]


def _charts(desk: Desk, resources: list[Json]) -> Iterator[Chart]:
    """A transaction holds whole charts; each begins with its patient."""
    begins = [place for place, one in enumerate(resources) if one["resourceType"] == "Patient"]
    for begin, end in zip(begins, [*begins[1:], len(resources)], strict=True):
        yield registered(desk, {f"{one['resourceType']}/{one['id']}": one for one in resources[begin:end]})

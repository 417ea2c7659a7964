"""A made-up clinic in the recorded OpenEMR: charts, care plans and a full calendar, and what its people do in one
day."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.rows import Appointment, CarePlanRow, Patient, User

DAY = date(2026, 11, 18)
"""The day that is lived through: a Wednesday, with the offset that its spring did not have."""
WITH_A_PLAN = 4
"""Of so many patients in ten, somebody has written a care plan."""
VISITS_A_DAY = 40
BOOKED_A_DAY = 30
PLANS_SAVED_A_DAY = 12
MISSED = 10
"""Each n-th visit of the day, of somebody with a plan, is not kept."""
_BACK, _AHEAD = 60, 90
_VITALS = {"bps": "128", "bpd": "82", "weight": "176", "height": "66", "pulse": "72", "BMI": "28.4"}
_STEPS = (
    ("Repeat HbA1c in 3 months", "LOINC:4548-4", "Hemoglobin A1c"),
    ("Physical therapy, second visit", "SNOMED-CT:91251008", "Physical therapy procedure"),
    ("Follow-up in 6 weeks", "SNOMED-CT:390906007", "Follow-up encounter"),
)


@dataclass(frozen=True)
class Doing:
    """What somebody does, by the clinic's clock; ``misses`` is the visit that is marked as missed by it."""

    at: datetime
    do: Callable[[], object]
    misses: Appointment | None = None


@dataclass
class BusyClinic:
    """The clinic and its people, the same each time."""

    clinic: Clinic
    patients: list[Patient] = field(default_factory=list)
    planned: list[Patient] = field(default_factory=list)
    today: list[Appointment] = field(default_factory=list)
    doctors: list[User] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(11))  # nosec B311  # made-up charts, nothing secret

    def fill(self, patients: int) -> None:
        """So many charts, and a calendar from two months ago to three months ahead."""
        began = datetime.combine(DAY - timedelta(days=400), time(9))
        self.clinic.furnish(at=began)
        self.doctors = [
            self.clinic.add_user(f"doctor{n}", fname="Demo", lname=f"Demo-Doctor-{n}", npi=f"100000000{n}", at=began)
            for n in range(1, 6)
        ]
        for number in range(patients):
            self._chart(number)
        for offset in range(-_BACK, _AHEAD + 1):
            self._calendar(DAY + timedelta(days=offset))

    def doings(self) -> Sequence[Doing]:
        """Everything of the day, in its order."""
        made = [*self._visits(), *self._bookings(), *self._plans()]
        return sorted(made, key=lambda doing: doing.at)

    # ----------------------------------------------------------------------------------------------------- what stands
    def _chart(self, number: int) -> None:
        at = datetime.combine(DAY - timedelta(days=self.chance.randrange(30, 390)), time(10))
        patient = self.clinic.register_patient(
            f"Demo-{number}", "Demo-Patient", dob=date(1950 + number % 50, 1 + number % 12, 1 + number % 28), at=at
        )
        self.patients.append(patient)
        for visit in range(2):
            then = at + timedelta(days=visit * 20)
            self._visit(patient, then)
        if number % 10 < WITH_A_PLAN:
            self.planned.append(patient)
            encounter = self.clinic.open_encounter(patient, at=at, provider=self.doctors[number % 5], updated=at)
            self.clinic.new_care_plan(encounter, list(self._rows(at, 2 + number % 2)), at=at)
            order = self.clinic.order(encounter, "Hemoglobin A1c", code="4548-4", at=at)
            self.clinic.record_result(order, "7.1", units="%", at=at + timedelta(days=2))
            self.clinic.add_problem(patient, "Diabetes", diagnosis="ICD10:E11.9", at=at)

    def _visit(self, patient: Patient, at: datetime) -> None:
        encounter = self.clinic.open_encounter(patient, at=at, provider=self.chance.choice(self.doctors), updated=at)
        self.clinic.record_vitals(encounter, _VITALS, at=at)

    def _rows(self, at: datetime, count: int) -> Iterator[CarePlanRow]:
        for place, (words, code, text) in enumerate(_STEPS[:count]):
            due = at + timedelta(days=60 + 30 * place)
            yield CarePlanRow(description=words, code=code, codetext=text, date=at, proposed_date=due)

    def _calendar(self, day: date) -> None:
        if day.weekday() > 4:
            return
        booked = datetime.combine(min(day, DAY) - timedelta(days=14), time(11))
        for number in range(VISITS_A_DAY if day <= DAY else VISITS_A_DAY // 2):
            who = self.chance.choice(self.planned if number % MISSED == 0 else self.patients)
            hour = time(8 + number // 5, 12 * (number % 5))
            status = ">" if day < DAY else "-"
            made = self.clinic.book(
                who, day=day, start=hour, provider=self.doctors[number % 5], status=status, at=booked
            )
            if day == DAY:
                self.today.append(made)

    # ---------------------------------------------------------------------------------------------------- what happens
    def _visits(self) -> Iterator[Doing]:
        """Marked on the flow board, which moves no stamp of the appointment."""
        charts = {str(patient.pid): patient for patient in self.patients}
        for number, visit in enumerate(self.today):
            begins = datetime.combine(DAY, visit.start)
            if number % MISSED == 0:
                yield Doing(begins + timedelta(minutes=20), _on_board(self.clinic, visit, "?"), misses=visit)
                continue
            yield Doing(begins - timedelta(minutes=5), _on_board(self.clinic, visit, "@"))
            yield Doing(begins, _opened(self, charts[visit.pc_pid], begins))
            yield Doing(begins + timedelta(minutes=30), _on_board(self.clinic, visit, ">"))

    def _bookings(self) -> Iterator[Doing]:
        for number in range(BOOKED_A_DAY):
            at = datetime.combine(DAY, time(8)) + timedelta(minutes=18 * number)
            day = DAY + timedelta(days=self.chance.randrange(1, _AHEAD))
            yield Doing(at, _booked(self.clinic, self.chance.choice(self.patients), day))

    def _plans(self) -> Iterator[Doing]:
        """Saved again, with one line more; saving renumbers all of them."""
        forms = [form for form in self.clinic.forms.values() if form.formdir == "care_plan"]
        for number in range(PLANS_SAVED_A_DAY):
            at = datetime.combine(DAY, time(8, 30)) + timedelta(minutes=41 * number)
            form = self.chance.choice(forms)
            rows = [*self.clinic.care_plan(form), *self._rows(at, 1)]
            yield Doing(at, _saved(self.clinic, form.id, rows))


def _on_board(clinic: Clinic, visit: Appointment, status: str) -> Callable[[], object]:
    return lambda: clinic.mark_on_flow_board(visit, status)


def _opened(busy: BusyClinic, patient: Patient, at: datetime) -> Callable[[], object]:
    return lambda: busy._visit(patient, at)


def _booked(clinic: Clinic, patient: Patient, day: date) -> Callable[[], object]:
    return lambda: clinic.book(patient, day=day, start=time(15))


def _saved(clinic: Clinic, form: int, rows: Sequence[CarePlanRow]) -> Callable[[], object]:
    return lambda: clinic.save_care_plan(clinic.forms[form], rows)

"""The script's acts in the recorded OpenEMR: each by what people click there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from deploy.openemr.recorded.bookings import NO_SHOW
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.rows import Appointment, CarePlanRow, Form, Patient
from tests.live.ten_days import acts
from tests.live.ten_days.acts import Act, Row

ESTABLISHED = 9
"""The calendar's category of a follow-up visit."""
ON_THE_BOARD = {"arrived": "@", "gone": ">", "missed": "?"}
STAFF = ((acts.LEE, "Demo-Lee", "1000000001"), (acts.NORA, "Demo-Nora", None))


@dataclass
class InOpenEmr:
    """One clinic. What was made is remembered by the script's names."""

    clinic: Clinic
    patients: dict[str, Patient] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    visits: dict[str, Appointment] = field(default_factory=dict)

    def open(self) -> None:
        """The practice with its staff, before the first patient."""
        self.clinic.furnish("Harbour Clinic")
        for username, name, npi in STAFF:
            self.clinic.add_user(username, fname="Demo", lname=name, npi=npi, group="Physicians")

    def owners(self) -> dict[str, str]:
        """The script's names of the staff, by the id that they have here."""
        return {user.uuid: user.username for user in self.clinic.users.values()}

    def names(self) -> dict[str, str]:
        """Likewise of the patients."""
        return {patient.uuid: who for who, patient in self.patients.items()}

    def do(self, act: Act) -> None:
        """It is done, now."""
        match act:
            case acts.Book() | acts.Mark() | acts.MarkTheOldWay() | acts.Cancel() | acts.Move() | acts.Remove():
                self._at_the_desk(act)
            case acts.WritePlan() | acts.SavePlan() | acts.DoFirst() | acts.DeletePlan():
                self._in_the_plan(act)
            case acts.Register() | acts.Renumber() | acts.Rename() | acts.Die():
                self._of_the_person(act)
            case acts.See():
                doctor = self.clinic.user_named(acts.LEE)
                self.clinic.open_encounter(self.patients[act.who], reason=act.note, provider=doctor)
            case acts.Result():
                self._result(act)
            case acts.LoadCode():
                self.clinic.add_code(act.code, "snomed", f"snomed-{len(self.clinic.code_tables[act.code])}")
            case acts.Finish() | acts.Assign():
                """There is nothing of the kind here."""

    def _at_the_desk(
        self, act: acts.Book | acts.Mark | acts.MarkTheOldWay | acts.Cancel | acts.Move | acts.Remove
    ) -> None:
        clinic, visits = self.clinic, self.visits
        match act:
            case acts.Book():
                visits[act.visit] = clinic.book(
                    self.patients[act.who],
                    day=act.day,
                    start=act.start,
                    duration=timedelta(minutes=act.minutes),
                    provider=clinic.user_named(acts.LEE),
                    category=ESTABLISHED,
                    is_recurring=act.weekly > 1,
                )
            case acts.Mark():
                clinic.mark_on_flow_board(visits[act.visit], ON_THE_BOARD[act.as_])
            case acts.MarkTheOldWay():
                clinic.edit_appointment(visits[act.visit], category=NO_SHOW)
            case acts.Cancel():
                clinic.cancel(visits[act.visit])
            case acts.Move():
                clinic.move(visits[act.visit], day=act.day, start=act.start)
            case acts.Remove():
                clinic.delete_appointment(visits[act.visit])

    def _in_the_plan(self, act: acts.WritePlan | acts.SavePlan | acts.DoFirst | acts.DeletePlan) -> None:
        match act:
            case acts.WritePlan():
                visit = self.clinic.open_encounter(self.patients[act.who], reason="Care plan")
                self.forms[act.who] = self.clinic.new_care_plan(visit, [_line(row) for row in act.rows])
            case acts.SavePlan():
                goals = [_goal(text, self.clinic.now()) for text in act.goals]
                lines = [_line(row, act.status if place == 0 else "active") for place, row in enumerate(act.rows)]
                self.clinic.save_care_plan(self.forms[act.who], [*lines, *goals])
            case acts.DoFirst():
                self.clinic.set_plan_status(self.forms[act.who], 0, "completed")
            case acts.DeletePlan():
                self.clinic.delete_form(self.forms[act.who])

    def _of_the_person(self, act: acts.Register | acts.Renumber | acts.Rename | acts.Die) -> None:
        clinic, patients = self.clinic, self.patients
        match act:
            case acts.Register():
                patients[act.who] = clinic.register_patient(
                    act.who, f"Sampleton-{act.who}", dob=act.born, pubpid=f"SYN-{act.who}"
                )
            case acts.Renumber():
                patients[act.who] = clinic.change_pid(patients[act.who].pid, 9_000 + patients[act.who].pid)
            case acts.Rename():
                patients[act.who] = clinic.edit_patient(patients[act.who].pid, lname=act.family)
            case acts.Die():
                patients[act.who] = clinic.edit_patient(patients[act.who].pid, deceased=clinic.now())

    def _result(self, act: acts.Result) -> None:
        """In the encounter of the plan."""
        visit = self.clinic.encounters[self.forms[act.who].eid]
        ordered = self.clinic.order(visit, "Blood test", code=act.code, provider=self.clinic.user_named(acts.LEE))
        self.clinic.record_result(ordered, act.value, units="%", at=act.at)


def _line(row: Row, status: str = "active") -> CarePlanRow:
    return CarePlanRow(
        description=row.text,
        code=row.code,
        codetext=row.name,
        date=datetime.combine(row.begins, time(9)),
        proposed_date=datetime.combine(row.due, time()) if row.due else None,
        plan_status=status,
        user=row.by,
    )


def _goal(text: str, now: datetime) -> CarePlanRow:
    return CarePlanRow(description=text, care_plan_type="goal", date=now)

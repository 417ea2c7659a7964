"""Patients, users and facilities of the recorded clinic."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from deploy.openemr.recorded.rows import Facility, Patient, User
from deploy.openemr.recorded.tables import Tables


class Registry(Tables):
    """What the front desk and the administrator do."""

    def add_facility(
        self,
        name: str,
        *,
        number: int | None = None,
        uuid: str | None = None,
        location: str | None = None,
        at: datetime | None = None,
        **more: str,
    ) -> Facility:
        """A place; the first of a stock OpenEMR has the number 3."""
        now = at or self.now()
        found = Facility(
            id=self.number("facility", number if number is not None or self.facilities else 3),
            uuid=uuid or self.mint(),
            location=location or self.mint(),
            name=name,
            created=now,
            updated=now,
            **more,
        )
        self.facilities[found.id] = found
        return found

    def add_user(
        self,
        username: str,
        *,
        lname: str,
        fname: str | None = "",
        npi: str | None = None,
        group: str = "Administrators",
        number: int | None = None,
        uuid: str | None = None,
        at: datetime | None = None,
        **more: Any,  # further columns of User
    ) -> User:
        """Somebody with a login; ``group`` is the ACL group (Administrators, Physicians, Clinicians, Front Office,
        Accounting)."""
        user = User(
            id=self.number("users", number),
            uuid=uuid or self.mint(),
            username=username,
            fname=fname,
            lname=lname,
            npi=npi,
            group=group,
            updated=at or self.now(),
            **more,
        )
        self.users[user.id] = user
        return user

    def register_patient(
        self,
        fname: str,
        lname: str,
        *,
        dob: date,
        pid: int | None = None,
        uuid: str | None = None,
        pubpid: str | None = None,
        at: datetime | None = None,
        **more: Any,  # further columns of Patient
    ) -> Patient:
        """A new chart. Without a chart number of its own ``pubpid`` is the pid (OpenEMR 8.2)."""
        number = self.number("patient", pid)
        now = at or self.now()
        patient = Patient(
            pid=number,
            uuid=uuid or self.mint(),
            pubpid=pubpid or str(number),
            fname=fname,
            lname=lname,
            dob=dob,
            registered=now,
            updated=now,
            **more,
        )
        self.patients[number] = patient
        return patient

    def edit_patient(self, pid: int, **changes: Any) -> Patient:  # columns of Patient
        """Demographics are saved: ``last_updated`` moves, which is what ``_lastUpdated`` of Patient compares."""
        patient = replace(self.patients[pid], updated=self.now(), **changes)
        self.patients[pid] = patient
        return patient

    def delete_patient(self, pid: int) -> None:
        """The row goes, without a tombstone."""
        del self.patients[pid]

    def change_pid(self, pid: int, to: int) -> Patient:
        """A patient gets another number (charts are merged, data are moved): the uuid stays, and what is the patient's
        goes along. The old number may be somebody else's next."""
        if to in self.patients:
            raise ValueError(f"{to} is somebody's")
        patient = replace(self.patients.pop(pid), pid=self.number("patient", to), updated=self.now())
        self.patients[to] = patient
        for table in (
            self.encounters,
            self.forms,
            self.messages,
            self.vitals,
            self.orders,
            self.problems,
            self.documents,
        ):
            _move(table, pid, to)
        _move(self.teams, pid, to)
        self.surveys[:] = [replace(row, pid=to) if row.pid == pid else row for row in self.surveys]
        self.procedures[:] = [replace(row, pid=to) if row.pid == pid else row for row in self.procedures]
        self.answers[:] = [replace(row, pid=to) if row.pid == pid else row for row in self.answers]
        for eid, row in list(self.appointments.items()):
            if row.pid == pid:
                self.appointments[eid] = replace(row, pc_pid=str(to))
        return patient

    def patient_of(self, pid: int) -> Patient | None:
        """By OpenEMR's number; None for 0 and for a number that nobody has."""
        return self.patients.get(pid)

    def patient_with(self, uuid: str) -> Patient | None:
        """By uuid."""
        return next((patient for patient in list(self.patients.values()) if patient.uuid == uuid), None)

    def user_named(self, username: str | None) -> User | None:
        """By login name."""
        return next((user for user in list(self.users.values()) if user.username == username), None)


def _move(table: dict[Any, Any], pid: int, to: int) -> None:  # rows with a pid, of several tables
    for key, row in list(table.items()):
        if row.pid == pid:
            table[key] = replace(row, pid=to)

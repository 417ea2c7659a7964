"""The calendar and the flow board."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from deploy.openemr.recorded.registry import Registry
from deploy.openemr.recorded.rows import Appointment, Patient, User

CATEGORIES = {
    1: ("no_show", "No Show"),
    2: ("in_office", "In Office"),
    3: ("out_of_office", "Out Of Office"),
    4: ("vacation", "Vacation"),
    5: ("office_visit", "Office Visit"),
    8: ("lunch", "Lunch"),
    9: ("established_patient", "Established Patient"),
    10: ("new_patient", "New Patient"),
    11: ("reserved", "Reserved"),
    12: ("health_and_behavioral_assessment", "Health and Behavioral Assessment"),
    13: ("preventive_care_services", "Preventive Care Services"),
    14: ("ophthalmological_services", "Ophthalmological Services"),
}
"""Of a stock calendar: number, constant, name. 1 is the older way to mark a no-show."""
NO_SHOW = 1
OFFICE_VISIT = 5
_WIDTH_OF_PC_PID = 11


class Bookings(Registry):
    """What the front desk does with the calendar."""

    def book(
        self,
        patient: Patient | str | None,
        *,
        day: date,
        start: time,
        duration: timedelta = timedelta(minutes=30),
        provider: User | None = None,
        category: int = OFFICE_VISIT,
        title: str | None = None,
        status: str = "-",
        comment: str = "",
        is_recurring: bool = False,
        facility: int | None = None,
        eid: int | None = None,
        uuid: str | None = None,
        at: datetime | None = None,
        informant: str | None = "1",
    ) -> Appointment:
        """An entry of the calendar, as ``-`` (none) when nobody says otherwise, which FHIR calls ``proposed``. None is a
        provider's own time; text is what was put where the patient's number belongs. Nothing looks for a conflict."""
        pid = str(patient.pid) if isinstance(patient, Patient) else patient or ""
        place = facility if facility is not None else next(iter(self.facilities), 0)
        booked = Appointment(
            eid=self.number("calendar", eid),
            uuid=uuid or self.mint(),
            pc_pid=pid[:_WIDTH_OF_PC_PID],
            category=category,
            title=title if title is not None else CATEGORIES.get(category, ("", ""))[1],
            status=status,
            day=day,
            start=start,
            duration=duration,
            provider=provider.id if provider else None,
            facility=place,
            billing=place,
            comment=comment,
            informant=informant,
            is_recurring=is_recurring,
            changed=at or self.now(),
        )
        self.appointments[booked.eid] = booked
        return booked

    def mark_on_flow_board(self, appointment: Appointment, status: str) -> Appointment:
        """The status is changed on the flow board: ``pc_time`` stays, so ``_lastUpdated`` does not see it (OpenEMR 8.2,
        recordings 370 to 372)."""
        return self._changed(replace(self.appointments[appointment.eid], status=status))

    def edit_appointment(
        self, appointment: Appointment, *, status: str | None = None, category: int | None = None
    ) -> Appointment:
        """Saved in the calendar's form: ``pc_time`` moves."""
        row = self.appointments[appointment.eid]
        return self._changed(
            replace(
                row,
                status=row.status if status is None else status,
                category=row.category if category is None else category,
                changed=self.now(),
            )
        )

    def cancel(self, appointment: Appointment, status: str = "x") -> Appointment:
        """Cancelled in the calendar (``x``; ``%``: less than a day before)."""
        return self.edit_appointment(appointment, status=status)

    def move(self, appointment: Appointment, *, day: date, start: time | None = None) -> Appointment:
        """To another day or hour, as the same row."""
        row = self.appointments[appointment.eid]
        return self._changed(replace(row, day=day, start=start or row.start, changed=self.now()))

    def delete_appointment(self, appointment: Appointment) -> None:
        """Gone, without a tombstone."""
        self.appointments.pop(appointment.eid, None)

    def appointments_of(self, patient: Patient) -> list[Appointment]:
        """A patient's, by number."""
        return [row for row in list(self.appointments.values()) if row.pid == patient.pid]

    def _changed(self, row: Appointment) -> Appointment:
        self.appointments[row.eid] = row
        return row

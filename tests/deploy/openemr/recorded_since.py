"""What happened in the recorded clinic after the first search, between two recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from deploy.openemr.recorded.rows import Form
from tests.deploy.openemr.recorded_clinic import BEFORE, RecordedClinic, line, wall


def _fifth_message(clinic: RecordedClinic) -> None:
    clinic.send_message(pid=1, to="admin", sender="admin", body="to be deleted")


def _two_more_bookings(clinic: RecordedClinic) -> None:
    clinic.upcoming = ["a3485653-b377-4676-93de-7185958bdec9", "a3485653-c304-428a-8e89-da3dded74c39"]


def _coerced_booking(clinic: RecordedClinic) -> None:
    clinic.upcoming = ["a34856a5-9a49-45e6-9d49-6d45ff7116cf"]


def _plan_in_the_form(clinic: RecordedClinic) -> None:
    """A clinician writes a plan of three lines."""
    visit = clinic.open_encounter(
        clinic.patients[5],
        at=wall("2026-11-20 09:30"),
        reason="Follow-up visit",
        provider=clinic.users[5],
        uuid="a3485c64-298f-48cf-8768-d68e6038ae9d",
        updated=wall("2026-11-21 20:43:50"),
    )
    begun = wall("2026-11-21 10:00")
    more = {"date": begun, "user": "admin"}
    rows = [
        line("A: recheck BP", wall("2026-12-10"), code="", codetext="", **more),
        line("B: diet referral", wall("2026-12-20"), code="", codetext="", **more),
        line("C: A1c", wall("2027-02-20"), code="LOINC:4548-4", codetext="Hemoglobin A1c", **more),
    ]
    clinic.new_care_plan(visit, rows, form_id=22, at=wall("2026-11-21 20:43:51"))


def _plan_is_edited(clinic: RecordedClinic) -> None:
    """The first line is completed, the second taken out, the third moved."""
    form = _form_22(clinic)
    first, _, third = clinic.care_plan(form)
    clinic.save_care_plan(form, [first, replace(third, proposed_date=wall("2027-03-01"))])
    clinic.set_plan_status(form, 0, "completed")


def _plan_is_deleted(clinic: RecordedClinic) -> None:
    clinic.delete_form(_form_22(clinic))


def _plan_is_back(clinic: RecordedClinic) -> None:
    """The recorder put it back for later recordings."""
    form = _form_22(clinic)
    clinic.forms[form.id] = replace(form, is_deleted=False)


def _form_22(clinic: RecordedClinic) -> Form:
    return next(form for form in clinic.forms.values() if form.form_id == 22)


def _older(clinic: RecordedClinic) -> None:
    clinic.appointments[34] = replace(clinic.appointments[34], changed=wall("2026-06-01 12:00"))


def _no_show(clinic: RecordedClinic) -> None:
    clinic.mark_on_flow_board(clinic.appointments[34], "?")


def _module(clinic: RecordedClinic) -> None:
    clinic.has_task_module = True


def _no_module(clinic: RecordedClinic) -> None:
    clinic.has_task_module = False


def _new_in_fhir(clinic: RecordedClinic) -> None:
    clinic.upcoming = ["a3486021-5f0f-4619-9426-8d69fe2199c0"]


def _clerk(clinic: RecordedClinic) -> None:
    clinic.add_user("clerk", fname="Cleo", lname="Clerk", group="Accounting")


def _code_tables(clinic: RecordedClinic) -> None:
    clinic.add_code("390906007", "SNOMED-CT", "CPT4")


def _one_table_again(clinic: RecordedClinic) -> None:
    clinic.code_tables.clear()


def _notes_so_far(clinic: RecordedClinic) -> None:
    clinic.number("forms", 15901)


def _documents_so_far(clinic: RecordedClinic) -> None:
    clinic.number("documents", 9)


HAPPENED: Mapping[str, Callable[[RecordedClinic], None]] = {
    **BEFORE,
    "239": _fifth_message,
    "240": _two_more_bookings,
    "258": _coerced_booking,
    "366": _plan_in_the_form,
    "367": _plan_is_edited,
    "369": _plan_is_deleted,
    "370": _older,
    "371": _no_show,
    "388": _module,
    "397": _no_module,
    "434": _new_in_fhir,
    "443": _clerk,
    "444": _plan_is_back,
    "454": _code_tables,
    "455": _one_table_again,
    "467": _documents_so_far,
    "488": _notes_so_far,
}
"""What was done by hand before a recording, by its number."""

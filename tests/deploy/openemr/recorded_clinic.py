"""The clinic that the recordings were taken from, as they tell it, and what happened in it between two of them.

Plainly synthetic. What a recording itself asks for (a booking, a message) happens by asking for it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.rows import CarePlanRow, TeamMember
from tests.deploy.openemr.oauth_world import recording

wall = datetime.fromisoformat
"""A time on the clinic's wall."""
INSTALLED = wall("2026-11-22 01:18:09")
BEGUN = wall("2026-07-15 10:00")
SEEN = wall("2026-07-15 09:30")
ADDED = wall("2026-11-21 20:23:12")
VITALS = [
    "7e21-4f1c-82ba-7f96c2945436",
    "7e26-40e2-b20c-47ed6d48f0ed",
    "7e2a-4d3e-9208-03c42b04cd43",
    "7e2c-4a6c-9928-83907fe2aeff",
    "7e2e-4041-8268-af2ef70df010",
    "7e30-4204-92d0-f231d0af0710",
    "7e32-47c2-abbe-3e73c34061b3",
    "7e33-4c7c-b004-f592b056ae09",
    "7e35-4727-b394-deda98026b3b",
    "7e37-47fb-8fde-e6f6949a48fd",
    "7e38-4bcf-bbdd-90d2336caf2f",
    "7e3a-483e-ae19-7ebd0a413211",
    "7e3c-4c42-89ca-d3619c001a57",
    "7e3d-4900-905d-a64ae9f8fb51",
    "7e3f-4bdc-b934-87bbcdc14bb6",
    "81d0-49be-a163-f996e0157fd3",
]
PATIENT_HOMES = [
    "8ea2-470d-aeb0-37791e306da6",
    "8eb2-45d3-848a-0227a0691be4",
    "8eb5-49a8-943d-49583da13947",
    "8eb8-489e-9064-08ecea5da86b",
    "8eba-46e0-9606-96da4144b6f7",
    "8ebc-4618-8e6a-f8d0860f3f14",
]
USER_HOMES = [
    "a3485334-cd45-47cd-9585-a4bf8902fd41",
    "a3485334-cd4c-4573-95b1-2fea32a6181d",
    "a3485334-cd4e-436a-a56e-3ffd0d6a5e63",
    "a3485334-cd50-4964-becf-012d2487e8b1",
    "a348554c-8fa1-4d95-a4e9-1237f0799533",
    "a348554c-8fa7-4e83-a2eb-8980a7e9ef1d",
    "a348554c-8fa9-434e-845c-611c3f6411f6",
]
PLAN_STATUSES = ("active", "revoked", "on-hold", "draft", "completed", "entered-in-error", "unknown", "", None)
FOLLOW_UP: dict[str, Any] = {"code": "SNOMED-CT:390906007", "codetext": "Follow-up encounter", "user": "nhale"}


class RecordedClinic(Clinic):
    """Its clock says what a test says, and its next uuids are those of the recordings."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 22, 1, 20, tzinfo=UTC)
        self.upcoming: list[str] = []
        super().__init__(clock=lambda: self.moment)

    def mint(self) -> str:
        """The recorded one, where it is known."""
        return self.upcoming.pop(0) if self.upcoming else super().mint()


def _installed(clinic: RecordedClinic) -> None:
    clinic.upcoming = ["a3485334-06f5-488d-b4f0-54b1c0c42aac", "a3485334-ce37-4cf6-a2c2-862aa96831da"]
    clinic.upcoming += [row["uuid"] for row in recording("075").body["data"][:4]]
    clinic.furnish(at=INSTALLED)
    place = clinic.facilities[3]
    updated = INSTALLED - timedelta(seconds=1)
    clinic.facilities[3] = replace(place, created=wall("2026-11-22 01:17:48"), updated=updated)
    clinic.upcoming = ["a3485482-01f2-47ca-9494-c54b842ff286"]


def _second_provider(clinic: RecordedClinic) -> None:
    row = recording("075").body["data"][5]
    clinic.add_user(
        "tbrandt",
        fname="Theo",
        lname="Brandt",
        npi=row["npi"],
        title="MD",
        email=row["email"],
        uuid=row["uuid"],
        specialty=row["specialty"],
        group="Physicians",
    )
    clinic.upcoming = ["a3485482-24af-481b-bf44-53d5f3d8918c"]


def _more_people(clinic: RecordedClinic) -> None:
    """The other patients, each a little later; the nurse was put in by SQL, without an NPI."""
    at = wall("2026-11-21 20:21:48")
    clinic.add_user("rsoto", fname="Ruth", lname="Soto", uuid="a3485482-d81b-480c-abe3-b73b339fd32a", at=at)
    for row in recording("430").body["data"][1:]:
        clinic.register_patient(
            row["fname"],
            row["lname"],
            dob=date.fromisoformat(row["DOB"]),
            uuid=row["uuid"],
            pubpid=row["pubpid"],
            at=datetime.fromisoformat(row["date"]),
            provider=row["providerID"],
            **{name: row[name] for name in ADDRESS},
        )


ADDRESS = [
    "title",
    "sex",
    "street",
    "city",
    "state",
    "postal_code",
    "country_code",
    "phone_home",
    "phone_cell",
    "email",
    "email_direct",
    "race",
    "ethnicity",
]


def _first_visit(clinic: RecordedClinic) -> None:
    clinic.number("encounter", 1)
    clinic.upcoming = ["a3485482-d94d-4d40-abff-9aa5e23584da"]


def _first_bookings(clinic: RecordedClinic) -> None:
    """By the list of the Standard API: what FHIR makes of it is compared."""
    _book(clinic, range(34, 55))
    clinic.upcoming = ["a3485502-e21a-48ff-aa25-627d6a6d6b99"]


def _book(clinic: RecordedClinic, wanted: range) -> None:
    for row in recording("246").body:
        if int(row["pc_eid"]) in wanted:
            start, end = (time.fromisoformat(row[name]) for name in ("pc_startTime", "pc_endTime"))
            day = date.fromisoformat(row["pc_eventDate"])
            took = datetime.combine(day, end) - datetime.combine(day, start)
            clinic.book(
                row["pc_pid"],
                day=day,
                start=start,
                duration=took % timedelta(days=1),
                provider=clinic.users.get(int(row["pc_aid"] or 0)),
                category=int(row["pc_catid"]),
                title=row["pc_title"],
                status=row["pc_apptstatus"],
                eid=int(row["pc_eid"]),
                uuid=row["pc_uuid"],
                at=datetime.fromisoformat(row["pc_time"]),
                informant=row["pc_informant"],
            )


def _problem(clinic: RecordedClinic) -> None:
    clinic.upcoming = ["a3485503-5aaf-487b-aeaa-ab1014875333"]


def _vitals(clinic: RecordedClinic) -> None:
    clinic.upcoming = [f"a3485503-{rest}" for rest in VITALS]


def _all_the_rest(clinic: RecordedClinic) -> None:
    """What was put in by SQL before the first search."""
    _book(clinic, range(56, 64))
    clinic.add_problem(
        clinic.patients[1],
        "Type 2 diabetes",
        begun=date(2023, 5, 1),
        at=ADDED,
        uuid="a3485503-6b3c-40b0-93f7-eab953cab68e",
    )
    _visits(clinic)
    _plans(clinic)
    _team_and_results(clinic)
    for number, home in enumerate(PATIENT_HOMES, 1):
        clinic.patients[number] = replace(clinic.patients[number], home=f"a348554c-{home}")
    for number, home in enumerate(USER_HOMES, 1):
        clinic.users[number] = replace(clinic.users[number], home=home)


def _visits(clinic: RecordedClinic) -> None:
    for pid, uuid in (
        (2, "a3485482-e83b-493b-804e-0d014af115b0"),
        (3, "a3485482-f6b8-41b0-9a34-fa6676fe4944"),
        (4, "a3485483-04e2-405c-a38e-0f86be3d0f12"),
    ):
        clinic.open_encounter(
            clinic.patients[pid],
            at=SEEN,
            reason="Follow-up visit",
            provider=clinic.users[5],
            uuid=uuid,
            updated=wall("2026-11-21 20:21:48"),
        )


def _plans(clinic: RecordedClinic) -> None:
    first, second, third, fourth = list(clinic.encounters.values())
    clinic.new_care_plan(first, _plan_of_marlow(), user="nhale", form_id=7, at=BEGUN)
    clinic.new_care_plan(second, _plan_with_other_types(), user="nhale", form_id=8, at=BEGUN)
    begun = wall("2026-06-01 09:00")
    for number, status in enumerate(PLAN_STATUSES, 9):
        row = line(f"plan with plan_status={status!r}", wall("2026-12-01"), date=begun, plan_status=status)
        clinic.new_care_plan(third, [row], user="nhale", form_id=number, at=begun)
    odd = [
        line('Plan of José: "rest" & <b>walk</b> — Åse\nsecond line', BEGUN, code="390906007"),
        line("prefix unknown", wall("2026-08-01"), code="FOO:123", codetext="unknown prefix"),
        line("two codes", wall("2026-08-02"), code="SNOMED-CT:390906007;LOINC:4548-4", codetext="two codes"),
    ]
    clinic.new_care_plan(fourth, odd, user="nhale", form_id=20, at=BEGUN)
    gone = clinic.new_care_plan(fourth, odd[:1], user="nhale", form_id=21, at=BEGUN)
    clinic.delete_form(gone)


def line(description: str, proposed: datetime | None, **more: Any) -> CarePlanRow:  # columns of CarePlanRow
    columns = {**FOLLOW_UP, "date": BEGUN, **more}
    return CarePlanRow(description=description, proposed_date=proposed, **columns)


def _plan_of_marlow() -> list[CarePlanRow]:
    end = wall("2026-12-31")
    reason = {"reason_code": "SNOMED-CT:38341003", "reason_description": "Hypertension"}
    goal = {"care_plan_type": "goal", "codetext": ""}
    return [
        line("Cardiology follow-up in 6 weeks", wall("2026-08-26"), date_end=end, **reason),
        line("Repeat HbA1c in 3 months", wall("2026-10-15"), code="LOINC:4548-4", codetext="Hemoglobin A1c"),
        line("Phone check-in, no date set", None, code="", codetext=""),
        line("HbA1c below 7.0 %", None, code="LOINC:4548-4", date_end=end, **goal),
        line("Systolic below 130", None, code="LOINC:8480-6", **goal),
    ]


def _plan_with_other_types() -> list[CarePlanRow]:
    others = [
        "appointments",
        "instructions",
        "procedure",
        "test_or_order",
        "intervention",
        "medication",
        "planned_medication",
    ]
    return [
        line("Nurse visit", wall("2026-11-30 14:30")),
        line("Second activity of the same plan, completed", wall("2026-09-01"), plan_status="completed"),
        *(line(f"a row of the type {type_}", None, care_plan_type=type_) for type_ in others),
    ]


def _team_and_results(clinic: RecordedClinic) -> None:
    ada, visit, nora = clinic.patients[1], clinic.encounters[2], clinic.users[5]
    members = (
        TeamMember(user="nhale", role="158965000", role_name="Physician", since=date(2025, 1, 1)),
        TeamMember(user="rsoto", role="224535009", role_name="Nurse", since=date(2025, 2, 1)),
        TeamMember(user=None, role="43741000", role_name="Healthcare facility", facility=3),
    )
    clinic.set_care_team(ada, "Cardiometabolic team", members, uuid="48c6c221-e613-11f1-9214-02fc00000001", at=ADDED)
    order = clinic.order(
        visit, "Hemoglobin A1c", code="4548-4", provider=nora, at=BEGUN, uuid="a348554c-ef85-41d0-a7f5-7dbd6d38c04a"
    )
    clinic.record_result(
        order,
        "7.9",
        units="%",
        normal="4.0-5.6",
        abnormal="high",
        at=wall("2026-07-16 08:00"),
        uuid="a348554c-f152-44ea-9e72-77d3c5f5a1d8",
    )
    clinic.record_score(
        visit,
        code="44261-6",
        name="PHQ-9 total score",
        value="14",
        at=wall("2026-07-15 10:05"),
        user="nhale",
        uuid="48eda8ef-e613-11f1-9214-02fc00000001",
    )


BEFORE: Mapping[str, Callable[[RecordedClinic], None]] = {
    "069": _installed,
    "070": _second_provider,
    "071": _more_people,
    "079": _first_visit,
    "080": _first_bookings,
    "081": _problem,
    "082": _vitals,
    "083": _all_the_rest,
}
"""What was done by hand before a recording, until the first search."""

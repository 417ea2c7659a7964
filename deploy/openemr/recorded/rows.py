"""The rows of OpenEMR's tables that the recorded clinic keeps, as far as somebody reads them.

Times are naive and in the clinic's zone, as MySQL keeps them; what comes out carries an offset that is made up on the
way (``moments.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from deploy.openemr.recorded.coercion import as_number


@dataclass(frozen=True, kw_only=True)
class Facility:
    """A place of the practice. It has two ids in FHIR: as Organization ``uuid``, as Location ``location``."""

    id: int
    uuid: str
    location: str
    name: str
    phone: str = ""
    fax: str = ""
    created: datetime
    updated: datetime


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody who may log in. Without an NPI there is no Practitioner of them, only a Person."""

    id: int
    uuid: str
    username: str
    fname: str | None = ""
    lname: str = ""
    title: str | None = None
    npi: str | None = None
    email: str | None = None
    specialty: str | None = None
    is_active: bool = True
    facility: int = 3
    group: str = "Administrators"
    password: str = field(default="pass", repr=False)
    home: str | None = None  # the Location of their address, made when it is first searched
    updated: datetime


@dataclass(frozen=True, kw_only=True)
class Patient:
    """A row of patient_data. ``pid`` is OpenEMR's own number, ``pubpid`` the chart's number that people use."""

    pid: int
    uuid: str
    pubpid: str
    fname: str
    lname: str
    dob: date
    sex: str = "Female"
    title: str = ""
    mname: str = ""
    ss: str = ""
    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country_code: str = ""
    phone_home: str = ""
    phone_cell: str = ""
    email: str = ""
    email_direct: str = ""
    race: str = ""
    ethnicity: str = ""
    provider: int | None = None
    pricelevel: str = "standard"
    deceased: datetime | None = None
    home: str | None = None  # the Location of their address, made when it is first searched
    registered: datetime
    updated: datetime


@dataclass(frozen=True, kw_only=True)
class Encounter:
    """A visit. Its status in FHIR is always ``finished``."""

    eid: int
    uuid: str
    pid: int
    at: datetime
    reason: str
    provider: int | None
    facility: int
    category: int = 5
    class_code: str = "AMB"
    updated: datetime


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form in an encounter: what is listed in the chart. Its rows are elsewhere."""

    id: int
    form_id: int
    formdir: str
    eid: int
    pid: int
    user: str
    created: datetime
    is_deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class CarePlanRow:
    """One line of the care plan form. ``date`` is when it begins (the form's "Date"), ``proposed_date`` its "Target
    Date", ``date_end`` its "End Date"; only lines of the type ``plan_of_care`` and ``goal`` come out in FHIR."""

    description: str
    care_plan_type: str = "plan_of_care"
    code: str = ""
    codetext: str = ""
    date: datetime
    proposed_date: datetime | None = None
    date_end: datetime | None = None
    plan_status: str | None = "active"
    user: str = "admin"
    reason_code: str = ""
    reason_description: str = ""


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """A row of the calendar. ``pc_pid`` is text, as the column is: eleven characters of whatever was given.

    ``changed`` is ``pc_time``: only the calendar's own form moves it, the flow board does not. Where the hour is said to
    repeat (``is_recurring``), this one row is all there is of the series.
    """

    eid: int
    uuid: str
    pc_pid: str
    category: int
    title: str
    status: str
    day: date
    start: time
    duration: timedelta
    provider: int | None
    facility: int = 3
    billing: int = 3
    comment: str = ""
    website: str | None = None
    informant: str | None = "1"
    is_recurring: bool = False
    changed: datetime

    @property
    def end(self) -> time:
        """Past midnight it is a time of the same day, before the start (OpenEMR 8.2: one date, two times)."""
        return (datetime.combine(self.day, self.start) + self.duration).time()

    @property
    def pid(self) -> int:
        """The number at the beginning of the text, as MySQL reads it when it joins; 0 is nobody."""
        return as_number(self.pc_pid)


@dataclass(frozen=True, kw_only=True)
class Message:
    """A note in somebody's inbox (pnotes). What is said later is put before the body, with its time and its author."""

    mid: int
    pid: int
    to: str
    sender: str
    groupname: str
    title: str
    status: str
    body: str
    written: datetime
    is_deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class Vitals:
    """A vitals form. ``ids`` are the uuids of the Observations that are made of it, by code."""

    vid: int
    form: int
    eid: int
    pid: int
    at: datetime
    measured: Mapping[str, str]
    ids: Mapping[str, str]
    average: str


@dataclass(frozen=True, kw_only=True)
class Order:
    """A procedure order with one code, and what came back of it."""

    id: int
    uuid: str
    pid: int
    eid: int
    provider: int | None
    name: str
    code: str
    ordered: datetime
    status: str = "complete"
    result: Result | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """A laboratory result of an order."""

    uuid: str
    code: str
    name: str
    value: str
    units: str
    normal: str
    abnormal: str
    at: datetime
    status: str = "final"


@dataclass(frozen=True, kw_only=True)
class Survey:
    """A line of the observation form: the score of a questionnaire."""

    uuid: str
    pid: int
    eid: int
    code: str
    name: str
    value: str
    units: str
    at: datetime
    user: str


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A medical problem in the chart's list."""

    id: int
    uuid: str
    pid: int
    title: str
    diagnosis: str
    begun: date | None
    ended: date | None
    updated: datetime


@dataclass(frozen=True, kw_only=True)
class TeamMember:
    """Somebody in a care team: a user, or the facility itself."""

    user: str | None
    role: str
    role_name: str
    since: date | None = None
    facility: int | None = None


@dataclass(frozen=True, kw_only=True)
class CareTeam:
    """A patient's care team."""

    uuid: str
    pid: int
    name: str
    members: tuple[TeamMember, ...]
    status: str = "active"
    updated: datetime


@dataclass(frozen=True, kw_only=True)
class Performed:
    """A procedure that was done, and recorded as such."""

    uuid: str
    pid: int
    eid: int
    code: str
    name: str
    at: datetime
    updated: datetime


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A questionnaire that a patient answered."""

    uuid: str
    pid: int
    eid: int | None
    questionnaire: str
    name: str
    answers: tuple[tuple[str, str, str], ...]  # link id, question, answer
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Document:
    """A file in a patient's chart; without a category it is stored and shown nowhere."""

    id: int
    pid: int
    filename: str
    mimetype: str
    content: bytes = field(repr=False)
    category: str | None
    stored: datetime

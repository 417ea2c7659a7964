"""What an OpenEMR may be asked: the whitelist of search parameters, and the shapes of their values.

OpenEMR 8.2 answers a parameter that it does not know, and a value that it cannot read, with status 200 and an empty
Bundle (recordings 096-099, 103, 114, 402): it looks as if there were nothing. So nothing else can be sent from here.
Not sent although known: `_count` to anything but Patient (it cuts, and no page follows: recordings 172-175), any search
of CarePlan or Goal but by patient (it filters rows, and the rest of a plan is missing under the same id: recordings
116, 117, 134), and two bounds of a date (the last one wins, or both are OR: recordings 160-163).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from plugin.domain.errors import CannotDo

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_DAY = r"\d{4}-\d\d(?:-\d\d)?"


def _some(one: str) -> re.Pattern[str]:
    """One, or several with commas: OR."""
    return re.compile(rf"{one}(?:,{one})*", re.ASCII)


PATIENTS = IDS = _some(_UUID)
DAYS = _some(_DAY)
FROM_DAY = re.compile(rf"ge{_DAY}", re.ASCII)
FROM_INSTANT = re.compile(r"ge\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
NUMBER = re.compile(r"\d{1,7}", re.ASCII)
CODES = _some(r"[^\s|,$\\]+\|[^\s|,$\\]+")

_BY_PATIENT = {"patient": PATIENTS}

ALLOWED: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    "Patient": {"_id": IDS, "_lastUpdated": FROM_INSTANT, "_count": NUMBER, "_offset": NUMBER},
    "CarePlan": _BY_PATIENT,
    "Goal": _BY_PATIENT,
    "ServiceRequest": {**_BY_PATIENT, "code": CODES, "_lastUpdated": FROM_INSTANT},
    "Appointment": {**_BY_PATIENT, "date": DAYS, "_lastUpdated": FROM_INSTANT},
    "Encounter": {**_BY_PATIENT, "date": FROM_DAY, "_lastUpdated": FROM_INSTANT},
    "DiagnosticReport": {**_BY_PATIENT, "date": FROM_DAY},
    "Procedure": {**_BY_PATIENT, "date": FROM_DAY},
    "Immunization": _BY_PATIENT,
    "QuestionnaireResponse": {**_BY_PATIENT, "authored": FROM_DAY},
    "CareTeam": _BY_PATIENT,
    "Observation": {**_BY_PATIENT, "date": FROM_DAY},
    "Condition": _BY_PATIENT,
    "Practitioner": {},
    "Person": {},
}
"""Every search parameter that is ever sent, by type."""

WHOLE = frozenset({"Practitioner", "Person"})
"""Few enough to be asked for without any parameter."""

_ID = re.compile(rf"{_UUID}(?:[-_]SK[-_]\d{{1,12}})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Question:
    """One search. Making one that OpenEMR would misread raises CannotDo."""

    type: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        allowed = ALLOWED.get(self.type)
        if allowed is None:
            raise CannotDo(f"OpenEMR is never asked for {self.type}.")
        for name, value in self.params.items():
            shape = allowed.get(name)
            if shape is None or not shape.fullmatch(value):
                raise CannotDo(f"OpenEMR would misread {self.type}?{name}, and answer as if there were nothing.")
        if not self.params and self.type not in WHOLE:
            raise CannotDo(f"All {self.type} of an OpenEMR are too many for one answer.")


def is_id(text: str) -> bool:
    """Whether it can be read by: anything else is a 400 or a 500 there (recordings 101, 128)."""
    return _ID.fullmatch(text) is not None


def uuids_of(patients: Iterable[str]) -> list[str]:
    """The ids of patients that can stand in a list, sorted. One that is no UUID would make the whole answer empty."""
    ids = (ref.partition("/")[2] for ref in patients if ref.startswith("Patient/"))
    return sorted({id_ for id_ in ids if re.fullmatch(_UUID, id_, re.ASCII)})


def listed(values: Sequence[str]) -> str:
    return ",".join(values)


def from_day(day: date) -> str:
    return f"ge{day.isoformat()}"


def from_instant(at: datetime) -> str:
    """With `Z`, which OpenEMR 8.2 reads as it should (recording 452)."""
    return f"ge{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"

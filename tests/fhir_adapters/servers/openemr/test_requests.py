"""Tests of the whitelist: what OpenEMR 8.2 would misread is never sent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from fhir_adapters.servers.openemr.requests import ALLOWED, Question, from_day, from_instant, is_id, uuids_of
from plugin.domain.errors import CannotDo
from tests.openemr_recordings import recording

ONE, TWO = "a3485482-24af-481b-bf44-53d5f3d8918c", "a3485482-3280-46ca-8613-9820dc2ec439"


@pytest.mark.parametrize(
    ("type_", "params"),
    [
        ("Appointment", {"status": "noshow"}),
        ("Appointment", {"actor": f"Patient/{ONE}"}),
        ("Appointment", {"practitioner": "Practitioner/x"}),
        ("Appointment", {"patient": ONE, "_include": "Appointment:patient"}),
        ("Appointment", {"_count": "3"}),
        ("Appointment", {"date": "garbage"}),
        ("Appointment", {"date": ""}),
        ("Appointment", {"date": "ge2026-11-22"}),
        ("CarePlan", {"patient": ONE, "status": "active"}),
        ("CarePlan", {"patient": ONE, "date": "ge2026-01-01"}),
        ("CarePlan", {"patient": ONE, "_count": "1"}),
        ("CarePlan", {"patient": "not-a-uuid"}),
        ("CarePlan", {"patient": f"{ONE},not-a-uuid"}),
        ("CarePlan", {"patient": ""}),
        ("CarePlan", {"patient": f"http://localhost:8080/apis/default/fhir/Patient/{ONE}"}),
        ("CarePlan", {}),
        ("Goal", {"patient": ONE, "target-date": "ge2026-01-01"}),
        ("Patient", {"_summary": "count"}),
        ("Patient", {"_id": "not-a-uuid"}),
        ("Patient", {"_lastUpdated": "ge2026-11-22"}),
        ("Task", {"patient": ONE}),
    ],
)
def test_what_would_look_like_no_data_is_not_asked(type_: str, params: dict[str, str]) -> None:
    """Recordings 096-099, 103, 113-120, 134, 168-175, 402-406: 200 and an empty Bundle, a part of a plan, or a 500."""
    with pytest.raises(CannotDo):
        Question(type_, params)


@pytest.mark.parametrize(
    ("type_", "params"),
    [
        ("CarePlan", {"patient": f"{ONE},{TWO}"}),
        ("Appointment", {"date": "2026-11,2026-12"}),
        ("Appointment", {"date": "2026-11-30,2026-12-01,2026-12-02"}),
        ("Appointment", {"patient": f"{ONE},{TWO}"}),
        ("Patient", {"_id": f"{ONE},{TWO}"}),
        ("Patient", {"_count": "2", "_offset": "2", "_lastUpdated": "ge2026-11-22T01:22:00Z"}),
        ("Encounter", {"patient": ONE, "date": "ge2026-07-01"}),
        ("Person", {}),
    ],
)
def test_what_it_was_seen_to_understand_is_asked(type_: str, params: dict[str, str]) -> None:
    """Recordings 085, 089, 111, 139, 143, 182, 397, 398, 452."""
    assert Question(type_, params).params == params


def test_only_parameters_that_it_says_it_has_are_on_the_list() -> None:
    """Its CapabilityStatement (recording 001); `_count` and `_offset` are no search parameters of a type."""
    resources = recording(1).body["rest"][0]["resource"]
    offered = {row["type"]: {param["name"] for param in row.get("searchParam", [])} for row in resources}

    for type_, params in ALLOWED.items():
        assert set(params) - {"_count", "_offset"} <= offered[type_]


def test_one_odd_patient_does_not_empty_the_list() -> None:
    """Recording 114: an id that is no UUID makes the answer empty, for everybody in it."""
    assert uuids_of([f"Patient/{TWO}", "Patient/12345", f"Patient/{ONE}", f"Group/{ONE}", f"Patient/{ONE}"]) == [
        ONE,
        TWO,
    ]


@pytest.mark.parametrize(
    ("text", "can"),
    [
        (ONE, True),
        (f"{ONE}-SK-7", True),
        (f"{ONE}_SK_7", True),
        ("garbage", False),
        ("", False),
        (f"{ONE}-SK-", False),
        (f"{ONE}/..", False),
    ],
)
def test_only_an_id_of_its_own_is_read(text: str, can: bool) -> None:
    """Anything else is a 400 there, or a 500 (recordings 101, 128)."""
    assert is_id(text) is can


def test_a_question_keeps_patients_out_of_logs() -> None:
    """Its repr has none."""
    assert ONE not in repr(Question("CarePlan", {"patient": ONE}))


def test_moments_are_asked_for_in_utc() -> None:
    """As recording 452; a plus sign would have to be escaped."""
    at = datetime(2026, 11, 21, 20, 22, tzinfo=timezone(timedelta(hours=-5)))

    assert from_instant(at) == "ge2026-11-22T01:22:00Z"
    assert from_instant(datetime(2026, 11, 22, 1, 22, 0, 7, tzinfo=UTC)) == "ge2026-11-22T01:22:00Z"
    assert from_day(date(2026, 7, 1)) == "ge2026-07-01"

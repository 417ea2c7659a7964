"""Tests of what a line of an OpenEMR's plan is, told by its code alone; and what follows for a plan without a program."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_adapters.mapping import Mapped, MappingRules, map_resource
from fhir_adapters.servers.openemr.kinds import kind_of
from fhir_adapters.servers.openemr.mapping import Clinic, as_r4
from plugin.domain.record import CarePlan
from plugin.domain.rules import SourceTraits
from tests.charts import Look, look, patient
from tests.openemr_recordings import recording

NEW_YORK = "America/New_York"
CLINIC = Clinic(ZoneInfo(NEW_YORK), "https://emr.example/apis/default/fhir")
TRAITS = SourceTraits(steps_have_no_status=True, encounters_always_finished=True)
WHO = "a3485482-24af-481b-bf44-53d5f3d8918c"
SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"
CPT, HCPCS = "http://www.ama-assn.org/go/cpt", "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
Json = dict[str, Any]


@pytest.mark.parametrize(
    ("system", "code", "kind"),
    [
        (SNOMED, "390906007", "Appointment"),
        (CPT, "99213", "Appointment"),
        (CPT, "99397", "Appointment"),
        (HCPCS, "G0439", "Appointment"),
        (LOINC, "4548-4", "ServiceRequest"),
        ("http://www.nlm.nih.gov/research/umls/rxnorm", "860975", "ServiceRequest"),
        # Neither a therapy, nor a code of another system, nor two codes in one (recording 454).
        (SNOMED, "91251008", None),
        (CPT, "97110", None),
        (LOINC + "/", "390906007", None),
        (None, "390906007", None),
        (SNOMED, "390906007;LOINC:4548-4", None),
    ],
)
def test_a_code_says_what_a_line_is_or_nobody_does(system: str | None, code: str, kind: str | None) -> None:
    """OpenEMR's own word is the same for every line."""
    assert kind_of([{"system": system, "code": code}]) == kind


def test_the_lines_of_a_recorded_plan() -> None:
    """Recording 104: a follow-up, an HbA1c, and words alone, which nobody reads for what they mean."""
    found = map_resource(as_r4(plan(), CLINIC), MappingRules(seen=lambda _raw: None), {})
    assert isinstance(found, Mapped)
    assert isinstance(found.fact, CarePlan)

    assert [a.detail.kind for a in found.fact.activities if a.detail] == ["Appointment", "ServiceRequest", None]


def plan() -> Json:
    """Recording 104."""
    return deepcopy(recording(104).resources[0])


def encounter(id_: str, day: str) -> Json:
    """As in recording 477."""
    raw = deepcopy(recording(477).resources[0])
    return raw | {"id": id_, "period": {"start": f"{day}T09:30:00-05:00"}}


def booked(day: str, status: str) -> Json:
    """As in recording 473: it names the patient, and nothing that it is for."""
    raw = deepcopy(recording(473).resources[0])
    raw["participant"][0]["actor"]["reference"] = f"Patient/{WHO}"
    return raw | {"status": status, "start": f"{day}T10:00:00-05:00", "end": f"{day}T10:30:00-05:00"}


def seen(*more: Json, at: str = "2026-08-10") -> Look:
    """The recorded plan, written in July; its follow-up is due on 26 August, and no program claims it."""
    resources = [as_r4(raw, CLINIC) for raw in (plan(), *more)]
    return look([patient(WHO), *resources], at, zone=NEW_YORK, traits=TRAITS, who=f"Patient/{WHO}")


def test_a_visit_of_a_plan_without_a_program_is_confirmed_by_a_person() -> None:
    """E5, E12: a kept visit, or an encounter, is loose evidence of the follow-up and of nothing else; the one in which the
    plan was written is none."""
    written = recording(477).resources[0]
    came = seen(written, encounter("e2", "2026-08-05"))
    kept = seen(written, booked("2026-08-05", "fulfilled"))

    for found in (came, kept):
        assert [(m["status"], m["reason"]) for m in found.milestones] == [
            ("in-review", "loose-evidence"),
            ("ready", None),
            ("ready", None),
        ]
    assert [m["status"] for m in seen(written).milestones] == ["ready"] * 3


def test_a_booking_that_names_no_step_is_shown_beside_what_it_may_be() -> None:
    """Not beside the blood test. Nothing is scheduled by it."""
    found = seen(booked("2026-08-20", "proposed"))

    assert [m["status"] for m in found.milestones] == ["ready"] * 3
    assert [m["booked_for"] for m in found.milestones] == [None] * 3
    assert [m.may_be_booked_for for m in found.kept()] == [
        "2026-08-20T10:00:00-04:00",
        None,
        "2026-08-20T10:00:00-04:00",
    ]


def test_nobody_is_told_to_book_who_has_a_booking() -> None:
    """Past due with a visit ahead: the patient gets no message; without one, and once the day of it is over, there is one."""
    ahead = booked("2026-08-31", "proposed")

    assert seen(ahead, at="2026-08-28").names() == []
    assert seen(at="2026-08-28").names() == ["message overdue"]
    assert seen(ahead, at="2026-09-01").names() == ["message overdue"]

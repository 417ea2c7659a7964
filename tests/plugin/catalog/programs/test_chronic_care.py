"""The chronic-care program: a year in the life of one patient (DESIGN §8)."""

from datetime import date, timedelta
from typing import Any

import pytest

from plugin.catalog.loader import PROGRAM, FileCatalog
from plugin.domain.program import Program
from tests.charts import (
    LOINC,
    P1,
    SNOMED,
    Json,
    Look,
    booking,
    concept,
    done,
    look,
    order,
    patient,
    plan,
    result,
    visit,
)

START = date(2026, 1, 5)
CLAIMED: Json = {"instantiatesCanonical": ["https://milepost.example/PlanDefinition/chronic-care"]}
PROGRAM_CODE = concept("chronic-care", system="https://milepost.example/cs/program")
THERAPY, A1C = concept("91251008", system=SNOMED), concept("4548-4", system=LOINC)
EYES, MEDICATION = concept("308479007", system=SNOMED), concept("182836005", system=SNOMED)


def chronic_care() -> Program:
    """As it is shipped."""
    catalog = FileCatalog()
    (version,) = [v for v in catalog.shipped() if v.kind == PROGRAM and v.code == "chronic-care"]
    return catalog.program(version)


def day(number: int) -> str:
    """So many days after the plan's start."""
    return (START + timedelta(days=number)).isoformat()


def on(number: int, *chart: Json, **of_plan: Any) -> Look:
    """The patient on a day of the plan."""
    body = plan(start=START.isoformat(), **(of_plan or CLAIMED))
    return look([patient(), body, *chart], day(number), programs=[chronic_care()])


def statuses(found: Look) -> dict[str, str]:
    """By the program's code."""
    return {str(m.program_code): m.status.value for m in found.kept()}


def test_what_is_due_when() -> None:
    """Labs at six weeks, three sessions, a referral, a medication check at ninety days."""
    found = on(0)

    assert {m.program_code: ((m.opens or START) - START, (m.due or START) - START) for m in found.kept()} == {
        "pt-1": (timedelta(10), timedelta(30)),
        "pt-2": (timedelta(31), timedelta(50)),
        "pt-3": (timedelta(51), timedelta(70)),
        "hba1c": (timedelta(28), timedelta(42)),
        "eye-referral": (timedelta(35), timedelta(60)),
        "medication-check": (timedelta(75), timedelta(90)),
    }
    assert set(statuses(found).values()) == {"upcoming"}
    assert found.plan["stage"] == "follow-ups"


@pytest.mark.parametrize(
    "of_plan",
    [CLAIMED, {"category": [PROGRAM_CODE]}, {"instantiatesCanonical": [CLAIMED["instantiatesCanonical"][0] + "|1"]}],
)
def test_how_a_plan_is_claimed(of_plan: Json) -> None:
    """By its canonical, with or without a version, or by its category."""
    assert len(on(1, **of_plan).milestones) == 6


def test_an_order_starts_it_where_nobody_writes_care_plans() -> None:
    """DESIGN §4.1, 5."""
    referral = order(code=PROGRAM_CODE | {"text": "Referral to chronic care"}, authoredOn=START.isoformat())

    found = look([patient(), referral], day(1), programs=[chronic_care()])

    assert found.plan["plan"] == "ServiceRequest/sr1"
    assert len(found.milestones) == 7
    assert found.the("HbA1c at six weeks")["due"] == day(42)


def test_a_year_in_the_life() -> None:
    """Step by step: sessions are kept, one is missed and made good late; a baseline is not the lab at six weeks; the
    referral's visit completes it; the medication check is forgotten, and climbs the ladder."""
    chart: list[Json] = [result(day(2), A1C, id_="baseline")]
    assert statuses(on(2, *chart))["hba1c"] == "upcoming"

    chart.append(booking(f"{day(25)}T15:00:00Z", "fulfilled", id_="pt1", on=None, serviceType=[THERAPY]))
    assert statuses(on(26, *chart))["pt-1"] == "completed"

    assert statuses(on(28, *chart))["hba1c"] == "ready"
    chart.append(result(day(40), A1C, id_="six-weeks"))
    assert statuses(on(41, *chart))["hba1c"] == "completed"

    missed = booking(f"{day(45)}T15:00:00Z", "noshow", id_="pt2", on=None, serviceType=[THERAPY])
    chart.append(missed)
    second = on(46, *chart)
    assert statuses(second)["pt-2"] == "ready"
    assert second.the("Physical therapy, session 2")["missed"] == [{"resource": "Appointment/pt2", "kind": "noshow"}]
    assert "message appointment-missed" in second.names()
    late = on(51, *chart)
    assert (late.the("Physical therapy, session 2")["tier"], statuses(late)["pt-3"]) == (1, "ready")

    chart.append(done(f"{day(60)}", THERAPY, id_="pt3", encounter={"reference": "Encounter/nowhere"}))
    third = on(61, *chart)
    assert (statuses(third)["pt-2"], statuses(third)["pt-3"]) == ("ready", "completed")
    chart.append(done(f"{day(62)}", THERAPY, id_="made-good"))
    caught_up = on(63, *chart).the("Physical therapy, session 2")
    assert (caught_up["status"], caught_up["gap"]) == ("completed", "closed")

    assert on(61, *chart).the("Ophthalmology referral")["tier"] == 1
    chart.append(visit(day(65), id_="eyes", type=[EYES]))
    assert on(66, *chart).the("Ophthalmology referral")["gap"] == "closed"

    tiers = [
        on(past, *chart).the("Medication check at ninety days")["tier"] for past in (75, 90, 91, 98, 105, 121, 365)
    ]
    assert tiers == [0, 0, 1, 2, 3, 4, 4]
    assert on(365, *chart).names() == ["report clinical-review"]
    chart.append(booking(f"{day(366)}T15:00:00Z", "fulfilled", id_="med", on=None, serviceType=[MEDICATION]))
    end = on(367, *chart)
    assert set(statuses(end).values()) == {"completed"}
    assert (end.plan["stage"], end.document["next_change_at"]) == ("closure", None)


def test_the_windows_of_the_sessions_follow_each_other() -> None:
    """One kept visit is one session: never two, whatever the day."""
    for number in range(10, 71):
        found = statuses(on(71, done(day(number), THERAPY)))
        assert [code for code, status in found.items() if status == "completed" and code.startswith("pt-")] == [
            "pt-1" if number <= 30 else "pt-2" if number <= 50 else "pt-3"
        ]


def test_who_owns_what() -> None:
    """The program's roles, resolved in the care team."""
    team: Json = {
        "resourceType": "CareTeam",
        "id": "ct1",
        "status": "active",
        "subject": P1,
        "participant": [
            {"role": [concept("provider", system="urn:r")], "member": {"reference": "Practitioner/cho"}},
        ],
    }

    owners = {m.program_code: (m.owner.reference, m.owner.role) for m in on(1, team).kept()}

    assert owners["hba1c"] == ("Practitioner/cho", None)
    assert owners["pt-1"] == (None, "coordinator")


def test_a_kept_blood_draw_is_no_result() -> None:
    """E6: the lab's milestone is of kind laboratory."""
    found = on(41, booking(f"{day(40)}T15:00:00Z", "fulfilled", on=None, serviceType=[A1C]))

    assert found.the("HbA1c at six weeks")["reason"] == "awaiting-result"


def test_any_kept_visit_may_have_been_a_session() -> None:
    """E5: a session is a visit: without a code a person must look; the medication check is none."""
    found = on(91, visit(day(80)))

    assert found.the("Physical therapy, session 3")["reason"] == "loose-evidence"
    assert found.the("Medication check at ninety days")["status"] == "ready"

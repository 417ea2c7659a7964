"""Owner and booking of a milestone, and why it is as it is (S6, G7, DESIGN §4.3)."""

from typing import Any

import pytest

from plugin.domain.program import MilestoneDefinition, Offset, Phase, Program
from plugin.domain.record import Said
from tests.charts import (
    A1C,
    P1,
    VISIT,
    Json,
    booking,
    concept,
    inline,
    look,
    order,
    patient,
    plan,
    result,
    said,
    step,
    task,
)

NOW = "2026-06-16"
CLAIMED: Json = {"category": [concept("p", system="urn:p")]}
KEY = "bundle|CarePlan/cp1|ServiceRequest/sr1|1"


def to(ref: str) -> Json:
    """A reference."""
    return {"reference": ref}


def program(role: str | None = "provider") -> Program:
    """One that names an owner's role for its step."""
    definition = MilestoneDefinition(code="v", title="Visit", owner_role=role, due=Offset(days=200))
    return Program(code="p", version="1", title="P", plan_codes=frozenset({("urn:p", "p")}), milestones=(definition,))


def test_a_milestone_stands_in_its_phase() -> None:
    """With the phase's title and place among all phases; outside of a program, or of a phase, in none."""
    steps = [MilestoneDefinition(code=code, title=code, phase=phase) for code, phase in (("a", "two"), ("b", None))]
    phases = (Phase("one", "The first"), Phase("two", "The second"))
    claiming = Program(
        code="p",
        version="1",
        title="P",
        plan_codes=frozenset({("urn:p", "p")}),
        phases=phases,
        milestones=tuple(steps),
    )

    found = look([patient(), plan(inline(VISIT), **CLAIMED)], NOW, programs=[claiming]).assessment.milestones

    placed = {m.program_code: (m.phase, m.phase_title, m.phase_place) for m in found}
    assert placed == {"a": ("two", "The second", 2), "b": (None, None, None), None: (None, None, None)}


def test_one_owner_the_first_of_six() -> None:
    """S6 in the order of DESIGN §4.3: each is taken away, and the next one owns it."""
    links: Json = {"focus": to("ServiceRequest/sr1"), "basedOn": [to("CarePlan/cp1")]}
    made = task(owner=to("Practitioner/task"), **links)
    detail = inline(VISIT, performer=[to("Practitioner/detail")]) | step("ServiceRequest/sr1")
    ordered = order(performer=[to("Practitioner/order")])
    author: Json = {"author": to("Practitioner/author")}
    word = said(Said.REASSIGN, KEY, target="Practitioner/said")

    def owner(*more: Json, activity: Json = detail, statements: Any = (), **of_plan: Any) -> Json:
        found = look([patient(), plan(activity, **of_plan), *more], NOW, statements=statements).only["owner"]
        assert isinstance(found, dict)
        return found

    assert owner(made, ordered, statements=[word], **author) == {"reference": "Practitioner/said", "from": "statement"}
    assert owner(made, ordered, **author) == {"reference": "Practitioner/task", "from": "Task.owner"}
    assert owner(ordered, **author) == {"reference": "Practitioner/detail", "from": "activity.detail.performer"}
    plain = step("ServiceRequest/sr1")
    assert owner(ordered, activity=plain, **author) == {
        "reference": "Practitioner/order",
        "from": "ServiceRequest.performer",
    }
    assert owner(order(), activity=plain, **author) == {"reference": "Practitioner/author", "from": "CarePlan.author"}
    assert owner(order(), activity=plain) == {"role": "coordinator", "from": "fallback"}


def test_a_reassignment_may_be_to_a_role_and_can_be_undone() -> None:
    """S6: statement."""
    chart = [patient(), plan(step("ServiceRequest/sr1")), order()]
    word = said(Said.REASSIGN, KEY, target="role:scheduler")
    later = said(Said.REASSIGN, KEY, target="Practitioner/x", at="2026-06-12", id_="later")
    undo = said(Said.UNDO, target="later", at="2026-06-13", id_="undo")

    assert look(chart, NOW, statements=[word]).only["owner"] == {"role": "scheduler", "from": "statement"}
    assert look(chart, NOW, statements=[later, word]).only["owner"]["reference"] == "Practitioner/x"
    assert look(chart, NOW, statements=[later, word, undo]).only["owner"]["role"] == "scheduler"


def test_a_programs_role_is_resolved_in_the_care_team() -> None:
    """S6: before the plan's author; of the plan's own team, else the patient's; else the role itself."""

    def team(id_: str, member: str, role: str = "provider") -> Json:
        body: Json = {"resourceType": "CareTeam", "id": id_, "status": "active", "subject": P1}
        return body | {"participant": [{"role": [concept(role, system="urn:r")], "member": to(member)}]}

    def owner(*teams: Json, **of_plan: Any) -> Json:
        chart = [patient(), plan(**CLAIMED, **of_plan, author=to("Practitioner/author")), *teams]
        found = look(chart, NOW, programs=[program()]).only["owner"]
        assert isinstance(found, dict)
        return found

    own, other = team("z-own", "Practitioner/own"), team("a-other", "Practitioner/other")
    assert owner() == {"role": "provider", "from": "program"}
    assert owner(other) == {"reference": "Practitioner/other", "from": "program"}
    assert owner(own, other, careTeam=[to("CareTeam/z-own")]) == {"reference": "Practitioner/own", "from": "program"}
    assert owner(team("t", "Practitioner/x", "coach")) == {"role": "provider", "from": "program"}


def test_a_performer_without_a_reference_owns_nothing() -> None:
    """Nobody can be asked by a display, or inside another resource."""
    for nobody in ({"display": "Dr. Sampleton"}, {"reference": "#inside"}):
        found = look([patient(), plan(inline(VISIT, performer=[nobody]))], NOW).only
        assert found["owner"] == {"role": "coordinator", "from": "fallback"}


# ------------------------------------------------------------------------------------------------------------------ G7
def test_booked_for_is_the_earliest_standing_booking() -> None:
    """G7, and G5: as the chart has it."""
    late, early = booking("2026-06-25T14:00:00Z"), booking("2026-06-20T09:00:00-05:00", id_="a2")
    cancelled = booking("2026-06-18T14:00:00Z", "cancelled", id_="a3")
    chart = [patient(), plan(step("ServiceRequest/sr1")), order()]

    assert look([*chart, late, early, cancelled], NOW).only["booked_for"] == "2026-06-20T09:00:00-05:00"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ([order(status="revoked")], None),
        ([order(status="completed")], None),
        ([order(), result("2026-06-10", VISIT, order_="ServiceRequest/sr1")], None),
        ([order(status="on-hold")], "2026-06-20T14:00:00Z"),
        ([order(), booking("2026-06-10T14:00:00Z", id_="past")], "2026-06-20T14:00:00Z"),
    ],
)
def test_only_an_open_milestone_is_booked(more: list[Json], expected: str | None) -> None:
    """G7: null when it is completed or cancelled; also on hold or in review it stays known."""
    chart = [patient(), plan(step("ServiceRequest/sr1")), booking("2026-06-20T14:00:00Z")]

    assert look([*chart, *more], NOW).only["booked_for"] == expected


# ----------------------------------------------------------------------------------------------------------------- why
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([], ["due 2026-06-15 by ServiceRequest.occurrenceDateTime", "no evidence since 2026-01-05"]),
        ([result("2026-06-10", order_="ServiceRequest/sr1")], ["exact evidence: Observation/o1 on 2026-06-10"]),
        ([booking("2026-06-10T14:00:00Z", "noshow")], ["missed: Appointment/a1 (noshow)"]),
    ],
)
def test_why_always_has_an_answer(more: list[Json], words: list[str]) -> None:
    """DESIGN §1: the facts, the dates, and the rule that fired; nothing of the patient."""
    chart = [patient(), plan(step("ServiceRequest/sr1")), order(code=A1C, occurrenceDateTime="2026-06-15")]

    why = look([*chart, *more], NOW).only["why"]

    assert set(words) <= set(why)
    assert "Sampleton" not in " ".join(why)


def test_why_names_the_version_of_the_program() -> None:
    """DESIGN §1: the program version."""
    found = look([patient(), plan(**CLAIMED)], NOW, programs=[program()]).only

    assert "program p version 1" in found["why"]

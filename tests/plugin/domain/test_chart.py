"""Plans that nobody wrote as a CarePlan: claimed orders and enrolments (DESIGN §4.1, 5)."""

import pytest

from plugin.domain.program import MilestoneDefinition, Offset, Program
from plugin.domain.record import Coding, Said
from tests.charts import SNOMED, Json, booking, concept, look, order, patient, plan, said, step

SELF_CARE = concept("384758001", "Self care")
PROGRAM = Program(
    code="self-care",
    version="3",
    title="Self care",
    order_codes=frozenset({(SNOMED, "384758001")}),
    milestones=(
        MilestoneDefinition(
            code="visit",
            title="First visit",
            kind="visit",
            codes=(Coding(SNOMED, "390906007"),),
            opens=Offset(),
            due=Offset(days=10),
        ),
    ),
)
NOW = "2026-06-16"


def test_an_order_that_a_program_claims_starts_a_plan() -> None:
    """DESIGN §4.1, 5: its plan id is the order's reference; it begins when the order was written."""
    found = look([patient(), order(code=SELF_CARE, authoredOn="2026-06-05")], NOW, programs=[PROGRAM])

    assert (found.plan["plan"], found.plan["status"]) == ("ServiceRequest/sr1", "active")
    first = found.the("First visit")
    assert (first["due"], first["due_from"], first["tier"]) == ("2026-06-15", "program", 1)
    assert found.the("Self care")["source"] == "ServiceRequest/sr1"


@pytest.mark.parametrize(
    ("made", "more"),
    [
        (order(code=SELF_CARE), [plan(step("ServiceRequest/sr1"))]),
        (order(code=SELF_CARE, basedOn=[{"reference": "CarePlan/cp1"}]), [plan()]),
        (order(code=SELF_CARE, status="entered-in-error"), []),
        (order(code=SELF_CARE, doNotPerform=True), []),
        (order(code=concept("384758001", system="urn:x")), []),
    ],
)
def test_an_order_that_starts_no_plan_of_its_own(made: Json, more: list[Json]) -> None:
    """DESIGN §4.1, 5: where a CarePlan has it; O5; where it was entered in error, or nobody claims it."""
    found = look([patient(), made, *more], NOW, programs=[PROGRAM])

    assert [p["plan"] for p in found.document["plans"]] == [m["resourceType"] + "/" + m["id"] for m in more]


def test_a_revoked_order_ends_its_plan() -> None:
    """The plan is over with the order that began it."""
    found = look([patient(), order(code=SELF_CARE, status="revoked")], NOW, programs=[PROGRAM])

    assert (found.plan["status"], found.plan["stage"]) == ("revoked", "review")
    assert {m["status"] for m in found.milestones} == {"cancelled"}


def test_an_enrolment_starts_a_plan_on_the_day_on_which_it_was_said() -> None:
    """DESIGN §4.1, 5: ``enrolment:`` and the program; said twice it is one; undone, it never was."""
    once = said(Said.ENROL, at="2026-06-05", id_="a", target="self-care")
    twice = said(Said.ENROL, at="2026-06-08", id_="b", target="self-care")
    undo = said(Said.UNDO, at="2026-06-09", id_="c", target="a")
    unknown = said(Said.ENROL, at="2026-06-05", id_="d", target="nobody-knows")

    found = look([patient()], NOW, programs=[PROGRAM], statements=[once, twice, unknown])

    assert (found.plan["plan"], found.only["due"]) == ("enrolment:self-care", "2026-06-15")
    assert found.only["key"] == "bundle|enrolment:self-care@Patient/p1|visit|1"
    later = look([patient()], NOW, programs=[PROGRAM], statements=[once, twice, undo])
    assert later.only["due"] == "2026-06-18"
    assert look([patient()], NOW, programs=[PROGRAM], statements=[once, undo]).document["plans"] == []


def test_appointments_for_the_order_are_linked_to_its_plan() -> None:
    """A3: basedOn the order; and by code to the program's steps."""
    chart = [patient(), order(code=SELF_CARE, authoredOn="2026-06-05")]
    for_order = booking("2026-06-20T14:00:00Z")
    by_code = booking("2026-06-20T14:00:00Z", on=None, serviceType=[concept("390906007")])

    assert look([*chart, for_order], NOW, programs=[PROGRAM]).the("Self care")["status"] == "scheduled"
    assert look([*chart, by_code], NOW, programs=[PROGRAM]).the("First visit")["status"] == "scheduled"


def test_everybody_has_their_own_plans() -> None:
    """One record, one patient: nothing of the other is seen."""
    other = plan(id_="cp2", subject={"reference": "Patient/p2"})

    found = look([patient(), patient("p2"), plan(), other], NOW)

    assert found.plan["plan"] == "CarePlan/cp1"

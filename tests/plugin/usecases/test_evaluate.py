"""Evaluating a Bundle: records by patient, mergers, programs that are given."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from plugin.domain.ladder import STANDARD
from plugin.domain.program import Program
from plugin.domain.record import Event, Fact, Link, Other
from plugin.usecases.evaluate import Evaluator, evaluate, records_of
from tests.builders import CHICAGO, SELF_CARE, a_patient, a_plan, a_program, a_result, a_step, an_order

AT = datetime.fromisoformat("2026-06-16T00:00:00-05:00")


@dataclass
class Read:
    """A Bundle as it was read."""

    facts: Sequence[Fact]
    warnings: Sequence[str] = ("CarePlan/x: left out, it names no patient",)


def evaluated(*facts: Fact, programs: Sequence[Program] = ()) -> dict[str, object]:
    """The document of one moment."""
    evaluator = Evaluator(
        read_bundle=lambda text: Read(facts),
        read_program=lambda text, name: a_program(),
        ladders={"standard": STANDARD},
    )
    answer = evaluate(evaluator, b"", at=[AT], zone=CHICAGO, programs=programs)
    assert answer.warnings == ("CarePlan/x: left out, it names no patient",)
    (document,) = answer.documents
    return document


def test_every_patient_is_in_the_document() -> None:
    """Two patients, two plans, one document; and it is JSON."""
    document = evaluated(a_patient(1), a_plan(1), a_plan(2))

    assert [plan["patient"] for plan in json.loads(json.dumps(document))["plans"]] == ["Patient/p1", "Patient/p2"]


def test_another_patients_record_is_not_ones_own() -> None:
    """The evidence of one is none of the other."""
    first, second = records_of([a_plan(1), a_plan(2), a_result(1, patient=2)])

    assert "Observation/o1" not in first.facts
    assert "Observation/o1" in second.facts


def test_what_names_no_patient_is_known_of_everyone() -> None:
    """A practitioner, and evidence that only a link can tell (E8)."""
    linked = Event(ref="Observation/o1", status="final", based_on=(Link("ServiceRequest/sr1"),))
    plan = a_plan(1, activities=[a_step("ServiceRequest/sr1")])

    document = evaluated(plan, an_order(1), linked, Other(ref="Practitioner/d"))

    assert "'status': 'completed'" in str(document)


def test_a_replaced_record_is_its_survivors() -> None:
    """S7; and a circle of mergers ends."""
    (record,) = records_of([a_patient(1, replaced_by="Patient/p2"), a_patient(2), a_plan(1)])
    circle = records_of([a_patient(1, replaced_by="Patient/p2"), a_patient(2, replaced_by="Patient/p1")])

    assert record.ref == "Patient/p2"
    assert "CarePlan/cp1" in record.facts
    assert len(circle) >= 1


def test_only_given_programs_are_in_force() -> None:
    """An order that a program claims starts a plan only when that program is given."""
    order = an_order(1, code=SELF_CARE)

    without, given = evaluated(a_patient(1), order), evaluated(a_patient(1), order, programs=[a_program()])

    assert without["plans"] == []
    assert len(given["plans"]) == 1  # type: ignore[arg-type]  # a list, in JSON

"""Records to JSON and back."""

from datetime import UTC, datetime

import pytest

from plugin.domain.record import (
    FACT_TYPES,
    Action,
    Activity,
    Appointment,
    CarePlan,
    CareTeam,
    Coding,
    Concept,
    Detail,
    Event,
    Fact,
    Goal,
    GoalTarget,
    Identifier,
    Link,
    Measure,
    Member,
    Moment,
    Order,
    Other,
    Participant,
    Patient,
    Provenance,
    Schedule,
    Timing,
)
from plugin.storage.codec import decode_fact, encode, encode_json

SEEN = datetime(2026, 6, 15, 10, 30, 0, 123456, tzinfo=UTC)
A_CONCEPT = Concept((Coding("http://loinc.org", "4548-4", "HbA1c"), Coding("", "x")), "Hémoglobine")
A_LINK = Link("Practitioner/d1", "Dr. Test", Identifier("urn:npi", "1"))
A_SCHEDULE = Schedule(
    start=Moment("2026"),
    at=Moment("2026-06-15T09:00:00-05:00"),
    timing=Timing(events=(Moment("2026-07"),), bounds_value=1.5, bounds_unit="mo", count=3, frequency=1, period=6.0),
)
AN_ORDER = Order(
    ref="ServiceRequest/r1",
    version="3",
    seen=SEEN,
    subject="Patient/p1",
    do_not_perform=True,
    concept=A_CONCEPT,
    categories=(A_CONCEPT,),
    identifiers=(Identifier("urn:x", "1"),),
    based_on=(A_LINK,),
    focus=A_LINK,
    schedule=A_SCHEDULE,
    status_reason=Concept(text="why"),
    instantiates=("urn:canonical",),
    actions=(Action(place="0", title="outer", actions=(Action(place="0.0", concepts=(A_CONCEPT,)),)),),
)
FACTS: tuple[Fact, ...] = (
    Patient(ref="Patient/p1", deceased=True, deceased_at=Moment("2026-01"), identifiers=(Identifier("urn:x", "1"),)),
    Patient(ref="Patient/p2", active=False, needs_interpreter=False, language="es", language_name="Spanish"),
    AN_ORDER,
    CarePlan(
        ref="CarePlan/c1",
        activities=(
            Activity(place=0, link=A_LINK, outcomes=(A_LINK,)),
            Activity(place=1, detail=Detail(concept=A_CONCEPT, schedule=A_SCHEDULE, performers=(A_LINK,))),
        ),
        contained=(AN_ORDER,),
    ),
    Appointment(ref="Appointment/a1", participants=(Participant("Patient/p1", "declined"), Participant(None))),
    Event(ref="Observation/o1", concepts=(A_CONCEPT,), value=0.0, valueless=False, members=(A_LINK,)),
    Event(ref="Observation/o2", components=(Measure("urn:x", "sys", 0.0), Measure("urn:x", "dia", -1.5, "mm[Hg]"))),
    CareTeam(ref="CareTeam/t1", members=(Member("Practitioner/d1", (Coding("urn:x", "nurse"),), None, "Dr. Test"),)),
    Provenance(ref="Provenance/v1", targets=("Task/t1",), agents=("Practitioner/d1",), ours=True),
    Other(ref="Consent/n1", values=(A_CONCEPT,), links=(A_LINK,)),
    Goal(ref="Goal/g1", description=A_CONCEPT, targets=(GoalTarget(measure=A_CONCEPT, low=0.0, high=0.0, unit="%"),)),
    Goal(ref="Goal/g2", achievement=A_CONCEPT, targets=(GoalTarget(value=0.0, comparator=">"), GoalTarget(words="no"))),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.type)
def test_comes_back_as_it_was(fact: Fact) -> None:
    """Everything, however deep, has the same value and the same class again; 0 and no are values."""
    assert decode_fact(fact.ref, encode(fact)) == fact


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        (
            '{"ref":"Goal/g","status":"active","concepts":[{"text":"x"}],"end":"2026-12","values":[{"text":"HbA1c"}]}',
            Goal(ref="Goal/g", status="active"),
        ),
        (
            '{"ref":"CareTeam/t","members":[["Practitioner/d",[["urn:x","nurse",null]],null]]}',
            CareTeam(ref="CareTeam/t", members=(Member("Practitioner/d", (Coding("urn:x", "nurse"),)),)),
        ),
        ('{"ref":"Patient/p","language":"es"}', Patient(ref="Patient/p", language="es")),
        ('{"ref":"Observation/o","value":7.1}', Event(ref="Observation/o", value=7.1)),
    ],
)
def test_what_an_earlier_version_stored_is_still_read(body: str, fact: Fact) -> None:
    """What it did not know is not there; nothing fails."""
    assert decode_fact(fact.ref, body) == fact


@pytest.mark.parametrize("name", sorted(FACT_TYPES))
def test_bare_fact_of_every_type(name: str) -> None:
    """Each type of the feed has its decoder, and a fact that says nothing is stored as its reference."""
    fact = FACT_TYPES[name](ref=f"{name}/1")

    assert encode(fact) == f'{{"ref":"{name}/1"}}'
    assert decode_fact(fact.ref, encode(fact)) == fact


def test_defaults_are_left_out() -> None:
    """An equal default too, that is another object: most of a record is never said."""
    event = Event(ref="Observation/o1", valueless=False, concepts=(), encounter=None, value=0.0)
    plan = CarePlan(ref="CarePlan/c1", activities=(Activity(place=0, detail=Detail(concept=Concept((), None))),))

    assert encode(event) == '{"ref":"Observation/o1","value":0.0}'
    assert encode(plan) == '{"ref":"CarePlan/c1","activities":[{"place":0,"detail":{}}]}'


def test_only_records_are_encoded() -> None:
    """What is no record has no fields to leave out."""
    with pytest.raises(TypeError, match="str is no record"):
        encode("text")


def test_equal_values_give_equal_text() -> None:
    """Digests are made of it: the order of keys says nothing."""
    assert encode_json({"b": 1, "a": {"d": 2, "c": 3}}) == encode_json({"a": {"c": 3, "d": 2}, "b": 1})

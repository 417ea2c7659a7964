"""The port Codes: what stands in the charts, and what was counted of it."""

from plugin.domain.known_code import CodeSeen, Place
from plugin.domain.record import CarePlan, Concept, Event, Order
from plugin.usecases.ports import Database
from tests.contract.storage.given import HBA1C, LATER, NOW, a_source

LOINC = HBA1C.system
SEEN = [
    CodeSeen(LOINC, "4548-4", "Hemoglobin A1c", 812),
    CodeSeen(LOINC, "718-7", "Hemoglobin", 900),
    CodeSeen("http://snomed.info/sct", "718-7", None, 1),
]


def test_codes_come_patient_by_patient(any_database: Database) -> None:
    """Page by page, all of one patient's together; what is of no patient is left out."""
    coded = Concept((HBA1C,))
    with any_database.begin() as unit:
        source = unit.sources.add(a_source(), NOW)
        facts = [
            (Event(ref="Observation/1", version="1", concepts=(coded,)), ["Patient/b"]),
            (Order(ref="Task/1", version="1", concept=coded), ["Patient/a"]),
            (CarePlan(ref="CarePlan/1", version="1", categories=(coded, coded)), ["Patient/a"]),
            (Event(ref="Observation/2", version="1", concepts=(coded,)), [""]),
        ]
        unit.facts.store(source, facts, NOW)
        unit.commit()

    with any_database.begin() as unit:
        first = unit.codes.in_charts(None, 2)
        rest = unit.codes.in_charts(first[-1][0], 2)

        assert first == [
            (Place(source.id, "Patient/a", "CarePlan/1"), (HBA1C, HBA1C)),
            (Place(source.id, "Patient/a", "Task/1"), (HBA1C,)),
        ]
        assert rest == [(Place(source.id, "Patient/b", "Observation/1"), (HBA1C,))]
        assert unit.codes.in_charts(rest[-1][0], 2) == []


def test_a_search(any_database: Database) -> None:
    """Every word must be there, whatever signs are in it; the very code comes first, then by patients."""
    with any_database.begin() as unit:
        unit.codes.keep(SEEN, NOW)

        assert [one.code for one in unit.codes.find(["hemoglobin"], 5)] == ["718-7", "4548-4"]
        assert [one.code for one in unit.codes.find(["hemoglobin"], 1)] == ["718-7"]
        assert [one.code for one in unit.codes.find(["a1c", "hemo"], 5)] == ["4548-4"]
        assert unit.codes.find(["718-7"], 5)[0].patients == 900
        assert unit.codes.find(["%"], 5) == []
        assert unit.codes.find(["_"], 5) == []


def test_a_count_takes_the_place_of_the_one_before(any_database: Database) -> None:
    """What is in no chart any more is offered no more."""
    with any_database.begin() as unit:
        assert unit.codes.counted_at() is None
        unit.codes.keep(SEEN, NOW)
        unit.codes.keep(SEEN[:1], LATER)
        unit.commit()

    with any_database.begin() as unit:
        assert unit.codes.counted_at() == LATER
        wanted = frozenset({(LOINC, "4548-4"), ("http://snomed.info/sct", "4548-4"), (LOINC, "718-7")})
        assert unit.codes.among(wanted) == {(LOINC, "4548-4"): SEEN[0]}
        assert unit.codes.among(frozenset()) == {}

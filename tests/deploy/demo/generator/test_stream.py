"""The demo practice is the same every time, holds every form, and never refers to what is not there."""

import json
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from fhirclient.models.bundle import Bundle

from deploy.demo.generator.layouts import CYCLE, Origin
from deploy.demo.generator.steps import Form
from deploy.demo.generator.stream import generate
from deploy.demo.generator.tally import Tally

TODAY = date(2026, 6, 15)
R4_APPOINTMENT = {
    "proposed",
    "pending",
    "booked",
    "arrived",
    "fulfilled",
    "cancelled",
    "noshow",
    "entered-in-error",
    "checked-in",
    "waitlist",
}
R4_PLAN = {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"}
EVIDENCE = {
    "Observation final",
    "Observation amended",
    "Observation preliminary",
    "Observation entered-in-error",
    "Observation final, no value",
    "DiagnosticReport final",
    "DiagnosticReport registered",
    "Procedure completed",
    "Immunization completed",
    "QuestionnaireResponse completed",
    "Encounter finished",
    "activity.outcomeReference",
    "Task.output",
}

Json = dict[str, Any]


@pytest.fixture(scope="module")
def tally() -> Tally:
    """Filled together with `practice`."""
    return Tally()


@pytest.fixture(scope="module")
def practice(tally: Tally) -> list[Json]:
    """The transactions of the published practice of 340 patients."""
    return list(generate(TODAY, 340, tally=tally))


@pytest.fixture(scope="module")
def resources(practice: list[Json]) -> list[Json]:
    """All their resources."""
    return [entry["resource"] for transaction in practice for entry in transaction["entry"]]


def references(part: object) -> Iterator[str]:
    """Every literal reference inside a resource."""
    if isinstance(part, dict):
        if isinstance(part.get("reference"), str):
            yield part["reference"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def values(resources: list[Json], resource_type: str, element: str) -> set[str]:
    """The values of one element in all resources of a type."""
    return {resource[element] for resource in resources if resource["resourceType"] == resource_type}


def test_the_same_seed_and_day_make_the_same_practice(practice: list[Json]) -> None:
    """Loading twice doubles nothing, because the second practice is the first, to the byte."""
    again = list(generate(TODAY, 340))

    assert json.dumps(again) == json.dumps(practice)


def test_another_seed_makes_another_practice_under_the_same_ids_of_patients() -> None:
    """A seed changes what happened, not who is there."""
    first, second = (list(generate(TODAY, 12, seed)) for seed in (1, 2))

    assert json.dumps(first) != json.dumps(second)
    assert patients_of(first) == patients_of(second)


def patients_of(transactions: list[Json]) -> list[str]:
    """The ids of the patients, in order."""
    entries = [entry["resource"] for transaction in transactions for entry in transaction["entry"]]
    return [resource["id"] for resource in entries if resource["resourceType"] == "Patient"]


def test_a_larger_practice_begins_with_the_smaller_one() -> None:
    """More patients are added at the end; the first ones stay as they are."""
    small = [entry for transaction in generate(TODAY, 40) for entry in transaction["entry"]]
    large = [entry for transaction in generate(TODAY, 90) for entry in transaction["entry"]]

    assert large[: len(small)] == small


def test_every_reference_is_in_the_same_transaction_or_in_the_first(practice: list[Json]) -> None:
    """HAPI refuses a reference to nothing, and transactions are loaded side by side."""
    first, *others = ({f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in t["entry"]} for t in practice)

    assert set(references(practice[0])) <= first
    for transaction, own in zip(practice[1:], others, strict=True):
        assert set(references(transaction["entry"])) <= own | first


def test_ids_are_given_valid_and_unique(practice: list[Json], resources: list[Json]) -> None:
    """Each is put once, under an id that HAPI takes from a client: at most 64 signs, not digits alone."""
    names = Counter((resource["resourceType"], resource["id"]) for resource in resources)

    assert set(names.values()) == {1}
    assert all(identity.startswith("demo-") and len(identity) <= 64 for _, identity in names)
    for transaction in practice:
        for entry in transaction["entry"]:
            body = entry["resource"]
            assert entry["request"] == {"method": "PUT", "url": f"{body['resourceType']}/{body['id']}"}


def test_transactions_are_of_the_size_that_a_server_likes(practice: list[Json]) -> None:
    """All but the first and the last hold between 100 and 200 entries."""
    sizes = [len(transaction["entry"]) for transaction in practice]

    assert all(100 <= size <= 200 for size in sizes[1:-1])
    assert sizes[-1] <= 200


def test_every_resource_is_structurally_r4(practice: list[Json]) -> None:
    """fhirclient's strict models take all of it."""
    for transaction in practice:
        Bundle(transaction, strict=True)


def test_every_form_is_present(tally: Tally) -> None:
    """Each way of standing in a chart, of DESIGN 4.1, occurs in 340 patients."""
    assert set(tally.of("step")) == {form.value for form in Form}
    assert set(tally.of("start of a plan")) == {origin.value for origin in Origin}
    assert set(tally.of("patient")) == {"active", "deceased", "inactive", "merged into another"}
    assert set(tally.of("evidence")) == EVIDENCE


def test_every_status_is_present(resources: list[Json]) -> None:
    """Plans and appointments are in every status that R4 knows."""
    assert values(resources, "Appointment", "status") == R4_APPOINTMENT
    assert values(resources, "CarePlan", "status") == R4_PLAN


def test_every_course_of_goals_and_scores_is_present(tally: Tally) -> None:
    """Some move, some do not, some are reached; the books say how many."""
    assert {"blood pressure, no change", "blood pressure, reached", "weight, no change"} <= set(tally.of("goal"))
    assert {"PHQ-9, down to 0", "GAD-7, worse", "PCL-5, improving"} <= set(tally.of("score"))
    assert tally.of("score")["(of these, as questionnaires)"]
    assert set(tally.of("referral")) == {"Eye clinic", "Physical therapy", "Nutrition"}
    assert {"needed, Spanish", "needed, Vietnamese", "not needed, English"} <= set(tally.of("interpreter"))


def test_some_score_is_0(resources: list[Json]) -> None:
    """As a result and as the answers of a questionnaire: a score of 0 is a score."""
    results = [r for r in resources if r["resourceType"] == "Observation" and r.get("valueInteger") == 0]
    forms = [r for r in resources if r["resourceType"] == "QuestionnaireResponse"]
    totals = [a for r in forms for item in r["item"] for a in item["answer"] if a.get("valueInteger") == 0]

    assert results
    assert totals


def test_appointments_point_to_their_steps_in_every_way(tally: Tally) -> None:
    """All links of DESIGN 4.4 occur, and so do cancellations by either side."""
    assert set(tally.of("link of an appointment")) == {
        "basedOn",
        "activity.reference",
        "supportingInformation Task",
        "supportingInformation CarePlan",
        "identifier",
        "Encounter.appointment",
        "R5 back-port extension",
        "same code",
        "none, generic type",
    }
    assert {"pat", "prov", "maint", "pat-dec", "pat-mv"} <= set(tally.of("cancelled because"))
    assert tally.of("appointment")["booked, past"]
    assert tally.of("appointment")["fulfilled, group of two"]


def test_an_appointment_has_start_and_end_or_neither(resources: list[Json]) -> None:
    """R4's rules app-1 to app-4: participants, both times or none, none only where it may be, a reason only if gone."""
    for resource in resources:
        if resource["resourceType"] != "Appointment":
            continue
        assert ("start" in resource) == ("end" in resource)
        assert "start" in resource or resource["status"] in ("proposed", "cancelled")
        assert all("actor" in participant and "status" in participant for participant in resource["participant"])
        assert "cancelationReason" not in resource or resource["status"] == "cancelled"


@pytest.mark.parametrize("patients", [50, 100, 340, 1000])
def test_about_38_percent_have_a_gap(patients: int) -> None:
    """By the generator's own books, at any size, and spread evenly over the four tiers."""
    tally = Tally()
    for _ in generate(TODAY, patients, tally=tally):
        pass

    tiers = [count for name, count in tally.of("gap").items() if name.startswith("tier")]
    assert tally.patients == patients
    assert 0.35 <= tally.gap_share <= 0.41
    assert len(tiers) == 4
    assert max(tiers) - min(tiers) <= 1


def test_twenty_patients_have_every_origin_of_a_plan() -> None:
    """A small practice, as tests use it, is as varied as its size allows."""
    tally = Tally()
    for _ in generate(TODAY, len(CYCLE), tally=tally):
        pass

    assert set(tally.of("start of a plan")) == {origin.value for origin in Origin}


def test_names_numbers_and_addresses_are_plainly_synthetic(resources: list[Json]) -> None:
    """Nobody can take these patients for people."""
    for resource in resources:
        if resource["resourceType"] != "Patient":
            continue
        phone, mail = (contact["value"] for contact in resource["telecom"])
        assert resource["name"][0]["family"].startswith("Sampleton-")
        assert resource["identifier"][0]["value"].startswith("SYN-")
        assert "555-01" in phone
        assert mail.endswith("@example.test")


def test_a_tag_keeps_practices_apart() -> None:
    """Two practices share a server: other ids, every resource marked, nothing of one refers to the other."""
    plain = list(generate(TODAY, 10))
    tagged = list(generate(TODAY, 10, tag="east"))

    resources = [entry["resource"] for transaction in tagged for entry in transaction["entry"]]
    assert all(resource["id"].startswith("demo-east-") for resource in resources)
    assert all(
        resource["meta"]["tag"] == [{"system": "https://milepost.example/demo", "code": "east"}]
        for resource in resources
    )
    assert not set(patients_of(plain)) & set(patients_of(tagged))
    assert all("/demo-east-" in target for target in references(tagged))


@pytest.mark.parametrize("tag", ["a b", "x/y", "ü", "t" * 21])
def test_a_tag_that_cannot_stand_in_an_id_is_refused(tag: str) -> None:
    """The complaint names the tag."""
    with pytest.raises(ValueError, match="cannot stand in an id"):
        next(generate(TODAY, 1, tag=tag))


def test_the_stream_ends_near_a_number_of_resources() -> None:
    """For a benchmark: as many patients as it takes, no more."""
    made = sum(len(transaction["entry"]) for transaction in generate(TODAY, 100_000, resources=2_000))

    assert 2_000 <= made < 2_050


@pytest.mark.parametrize("patients", [3, 63, 340])
def test_the_showcase_is_in_the_books(patients: int) -> None:
    """At any size from three patients on, under the id that the practice's tag gives it."""
    tally = Tally()
    made = [entry["resource"] for t in generate(TODAY, patients, tag="east", tally=tally) for entry in t["entry"]]

    assert tally.showcase == "Patient/demo-east-patient-000002"
    assert any(f"Patient/{resource['id']}" == tally.showcase for resource in made)


def test_a_practice_that_is_too_small_has_no_showcase() -> None:
    """And says so by having none."""
    tally = Tally()
    for _ in generate(TODAY, 2, tally=tally):
        pass

    assert tally.showcase is None


def test_those_to_enrol_are_named_and_have_no_plan() -> None:
    """The command enrols them after loading, so nothing in the chart says that they are in a program."""
    named: list[str] = []
    transactions = list(generate(TODAY, 100, enrol=named.append))

    resources = [entry["resource"] for transaction in transactions for entry in transaction["entry"]]
    planned = {r["subject"]["reference"] for r in resources if r["resourceType"] in ("CarePlan", "ServiceRequest")}
    assert len(named) == 5
    assert not planned & set(named)
    assert {name.partition("/")[2] for name in named} <= set(patients_of(transactions))


def test_nothing_has_happened_in_the_future(resources: list[Json]) -> None:
    """Results, visits and outcomes lie before today; otherwise a finding of tomorrow would count today."""
    for resource in resources:
        happened = resource.get("effectiveDateTime") or resource.get("occurrenceDateTime") or ""
        if resource["resourceType"] in ("Encounter", "Procedure"):
            happened = (resource.get("period") or resource["performedPeriod"])["end"]
        if resource["resourceType"] in ("Encounter", "Procedure", "Observation", "DiagnosticReport", "Immunization"):
            assert happened[:10] < TODAY.isoformat()
        if resource["resourceType"] == "Appointment" and resource["status"] in ("fulfilled", "noshow"):
            assert resource["start"][:10] < TODAY.isoformat()


def test_no_day_breaks_it() -> None:
    """The end of a month, the leap day, and the nights on which the clock changes."""
    for day in (date(2028, 2, 29), date(2026, 3, 8), date(2026, 11, 1), date(2026, 12, 31), date(2027, 1, 1)):
        tally = Tally()
        for transaction in generate(day, 63, tally=tally):
            Bundle(transaction, strict=True)
        assert tally.patients == 63


def test_memory_does_not_grow_with_the_number_of_patients() -> None:
    """Transactions are made one at a time and not kept."""
    for _ in generate(TODAY, 10):
        pass
    tracemalloc.start()
    try:
        peaks = []
        for patients in (40, 240):
            tracemalloc.reset_peak()
            for _ in generate(TODAY, patients):
                pass
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()

    assert peaks[1] < 1.5 * peaks[0]

"""Tests of fhir_adapters/bundle.py: a Bundle in a file, and what its references mean (SEMANTICS O11, O12)."""

import copy
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_adapters.bundle import BundleFacts, read_bundle
from plugin.domain.errors import BadBundle
from plugin.domain.record import CarePlan, Event, Fact, Order

FIXTURES = Path(__file__).parents[1] / "fixtures" / "fhir" / "r4"
PATIENT = {"resourceType": "Patient", "id": "p1"}
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["resource", "id", "x"]), inner),
    max_leaves=8,
)


def plan(subject: object = "Patient/p1", **elements: object) -> dict[str, Any]:
    made: dict[str, Any] = {"resourceType": "CarePlan", "id": "cp1", "status": "active", "intent": "plan"}
    return {**made, "subject": {"reference": subject}, **elements}


def bundle(*entries: dict[str, Any], type_: str = "collection", **elements: object) -> bytes:
    """Entries as given; a bare resource is put into one."""
    made = [{"resource": entry} if "resourceType" in entry else entry for entry in entries]
    return orjson.dumps({"resourceType": "Bundle", "type": type_, "entry": made, **elements})


def by_ref(read: BundleFacts) -> dict[str, Fact]:
    return {fact.ref: fact for fact in read.facts}


def subject_of(read: BundleFacts) -> str | None:
    (found,) = (fact.subject for fact in read.facts if isinstance(fact, CarePlan))
    return found


@pytest.mark.parametrize(
    "type_", ["collection", "transaction", "batch", "searchset", "document", "message", "history", "", "heap"]
)
def test_a_bundle_of_any_type_is_read(type_: str) -> None:
    """O11: a transaction is as good as a collection."""
    read = read_bundle(bundle(PATIENT, plan(), type_=type_))

    assert set(by_ref(read)) == {"Patient/p1", "CarePlan/cp1"}
    assert read.warnings == ()


@pytest.mark.parametrize(
    ("reference", "subject"),
    [
        ("Patient/p1", "Patient/p1"),
        ("Patient/p1/_history/7", "Patient/p1"),
        ("urn:uuid:0b7f", "Patient/p1"),
        ("https://ehr.example/fhir/Patient/p1", "Patient/p1"),
        ("https://ehr.example/fhir/Patient/p1/_history/2", "Patient/p1"),
        ("https://elsewhere.example/r4/Patient/p1", "Patient/p1"),
        ("Patient/p2", "Patient/p2"),
        ("https://elsewhere.example/r4/Patient/p2", "https://elsewhere.example/r4/Patient/p2"),
        ("urn:uuid:none", "urn:uuid:none"),
    ],
)
def test_references_are_resolved_by_url_else_by_type_and_id(reference: str, subject: str) -> None:
    """A version, and the base of what is in the Bundle, are ignored; what is not in it stays as it is."""
    read = read_bundle(bundle({"fullUrl": "urn:uuid:0b7f", "resource": PATIENT}, plan(reference)))

    assert subject_of(read) == subject


def test_a_full_url_names_what_has_no_id() -> None:
    """As in a transaction that is still to be sent."""
    patient = {"fullUrl": "urn:uuid:0b7f", "resource": {"resourceType": "Patient"}}
    order = {"fullUrl": "https://ehr.example/fhir/Task/t1", "resource": {"resourceType": "Task"}}
    careplan = plan("urn:uuid:0b7f", activity=[{"reference": {"reference": "https://ehr.example/fhir/Task/t1"}}])
    read = read_bundle(bundle(patient, order, careplan, type_="transaction"))

    assert set(by_ref(read)) == {"Patient/0b7f", "Task/t1", "CarePlan/cp1"}
    assert subject_of(read) == "Patient/0b7f"


def test_what_has_neither_id_nor_url_is_named_by_its_place() -> None:
    """Two of them stay two."""
    nameless = plan()
    del nameless["id"]
    read = read_bundle(bundle(PATIENT, nameless, nameless))

    assert set(by_ref(read)) == {"Patient/p1", "CarePlan/entry[1]", "CarePlan/entry[2]"}


@pytest.mark.parametrize(
    ("one", "other", "newest"),
    [
        ({"lastUpdated": "2026-06-02T00:00:00Z"}, {"lastUpdated": "2026-06-01T00:00:00Z"}, "one"),
        ({"lastUpdated": "2026-06-01T00:00:00Z"}, {"lastUpdated": "2026-06-01T00:00:01Z"}, "other"),
        ({"lastUpdated": "2026-06-01T02:00:00+02:00"}, {"lastUpdated": "2026-06-01T00:00:01Z"}, "other"),
        ({"versionId": "10"}, {"versionId": "9"}, "one"),
        ({"versionId": "a"}, {"versionId": "b"}, "other"),
        ({"lastUpdated": "2026-06-01T00:00:00Z", "versionId": "2"}, {"versionId": "9"}, "one"),
        ({}, {}, "other"),
        ({"lastUpdated": "soon"}, {"versionId": 5}, "other"),
    ],
)
def test_of_one_resource_the_newest_counts(one: dict[str, Any], other: dict[str, Any], newest: str) -> None:
    """By stamp, then by version, then by place."""
    read = read_bundle(bundle(plan(title="one", meta=one), plan(title="other", meta=other)))

    (found,) = read.facts
    assert isinstance(found, CarePlan)
    assert found.title == newest


def test_deletions_say_nothing() -> None:
    """O11: DELETE entries are ignored, with a resource or without."""
    deleted = {"request": {"method": "DELETE", "url": "CarePlan/cp1"}}
    read = read_bundle(bundle(plan(), deleted, {**deleted, "resource": plan(title="gone")}, type_="history"))

    (found,) = read.facts
    assert isinstance(found, CarePlan)
    assert found.title is None
    assert read.warnings == ()


@pytest.mark.parametrize("subject", [None, {}, {"display": "Testa"}, {"reference": "Group/g1"}, "Patient/p1"])
def test_a_plan_without_a_patient_is_left_out_by_name(subject: object) -> None:
    """O12: also one about a group."""
    read = read_bundle(bundle({**plan(), "subject": subject}))

    assert read.facts == ()
    assert read.warnings[0] == "CarePlan/cp1: left out, it names no patient"


def test_a_plan_whose_patient_is_not_there_is_tracked_under_its_reference() -> None:
    """O12."""
    assert subject_of(read_bundle(bundle(plan("Patient/absent")))) == "Patient/absent"


def test_contained_orders_and_their_references_stay_inside_their_plan() -> None:
    """Two plans may use the same local id."""
    inside = {"resourceType": "ServiceRequest", "id": "sr", "status": "active", "intent": "order"}
    activity = [{"reference": {"reference": "#sr"}}]
    read = read_bundle(
        bundle(
            PATIENT,
            plan(id="a", contained=[inside], activity=activity),
            plan(id="b", contained=[inside], activity=activity),
        )
    )

    plans = [fact for fact in read.facts if isinstance(fact, CarePlan)]
    links = [plan.activities[0].link.ref for plan in plans if plan.activities[0].link]
    assert links == ["ServiceRequest/a#sr", "ServiceRequest/b#sr"]
    assert [order.ref for plan in plans for order in plan.contained] == links


def test_warnings_say_what_was_left_out_and_why() -> None:
    """One line each, counted, and nothing of what the chart says."""
    task = {"resourceType": "Task", "id": "t", "authoredOn": "Testa", "status": 5, "basedOn": [{"reference": 1}]}
    read = read_bundle(bundle({"resource": "Testa"}, PATIENT, task, {**task, "id": "t2"}, {"fullUrl": "x"}))

    assert read.warnings == (
        "Bundle.entry[0]: left out, it holds no resource",
        "Bundle.entry[4]: left out, it holds no resource",
        "left out: Task.authoredOn: no date (2 times)",
        "left out: Task.basedOn: not a reference (2 times)",
        "left out: Task.status: not a text (2 times)",
    )


def test_types_that_milepost_does_not_read_are_passed_over() -> None:
    """A whole chart holds claims, locations and more; that is no warning."""
    read = read_bundle(bundle({"resourceType": "Organization", "id": "o"}, {"resourceType": "Claim"}))

    assert read == BundleFacts((), ())


def test_ours_can_be_another_base() -> None:
    """O4: the systems come from one setting."""
    task = {"resourceType": "Task", "id": "t", "meta": {"tag": [{"system": "urn:us/tag"}]}}
    (found,) = read_bundle(bundle(task), tag_system="urn:us/tag", identifier_base="urn:us/").facts

    assert isinstance(found, Order)
    assert found.ours


def test_seen_is_the_stamp_of_the_chart() -> None:
    """A7: without one nothing is made up."""
    report = {"resourceType": "Observation", "id": "o", "meta": {"lastUpdated": "2026-06-01T12:00:00+02:00"}}
    stamped, plain = read_bundle(bundle(report, {"resourceType": "Observation", "id": "p"})).facts

    assert isinstance(stamped, Event)
    assert stamped.seen is not None
    assert stamped.seen.isoformat() == "2026-06-01T10:00:00+00:00"
    assert plain.seen is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "The input is not JSON (line 1, column 1); a FHIR R4 Bundle in JSON was expected."),
        (b'{"a":\n x}', "The input is not JSON (line 2, column 2); a FHIR R4 Bundle in JSON was expected."),
        (b"<Bundle/>", "The input is not JSON (line 1, column 1); a FHIR R4 Bundle in JSON was expected."),
        (b"\xff\xfe{}", "The input is not JSON (line 1, column 1); a FHIR R4 Bundle in JSON was expected."),
        (b"[" * 5000, "The input is nested too deeply for a FHIR R4 Bundle."),
        (b"[]", "The input is JSON, but no object; a FHIR R4 Bundle was expected."),
        (b"null", "The input is JSON, but no object; a FHIR R4 Bundle was expected."),
        (b"{}", "The input is no FHIR resource; a FHIR R4 Bundle was expected."),
        (b'{"resourceType": 5}', "The input is no FHIR resource; a FHIR R4 Bundle was expected."),
        (b'{"resourceType": "Patient"}', "The input is a Patient; a FHIR R4 Bundle was expected."),
        (b'{"resourceType": "Bundle", "entry": {}}', "The Bundle's entry is not a list."),
    ],
)
def test_what_is_no_bundle_is_refused_in_one_line(text: bytes, message: str) -> None:
    """And nothing of its content stays in the error."""
    with pytest.raises(BadBundle) as refused:
        read_bundle(text)

    assert str(refused.value) == message
    assert refused.value.__cause__ is refused.value.__context__ is None


def test_a_byte_order_mark_is_no_fault() -> None:
    """Windows editors write one."""
    assert read_bundle(b"\xef\xbb\xbf" + bundle(PATIENT)).facts[0].ref == "Patient/p1"


def test_an_empty_bundle_has_no_facts() -> None:
    """With no entries, or without the element."""
    assert read_bundle(bundle()) == read_bundle(b'{"resourceType":"Bundle","entry":null}') == BundleFacts((), ())


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in inner for place in [(*path, key), *places(item, (*path, key))]]


def a_whole_chart() -> dict[str, Any]:
    resources = [orjson.loads(path.read_bytes()) for path in sorted(FIXTURES.glob("*.json"))]
    entries = [{"fullUrl": f"urn:uuid:{place}", "resource": resource} for place, resource in enumerate(resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


CHART = a_whole_chart()
PLACES = places(CHART)


@given(st.data())
def test_no_junk_in_a_bundle_ends_in_a_traceback(data: st.DataObject) -> None:
    """Facts and warnings, or one clear line."""
    chart = copy.deepcopy(CHART)
    for place in data.draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=5)):
        holder: Any = chart
        for key in place[:-1]:
            holder = holder[key] if isinstance(holder, dict | list) and _has(holder, key) else {}
        if isinstance(holder, dict | list) and _has(holder, place[-1]):
            holder[place[-1]] = data.draw(JUNK)

    if not isinstance(chart.get("entry"), list | None) or chart.get("resourceType") != "Bundle":
        with pytest.raises(BadBundle):
            read_bundle(orjson.dumps(chart))
        return
    read = read_bundle(orjson.dumps(chart))
    assert not any("failed" in warning or "\n" in warning for warning in read.warnings)
    assert len(by_ref(read)) == len(read.facts)


def _has(holder: Any, key: Any) -> bool:
    if isinstance(holder, dict):
        return key in holder
    return isinstance(key, int) and key < len(holder)

"""What a request would do, and what is not served at all."""

import pytest

from deploy.demo.ehr.interaction import Interaction, NotServed, interaction, of_bundle


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "", Interaction("*", "s")),
        ("GET", "_history", Interaction("*", "s", is_version=True)),
        ("GET", "Task", Interaction("Task", "s")),
        ("POST", "Task/_search", Interaction("Task", "s")),
        ("GET", "Task/_history", Interaction("Task", "s", is_version=True)),
        ("POST", "Task", Interaction("Task", "c")),
        ("PUT", "Task", Interaction("Task", "u")),
        ("GET", "Task/1", Interaction("Task", "r", "1")),
        ("PATCH", "Task/1", Interaction("Task", "u", "1")),
        ("DELETE", "Task/1", Interaction("Task", "d", "1")),
        ("GET", "Task/1/_history", Interaction("Task", "r", "1", is_version=True)),
        ("GET", "Task/1/_history/2", Interaction("Task", "r", "1", is_version=True)),
        ("GET", "Patient/1/Task", Interaction("Task", "s")),
    ],
)
def test_each_request_is_one_interaction(method: str, path: str, expected: Interaction) -> None:
    """By method and path alone."""
    assert interaction(method, path) == expected


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ""),
        ("GET", "Patient/1/$everything"),
        ("POST", "$expunge"),
        ("GET", "Task/.."),
        ("GET", "../Task"),
        ("GET", "task"),
        ("GET", "Task/1?x"),
        ("PUT", "Task/1/_history/2"),
        ("POST", "Task/1"),
        ("GET", "Task//1"),
        ("GET", "a b/_history"),
    ],
)
def test_operations_and_what_is_no_fhir_are_not_served(method: str, path: str) -> None:
    """Nothing that is not understood is passed on."""
    with pytest.raises(NotServed):
        interaction(method, path)


def test_a_bundle_is_each_of_its_entries() -> None:
    """What is conditional searches as well."""
    entries = [
        {"request": {"method": "PUT", "url": "Task/1"}},
        {"request": {"method": "PUT", "url": "Flag?identifier=x"}},
        {"request": {"method": "POST", "url": "Task", "ifNoneExist": "identifier=x"}},
    ]

    found = [(one.type, one.letter) for one in of_bundle({"resourceType": "Bundle", "type": "batch", "entry": entries})]

    assert found == [("Task", "u"), ("Flag", "u"), ("Flag", "s"), ("Task", "c"), ("Task", "s")]


@pytest.mark.parametrize(
    "bundle",
    [
        {"resourceType": "Patient"},
        {"resourceType": "Bundle", "type": "collection"},
        {"resourceType": "Bundle", "type": "batch", "entry": [{}]},
        {"resourceType": "Bundle", "type": "batch", "entry": ["x"]},
        {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": "http://x/Task"}}]},
        {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": "$export"}}]},
    ],
)
def test_a_bundle_of_anything_else_is_refused(bundle: dict[str, object]) -> None:
    """Also one whose entries lead elsewhere."""
    with pytest.raises(NotServed):
        list(of_bundle(bundle))

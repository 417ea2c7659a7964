"""Tests of fhir_adapters/writeback/provenance.py: who wrote what."""

from dataclasses import replace

from fhir_adapters.writeback.names import Names
from fhir_adapters.writeback.provenance import device, provenance, without_targets
from tests.fhir_adapters.writeback.contents import NOON, a_draft

NAMES = Names()


def test_milepost_and_the_person_are_both_named() -> None:
    """Writes go out with Milepost's own rights; Provenance names the one who acted."""
    body = provenance([a_draft(1), a_draft(2)], NAMES, recorded=NOON, person="Practitioner/nurse")

    assert body["target"] == [{"reference": "Task/mp-1"}, {"reference": "Task/mp-2"}]
    assert body["recorded"] == "2026-07-15T12:00:00.000+00:00"
    assert [(agent["type"]["coding"][0]["code"], agent["who"]["reference"]) for agent in body["agent"]] == [
        ("author", "Practitioner/nurse"),
        ("assembler", "Device/milepost"),
    ]


def test_a_person_without_a_resource_is_named_by_our_own_number() -> None:
    """No reference that a server would refuse."""
    body = provenance([a_draft()], NAMES, recorded=NOON, person="user:7")

    assert body["agent"][0]["who"] == {"identifier": {"system": "https://milepost.example/user", "value": "7"}}


def test_without_a_person_milepost_stands_alone() -> None:
    """The passing of time has no author."""
    assert len(provenance([a_draft()], NAMES, recorded=NOON)["agent"]) == 1


def test_its_id_is_what_was_written_over_what() -> None:
    """A repetition is no second one; the same content over another version is another act."""
    first = provenance([a_draft(1), a_draft(2)], NAMES, recorded=NOON)

    assert provenance([a_draft(2), a_draft(1)], NAMES, recorded=NOON)["id"] == first["id"]
    assert provenance([a_draft(1)], NAMES, recorded=NOON)["id"] != first["id"]
    assert provenance([replace(a_draft(1), if_match="3"), a_draft(2)], NAMES, recorded=NOON)["id"] != first["id"]


def test_what_was_not_written_is_not_named() -> None:
    """With nothing left there is no Provenance."""
    body = provenance([a_draft(1), a_draft(2)], NAMES, recorded=NOON)

    left = without_targets(body, frozenset({"Task/mp-1"}))

    assert left is not None
    assert left["target"] == [{"reference": "Task/mp-2"}]
    assert without_targets(body, frozenset({"Task/mp-1", "Task/mp-2"})) is None


def test_the_device_is_the_same_for_all_sources() -> None:
    """Two sources on one server must not write it by turns."""
    assert device(Names(tags=(("https://shared.example", "north"),))) == device(NAMES)

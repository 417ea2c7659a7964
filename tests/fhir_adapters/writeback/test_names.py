"""Tests of fhir_adapters/writeback/names.py: under what things are found again."""

import pytest

from fhir_adapters.writeback.names import Names, anyone, one_line, tags_of


def test_everything_is_under_one_base() -> None:
    """One setting decides them all."""
    names = Names("https://practice.example/fhir")

    assert names.system("milestone") == "https://practice.example/fhir/milestone"
    assert names.codes("role") == "https://practice.example/fhir/cs/role"
    assert names.meta == {"tag": [{"system": "https://practice.example/fhir/tag", "code": "milepost"}]}


def test_a_source_with_a_filter_sees_what_we_write() -> None:
    """Its tag goes beside ours."""
    assert Names(tags=(("https://shared.example", "north"),)).meta == {
        "tag": [
            {"system": "https://milepost.example/tag", "code": "milepost"},
            {"system": "https://shared.example", "code": "north"},
        ]
    }


def test_somebody_of_another_server_is_named_by_address() -> None:
    """A literal reference that leads elsewhere would be refused."""
    assert anyone("Practitioner/1") == {"reference": "Practitioner/1"}
    assert anyone("https://sso.example/fhir/Practitioner/1") == {
        "identifier": {"system": "urn:ietf:rfc:3986", "value": "https://sso.example/fhir/Practitioner/1"}
    }


def test_texts_go_out_as_servers_keep_them() -> None:
    """Without blanks at the ends; else what stands would differ from what was sent."""
    assert one_line(" HbA1c\n at 6  weeks ") == "HbA1c at 6 weeks"


@pytest.mark.parametrize(
    ("search_filter", "tags"),
    [
        ({"_tag": "https://shared.example|north"}, (("https://shared.example", "north"),)),
        ({"_tag": "https://shared.example|north,https://shared.example|south"}, (("https://shared.example", "north"),)),
        ({"_tag": "north"}, ()),
        ({"_tag": "https://shared.example|"}, ()),
        ({"organization": "Organization/1"}, ()),
        ({}, ()),
    ],
)
def test_the_tag_comes_from_the_filter(search_filter: dict[str, str], tags: tuple[tuple[str, str], ...]) -> None:
    """Whole tags only."""
    assert tags_of(search_filter) == tags

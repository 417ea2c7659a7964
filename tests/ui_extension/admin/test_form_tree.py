"""Nested forms: fields by name become parts and lists; no post can make it fail."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ui_extension.admin import form_tree as tree

NAMES = st.from_regex(r"[a-c](\.([a-c]|[0-3])){0,3}", fullmatch=True)


def test_names_are_places() -> None:
    """Numbers are lists, in their order."""
    fields = [("due.from", "fact"), ("due.codes.1.code", "b"), ("due.codes.0.code", "a"), ("title", " T ")]

    found = tree.tree_of(fields)

    assert found == {"due": {"from": "fact", "codes": [{"code": "a"}, {"code": "b"}]}, "title": " T "}
    assert tree.text(found, "title") == "T"
    assert tree.at(found, "due.codes.1.code") == "b"
    assert tree.at(found, "due.codes.2") is None


@settings(max_examples=40)
@given(st.lists(st.tuples(NAMES | st.text(), st.text()), max_size=30))
def test_whatever_is_sent(fields: list[tuple[str, str]]) -> None:
    """A field that is a text and a part at once, a list with holes, names of no form: none of it is a fault."""
    found = tree.tree_of(fields)

    for name, _ in fields:
        tree.at(found, name)
        tree.text(found, name)
        tree.number(found, name)
        tree.decimal(found, name)
        tree.parts(found, name)
        tree.texts(found, name)


@settings(max_examples=40)
@given(NAMES, NAMES, st.integers())
def test_lists_within(path: str, other: str, item: int) -> None:
    """What is appended stands there, and nothing else is another."""
    before = tree.tree_of([(other, "x")])

    after = tree.appended(before, path, item, most=3)

    grown = tree.at(after, path)
    if isinstance(grown, list):
        assert tree.at(tree.dropped(after, f"{path}.{len(grown) - 1}"), path) == grown[:-1]
    assert tree.tree_of([(other, "x")]) == before


def test_there_is_an_end_to_a_list() -> None:
    """Nobody draws forms without end."""
    found = tree.appended({"codes": [1, 2, 3]}, "codes", 4, most=3)

    assert found == {"codes": [1, 2, 3]}
    assert len(tree.tree_of((f"n{'a' * (n % 20)}.{n}", "x") for n in range(10_000))) < 100


@pytest.mark.parametrize(
    ("typed", "whole", "decimal"),
    [
        ("6", 6, 6),
        (" 6 ", 6, 6),
        ("-1", -1, -1),
        ("6.5", "6.5", 6.5),
        ("6,5", "6,5", 6.5),
        ("six", "six", "six"),
        ("1e9", "1e9", "1e9"),
        ("٦", "٦", "٦"),
        ("9" * 5000, "9" * 5000, "9" * 5000),
        ("", None, None),
    ],
)
def test_numbers(typed: str, whole: object, decimal: object) -> None:
    """What is none stays as it was typed, so that it comes back with what is wrong with it."""
    assert tree.number({"n": typed}, "n") == whole
    assert tree.decimal({"n": typed}, "n") == decimal


def test_slim_leaves_what_says_something() -> None:
    """A zero does, and an empty part."""
    said: dict[str, object] = {"a": "", "b": None, "c": False, "d": [], "e": 0, "f": {}, "g": "x"}

    assert tree.slim(said) == {"e": 0, "f": {}, "g": "x"}

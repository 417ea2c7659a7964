"""The chain of the audit log, as values."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from plugin.domain.audit import AuditEntry, content_hash
from plugin.domain.seal import (
    BEFORE_ALL,
    NOTHING,
    Head,
    Link,
    StoredRow,
    Unsealed,
    chained,
    head_of,
    linked,
    what_was_changed,
)

AT = datetime(2026, 6, 16, 12, 0, 1, 250_000, tzinfo=UTC)
HEAD = Head(at=AT, practice=1, number=12, chain="ab" * 32, count=5)


def stored(entry: AuditEntry, id_: int = 1) -> StoredRow:
    """An entry as a row of the table."""
    content = entry.canonical
    return StoredRow(id_, entry.at, entry.who, entry.action, entry.record, content, content_hash(content))


ROW = stored(AuditEntry(at=AT, who="user:1", action="grant", record="person/2", why="asked", detail={"roles": ["é"]}))


def test_each_link_stands_on_the_one_before() -> None:
    """Numbers go on from the last; ids need not be in order."""
    first, second = linked(NOTHING, [Unsealed(9, "h9"), Unsealed(3, "h3")])

    assert first == Link(1, 9, chained(BEFORE_ALL, 1, 9, "h9"))
    assert second == Link(2, 3, chained(first.chain, 2, 3, "h3"))
    assert linked(first, [Unsealed(3, "h3")]) == [second]


@pytest.mark.parametrize("other", [("x", 2, 3, "h"), ("b", 1, 3, "h"), ("b", 2, 4, "h"), ("b", 2, 3, "i")])
def test_everything_goes_into_the_hash(other: tuple[str, int, int, str]) -> None:
    """What stands before, the number, the id, the content's hash."""
    assert chained(*other) != chained("b", 2, 3, "h")


def test_a_head_is_read_as_it_was_written() -> None:
    """To the millisecond."""
    assert head_of(HEAD.text) == HEAD
    assert HEAD.after == 7


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        HEAD.text + " ",
        HEAD.text.replace(" 5", " 05"),
        replace(HEAD, count=13).text,
        replace(HEAD, count=0).text,
    ],
)
def test_what_is_no_head_is_refused(text: str) -> None:
    """Also one that begins before the beginning, and one of nothing."""
    with pytest.raises(ValueError, match=r"."):
        head_of(text)


def test_an_untouched_row_is_as_it_was() -> None:
    """Whatever its letters."""
    assert what_was_changed(ROW) is None


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (ROW._replace(content=ROW.content.replace("asked", "asket")), "hash"),
        (ROW._replace(hash="0" * 64), "hash"),
        (ROW._replace(who="user:2"), "who"),
        (ROW._replace(record="person/3", action="x"), "action, record"),
        (ROW._replace(at=AT.replace(second=2)), "at"),
        (ROW._replace(content="[]", hash=content_hash("[]")), "no audit entry"),
        (ROW._replace(content="{", hash=content_hash("{")), "no audit entry"),
    ],
)
def test_what_does_not_fit_within_a_row_is_said(row: StoredRow, words: str) -> None:
    """Content against hash, and the columns that are searched against the content."""
    assert words in str(what_was_changed(row))

"""The file of heads: only ever longer, for its owner alone, and no line in it that was not signed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plugin.domain.errors import TemporaryFailure
from plugin.domain.seal import Head, UnreadableHead
from plugin.sessions.cipher import add_key, make_key_file, read_cipher
from plugin.sessions.heads import HeadsFile

HEAD = Head(at=datetime(2026, 6, 16, 12, tzinfo=UTC), practice=1, number=5, chain="ab" * 32, count=5)
NEXT = replace(HEAD, number=7, count=2)

Opened = Callable[[], HeadsFile]


@pytest.fixture
def told() -> list[Head]:
    """What the log heard."""
    return []


@pytest.fixture
def opened(tmp_path: Path, told: list[Head]) -> Opened:
    """The file, as each process opens it."""
    key_file = tmp_path / "milepost.key"
    make_key_file(key_file)
    return lambda: HeadsFile(tmp_path / "var" / "heads.log", read_cipher(key_file), told.append)


def test_what_was_kept_is_read_in_order(opened: Opened, tmp_path: Path, told: list[Head]) -> None:
    """By another process, too; the file is its owner's alone, and the log was told."""
    assert not opened().is_there()

    opened().append(HEAD)
    opened().append(NEXT)

    assert list(opened().lines()) == [HEAD, NEXT] == told
    assert (tmp_path / "var" / "heads.log").stat().st_mode & 0o777 == 0o600
    assert opened().is_there()


def test_a_line_that_was_changed_is_no_head(opened: Opened, tmp_path: Path) -> None:
    """The one beside it still is. Without the key nobody signs another."""
    opened().append(HEAD)
    opened().append(NEXT)
    path = tmp_path / "var" / "heads.log"
    path.write_text(path.read_text().replace("ab" * 32, "cd" * 32, 1))

    lines = list(opened().lines())

    assert lines == [UnreadableHead(1, "was changed, or was not written with our key"), NEXT]


def test_a_line_that_a_crash_cut_off_spoils_no_other(opened: Opened, tmp_path: Path) -> None:
    """The next begins on a line of its own."""
    path = tmp_path / "var" / "heads.log"
    opened().append(HEAD)
    path.write_bytes(path.read_bytes() + b"2026-06-16T12")

    opened().append(NEXT)

    assert list(opened().lines()) == [HEAD, UnreadableHead(2, "is no line of a heads file"), NEXT]


def test_after_a_new_key_old_lines_are_still_known(opened: Opened, tmp_path: Path) -> None:
    """The key file keeps the old one; without it, the words say which is missing."""
    opened().append(HEAD)
    key_file = tmp_path / "milepost.key"
    old = key_file.read_text()
    add_key(key_file)
    opened().append(NEXT)

    assert list(opened().lines()) == [HEAD, NEXT]
    key_file.write_text(key_file.read_text().removeprefix(old))
    (lost, known) = opened().lines()
    assert isinstance(lost, UnreadableHead)
    assert old.split()[0] in lost.words
    assert known == NEXT


def test_what_cannot_be_written_is_tried_again_later(tmp_path: Path, told: list[Head], opened: Opened) -> None:
    """In words, with the file's name; the log is not told of what was not kept."""
    (tmp_path / "var").write_text("a file where a folder should be")

    with pytest.raises(TemporaryFailure, match=r"heads\.log.*nothing is sealed"):
        opened().append(HEAD)

    assert told == []


def test_a_file_that_is_something_else_is_read_to_its_end(opened: Opened, tmp_path: Path) -> None:
    """Every line is told, and a line without an end is cut."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "heads.log").write_bytes(b"\xff\n\n" + b"x" * 1_500)

    assert [type(line) for line in opened().lines()] == [UnreadableHead] * 4

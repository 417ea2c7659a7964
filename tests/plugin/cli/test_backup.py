"""`milepost backup` and `milepost restore`, with a real database."""

from pathlib import Path

import pytest

from tests.plugin.cli.typed import Typed


def settle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is kept in this folder from now on."""
    monkeypatch.setenv("MILEPOST_DATABASE_URL", f"sqlite:///{folder / 'milepost.db'}")
    monkeypatch.setenv("MILEPOST_KEY_FILE", str(folder / "milepost.key"))


def test_there_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: Typed) -> None:
    """One file; in the new place the keys, the database and a whole audit log, which tells of both."""
    settle(tmp_path / "old", monkeypatch)
    typed.text("init")
    file = tmp_path / "b.tar"
    assert "keep it where nobody else reads it" in typed.text("backup", str(file))

    settle(tmp_path / "new", monkeypatch)
    words = typed.text("restore", str(file))

    assert "Nothing was changed, removed or inserted." in words
    assert (tmp_path / "new" / "milepost.key").read_text() == (tmp_path / "old" / "milepost.key").read_text()
    assert typed.json("audit", "verify")["unsealed"] == 0
    assert "No source yet" in typed.text("status", "--offline")


def test_a_place_where_something_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: Typed) -> None:
    """Is named in one line."""
    settle(tmp_path / "old", monkeypatch)
    typed.text("init")
    typed.text("backup", str(tmp_path / "b.tar"))

    assert "into an empty place only" in typed.wrong("restore", str(tmp_path / "b.tar"))
    assert "is there already" in typed.wrong("backup", str(tmp_path / "b.tar"))


def test_a_file_that_is_no_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: Typed) -> None:
    """In one line; the place stays empty."""
    settle(tmp_path / "new", monkeypatch)
    (tmp_path / "b.tar").write_text("nothing")

    assert "is no backup of Milepost" in typed.wrong("restore", str(tmp_path / "b.tar"))
    assert list((tmp_path / "new").iterdir()) == []


def test_a_log_that_somebody_changed_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: Typed
) -> None:
    """The restore is done, and ends with exit code 3."""
    settle(tmp_path / "old", monkeypatch)
    typed.text("init")
    heads = tmp_path / "old" / "audit-heads.log"
    heads.write_text("")
    typed.text("backup", str(tmp_path / "b.tar"))

    settle(tmp_path / "new", monkeypatch)

    assert "NOT as it was written" in typed.text("restore", str(tmp_path / "b.tar"), code=3)

"""Restoring what is no good backup: a clear word, and nothing half done. (Whole ones: contract/storage/test_backup.)"""

import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plugin.domain.backup import DATABASE, HEADS, KEYS, SIGNING_KEYS, Dumped, manifest_of
from plugin.domain.errors import BadInput, CannotDo, MilepostError, NewerDatabase
from plugin.usecases.backup import MANIFEST, Place, back_up
from plugin.usecases.restore import restore

NOW = datetime(2026, 6, 16, 12, tzinfo=UTC)
Change = Callable[[dict[str, object]], object]


class FakeDatabaseFile:
    """The port ``DatabaseFile``."""

    kind = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path

    def dump(self, to: Path) -> Dumped:
        to.write_bytes(self._path.read_bytes())
        return Dumped("0008", "3.40", 3)

    def found(self) -> str | None:
        return "a database" if self._path.exists() else None

    def load(self, kept: Path, of: Dumped) -> None:
        self._path.write_bytes(kept.read_bytes())


def a_place(folder: Path) -> Place:
    """All files in one folder."""
    names = (KEYS, SIGNING_KEYS, HEADS)
    return Place(
        database=FakeDatabaseFile(folder / "db"),
        files={name: folder / name for name in names},
        practice="1",
        identifier_base="https://milepost.example",
        zone="UTC",
        schema="0010",
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A good backup, without signing keys."""
    old = tmp_path / "old"
    old.mkdir()
    (old / "db").write_bytes(b"rows" * 5_000)
    (old / KEYS).write_text("a key\n")
    (old / HEADS).write_text("")
    made = tmp_path / "backup.tar"
    back_up(a_place(old), made, now=NOW, version="0.1.0")
    return made


def refused(file: Path, tmp_path: Path, kind: type[MilepostError] = BadInput) -> str:
    """The words, after it was seen that nothing was put anywhere."""
    new = tmp_path / "new"
    with pytest.raises(kind) as problem:
        restore(a_place(new), file)
    assert not new.exists() or list(new.iterdir()) == []
    return str(problem.value)


def with_manifest(file: Path, change: Change) -> None:
    """A backup that says something else of itself."""
    with tarfile.open(file) as tar:
        members = {m.name: (tar.extractfile(m) or io.BytesIO()).read() for m in tar}
    told = json.loads(members[MANIFEST])
    change(told)
    members[MANIFEST] = json.dumps(told).encode()
    with tarfile.open(file, "w") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def test_a_good_one_comes_back_whole(file: Path, tmp_path: Path) -> None:
    """What was not there is not made."""
    manifest = restore(a_place(tmp_path / "new"), file)

    assert (tmp_path / "new" / "db").read_bytes() == b"rows" * 5_000
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [HEADS, "db", KEYS]
    assert manifest_of(manifest.text.encode()) == manifest


def test_the_file_is_for_its_owner_and_over_nothing(file: Path, tmp_path: Path) -> None:
    """Under its name only when it is whole, and nothing is left beside it."""
    old = a_place(tmp_path / "old")

    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BadInput, match="is there already"):
        back_up(old, file, now=NOW, version="1")
    with pytest.raises(CannotDo, match="No such file"):
        back_up(old, tmp_path / "nowhere" / "b.tar", now=NOW, version="1")
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_place_where_something_is(file: Path, tmp_path: Path) -> None:
    """All that is there is named, and stays as it is."""
    old = tmp_path / "old"
    before = {path: path.read_bytes() for path in old.iterdir()}

    with pytest.raises(BadInput, match="into an empty place only") as refused:
        restore(a_place(old), file)

    assert all(words in str(refused.value) for words in (str(old / KEYS), str(old / HEADS), "a database"))
    assert {path: path.read_bytes() for path in old.iterdir()} == before


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.9])
def test_one_that_was_cut_off(file: Path, tmp_path: Path, share: float) -> None:
    """Wherever."""
    content = file.read_bytes().rstrip(b"\0")
    file.write_bytes(content[: int(len(content) * share)])

    assert "cut off" in refused(file, tmp_path)


def test_one_of_which_a_byte_was_changed(file: Path, tmp_path: Path) -> None:
    """In the database's rows."""
    file.write_bytes(file.read_bytes().replace(b"rows", b"r0ws", 1))

    assert "changed" in refused(file, tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"x" * 20_000, b"\0" * 20_000])
def test_a_file_that_is_something_else(tmp_path: Path, content: bytes) -> None:
    """Whatever it is."""
    file = tmp_path / "other"
    file.write_bytes(content)

    assert "is no backup of Milepost" in refused(file, tmp_path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """By its name."""
    assert "There is no file" in refused(tmp_path / "nowhere", tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda told: told.update(form="milepost-backup-9"), "is no backup"),
        (lambda told: told.pop("schema"), "is no backup"),
        (lambda told: told.update(more="?"), "is no backup"),
        (lambda told: told["files"].update({"../../etc/passwd": {"size": 0, "sha256": ""}}), "is no backup"),
        (lambda told: told["files"].pop(KEYS), "is no backup"),
        (lambda told: told["files"].pop(HEADS), "is no backup"),
        (lambda told: told["files"].update({SIGNING_KEYS: {"size": 0, "sha256": ""}}), "milepost.jwks.json is missing"),
        (lambda told: told.update(kind="postgresql"), "names a database of sqlite"),
        (lambda told: told.update(identifier_base="https://other.example"), "MILEPOST_IDENTIFIER_BASE"),
    ],
)
def test_one_that_does_not_fit(file: Path, tmp_path: Path, change: Change, words: str) -> None:
    """Another form, other files, another kind, another base of what is written to the EHR."""
    with_manifest(file, change)

    assert words in refused(file, tmp_path)


def test_one_of_a_newer_version(file: Path, tmp_path: Path) -> None:
    """Which version it takes is said."""
    with_manifest(file, lambda told: told.update(schema="0011", version="9.9"))

    assert "install Milepost 9.9" in refused(file, tmp_path, NewerDatabase)


def test_a_link_in_place_of_a_file(file: Path, tmp_path: Path) -> None:
    """A member's kind is not believed."""
    with tarfile.open(file) as tar:
        manifest = (tar.extractfile(MANIFEST) or io.BytesIO()).read()
    with tarfile.open(file, "w") as tar:
        first = tarfile.TarInfo(MANIFEST)
        first.size = len(manifest)
        tar.addfile(first, io.BytesIO(manifest))
        link = tarfile.TarInfo(DATABASE)
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)

    assert "is no backup" in refused(file, tmp_path)


def test_what_fails_in_the_middle_leaves_nothing(file: Path, tmp_path: Path) -> None:
    """Keys that were put there already are taken away."""
    place = a_place(tmp_path / "new")

    class Broken(FakeDatabaseFile):
        def load(self, kept: Path, of: Dumped) -> None:
            raise BadInput("no room")

    with pytest.raises(BadInput, match="no room"):
        restore(replace(place, database=Broken(tmp_path / "new" / "db")), file)

    assert list((tmp_path / "new").iterdir()) == []

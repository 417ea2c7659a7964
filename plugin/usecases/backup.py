"""Back up: one file with the database, the keys and the heads of the audit log, as they fit together."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from plugin.domain.audit import AuditEntry
from plugin.domain.backup import DATABASE, HEADS, Dumped, Kept, Manifest
from plugin.domain.errors import BadInput, CannotDo
from plugin.domain.seal import head_of
from plugin.usecases.services import Services

MANIFEST = "manifest.json"
_OWNER_ONLY = 0o600


class DatabaseFile(Protocol):
    """A whole database as one file."""

    @property
    def kind(self) -> str:
        """``sqlite`` or ``postgresql``: one cannot be put back into the other."""

    def dump(self, to: Path) -> Dumped:
        """As it stands at one moment, while others write to it."""

    def found(self) -> str | None:
        """Words for what is there already; None where a database can be put."""

    def load(self, kept: Path, of: Dumped) -> None:
        """All of it, or nothing."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an installation keeps what a backup holds. ``files`` are the small ones, by their name in a backup;
    ``schema`` is the newest that this version of Milepost knows."""

    database: DatabaseFile
    files: Mapping[str, Path]
    practice: str
    identifier_base: str
    zone: str
    schema: str


def note_backup(services: Services, by: str, told: Mapping[str, object]) -> None:
    """A backup takes everything away as a file: the audit log says who made it, in the backup itself, too."""
    entry = AuditEntry(at=services.clock(), who=by, action="export:backup", record="backup", detail=dict(told))
    with services.database.begin() as uow:
        uow.audit.write([entry])
        uow.commit()


def back_up(place: Place, to: Path, *, now: datetime, version: str) -> Manifest:
    """Makes the file, for its owner alone, under its name when it is whole. BadInput when there is one already."""
    if to.exists():
        raise BadInput(f"{to} is there already; a backup is written over nothing.")
    try:
        with staging(to.parent) as folder:
            manifest = _collected(place, folder, now, version)
            packed = folder / "packed"
            _pack(packed, folder, manifest)
            os.link(packed, to)
    except OSError as problem:
        raise CannotDo(f"The backup {to} cannot be written: {problem.strerror}.") from problem
    return manifest


@contextmanager
def staging(beside: Path) -> Iterator[Path]:
    """A folder for its owner alone, on the same disk; gone afterwards, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix=".milepost-", dir=beside))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def kept_as(path: Path) -> Kept:
    """A file's size and checksum."""
    with path.open("rb") as file:
        return Kept(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _collected(place: Place, folder: Path, now: datetime, version: str) -> Manifest:
    """The database first: every head of what is in it is outside by then, and later ones are left out."""
    dumped = place.database.dump(folder / DATABASE)
    names = [DATABASE]
    for name, path in place.files.items():
        if path.exists():
            _copy(path, folder / name, until=dumped.sealed if name == HEADS else None)
            names.append(name)
    return Manifest(
        made_at=now,
        version=version,
        kind=place.database.kind,
        server=dumped.server,
        schema=dumped.schema,
        practice=place.practice,
        sealed=dumped.sealed,
        identifier_base=place.identifier_base,
        zone=place.zone,
        files={name: kept_as(folder / name) for name in names},
    )


def _copy(path: Path, to: Path, *, until: int | None) -> None:
    with path.open("rb") as file, to.open("wb") as copy:
        if until is None:
            shutil.copyfileobj(file, copy)
            return
        for line in file:
            if _number(line) > until:
                return
            copy.write(line)


def _number(line: bytes) -> int:
    """A head's; 0 of a line that is none, which is kept as it is."""
    try:
        return head_of(line.decode("ascii").rpartition(" ")[0]).number
    except ValueError:
        return 0


def _pack(packed: Path, folder: Path, manifest: Manifest) -> None:
    handle = os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(handle, "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            text = manifest.text.encode()
            tar.addfile(_member(MANIFEST, len(text), manifest.made_at), io.BytesIO(text))
            for name, kept in manifest.files.items():
                with (folder / name).open("rb") as content:
                    tar.addfile(_member(name, kept.size, manifest.made_at), content)
        file.flush()
        os.fsync(file.fileno())


def _member(name: str, size: int, at: datetime) -> tarfile.TarInfo:
    """Nobody's in particular."""
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, _OWNER_ONLY, int(at.timestamp())
    return member

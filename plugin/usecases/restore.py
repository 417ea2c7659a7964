"""Restore: a backup into an empty place, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from plugin.domain.audit import AuditEntry
from plugin.domain.backup import DATABASE, KEYS, NAMES, Dumped, Kept, Manifest, manifest_of
from plugin.domain.errors import BadInput, CannotDo, NewerDatabase
from plugin.usecases.backup import MANIFEST, Place, staging
from plugin.usecases.services import Services

_LONGEST_MANIFEST = 1 << 20
_CHUNK = 1 << 20


def restore(place: Place, file: Path) -> Manifest:
    """Puts everything where it belongs. BadInput when something is there already, when the file is no backup, is not whole
    or is not of this kind; then nothing was put anywhere."""
    _refuse_what_is_there(place)
    beside = place.files[KEYS].parent
    try:
        beside.mkdir(mode=0o700, parents=True, exist_ok=True)
        with staging(beside) as folder:
            manifest = _unpacked(file, folder)
            _check_fits(manifest, place)
            with _undone_if_it_fails() as placed:
                for name in sorted(set(manifest.files) - {DATABASE}):
                    _put(folder / name, place.files[name], placed)
                of = Dumped(manifest.schema, manifest.server, manifest.sealed)
                place.database.load(folder / DATABASE, of)
    except OSError as problem:
        raise CannotDo(f"The backup {file} cannot be put back: {problem.strerror}.") from problem
    return manifest


def note_restore(services: Services, manifest: Manifest, by: str, told: Mapping[str, object]) -> None:
    """What lies between the backup and now is gone from the log as from everything else: the log says since when."""
    detail = {**told, "made_at": manifest.made_at.isoformat(), "version": manifest.version}
    entry = AuditEntry(at=services.clock(), who=by, action="restore", record="backup", detail=detail)
    with services.database.begin() as uow:
        uow.audit.write([entry])
        uow.commit()


def _refuse_what_is_there(place: Place) -> None:
    there = [str(path) for path in place.files.values() if path.exists()]
    if (words := place.database.found()) is not None:
        there.append(words)
    if there:
        raise BadInput(f"A backup is put back into an empty place only. Here is already: {'; '.join(there)}.")


def _check_fits(manifest: Manifest, place: Place) -> None:
    if manifest.kind != place.database.kind:
        raise BadInput(
            f"This is a backup of {manifest.kind}; MILEPOST_DATABASE_URL names a database of {place.database.kind}."
        )
    if manifest.schema > place.schema:
        raise NewerDatabase(
            f"The backup has schema {manifest.schema}, this Milepost knows only {place.schema}; "
            f"install Milepost {manifest.version} or a newer one."
        )
    if manifest.identifier_base != place.identifier_base:
        raise BadInput(
            f"The backup was made with MILEPOST_IDENTIFIER_BASE={manifest.identifier_base}, here it is "
            f"{place.identifier_base}: what Milepost wrote to the EHR would not be found again. Set it as it was."
        )


def _unpacked(file: Path, folder: Path) -> Manifest:
    """Only what the manifest names, compared with it. Members' own names and kinds decide nothing."""
    try:
        with tarfile.open(file, "r:") as tar:
            members = iter(tar)
            manifest = _manifest(tar, next(members, None))
            missing = dict(manifest.files)
            for member in members:
                _unpack(_content(tar, member), missing.pop(member.name), folder / member.name)
    except FileNotFoundError as error:
        raise BadInput(f"There is no file {file}.") from error
    except (tarfile.TarError, EOFError, KeyError, ValueError) as error:
        raise BadInput(f"{file} is no backup of Milepost, or was cut off or changed since it was made.") from error
    if missing:
        raise BadInput(f"{file} was cut off: {', '.join(sorted(missing))} is missing.")
    return manifest


def _manifest(tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> Manifest:
    if member is None or member.name != MANIFEST:
        raise ValueError("no manifest")
    manifest = manifest_of(_content(tar, member).read(_LONGEST_MANIFEST))
    if not {DATABASE, KEYS} <= set(manifest.files) <= set(NAMES):
        raise ValueError("other files")
    return manifest


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(member) if member.isreg() else None
    if content is None:
        raise ValueError("no file")
    return content


def _unpack(content: IO[bytes], kept: Kept, to: Path) -> None:
    digest, size = hashlib.sha256(), 0
    with to.open("xb") as file:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    if (size, digest.hexdigest()) != kept:
        raise ValueError("another content")


@contextmanager
def _undone_if_it_fails() -> Iterator[list[Path]]:
    """What is noted in the list is taken away again."""
    placed: list[Path] = []
    try:
        yield placed
    except BaseException:
        for path in placed:
            path.unlink(missing_ok=True)
        raise


def _put(kept: Path, path: Path, placed: list[Path]) -> None:
    """Over nothing, and for its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    placed.append(path)
    with os.fdopen(handle, "wb") as file, kept.open("rb") as content:
        shutil.copyfileobj(content, file)
        file.flush()
        os.fsync(file.fileno())

"""What a backup says of itself: its first file, by which all others are checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NamedTuple

FORM = "milepost-backup-1"
DATABASE = "database"
KEYS = "milepost.key"
SIGNING_KEYS = "milepost.jwks.json"
HEADS = "audit-heads.log"
NAMES = (DATABASE, KEYS, SIGNING_KEYS, HEADS)
"""What a backup may hold beside its manifest."""


class Kept(NamedTuple):
    """One file of a backup."""

    size: int
    sha256: str


class Dumped(NamedTuple):
    """A database in one file: its schema, the version of its server, and the end of the audit log's chain in it."""

    schema: str
    server: str
    sealed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """``kind`` is the database's: ``sqlite`` or ``postgresql``. ``identifier_base`` and ``zone`` are settings that what is
    stored depends on."""

    made_at: datetime
    version: str
    kind: str
    server: str
    schema: str
    practice: str
    sealed: int
    identifier_base: str
    zone: str
    files: Mapping[str, Kept]

    @property
    def text(self) -> str:
        """As it stands in the file."""
        files = {name: kept._asdict() for name, kept in self.files.items()}
        told = {"form": FORM, **asdict(self), "made_at": self.made_at.isoformat(), "files": files}
        return json.dumps(told, indent=2)


def manifest_of(text: bytes) -> Manifest:
    """What ``Manifest.text`` wrote. ValueError when it is something else."""
    told = json.loads(text)
    if not isinstance(told, dict) or told.pop("form", None) != FORM:
        raise ValueError("another form")
    try:
        files = {name: Kept(int(kept["size"]), str(kept["sha256"])) for name, kept in told.pop("files").items()}
        made_at = datetime.fromisoformat(told.pop("made_at"))
        sealed = int(told.pop("sealed"))
        return Manifest(made_at=made_at, sealed=sealed, files=files, **{name: str(told[name]) for name in told})
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not all that a manifest says") from error

"""Backup and restore, on both databases: everything comes back, or nothing is touched."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import make_url

from plugin.domain.backup import DATABASE, HEADS, KEYS, SIGNING_KEYS, Manifest
from plugin.domain.errors import BadInput, MilepostError
from plugin.sessions.cipher import make_key_file, read_cipher
from plugin.sessions.heads import HeadsFile
from plugin.storage.dump_postgres import PostgresDatabase
from plugin.storage.dump_sqlite import SqliteFile
from plugin.storage.schema import HEAD
from plugin.storage.unit_of_work import SqlDatabase
from plugin.usecases.backup import MANIFEST, Place, back_up, note_backup
from plugin.usecases.restore import note_restore, restore
from plugin.usecases.seal import seal
from plugin.usecases.services import Services
from plugin.usecases.verify_audit import verify_audit
from tests.builders import World, a_patient, a_plan
from tests.contract.storage.given import NOW
from tests.servers import PostgresServer


@dataclass
class Site:
    """An installation: its place, its world of fakes around real storage, and a backup of it."""

    place: Place
    folder: Path
    world: World
    services: Services
    file: Path

    def backed_up(self) -> Manifest:
        """What the command does."""
        note_backup(self.services, "somebody", {"from": "terminal"})
        seal(self.services)
        return back_up(self.place, self.file, now=NOW, version="0.1.0")


def a_place(url: str, folder: Path) -> Place:
    """The files in a folder."""
    path = make_url(url).database or ""
    files = {KEYS: "milepost.key", SIGNING_KEYS: "milepost.jwks.json", HEADS: "audit-heads.log"}
    return Place(
        database=SqliteFile(Path(path)) if url.startswith("sqlite") else PostgresDatabase(url),
        files={name: folder / file for name, file in files.items()},
        practice="1",
        identifier_base="https://milepost.example",
        zone="America/Chicago",
        schema=HEAD,
    )


def services_at(url: str, folder: Path, world: World) -> Services:
    """Real storage, with the EHR of a world."""
    cipher = read_cipher(folder / "milepost.key")
    heads = HeadsFile(folder / "audit-heads.log", cipher, lambda head: None)
    return replace(world.services, database=SqlDatabase(url, cipher), heads=heads)


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """A practice that was swept: one patient, who is late."""
    folder = tmp_path / "var"
    make_key_file(folder / "milepost.key")
    (folder / "milepost.jwks.json").write_text('{"keys": []}')
    database = SqlDatabase(database_url, read_cipher(folder / "milepost.key"))
    world = World(database=database)
    world.server.put(a_patient(1), a_plan(1, due="2026-06-05", start="2026-05-01"))
    services = services_at(database_url, folder, world)
    world.sweep(services)
    seal(services)
    yield Site(a_place(database_url, folder), folder, world, services, tmp_path / "backup.tar")
    services.database.close()
    database.close()


@pytest.fixture
def empty_url(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where it is to be put: nothing is there."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path}/new/milepost.db"
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")
    with postgres.database() as url:
        yield url


def test_what_was_backed_up_sweeps_and_writes_nothing(site: Site, empty_url: str, tmp_path: Path) -> None:
    """In an empty place: the same keys, the same audit log whole, and nothing to write to the EHR."""
    manifest = site.backed_up()
    with pytest.raises(BadInput, match=r"tables in the database|the database") as refused:
        restore(site.place, site.file)
    assert str(site.folder / "milepost.key") in str(refused.value)
    written = site.world.server.writes.copy()
    new = tmp_path / "new"

    assert restore(a_place(empty_url, new), site.file) == manifest

    services = services_at(empty_url, new, site.world)
    found = verify_audit(services)
    assert found.is_good, found.faults
    assert (found.sealed, found.unsealed) == (manifest.sealed, 0)
    note_restore(services, manifest, "somebody", {"from": "terminal"})
    swept = site.world.sweep(services)
    assert swept.reading.new == 0
    assert site.world.server.writes == written
    seal(services)
    assert verify_audit(services).is_good
    services.database.close()
    assert (new / "milepost.key").stat().st_mode & 0o777 == 0o600


def test_heads_of_later_sealings_are_left_out(site: Site, empty_url: str, tmp_path: Path) -> None:
    """What is written while the backup is made is in neither the database nor the heads: they fit together."""
    real = site.place.database

    class Slow:
        kind = real.kind
        found = real.found
        load = real.load

        def dump(self, to: Path) -> object:
            dumped = real.dump(to)
            note_backup(site.services, "another", {})
            seal(site.services)
            return dumped

    site.place = replace(site.place, database=Slow())  # type: ignore[arg-type]  # answers as the real one
    site.backed_up()

    restore(a_place(empty_url, tmp_path / "new"), site.file)

    services = services_at(empty_url, tmp_path / "new", site.world)
    assert verify_audit(services).is_good
    services.database.close()


def test_when_the_database_cannot_be_put_there_nothing_is(site: Site, empty_url: str, tmp_path: Path) -> None:
    """The keys that were there a moment ago are gone again."""
    site.backed_up()
    with repacked(site.file) as members:
        members[DATABASE] = b"no database"

    with pytest.raises(MilepostError):
        restore(a_place(empty_url, tmp_path / "new"), site.file)

    assert list((tmp_path / "new").iterdir()) == []
    assert a_place(empty_url, tmp_path / "new").database.found() is None


@contextmanager
def repacked(file: Path) -> Iterator[dict[str, bytes]]:
    """Changes a backup's members, with a manifest that fits them."""
    with tarfile.open(file) as tar:
        members = {name: (tar.extractfile(name) or io.BytesIO()).read() for name in tar.getnames()}
    told = json.loads(members.pop(MANIFEST))
    yield members
    told["files"] = {
        name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in members.items()
    }
    with tarfile.open(file, "w") as tar:
        for name, content in {MANIFEST: json.dumps(told).encode(), **members}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))

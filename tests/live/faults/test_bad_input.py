"""Bad input to the real command: each is one or two clear lines and a non-zero exit, never a traceback, never a
secret."""

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from plugin.domain.source import Source
from tests.faults.practice import Ended, Milepost, closing, now
from tests.rogue import answers, rogue_server
from tests.servers import free_port

pytestmark = [pytest.mark.live, pytest.mark.fault]

CANARY = "canary-4711"
AT = ("--at", "2026-06-16T00:00:00-05:00")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `milepost init` leaves it."""
    folder = tmp_path_factory.mktemp("prepared")
    with closing(Milepost(f"sqlite:///{folder / 'milepost.db'}", folder, "UTC").prepare()):
        pass
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """A copy of it, to be broken."""
    return Path(shutil.copytree(prepared, tmp_path / "milepost"))


def installed(folder: Path, **settings: str) -> Milepost:
    """The installation in a folder; ``settings`` without their prefix, in small letters."""
    changes = {f"MILEPOST_{name.upper()}": value for name, value in settings.items()}
    return Milepost(f"sqlite:///{folder / 'milepost.db'}", folder, "UTC", changes)


def assert_refused(ended: Ended, code: int, *words: str) -> None:
    """In one or two lines with these words."""
    assert ended.code == code, ended
    assert ended.is_plain, ended.err
    assert [word for word in words if word not in ended.err] == [], ended.err
    assert CANARY not in ended.err + ended.out


# ------------------------------------------------------------------------------------------------------- settings
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("zone", "Mars/Olympus", "There is no zone 'Mars/Olympus'"),
        ("poll_seconds", "soon", "expected a whole number of seconds"),
        ("database_url", f"mysql://root:{CANARY}@127.0.0.1/x", "expected sqlite:///path"),
        ("redis_url", "redis://10.1.2.3:6379/0", "needs TLS (rediss://) and a password"),
        ("bind", "everywhere", "expected host:port"),
    ],
)
def test_a_setting_that_cannot_be_used(folder: Path, name: str, value: str, words: str) -> None:
    """Said by name at the start of whatever verb. (A Redis elsewhere without password and TLS: threat row 18.)"""
    ended = installed(folder, **{name: value}).run("status")

    assert_refused(ended, 2, f"MILEPOST_{name.upper()}", words)


# ------------------------------------------------------------------------------------------------ database and keys
def test_a_database_that_was_never_made(tmp_path: Path) -> None:
    """The words say which command makes it."""
    assert_refused(installed(tmp_path).run("status"), 2, "milepost init")


def test_a_database_of_a_newer_version(folder: Path) -> None:
    """Another version of Milepost has been there: nothing is touched."""
    file = sqlite3.connect(folder / "milepost.db", isolation_level=None)
    file.execute("UPDATE alembic_version SET version_num = '9999'")
    file.close()

    for verb in ("status", "upgrade", "sweep"):
        assert_refused(installed(folder).run(verb), 2, "newer")


def test_a_database_that_does_not_answer(folder: Path) -> None:
    """Exit 1: it is not the input that is wrong, later it may work."""
    nobody = f"postgresql://milepost:{CANARY}@127.0.0.1:{free_port()}/milepost"

    assert_refused(installed(folder, database_url=nobody).run("tick"), 1, "the database does not answer")


def test_a_database_file_that_is_none(folder: Path) -> None:
    """Something else has been written over it."""
    (folder / "milepost.db").write_bytes(b"no database at all, just words " * 300)

    ended = installed(folder).run("status")

    assert ended.code in (1, 2)
    assert ended.is_plain


def test_a_key_of_another_installation(folder: Path, tmp_path: Path) -> None:
    """What is encrypted in the database cannot be read with it."""
    milepost = installed(folder)
    with closing(milepost), milepost.services.database.begin() as uow:
        uow.sources.add(Source(id=0, slug="main", base_url="http://127.0.0.1:9/fhir", token=CANARY), now())
        uow.commit()
    other = Milepost(f"sqlite:///{tmp_path / 'other.db'}", tmp_path, "UTC")
    with closing(other.prepare()):
        shutil.copy(tmp_path / "key", folder / "key")

    assert_refused(milepost.run("sync"), 1, "which the key file lacks")


def test_a_key_that_is_missing(folder: Path) -> None:
    """It is not made anew: what was encrypted with the old one would be lost."""
    (folder / "key").unlink()

    assert_refused(installed(folder).run("sync"), 2, "key")


# ---------------------------------------------------------------------------------------------------------- sources
STATEMENT: dict[str, Any] = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "format": ["json"]}


def a_statement(*types: str, version: str = "4.0.1") -> bytes:
    """What a server of these types says of itself."""
    offered = [{"type": type_, "interaction": [{"code": "read"}, {"code": "search-type"}]} for type_ in types]
    rest = [{"mode": "server", "resource": offered}]
    return json.dumps({**STATEMENT, "fhirVersion": version, "rest": rest}).encode()


SERVERS = {
    "a web page": (answers(200, b"<html>Welcome</html>", Content_Type="text/html"), 1, "a web page"),
    "another path": (answers(404, b"{}"), 1, "check the path"),
    "another JSON": (answers(200, b'{"hello":"world"}'), 1, "no FHIR resource"),
    "R5": (answers(200, a_statement("Patient", "CarePlan", "Task", version="5.0.0")), 1, "R4"),
    "without Task": (answers(200, a_statement("Patient", "CarePlan")), 1, "does not offer Task"),
    "a stranger": (answers(401, b"{}"), 1, "does not say who it is before a token is shown"),
    "elsewhere": (answers(302, b"", Location="http://127.0.0.1:9/fhir"), 1, "redirects are not followed"),
}


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_will_not_do(folder: Path, name: str) -> None:
    """It is not added, and the words say why."""
    behaviour, code, words = SERVERS[name]
    (folder / "token").write_text(CANARY)
    with rogue_server() as rogue:
        rogue.plays(behaviour)
        ended = installed(folder).run("source", "add", "main", rogue.url, "--token-file", str(folder / "token"))

    assert_refused(ended, code, words)
    assert "No source yet" in installed(folder).run("status").out


def test_a_wrong_token(folder: Path) -> None:
    """Somebody knows the server, which says nothing without a token; it does not take this one."""
    (folder / "token").write_text(CANARY)
    with rogue_server() as rogue:
        rogue.plays(answers(401, b"{}"))
        wanted = ("source", "add", "main", rogue.url, "--token-file", str(folder / "token"), "--vouched")
        ended = installed(folder).run(*wanted)

    assert_refused(ended, 1, "the token was not accepted")


def test_a_server_that_is_not_there(folder: Path) -> None:
    """The address may be wrong, or the server down."""
    ended = installed(folder).run("source", "add", "main", f"http://127.0.0.1:{free_port()}/fhir")

    assert_refused(ended, 1, "no connection; is the server running there?")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("source", "add", "main", "ftp://127.0.0.1/fhir"), "http"),
        (("source", "add", "Main Street", "http://127.0.0.1:9/fhir"), "Main Street"),
        (("source", "add", "main", "http://127.0.0.1:9/fhir", "--filter", "tag"), "expected NAME=VALUE"),
        (("source", "add", "main", "http://127.0.0.1:9/fhir", "--token-file", "/nowhere"), "cannot be read"),
        (("sweep",), "milepost source add"),
        (("sweep", "other"), "other"),
        (("explain", "Patient/nobody"), "source"),
        (("swep",), "No such command"),
    ],
)
def test_words_that_cannot_be_meant(folder: Path, words: tuple[str, ...], complaint: str) -> None:
    """What was typed is wrong: exit 2."""
    assert_refused(installed(folder).run(*words), 2, complaint)


# --------------------------------------------------------------------------------------------------------- evaluate
BROKEN: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "JSON"),
    "empty": (b"", "JSON"),
    "no Bundle": (b'{"resourceType":"Patient"}', "Bundle"),
    "no text": (b"\xff\xfe\x00", "JSON"),
}


@pytest.fixture
def evaluating(tmp_path: Path) -> Milepost:
    """`evaluate` needs neither database nor keys."""
    (tmp_path / "good.json").write_text('{"resourceType":"Bundle","type":"collection","entry":[]}')
    return Milepost("sqlite:////nowhere/milepost.db", tmp_path, "UTC")


@pytest.mark.parametrize("name", BROKEN)
def test_a_bundle_that_cannot_be_read(evaluating: Milepost, name: str) -> None:
    """Named by its file, with what was expected."""
    milepost = evaluating
    content, words = BROKEN[name]
    (milepost.folder / "broken.json").write_bytes(content)

    assert_refused(milepost.run("evaluate", str(milepost.folder / "broken.json"), *AT), 2, words)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"code = ", "program.toml"), (b'code = "x"\nunheard = 1\n', "program.toml"), (b"\xff\xfe", "UTF-8")],
)
def test_a_program_that_breaks_its_rules(evaluating: Milepost, content: bytes, words: str) -> None:
    """File, key, and what is allowed."""
    milepost = evaluating
    (milepost.folder / "program.toml").write_bytes(content)
    good, program = str(milepost.folder / "good.json"), str(milepost.folder / "program.toml")

    assert_refused(milepost.run("evaluate", good, *AT, "--program", program), 2, words)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "--at is missing"),
        (("--at", "tomorrow"), "is no instant"),
        (("--at", "2026-06-16T00:00:00"), "has no offset"),
        ((*AT, "--zone", "Mars/Olympus"), "There is no zone"),
    ],
)
def test_a_moment_or_a_zone_that_is_none(evaluating: Milepost, words: tuple[str, ...], complaint: str) -> None:
    """Said with an example of what is expected."""
    milepost = evaluating

    assert_refused(milepost.run("evaluate", str(milepost.folder / "good.json"), *words), 2, complaint)

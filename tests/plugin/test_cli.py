"""The command: what it prints, its exit codes, and one or two lines for whatever goes wrong."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from plugin.cli.command import outcome

CASE = Path(__file__).parents[1] / "cases" / "a-no-show.json"
AT = "2026-06-16T00:00:00-05:00"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The Bundle of a golden case, in a file."""
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(json.loads(CASE.read_text())["bundle"]))
    return path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings that keep everything in a folder of this test, and ask no real server."""
    monkeypatch.setenv("MILEPOST_DATABASE_URL", f"sqlite:///{tmp_path / 'milepost.db'}")
    monkeypatch.setenv("MILEPOST_KEY_FILE", str(tmp_path / "milepost.key"))
    monkeypatch.setenv("MILEPOST_ZONE", "America/Chicago")
    return tmp_path


def lines(text: str) -> list[str]:
    """Without a line's end."""
    return text.splitlines()


# ------------------------------------------------------------------------------------------------------------ evaluate
def test_one_document_for_each_moment_one_a_line(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the order in which they are asked for, each with its own offset."""
    later = "2026-06-30T12:00:00+02:00"

    code = outcome(["evaluate", str(bundle), "--at", AT, "--at", later, "--zone", "America/Chicago"])

    documents = [json.loads(line) for line in lines(capsys.readouterr().out)]
    assert code == 0
    assert [document["at"] for document in documents] == [AT, later]
    assert [document["plans"][0]["milestones"][0]["tier"] for document in documents] == [1, 3]
    assert {document["zone"] for document in documents} == {"America/Chicago"}


def test_the_golden_case_holds(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the case says must be true is in the answer."""
    case = json.loads(CASE.read_text())
    moments = [word for expected in case["expect"] for word in ("--at", expected["at"])]

    outcome(["evaluate", str(bundle), *moments, "--zone", case["zone"]])

    documents = [json.loads(line) for line in lines(capsys.readouterr().out)]
    for expected, document in zip(case["expect"], documents, strict=True):
        for wanted in expected["milestones"]:
            found = [m for m in document["plans"][0]["milestones"] if m["title"] == wanted["title"]]
            assert any({key: milestone[key] for key in wanted} == wanted for milestone in found)


def test_standard_input_is_a_minus(bundle: Path) -> None:
    """As scripts write it; run as a process of its own, with no settings at all."""
    command = [sys.executable, "-m", "plugin.cli", "evaluate", "-", "--at", AT]

    run = subprocess.run(command, input=bundle.read_bytes(), env=bare(), capture_output=True, check=False)

    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["zone"] == "UTC"


def test_without_a_zone_the_settings_have_it(bundle: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And no other setting matters, nor whether there is a database."""
    outcome(["evaluate", str(bundle), "--at", AT])

    assert json.loads(capsys.readouterr().out)["zone"] == "America/Chicago"


def test_what_was_left_out_is_said_on_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """O12: a CarePlan without a patient is named, and the answer stays clean."""
    path = tmp_path / "bundle.json"
    plan = {"resourceType": "CarePlan", "id": "lost", "status": "active", "intent": "plan"}
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": plan}]}))

    code = outcome(["evaluate", str(path), "--at", AT])

    printed = capsys.readouterr()
    assert code == 0
    assert "CarePlan/lost" in printed.err
    assert json.loads(printed.out)["plans"] == []


def test_people_can_read_it_too(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Why each step is as it is, in lines."""
    code = outcome(["evaluate", str(bundle), "--at", AT, "--format", "text", "--zone", "America/Chicago"])

    text = capsys.readouterr().out
    assert code == 0
    assert "due 2026-06-15 by ServiceRequest.occurrencePeriod.end" in text
    assert "1 day past due, tier 1" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--at is missing"),
        (["--at", "yesterday"], "'yesterday' is no instant"),
        (["--at", "2026-06-16T00:00:00"], "has no offset"),
        (["--at", "2026-06-16"], "has no offset"),
        (["--at", "0001-01-01T00:00:00+14:00"], "out of range"),
        (["--at", AT, "--zone", "Mars/Olympus"], "There is no zone 'Mars/Olympus'"),
        (["--at", AT, "--program", "nowhere.toml"], "nowhere.toml cannot be read"),
        (["--at", AT, "--format", "xml"], "'xml' is not one of 'json', 'text'"),
        (["--at", AT, "--loudly"], "--loudly"),
    ],
)
def test_what_was_typed_wrong_is_one_line_and_exit_2(
    bundle: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which argument, and what was expected."""
    code = outcome(["evaluate", str(bundle), *arguments])

    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    assert len(lines(printed.err)) == 1
    assert words in printed.err


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"null", b'{"resourceType": "Patient"}', b'{"resourceType": "Bundle", "entry": 3}', b"\xff\xfe"],
)
def test_what_is_no_bundle_is_one_line_and_exit_2(
    tmp_path: Path, text: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever it is."""
    path = tmp_path / "bundle.json"
    path.write_bytes(text)

    code = outcome(["evaluate", str(path), "--at", AT])

    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    assert len(lines(printed.err)) == 1


@pytest.mark.parametrize("name", ["nowhere.json", "."])
def test_a_file_that_cannot_be_read_is_one_line_and_exit_2(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing, or a folder."""
    code = outcome(["evaluate", str(tmp_path / name), "--at", AT])

    assert code == 2
    assert len(lines(capsys.readouterr().err)) == 1


@pytest.mark.parametrize("text", [b"code = 1", b"= =", b"\xff", b""])
def test_a_program_that_is_not_right_is_one_line_and_exit_2(
    tmp_path: Path, bundle: Path, text: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the file."""
    path = tmp_path / "program.toml"
    path.write_bytes(text)

    code = outcome(["evaluate", str(bundle), "--at", AT, "--program", str(path)])

    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    assert len(lines(printed.err)) == 1
    assert "program.toml" in printed.err


# ---------------------------------------------------------------------------------------------------- database and keys
def test_init_makes_what_is_missing_and_may_be_repeated(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Database and key file, for their owner alone; the second time nothing is made anew."""
    first = outcome(["init"])
    key = (place / "milepost.key").read_text()
    second = outcome(["init"])

    printed = capsys.readouterr().out
    assert (first, second) == (0, 0)
    assert (place / "milepost.key").read_text() == key
    assert (place / "milepost.db").stat().st_mode & 0o077 == 0
    assert "chronic-care" in printed
    assert "nothing new" in printed


def test_upgrade_may_be_repeated(place: Path) -> None:
    """On a database that is up to date it changes nothing."""
    outcome(["init"])

    assert outcome(["upgrade"]) == 0


def test_without_a_database_init_is_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever verb it is."""
    code = outcome(["status"])

    assert code == 2
    assert "milepost init" in capsys.readouterr().err


def test_a_database_of_a_newer_milepost_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In words, and nothing is touched."""
    outcome(["init"])
    with sqlite3.connect(place / "milepost.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    capsys.readouterr()

    codes = [outcome([verb]) for verb in ("status", "upgrade", "init")]

    assert codes == [2, 2, 2]
    assert "9999" in capsys.readouterr().err


def test_a_broken_setting_is_one_line_and_exit_2(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the setting."""
    monkeypatch.setenv("MILEPOST_POLL_SECONDS", "soon")

    code = outcome(["status"])

    printed = capsys.readouterr()
    assert code == 2
    assert len(lines(printed.err)) == 1
    assert "MILEPOST_POLL_SECONDS" in printed.err


# -------------------------------------------------------------------------------------------------------------- sources
def test_a_server_that_is_not_there_is_not_added(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unreachable: one line, exit 1, and the list stays empty."""
    outcome(["init"])
    capsys.readouterr()

    code = outcome(["source", "add", "main", "http://127.0.0.1:9/fhir"])

    printed = capsys.readouterr()
    assert code == 1
    assert len(lines(printed.err)) == 1
    assert "127.0.0.1:9" in printed.err
    outcome(["source", "list", "--format", "json"])
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Main", "http://127.0.0.1:9/fhir"], "is no slug"),
        (["main", "ftp://127.0.0.1/fhir"], "must be a whole one"),
        (["main", "http://127.0.0.1:9/fhir", "--kind", "abacus"], "abacus"),
        (["main", "http://127.0.0.1:9/fhir", "--filter", "tag"], "NAME=VALUE"),
        (["main", "http://127.0.0.1:9/fhir", "--token-file", "/nowhere"], "/nowhere cannot be read"),
    ],
)
def test_a_source_that_is_described_wrong_is_exit_2(
    place: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what was wrong."""
    outcome(["init"])
    capsys.readouterr()

    code = outcome(["source", "add", *arguments])

    printed = capsys.readouterr()
    assert code == 2
    assert words in printed.err
    assert len(lines(printed.err)) <= 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["sweep"],
        ["sweep", "main"],
        ["source", "test"],
        ["source", "probe", "main"],
        ["reconcile", "main"],
        ["enrol", "p1", "chronic-care"],
        ["explain", "p1"],
    ],
)
def test_without_a_source_nothing_can_be_done(
    place: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Said in a line or two, with exit 2."""
    outcome(["init"])
    capsys.readouterr()

    code = outcome(arguments)

    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    assert 1 <= len(lines(printed.err)) <= 2


@pytest.mark.parametrize("verb", ["status", "sync", "tick", "deliver"])
def test_with_nothing_to_do_all_is_well(place: Path, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """For scripts: JSON, and exit 0."""
    outcome(["init"])
    capsys.readouterr()

    code = outcome([verb, "--format", "json"])

    assert code == 0
    json.loads(capsys.readouterr().out)


def test_status_without_a_source_says_what_to_do(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The next step."""
    outcome(["init"])

    outcome(["status"])

    assert "milepost source add" in capsys.readouterr().out


# --------------------------------------------------------------------------------------------------------------- itself
def test_a_fault_of_our_own_shows_no_traceback(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A traceback may hold a chart: only the kind of error and its place are told."""
    monkeypatch.setattr("plugin.cli.evaluation.use_case.evaluate", broken)  # by name: it is the module's own

    code = outcome(["evaluate", str(bundle), "--at", AT])

    printed = capsys.readouterr()
    assert code == 1
    assert "ZeroDivisionError at " in printed.err
    assert "a chart's own words" not in printed.err
    assert len(lines(printed.err)) == 1


def test_the_command_lists_its_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    """And tells its version."""
    outcome(["--help"])
    text = capsys.readouterr().out
    outcome(["--version"])

    verbs = ["init", "upgrade", "source", "sync", "tick", "sweep", "status", "explain", "enrol", "evaluate", "run"]
    assert [verb for verb in verbs if f"  {verb} " not in text] == []
    assert capsys.readouterr().out.strip()[0].isdigit()


def broken(*_: object, **__: object) -> None:
    """In place of the use case."""
    raise ZeroDivisionError("a chart's own words")


def bare() -> Mapping[str, str]:
    """An environment without settings of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}

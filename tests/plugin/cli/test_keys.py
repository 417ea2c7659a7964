"""`milepost keys`: what each verb prints, and that nothing private is printed."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from plugin.cli.command import outcome
from tests.builders import World
from tests.plugin.cli.typed import Typed


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings' file of keys: none yet."""
    monkeypatch.setenv("MILEPOST_KEY_FILE", str(tmp_path / "milepost.key"))
    monkeypatch.setenv("MILEPOST_PUBLIC_URL", "https://milepost.test")
    return tmp_path / "milepost.jwks.json"


def test_keys_are_made_once_and_rotated(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first ones sign at once; new ones wait, and both are listed. No private half is ever shown."""
    codes = [outcome(["keys", *words.split()]) for words in ("make", "make", "rotate", "list")]
    told = capsys.readouterr().out
    outcome(["keys", "list", "--format", "json"])
    listed = json.loads(capsys.readouterr().out)

    assert codes == [0, 0, 0, 0]
    assert f"{path}: made RS384, ES384." in told
    assert f"{path}: kept." in told
    assert "https://milepost.test/.well-known/jwks.json" in told
    assert [(key["algorithm"], key["state"]) for key in listed] == [
        ("RS384", "signs"),
        ("ES384", "signs"),
        ("RS384", "waits"),
        ("ES384", "waits"),
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [key["d"] for key in json.loads(path.read_text())["keys"] if key["d"] in told] == []


def test_a_test_after_a_rotation_says_that_it_was_the_old_keys(path: Path, world: World, typed: Typed) -> None:
    """For ten minutes it goes well at a server that does not know the new ones; nothing of it where we get no tokens."""
    for verb in ("make", "rotate"):
        typed.text("keys", verb)
    quiet = typed.text("source", "test", "main")
    with world.database.begin() as uow:
        uow.sources.update(replace(world.source, token=None, client_id="milepost"), world.clock())
        uow.commit()

    told = typed.text("source", "test", "main")

    assert "old keys" not in quiet
    assert "tried with our old keys: the new ones sign from" in told
    assert "milepost source registration" in told


@pytest.mark.parametrize("verb", ["list", "rotate"])
def test_without_keys_the_command_that_makes_them_is_named(
    path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    """One line, and the exit code of what is to be set right."""
    assert outcome(["keys", verb]) == 2
    assert "run `milepost keys make`" in capsys.readouterr().err


def test_where_nobody_could_fetch_them_it_is_said(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An EHR needs an address of ours."""
    monkeypatch.delenv("MILEPOST_PUBLIC_URL")

    outcome(["keys", "make"])

    assert "set MILEPOST_PUBLIC_URL first" in capsys.readouterr().out


def test_a_source_has_a_token_or_a_client_id(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both would leave open which one counts."""
    code = outcome(["source", "add", "main", "https://ehr.test/fhir", "--client-id", "x", "--token-file", "-"])

    assert code == 2
    assert "not both" in capsys.readouterr().err


def test_the_public_halves_are_printed_for_an_ehr_that_wants_them(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A JWK Set as it is published, with nothing that signs; an empty one before the first key."""
    assert outcome(["keys", "jwks"]) == 0
    assert json.loads(capsys.readouterr().out) == {"keys": []}
    outcome(["keys", "make"])
    capsys.readouterr()

    outcome(["keys", "jwks"])

    told = json.loads(capsys.readouterr().out)["keys"]
    assert [key["alg"] for key in told] == ["RS384", "ES384"]
    assert not {"d", "p", "q", "dp", "dq", "qi"} & {name for key in told for name in key}

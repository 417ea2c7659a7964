"""The demo's folder: what it keeps, what it clears, and that it is one demo's at a time."""

import subprocess
from pathlib import Path

import pytest

from deploy.demo.place import Place, Practice
from deploy.demo.screen import StepFailed
from plugin.config import settings

PRACTICE = Practice(day="2026-11-25", patients=340, resources=3997, with_gap=130, to_enrol=16, ehr_port=8880)
REDIS = "redis://127.0.0.1:6390/0"


def test_a_second_demo_in_the_folder_is_refused(tmp_path: Path) -> None:
    """Two demos would sweep away each other's data."""
    place = Place(tmp_path / "demo")

    with place.taken(), pytest.raises(StepFailed, match="runs already"), Place(place.folder).taken():
        pass

    with place.taken():
        assert place.folder.stat().st_mode & 0o077 == 0


def test_clearing_takes_what_is_the_demos_and_nothing_else(tmp_path: Path) -> None:
    """A folder that was named by mistake loses nothing."""
    place = Place(tmp_path)
    place.hapi.mkdir()
    ours = (place.database, place.key_file, place.audit_heads, place.first_password, place.settings_file)
    for file in (place.hapi / "h2.mv.db", *ours, tmp_path / "thesis.txt"):
        file.touch()
    place.keep(PRACTICE)

    place.clear()

    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]
    assert place.practice() is None


def test_what_was_loaded_is_remembered(tmp_path: Path) -> None:
    """KEEP=1 goes on with it; what cannot be read is nothing to go on with."""
    place = Place(tmp_path)
    assert place.practice() is None

    place.keep(PRACTICE)
    assert place.practice() == PRACTICE

    (tmp_path / "practice.json").write_text('{"day": "2026-11-25"}')
    assert place.practice() is None


def test_a_shell_reads_the_settings_that_the_demo_runs_with(tmp_path: Path) -> None:
    """`set -a; . var/demo/env` gives Milepost's command the same settings, whatever was set before, to the owner only."""
    place = Place(tmp_path / "a folder with 'quotes'")
    place.folder.mkdir()
    wanted = place.settings(REDIS, 8790)

    place.write_settings(wanted)

    shell = 'set -a; . "$0"; set +a; env -0'
    given = {"MILEPOST_LOG_LEVEL": "debug", "MILEPOST_CA_BUNDLE": "/nowhere"}
    told = subprocess.run(
        ["sh", "-c", shell, place.settings_file], env=given, capture_output=True, check=True, text=True
    )
    read = dict(line.split("=", 1) for line in told.stdout.rstrip("\0").split("\0"))
    assert {name: read[name] for name in wanted} == wanted
    assert settings(read) == settings(wanted)
    assert place.settings_file.stat().st_mode & 0o777 == 0o600

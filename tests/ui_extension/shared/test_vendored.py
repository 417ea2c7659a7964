"""Files of other projects stand here exactly as they were published."""

import hashlib
import tomllib
from pathlib import Path

import pytest

from tests.architecture.house import ROOT

FOLDER = ROOT / "ui_extension" / "shared" / "static" / "vendored"
FILES = tomllib.loads((FOLDER / "VENDORED.toml").read_text())["file"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file["name"]))
def test_a_vendored_file_is_what_was_published(file: dict[str, str]) -> None:
    """By its checksum; with its licence beside it, and the address that it came from in that version."""
    licence = FOLDER / file["licence_file"]

    assert hashlib.sha256((FOLDER / file["name"]).read_bytes()).hexdigest() == file["sha256"]
    assert licence.read_text().strip()
    assert file["version"] in file["source"]
    assert file["source"].startswith("https://registry.npmjs.org/")


def test_every_vendored_file_is_listed() -> None:
    """Nobody slips one in."""
    listed = {"VENDORED.toml", *(file["name"] for file in FILES), *(file["licence_file"] for file in FILES)}

    assert {Path(file).name for file in FOLDER.iterdir()} == listed

"""The HAPI server is built once, with pinned parts, and again only when what it is made of has changed."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from deploy.hapi.build import HapiBuild, HapiFailure

POM = {"": "http://maven.apache.org/POM/4.0.0"}
MAVEN = """#!/bin/sh
folder=$(dirname "$4")
echo built >> "$folder/builds"
touch "$folder/target/milepost-hapi.jar"
echo "words of Maven"
exit {code}
"""


@pytest.fixture
def build(tmp_path: Path) -> HapiBuild:
    """A folder like deploy/hapi, small."""
    folder = tmp_path / "hapi"
    (folder / "src").mkdir(parents=True)
    (folder / "pom.xml").write_text("<project/>")
    (folder / "src" / "Main.java").write_text("class Main {}")
    return HapiBuild(folder)


def install_maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, code: int = 0) -> None:
    """A Maven that makes an empty jar and counts how often it was asked."""
    programs = tmp_path / "bin"
    programs.mkdir(exist_ok=True)
    (programs / "mvn").write_text(MAVEN.format(code=code))
    (programs / "mvn").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")


def builds(build: HapiBuild) -> int:
    """How often Maven ran."""
    return len((build.folder / "builds").read_text().split())


def test_an_unchanged_tree_is_built_once(build: HapiBuild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second start does not wait for Maven."""
    install_maven(tmp_path, monkeypatch)

    first, second = build.make(), build.make()

    assert first == second == build.jar
    assert builds(build) == 1
    assert "words of Maven" in build.log.read_text()


@pytest.mark.parametrize("changed", ["pom.xml", "src/Main.java", "src/New.java"])
def test_a_change_is_built(build: HapiBuild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    """A jar of yesterday's sources is never run."""
    install_maven(tmp_path, monkeypatch)
    build.make()

    (build.folder / changed).write_text("changed")

    assert not build.is_current()
    build.make()
    assert builds(build) == 2
    assert build.is_current()


def test_a_failed_build_names_its_log(build: HapiBuild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Maven left behind when it failed does not pass for the server."""
    install_maven(tmp_path, monkeypatch, code=1)

    with pytest.raises(HapiFailure, match=re.escape(str(build.log))):
        build.make()

    assert build.jar.exists()
    assert not build.is_current()


def test_a_machine_without_maven_is_told_what_to_do(
    build: HapiBuild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the program and the command that installs it."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(HapiFailure, match=r"mvn is not installed; run `sh deploy/system-packages\.sh`"):
        build.make()


def test_every_part_of_the_build_is_pinned() -> None:
    """Maven's defaults differ between machines; every plugin and every HAPI module has one version."""
    project = ElementTree.parse(HapiBuild().folder / "pom.xml").getroot()
    plugins = project.findall("build/plugins/plugin", POM)
    hapi = [part for part in project.iterfind(".//dependency", POM) if "hapi" in part.findtext("groupId", "", POM)]

    assert [part.findtext("artifactId", "", POM) for part in plugins if part.find("version", POM) is None] == []
    assert {part.findtext("version", None, POM) for part in hapi} == {"${hapi.version}"}
    assert project.findtext("properties/hapi.version", "", POM) == "8.8.0"

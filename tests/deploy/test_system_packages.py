"""The installer of system packages: what it finds missing, and what it says to who may not install."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import folder_of

DEPLOY = Path(__file__).parents[2] / "deploy"
SHELL_NEEDS = ("sh", "dirname", "id", "sed", "apt-cache", "apt-get")
SERVERS = ("mvn", "redis-server", "setpriv")


@pytest.fixture
def unprivileged() -> str | None:
    """Another user's name when the tests run as root, so that nothing could be installed by mistake."""
    return "nobody" if os.geteuid() == 0 else None


@pytest.fixture
def bare_path(unprivileged: str | None) -> Iterator[Path]:
    """A copy of the scripts beside a `bin` folder that is the whole PATH: no sudo, no Java, no Python."""
    with folder_of(unprivileged) as folder:
        (folder / "bin").mkdir()
        for script in DEPLOY.glob("*.sh"):
            shutil.copy(script, folder)
        for name in SHELL_NEEDS:
            link(folder, name)
        yield folder


def link(folder: Path, name: str) -> None:
    """Put the machine's own program on the bare PATH; a program that the machine lacks becomes an empty script."""
    found = shutil.which(name)
    target = folder / "bin" / name
    if found is None:
        target.write_text("#!/bin/sh\n")
        target.chmod(0o755)
    else:
        target.symlink_to(found)


def run(folder: Path, *arguments: str, user: str | None) -> subprocess.CompletedProcess[str]:
    """The script as `user`, seeing only the bare PATH."""
    return subprocess.run(
        ["/bin/sh", str(folder / "system-packages.sh"), *arguments],
        env={"PATH": str(folder / "bin")},
        user=user,
        group=None if user is None else pwd.getpwnam(user).pw_gid,
        extra_groups=None if user is None else (),
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_lists_what_is_missing(bare_path: Path, unprivileged: str | None) -> None:
    """Without Java, Maven and Redis on the path, their packages are named."""
    answer = run(bare_path, "--list", user=unprivileged)

    assert answer.returncode == 0, answer.stderr
    assert {"maven", "redis-server"} <= set(answer.stdout.split())
    assert any("jdk" in package for package in answer.stdout.split())


def test_it_lists_nothing_that_is_there(bare_path: Path, unprivileged: str | None) -> None:
    """A program that is on the path asks for no package."""
    for name in SERVERS:
        link(bare_path, name)

    answer = run(bare_path, "--list", user=unprivileged)

    assert {"maven", "redis-server", "util-linux"} & set(answer.stdout.split()) == set()


def test_without_rights_it_prints_the_one_command(bare_path: Path, unprivileged: str | None) -> None:
    """Who is not root and has no sudo gets one command to copy, and a failure."""
    answer = run(bare_path, user=unprivileged)

    commands = [line for line in answer.stderr.splitlines() if "apt-get install" in line]
    assert answer.returncode == 1
    assert len(commands) == 1
    assert commands[0].split()[:3] == ["sudo", "apt-get", "install"]
    assert "maven" in commands[0]

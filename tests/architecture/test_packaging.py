"""The guards that go with generic package names, and the lock files."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

from tests.architecture.house import PACKAGES, ROOT, setup_cfg


def requirement_names(file: Path) -> set[str]:
    """The packages that a .in or .txt file names, in the registry's spelling."""
    words = re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", file.read_text(), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", word).lower() for word in words}


def test_no_installed_distribution_owns_our_names() -> None:
    """`import plugin` means ours, in this environment and in a user's."""
    owners = importlib.metadata.packages_distributions()
    strangers = {name: set(owners.get(name, ())) - {"milepost"} for name in PACKAGES}

    assert {name: found for name, found in strangers.items() if found} == {}


def test_no_module_stands_at_the_root() -> None:
    """The root is for people; code lives in a room."""
    assert [file.name for file in ROOT.glob("*.py")] == []


def test_tests_are_one_package_only_at_their_top() -> None:
    """`--import-mode=importlib` with one `__init__.py`: equal file names in two folders never collide."""
    assert [str(file.relative_to(ROOT)) for file in (ROOT / "tests").rglob("__init__.py")] == ["tests/__init__.py"]


def test_pyproject_holds_the_build_system_and_ruff_only() -> None:
    """Everything else is found in setup.cfg."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert set(settings) == {"build-system", "tool"}
    assert set(settings["tool"]) == {"ruff"}


def test_the_locks_pin_and_hash_everything() -> None:
    """Each requirement has one exact version and at least one hash, and nothing wanted is left out."""
    for name in ("runtime", "dev", "lint"):
        locked = ROOT / "requirements" / f"{name}.txt"
        entries = re.split(r"\n(?=[a-z0-9])", locked.read_text())
        pins = [entry for entry in entries if re.match(r"[a-z0-9]", entry)]

        assert [pin[:40] for pin in pins if not re.match(r"\S+==\S+[^\n]*\\\n\s+--hash=sha256:", pin)] == []
        assert requirement_names(ROOT / "requirements" / f"{name}.in") - requirement_names(locked) == set()


def test_the_wheel_asks_for_what_runtime_in_names() -> None:
    """One list of runtime requirements, read by the build and by the lock."""
    assert setup_cfg()["options"]["install_requires"] == "file: requirements/runtime.in"

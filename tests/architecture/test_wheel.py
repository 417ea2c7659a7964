"""The wheel holds the product's packages as they stand in the tree, data files included, and nothing else."""

import zipfile
from pathlib import Path

from tests.architecture.house import PACKAGES, ROOT

IGNORED_FOLDERS = {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


def built_wheel() -> Path:
    """The one wheel that `make wheel` left."""
    wheels = list((ROOT / "build" / "dist").glob("milepost-*.whl"))
    assert len(wheels) == 1, "run `make wheel` first"
    return wheels[0]


def files_of_the_tree() -> set[str]:
    """Every file below the product's packages."""
    return {
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and not IGNORED_FOLDERS & set(file.parts)
    }


def test_the_wheel_equals_the_tree() -> None:
    """Nothing that a checkout has is missing for who installs the wheel, and no stray file travels."""
    with zipfile.ZipFile(built_wheel()) as wheel:
        packed = {name for name in wheel.namelist() if not name.split("/")[0].endswith(".dist-info")}

    assert packed == files_of_the_tree()


def test_the_wheel_brings_the_command_and_the_licence() -> None:
    """`milepost` is on the path after an installation."""
    with zipfile.ZipFile(built_wheel()) as wheel:
        metadata = {name.split("/", 1)[1]: name for name in wheel.namelist() if ".dist-info/" in name}
        entry_points = wheel.read(metadata["entry_points.txt"]).decode()

    assert "milepost = plugin.cli:main" in entry_points
    assert "licenses/LICENSE" in metadata

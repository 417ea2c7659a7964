"""Who may import whom: the contracts hold, leave no module out, and do fail when they are broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.house import PACKAGES, ROOT, module_names, rooms

BIN = Path(sys.executable).parent

ROOMS_TO_BREAK = [
    ("plugin/domain/planted.py", "import requests\n", "plugin.domain.planted:1 imports requests"),
    ("plugin/domain/planted.py", "import plugin.storage\n", "plugin.domain.planted:1 imports plugin.storage"),
    ("plugin/usecases/planted.py", "import fhir_adapters\n", "plugin.usecases.planted:1 imports fhir_adapters"),
    ("plugin/usecases/planted.py", "import sqlalchemy\n", "plugin.usecases.planted:1 imports sqlalchemy"),
    ("plugin/storage/planted.py", "import fhirclient\n", "plugin.storage.planted:1 imports fhirclient"),
    ("plugin/api/planted.py", "import plugin.storage\n", "plugin.api.planted:1 imports plugin.storage"),
    ("fhir_adapters/planted.py", "import requests\n", "fhir_adapters.planted:1 imports requests"),
    ("ui_extension/planted.py", "import plugin.storage\n", "ui_extension.planted:1 imports plugin.storage"),
    ("ui_extension/planted.py", "import plugin.api.limit\n", "ui_extension.planted:1 imports plugin.api.limit"),
    ("tasks/dispatch.py", "import plugin.bootstrap\n", "tasks.dispatch:1 imports plugin.bootstrap"),
]


def run_contracts(tree: Path) -> subprocess.CompletedProcess[str]:
    """import-linter over a tree, with nothing cached."""
    command = [str(BIN / "lint-imports"), "--no-cache", "setup.cfg"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


@pytest.fixture
def copied_tree(tmp_path: Path) -> Path:
    """The product's packages and the settings of the linters, to be broken."""
    for folder in (*PACKAGES, "deploy/lint"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for file in ("setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    return tmp_path


def test_the_contracts_hold() -> None:
    """Every room imports only what its list names."""
    answer = run_contracts(ROOT)

    assert answer.returncode == 0, answer.stdout[-3000:]


def test_every_module_belongs_to_one_room() -> None:
    """No module escapes the contracts, and none has two; a package's own top only holds its docstring."""
    homes = {name: sum(room.has(name) for room in rooms()) for name in module_names() - {"plugin", "tasks"}}

    assert {name: count for name, count in homes.items() if count != 1} == {}


def test_every_named_room_exists() -> None:
    """A contract for a module that is gone protects nothing and is taken out."""
    named = {name for room in rooms() for name in room.modules | room.may_import}
    ours = {name for name in named if name.partition(".")[0] in PACKAGES}

    assert ours - module_names() == set()


@pytest.mark.parametrize(("file", "line", "complaint"), ROOMS_TO_BREAK)
def test_a_forbidden_import_fails_the_build(copied_tree: Path, file: str, line: str, complaint: str) -> None:
    """One bad import makes the lint step fail and say where it is."""
    target = copied_tree / file
    before = target.read_text() if target.exists() else ""
    target.write_text(line + before)

    answer = run_contracts(copied_tree)

    assert answer.returncode != 0
    assert complaint in " ".join(answer.stdout.split())

"""Each threat that is met by now has a test that names it by its row, so that whoever doubts it finds it."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.architecture.house import ROOT, python_files

THREATS = {
    13: "a forged, old or repeated call of a hook",
    15: "answers that are too large, too deep, too slow, or without end",
    16: "a link that leads elsewhere, and the token with it",
    17: "a message that is a pickle",
    18: "an open Redis",
    20: "a lost update",
    26: "netrc and proxies of the environment",
    29: "what lint and audit find, or could not look for",
}
NAMED = re.compile(r"\brow (\d+)")


def rows_named_in(file: Path) -> set[int]:
    """Rows in the docstrings of a file of tests and of its tests."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    tests = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    documented: list[ast.Module | ast.FunctionDef] = [tree, *tests]
    return {int(row) for node in documented for row in NAMED.findall(ast.get_docstring(node) or "")}


@pytest.fixture(scope="module")
def named() -> dict[int, list[str]]:
    """Which files of tests name which row."""
    found: dict[int, list[str]] = defaultdict(list)
    for file in python_files("tests"):
        for row in rows_named_in(file):
            found[row].append(str(file.relative_to(ROOT)))
    return found


@pytest.mark.parametrize("row", THREATS, ids=lambda row: f"row {row}")
def test_a_threat_has_a_test(named: dict[int, list[str]], row: int) -> None:
    """Somewhere under tests/, in a docstring."""
    assert named[row], THREATS[row]

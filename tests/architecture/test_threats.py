"""Each threat that is met by now has a test that names it by its row, so that whoever doubts it finds it."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.architecture.house import ROOT, python_files

THREATS = {
    1: "a launch that names another server",
    2: "discovery, keys and users on another host",
    3: "a redirect that leads elsewhere",
    4: "somebody else's login put into this browser",
    5: "a launch or a code that is used twice",
    6: "two issuers mixed up",
    7: "tokens and codes in logs and addresses",
    8: "markup in a chart",
    9: "a program or a form that is code",
    10: "another patient's ids",
    11: "one tenant's patient taken for another's",
    12: "a role that may not",
    13: "a forged, old or repeated call of a hook",
    14: "an id_token that is forged or wrong in one claim",
    15: "answers that are too large, too deep, too slow, or without end",
    16: "a link that leads elsewhere, and the token with it",
    17: "a message that is a pickle",
    18: "an open Redis",
    19: "what whoever reads Redis sees",
    20: "a lost update",
    21: "a session that was chosen before the login",
    22: "a panel framed by a stranger's page",
    23: "secrets where they are kept",
    24: "the wrong patient in a panel",
    25: "many refreshes at once",
    26: "netrc and proxies of the environment",
    27: "a chart kept by a cache",
    28: "a form that another site sends",
    29: "what lint and audit find, or could not look for",
    30: "what was read or done and not written down",
    31: "a message to staff in another patient's chart",
    32: "a companion store's record of somebody else",
    33: "the tokens of a staff account",
    34: "a staff account that somebody else signs in",
    35: "the chart that OpenEMR had open last",
    36: "a wrong answer that is taken for no data",
}
NAMED = re.compile(r"\b(?:row|threat) (\d+)", re.IGNORECASE)
LISTED = re.compile(r"^\| (\d+) \|.*\|([^|]*)\|$", re.MULTILINE)


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


def test_the_list_is_that_of_the_tests(named: dict[int, list[str]]) -> None:
    """deploy/THREATS.md has each row, and each file that it names there names the row."""
    table = (ROOT / "deploy" / "THREATS.md").read_text(encoding="utf-8")
    listed = {int(row): re.findall("`([^`]+)`", files) for row, files in LISTED.findall(table)}

    assert listed.keys() == THREATS.keys()
    assert [file for row, files in listed.items() for file in files if file not in named[row]] == []

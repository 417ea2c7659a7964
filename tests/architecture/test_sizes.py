"""Size limits: a function of more than 60 lines, or a module of 400 lines of code, fails."""

import ast
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.architecture.house import FOLDERS, ROOT, python_files

LONGEST_FUNCTION = 60
LONGEST_MODULE = 399
CONFTEST_LIMIT = 150
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "data", "info"}


@cache
def functions(file: Path) -> Sequence[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file."""
    tree = ast.parse(file.read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def code_lines(file: Path) -> int:
    """Lines that are neither blank nor only a comment."""
    lines = (line.strip() for line in file.read_text().splitlines())
    return sum(1 for line in lines if line and not line.startswith("#"))


def test_no_function_is_too_long() -> None:
    """A function can be read without scrolling."""
    lengths = {
        f"{file.relative_to(ROOT)}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for file in python_files(*FOLDERS)
        for function in functions(file)
    }

    assert {place: length for place, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_no_module_is_too_long() -> None:
    """A module has one purpose; past this length it has two."""
    lengths = {str(file.relative_to(ROOT)): code_lines(file) for file in python_files(*FOLDERS)}

    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_no_name_says_nothing() -> None:
    """No module or folder is named for what it is not."""
    vague = [
        str(file.relative_to(ROOT)) for file in python_files(*FOLDERS) if VAGUE_NAMES & {file.stem, *file.parent.parts}
    ]

    assert vague == []


def test_conftest_stays_small() -> None:
    """Fixtures live beside their tests; the shared file is no warehouse."""
    assert len((ROOT / "tests" / "conftest.py").read_text().splitlines()) < CONFTEST_LIMIT


def test_every_test_states_its_promise() -> None:
    """A docstring per test says what is kept, for whoever breaks it."""
    silent = [
        f"{file.relative_to(ROOT)}:{function.lineno} {function.name}"
        for file in (ROOT / "tests").rglob("test_*.py")
        for function in functions(file)
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]

    assert silent == []

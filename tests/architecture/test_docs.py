"""The texts at the root are true: tree, import table and verbs are compared with the folders, setup.cfg and
Makefile."""

import re

import pytest

from tests.architecture.house import FOLDERS, PACKAGES, ROOT, rooms

HIDDEN = re.compile(r"^(\.|__pycache__|target$)|\.egg-info$")
README_LIMIT = 100
DECISION_LIMIT = 10


def text(name: str) -> str:
    """A file at the root."""
    return (ROOT / name).read_text()


def tree_entries() -> set[str]:
    """The paths that ARCHITECTURE.md's tree names: a line's first words that are paths, below the line they hang on."""
    block = text("ARCHITECTURE.md").split("```\n")[1]
    parents: list[tuple[int, str]] = [(-1, "")]
    found: set[str] = set()
    for line in block.splitlines():
        indent = len(line) - len(line.lstrip())
        names = re.split(r"\s{2,}", line.strip())[0].split() if line.strip() else []
        while names and parents[-1][0] >= indent:
            parents.pop()
        found |= {parents[-1][1] + name.rstrip("/") for name in names}
        if names and names[-1].endswith("/"):
            parents.append((indent, parents[-1][1] + names[-1]))
    return found


def folders_and_modules() -> set[str]:
    """What the tree must name: every folder down to the second level, and the modules of the three packages."""
    tops = [ROOT / name for name in (*FOLDERS, "requirements") if (ROOT / name).is_dir()]
    below = [entry for top in tops for entry in top.iterdir() if not HIDDEN.search(entry.name)]
    modules = [
        file
        for package in PACKAGES
        for file in [*(ROOT / package).glob("*.py"), *(ROOT / package).glob("domain/*.py")]
        if file.stem != "__init__"
    ]
    folders = [entry for entry in below if entry.is_dir() and any(file.is_file() for file in entry.rglob("*"))]
    return {str(path.relative_to(ROOT)) for path in (*tops, *folders, *modules)}


def import_table() -> dict[frozenset[str], frozenset[str]]:
    """ARCHITECTURE.md's table: the modules of a room, and what it may import."""
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|$", text("ARCHITECTURE.md"), re.MULTILINE)
    return {in_backticks(room): in_backticks(uses) for room, uses in rows}


def in_backticks(cell: str) -> frozenset[str]:
    """The names in a table's cell."""
    return frozenset(re.findall(r"`([^`]+)`", cell))


def test_the_tree_names_what_is_there() -> None:
    """Every path of the tree in ARCHITECTURE.md exists, and every folder and module is in it."""
    drawn = tree_entries()

    assert {path for path in drawn if not (ROOT / path).exists()} == set()
    assert folders_and_modules() - drawn == set()


def test_the_import_table_is_the_contracts() -> None:
    """What is explained is what is enforced."""
    assert import_table() == {room.modules: room.may_import for room in rooms()}


def test_the_readme_is_short() -> None:
    """A stranger reads it to the end."""
    assert len(text("README.md").splitlines()) < README_LIMIT


def test_decisions_are_short_and_newest_first() -> None:
    """Each under ten lines, under a date, in falling order."""
    entries = re.split(r"^(?=## )", text("DECISIONS.md"), flags=re.MULTILINE)[1:]
    dates = [re.match(r"## (\d{4}-\d\d-\d\d) \S", entry) for entry in entries]

    assert [entry[:60] for entry in entries if len(entry.strip().splitlines()) >= DECISION_LIMIT] == []
    assert all(dates)
    assert [found[1] for found in dates if found] == sorted((found[1] for found in dates if found), reverse=True)


def test_the_changelog_has_its_form() -> None:
    """Keep a Changelog: an Unreleased part first, and only the kinds of change that the form knows."""
    headings = re.findall(r"^## (.*)$", text("CHANGELOG.md"), re.MULTILINE)
    kinds = set(re.findall(r"^### (.*)$", text("CHANGELOG.md"), re.MULTILINE))

    assert headings[0] == "[Unreleased]"
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "DECISIONS.md", "CHANGELOG.md"])
def test_what_a_text_points_to_exists(name: str) -> None:
    """Links lead to files, and every `make` verb that is named is one."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text(name))
    verbs = set(re.findall(r"^([a-z][a-z-]*):", text("Makefile"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z][a-z-]*)", text(name)))

    assert [link for link in links if not (ROOT / link).exists()] == []
    assert named - verbs == set()

"""The house as its guards see it: where it stands, its rooms as setup.cfg has them, its files."""

import configparser
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("plugin", "fhir_adapters", "tasks", "ui_extension")
FOLDERS = (*PACKAGES, "deploy", "tests")
_CONTRACT = "importlinter:contract:"


@dataclass(frozen=True)
class Room:
    """One import contract: these modules may import those, beside the standard library and each other."""

    modules: frozenset[str]
    may_import: frozenset[str]

    def has(self, module: str) -> bool:
        """Whether a module is one of the room's or lies below one."""
        return any(module == place or module.startswith(f"{place}.") for place in self.modules)


def setup_cfg() -> configparser.ConfigParser:
    """setup.cfg, read."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def rooms() -> list[Room]:
    """Every import contract of setup.cfg."""
    parser = setup_cfg()
    sections = [parser[name] for name in parser.sections() if name.startswith(_CONTRACT)]
    return [
        Room(frozenset(section["modules"].split()), frozenset(section["may_import"].split())) for section in sections
    ]


def python_files(*folders: str) -> list[Path]:
    """Every Python file below these folders, what was built left out."""
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    return sorted(file for file in files if "target" not in file.parts)


def module_names() -> set[str]:
    """Every module of the product's packages, as imported."""
    names = {".".join(file.relative_to(ROOT).with_suffix("").parts) for file in python_files(*PACKAGES)}
    return {name.removesuffix(".__init__") for name in names}

"""The catalog: programs and ladders that are shipped, read from their files beside this module."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files

from plugin.catalog.reader import ladder_of, parse, program_of
from plugin.domain.configuration import ConfigVersion
from plugin.domain.ladder import Ladder
from plugin.domain.program import Program

PROGRAM, LADDER = "program", "ladder"
_FOLDERS = {PROGRAM: "programs", LADDER: "ladders"}


class FileCatalog:
    """Reads what is shipped, and stored versions of the same shape. A file that is not right raises BadProgram. Every page
    of a feed asks for the programs in force, so what was read last of each is kept."""

    def __init__(self) -> None:
        self._programs: dict[str, tuple[ConfigVersion, Program]] = {}
        self._ladders: dict[str, tuple[ConfigVersion, Ladder]] = {}

    def shipped(self) -> Sequence[ConfigVersion]:
        """Every shipped program and ladder as a published version, checked."""
        versions: list[ConfigVersion] = []
        for kind in _FOLDERS:
            for name, text in _texts(kind):
                body = parse(text, name)
                read = program_of(body, name) if kind == PROGRAM else ladder_of(body, name)
                version = ConfigVersion(
                    kind=kind, code=read.code, version=read.version, body=body, why=f"shipped: {read.title}"
                )
                versions.append(version)
        return versions

    def program(self, version: ConfigVersion) -> Program:
        """A stored program; BadProgram when its body is none."""
        known = self._programs.get(version.code)
        if known is None or known[0] != version:
            known = (version, program_of(version.body, f"program {version.code} version {version.version}"))
            self._programs[version.code] = known
        return known[1]

    def ladder(self, version: ConfigVersion) -> Ladder:
        """A stored ladder; BadProgram when its body is none."""
        known = self._ladders.get(version.code)
        if known is None or known[0] != version:
            known = (version, ladder_of(version.body, f"ladder {version.code} version {version.version}"))
            self._ladders[version.code] = known
        return known[1]


def parse_program(text: str, name: str) -> Program:
    """A program from the text of a TOML file; ``name`` is what complaints call it."""
    return program_of(parse(text, name), name)


def _texts(kind: str) -> Iterator[tuple[str, str]]:
    folder = files("plugin.catalog") / _FOLDERS[kind]
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            yield file.name, file.read_text(encoding="utf-8")

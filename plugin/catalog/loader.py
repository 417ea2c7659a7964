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
    """Reads what is shipped, and stored versions of the same shape. A file that is not right raises BadProgram."""

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
        return program_of(version.body, f"program {version.code} version {version.version}")

    def ladder(self, version: ConfigVersion) -> Ladder:
        """A stored ladder; BadProgram when its body is none."""
        return ladder_of(version.body, f"ladder {version.code} version {version.version}")


def parse_program(text: str, name: str) -> Program:
    """A program from the text of a TOML file; ``name`` is what complaints call it."""
    return program_of(parse(text, name), name)


def _texts(kind: str) -> Iterator[tuple[str, str]]:
    folder = files("plugin.catalog") / _FOLDERS[kind]
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            yield file.name, file.read_text(encoding="utf-8")

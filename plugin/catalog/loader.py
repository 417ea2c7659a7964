"""The catalog: programs and ladders that are shipped, read from their files beside this module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from zoneinfo import ZoneInfo

from plugin.catalog.practice_reader import calendar_of, check_calendar, check_limits, limits_of
from plugin.catalog.reader import (
    check_ladder,
    check_program,
    ladder_of,
    ladder_so_far,
    parse,
    program_of,
    program_so_far,
)
from plugin.domain.calendar import Practice
from plugin.domain.configuration import CALENDAR, LIMITS, ConfigVersion, Limits
from plugin.domain.configuration import LADDER as LADDER
from plugin.domain.configuration import PROGRAM as PROGRAM
from plugin.domain.fault import Fault, Known
from plugin.domain.ladder import Ladder
from plugin.domain.program import Program

_FOLDERS = {PROGRAM: "programs", LADDER: "ladders"}


class FileCatalog:
    """Reads what is shipped, and stored versions of the same shape. A file that is not right raises BadProgram. Every page
    of a feed asks for the programs in force, so what was read last of each is kept."""

    def __init__(self) -> None:
        self._programs: dict[tuple[str, str], tuple[ConfigVersion, Program]] = {}
        self._ladders: dict[str, tuple[ConfigVersion, Ladder]] = {}
        self._calendar: tuple[ConfigVersion, ZoneInfo, Practice] | None = None

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
        key = (version.code, version.version)
        known = self._programs.get(key)
        if known is None or known[0] != version:
            known = (version, program_of(_named(version), f"program {version.code} version {version.version}"))
            self._programs[key] = known
        return known[1]

    def calendar(self, version: ConfigVersion, zone: ZoneInfo) -> Practice:
        """A stored calendar, in the practice's zone; BadProgram when its body is none."""
        if self._calendar is None or self._calendar[:2] != (version, zone):
            self._calendar = (version, zone, calendar_of(version.body, zone, f"calendar version {version.version}"))
        return self._calendar[2]

    def limits(self, version: ConfigVersion) -> Limits:
        """Stored limits; BadProgram when its body is none."""
        return limits_of(version.body, f"limits version {version.version}")

    def ladder(self, version: ConfigVersion) -> Ladder:
        """A stored ladder; BadProgram when its body is none."""
        known = self._ladders.get(version.code)
        if known is None or known[0] != version:
            known = (version, ladder_of(_named(version), f"ladder {version.code} version {version.version}"))
            self._ladders[version.code] = known
        return known[1]

    def program_so_far(self, body: Mapping[str, object]) -> Program | None:
        """What can be read of a draft, for showing it."""
        return program_so_far(body)

    def ladder_so_far(self, body: Mapping[str, object]) -> Ladder | None:
        """Likewise."""
        return ladder_so_far(body)

    def check(self, kind: str, body: object, known: Known | None = None) -> Sequence[Fault]:
        """Everything that is wrong, or may be, with a draft's body: what is not its own version yet is no fault."""
        named = {**body, "version": "draft"} if isinstance(body, Mapping) else body
        if kind == PROGRAM:
            return check_program(named, known or Known())
        if kind == LADDER:
            return check_ladder(named, known or Known())
        return {CALENDAR: check_calendar, LIMITS: check_limits}[kind](body)


def _named(version: ConfigVersion) -> Mapping[str, object]:
    """The body under the version by which it is known, whatever it called itself as a draft."""
    return {**version.body, "version": version.version}


def parse_program(text: str, name: str) -> Program:
    """A program from the text of a TOML file; ``name`` is what complaints call it."""
    return program_of(parse(text, name), name)


def _texts(kind: str) -> Iterator[tuple[str, str]]:
    folder = files("plugin.catalog") / _FOLDERS[kind]
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            yield file.name, file.read_text(encoding="utf-8")

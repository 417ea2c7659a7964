"""Search parameters as OpenEMR 8.2 takes them: a list of known names per resource, everything else is no match at
all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from deploy.openemr.recorded.errors import BadParameter, Failure, Page
from deploy.openemr.recorded.moments import WallClock, asked, takes

NO_URL_RESOLVER = (
    "OpenEMR\\Services\\Search\\FHIRSearchFieldFactory::getFhirUrlResolver(): "
    "Return value must be of type OpenEMR\\Services\\FHIR\\FhirUrlResolver, null returned"
)
SQL_FAILED = (
    "SQL Statement failed on preparation: SELECT patients.puuid, fcp.code, c.code_text AS code_description FROM forms AS f "
    "WHERE f.deleted = 0 AND code = ? <br /><br />Column &#039;code&#039; in where clause is ambiguous<br />"
)
NOT_A_UUID = "UUID columns must be a valid UUID string"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_CONTROLS = ("_count", "_offset", "_sort", "_revinclude")
WITH_PROVENANCE = "Provenance:target"

Row = Any  # a row of whichever table the resource is made of
Takes = Callable[[Row], bool]
Stored = str | date | datetime | None | Iterable[str]


class Kind(Enum):
    """How a parameter's value is compared."""

    REFERENCE = "reference"
    UUID = "uuid"
    TOKEN = "token"  # nosec B105  # FHIR's word for a code
    DATE = "date"
    TEXT = "text"
    FORM = "form"
    """An encounter's uuid and a form's number in one id (CarePlan, Goal)."""
    BROKEN = "broken"
    """Known, and an error in the SQL that is made of it (OpenEMR 8.2: ``description`` of Goal, recording 135)."""


@dataclass(frozen=True)
class Parameter:
    """A parameter that a resource knows; ``stored`` is what of a row it is compared with."""

    kind: Kind
    stored: Callable[[Row], Stored]


Parameters = Mapping[str, Parameter]


@dataclass(frozen=True)
class Query:
    """A search, read: which rows are meant, and how much of the answer."""

    tests: tuple[Takes, ...] = ()
    count: int | None = None
    offset: int = 0
    has_provenance: bool = False

    def takes(self, row: Row) -> bool:
        """Parameters are AND."""
        return all(test(row) for test in self.tests)


def query(given: Mapping[str, Sequence[str]], known: Parameters, wall: WallClock) -> Query:
    """Raises BadParameter for a name that the resource does not know, or a value that cannot be read."""
    tests = [_test(name, values, known, wall) for name, values in given.items() if name not in _CONTROLS]
    return Query(
        tests=tuple(tests),
        count=number(given.get("_count")),
        offset=number(given.get("_offset")) or 0,
        has_provenance=list(given.get("_revinclude", ())) == [WITH_PROVENANCE],
    )


def number(values: Sequence[str] | None) -> int | None:
    """0 and what is no number mean no limit (OpenEMR 8.2)."""
    return int(values[-1]) or None if values and values[-1].isdecimal() else None


def is_uuid(text: str) -> bool:
    """Whether it would do for a uuid column."""
    return _UUID.fullmatch(text) is not None


def _test(name: str, values: Sequence[str], known: Parameters, wall: WallClock) -> Takes:
    bare, _, modifier = name.partition(":")
    parameter = known.get(bare)
    if parameter is None or (modifier and parameter.kind is not Kind.REFERENCE and modifier not in _MODIFIERS):
        raise BadParameter(name)
    parts = [part for value in values for part in value.split(",")]
    if not all(parts):
        raise BadParameter(name)
    return _COMPILED[parameter.kind](parameter.stored, parts, modifier, wall)


_MODIFIERS = ("exact", "contains", "text")


def _reference(stored: Callable[[Row], Stored], parts: Sequence[str], _: str, __: WallClock) -> Takes:
    if any("://" in part for part in parts):
        raise Failure(500, NO_URL_RESOLVER)
    return _uuid(stored, [part.rpartition("/")[2] for part in parts], _, __)


def _uuid(stored: Callable[[Row], Stored], parts: Sequence[str], _: str, __: WallClock) -> Takes:
    if not all(map(is_uuid, parts)):
        raise BadParameter(NOT_A_UUID)
    wanted = {str(UUID(part)) for part in parts}
    return lambda row: stored(row) in wanted


def _form(stored: Callable[[Row], Stored], parts: Sequence[str], _: str, __: WallClock) -> Takes:
    """Encounters and numbers are compared each for themselves (OpenEMR 8.2)."""
    split = [part.split("_" if "_" in part else "-SK-") for part in parts]
    if not all(is_uuid(one[0]) for one in split):
        raise BadParameter(NOT_A_UUID)
    encounters, numbers = {one[0] for one in split}, {one[1] for one in split if len(one) > 1}

    def test(row: Row) -> bool:
        euuid, _, number_ = str(stored(row)).replace("_", "-SK-").partition("-SK-")
        return euuid in encounters and (not numbers or number_ in numbers)

    return test


def _broken(_: Callable[[Row], Stored], __: Sequence[str], ___: str, ____: WallClock) -> Takes:
    raise Page(500, SQL_FAILED)


def _token(stored: Callable[[Row], Stored], parts: Sequence[str], _: str, __: WallClock) -> Takes:
    wanted = {part.rpartition("|")[2] for part in parts}
    return lambda row: bool(wanted & set(_texts(stored(row))))


def _date(stored: Callable[[Row], Stored], parts: Sequence[str], _: str, wall: WallClock) -> Takes:
    windows = [asked(part, wall) for part in parts]

    def test(row: Row) -> bool:
        at = stored(row)
        return takes(windows, at if isinstance(at, date) else None)

    return test


def _text(stored: Callable[[Row], Stored], parts: Sequence[str], modifier: str, _: WallClock) -> Takes:
    """Without a modifier the column's beginning counts, as MySQL's LIKE without case."""
    wanted = [part if modifier == "exact" else part.lower() for part in parts]

    def is_meant(text: str, part: str) -> bool:
        if modifier == "exact":
            return text == part
        return part in text.lower() if modifier == "contains" else text.lower().startswith(part)

    return lambda row: any(is_meant(text, part) for text in _texts(stored(row)) for part in wanted)


def _texts(stored: Stored) -> Iterable[str]:
    if stored is None or isinstance(stored, date):
        return ()
    return (stored,) if isinstance(stored, str) else stored


_COMPILED: Mapping[Kind, Callable[[Callable[[Row], Stored], Sequence[str], str, WallClock], Takes]] = {
    Kind.REFERENCE: _reference,
    Kind.UUID: _uuid,
    Kind.TOKEN: _token,
    Kind.DATE: _date,
    Kind.TEXT: _text,
    Kind.FORM: _form,
    Kind.BROKEN: _broken,
}

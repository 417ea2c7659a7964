"""How the reading of one type stands, as it is kept in the type's cursor: a short JSON text, read by nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime

import orjson

from fhir_adapters.servers.openemr.rhythm import Pace

_VERSION = 1
_BLANK = Pace()

Paces = dict[str, Pace]
"""By the name of the part."""


def paces_in(watermark: str | None) -> Paces:
    """None of it where the text is not ours, or of another version: then everything is read anew."""
    try:
        stored = orjson.loads(watermark or "null")
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(stored, dict) or stored.get("v") != _VERSION or not isinstance(stored.get("parts"), dict):
        return {}
    return {str(name): _pace(entry) for name, entry in stored["parts"].items() if isinstance(entry, dict)}


def watermark_of(paces: Mapping[str, Pace]) -> str:
    parts = {name: _entry(pace) for name, pace in paces.items()}
    return orjson.dumps({"v": _VERSION, "parts": parts}, option=orjson.OPT_SORT_KEYS).decode()


def _entry(pace: Pace) -> dict[str, object]:
    """What is as in the beginning is left out."""
    given = {field.name: getattr(pace, field.name) for field in fields(pace)}
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in given.items()
        if value != getattr(_BLANK, name)
    }


def _pace(entry: Mapping[str, object]) -> Pace:
    return Pace(
        at=_instant(entry.get("at")),
        size=int(_number(entry.get("size"))),
        after=after if isinstance(after := entry.get("after"), str) else "",
        since=_instant(entry.get("since")),
        proven=entry.get("proven") is True,
        done=entry.get("done") is True,
        requests=int(_number(entry.get("requests"))),
        bytes=int(_number(entry.get("bytes"))),
        seconds=_number(entry.get("seconds")),
    )


def _number(value: object) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else 0


def _instant(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo is not None else None

"""What previews bring, to compact JSON and back. Counts under a pair or a day become rows, which JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date

import msgspec

from plugin.domain.preview import PatientChange, PreviewSums
from plugin.storage.codec import encode_json

_CHANGE = msgspec.json.Decoder(PatientChange)
_MOVES = list[tuple[tuple[int, int], int]]
_WORK = list[tuple[tuple[str, date], int]]
_DAYS = list[tuple[date, int]]
_KINDS = list[tuple[str, int]]


class _Rows(msgspec.Struct):
    """The sums whose keys JSON cannot hold."""

    tier_moves: _MOVES = []
    work: _WORK = []
    work_before: _WORK = []
    messages: _DAYS = []
    messages_before: _DAYS = []
    begun: _KINDS = []
    withdrawn: _KINDS = []


_ROWS = msgspec.json.Decoder(_Rows)
_COUNTS = msgspec.json.Decoder(dict[str, object])


def decode_change(body: str) -> PatientChange:
    """What ``encode`` wrote."""
    return _CHANGE.decode(body)


def encode_sums(sums: PreviewSums) -> str:
    """As one JSON object."""
    told: dict[str, object] = {}
    for name in (f.name for f in fields(sums)):
        value = getattr(sums, name)
        told[name] = sorted(value.items()) if isinstance(value, Mapping) else value
    return encode_json(told)


def decode_sums(text: str) -> PreviewSums:
    """What ``encode_sums`` wrote."""
    rows = {name: dict(getattr(_ROWS.decode(text), name)) for name in _Rows.__struct_fields__}
    counts = {name: value for name, value in _COUNTS.decode(text).items() if name not in rows}
    known = {f.name for f in fields(PreviewSums)}
    return PreviewSums(**rows, **{name: value for name, value in counts.items() if name in known})  # type: ignore[arg-type]  # numbers by name

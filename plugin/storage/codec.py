"""Records to compact JSON and back. What equals its default is left out; named tuples become lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime

import msgspec

from plugin.domain.assessment import Milestone, PlanState
from plugin.domain.audit import AuditEntry
from plugin.domain.record import FACT_TYPES, Fact, Statement

Shape = tuple[tuple[str, object], ...]
"""A record's fields with their defaults."""

_ATOMS = frozenset({str, int, float, bool, date, datetime})
_SHAPES: dict[type, Shape] = {}
_ENCODE = msgspec.json.Encoder().encode
_FACT_DECODERS = {name: msgspec.json.Decoder(record) for name, record in FACT_TYPES.items()}
_MILESTONE = msgspec.json.Decoder(Milestone)
_PLAN = msgspec.json.Decoder(PlanState)
_AUDIT_ENTRY = msgspec.json.Decoder(AuditEntry)
_STATEMENT = msgspec.json.Decoder(Statement)
_OBJECT = msgspec.json.Decoder(dict[str, object])
_STRINGS = msgspec.json.Decoder(tuple[str, ...])
_TEXTS = msgspec.json.Decoder(dict[str, str])


def encode(record: object, *, without: str = "") -> str:
    """A record (a frozen dataclass) as compact JSON; one field may be left out, or be null where it has no default."""
    slim = _slim(record)
    if without in slim and (without, MISSING) in _SHAPES[type(record)]:
        slim[without] = None
    else:
        slim.pop(without, None)
    return _ENCODE(slim).decode()


def encode_json(value: object) -> str:
    """Lists, mappings and plain values as compact JSON, keys sorted: equal values give equal text."""
    return msgspec.json.encode(value, order="deterministic").decode()


def decode_fact(ref: str, body: str) -> Fact:
    """The fact that ``encode`` wrote; its class is found by the reference's type."""
    fact: Fact = _FACT_DECODERS[ref.partition("/")[0]].decode(body)
    return fact


def decode_milestone(body: str) -> Milestone:
    """A milestone as it was assessed."""
    return _MILESTONE.decode(body)


def decode_plan(body: str) -> PlanState:
    """A plan without its milestones."""
    return _PLAN.decode(body)


def decode_audit_entry(content: str) -> AuditEntry:
    """An audit entry, of its canonical form."""
    return _AUDIT_ENTRY.decode(content)


def decode_statement(body: str) -> Statement:
    """A statement."""
    return _STATEMENT.decode(body)


def decode_object(body: str) -> Mapping[str, object]:
    """A JSON object."""
    return _OBJECT.decode(body)


def decode_strings(body: str) -> tuple[str, ...]:
    """A JSON list of strings."""
    return _STRINGS.decode(body)


def decode_texts(body: str) -> Mapping[str, str]:
    """A JSON object whose values are strings."""
    return _TEXTS.decode(body)


def _shape(record: object) -> Shape:
    if not is_dataclass(record):
        raise TypeError(f"{type(record).__name__} is no record")
    return _SHAPES.setdefault(type(record), tuple((f.name, f.default) for f in fields(record)))


def _slim(record: object) -> dict[str, object]:
    slim: dict[str, object] = {}
    for name, default in _SHAPES.get(type(record)) or _shape(record):
        value = getattr(record, name)
        if value is default or (default is not MISSING and value == default):
            continue
        slim[name] = _plain(value)
    return slim


def _plain(value: object) -> object:
    """Records inside a record, alone or in a row, are slimmed too; the encoder knows everything else."""
    if type(value) in _ATOMS:
        return value
    if hasattr(value, "__dataclass_fields__"):
        return _slim(value)
    if type(value) is tuple and value and hasattr(value[0], "__dataclass_fields__"):
        return [_slim(item) for item in value]
    return value

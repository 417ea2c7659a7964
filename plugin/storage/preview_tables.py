"""The tables of previews: what was asked for, the parts in which it is worked out, and what would change for whom."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, Table, Text

from plugin.storage.column_types import Instant, Name, Number
from plugin.storage.tables import metadata, numbered, of_practice

preview = Table(
    "preview",
    metadata,
    numbered(),
    of_practice(),
    Column("draft_id", Number, ForeignKey("config_draft.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kind", Name, nullable=False),
    Column("code", Name, nullable=False),
    Column("sort", Name, nullable=False),  # of the draft: change, roll-back, retirement, move
    Column("at", Instant, nullable=False),
    Column("state", Name, nullable=False),
    Column("by", Name, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("attempt", Integer, nullable=False),  # how often it was begun; who works on an earlier one is not heard
    Column("worker", Name),
    Column("snapshot", Name),  # under this name the database lets others see what the first one sees
    Column("began_at", Instant),
    Column("moved_at", Instant),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("finished_at", Instant),
    Column("failed", Text),
    Column("sums", Text),
    Column("plans_from", Date),
    Index("ix_preview_draft", "draft_id", "id"),
)

preview_part = Table(
    "preview_part",
    metadata,
    of_practice(),
    Column("preview_id", Number, ForeignKey("preview.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("first", Number),  # patients by number, from this to that one; none: those who were never assessed
    Column("last", Number),
    Column("worker", Name),
    Column("sums", Text),  # once it is done
)

preview_change = Table(
    "preview_change",
    metadata,
    of_practice(),
    Column("preview_id", Number, ForeignKey("preview.id"), primary_key=True),
    Column("patient_id", Number, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
)

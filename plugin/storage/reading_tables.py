"""What is remembered of reading a source: the patients whom its server has, and what reading it takes."""

from __future__ import annotations

from sqlalchemy import Column, Date, Float, ForeignKey, Table

from plugin.storage.column_types import Name, Number
from plugin.storage.tables import metadata, of_practice

on_file = Table(
    "on_file",
    metadata,
    of_practice(),
    Column("source_id", Number, ForeignKey("source.id"), primary_key=True),
    Column("ref", Name, primary_key=True),
)

reading_cost = Table(
    "reading_cost",
    metadata,
    of_practice(),
    Column("source_id", Number, ForeignKey("source.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("requests", Number, nullable=False),
    Column("bytes", Number, nullable=False),
    Column("seconds", Float, nullable=False),
)

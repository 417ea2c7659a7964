"""The table of what steps were called and when they were due, before that changed."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Table, Text

from plugin.storage.column_types import Instant, Name, Number
from plugin.storage.tables import metadata, numbered, of_practice

past_step = Table(
    "past_step",
    metadata,
    numbered(),
    of_practice(),
    Column("patient_id", Number, nullable=False),
    Column("key", Name, nullable=False),
    Column("until", Instant, nullable=False),
    Column("title", Text, nullable=False),
    Column("source", Name, nullable=False),
    Column("codes", Name, nullable=False),
    Column("opens", Date),
    Column("due", Date),
    Index("ix_past_step_patient", "patient_id"),
)

"""The codes that this practice's charts were seen to use."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from plugin.storage.column_types import Instant, Name, Number
from plugin.storage.tables import metadata

code_seen = Table(
    "code_seen",
    metadata,
    Column("practice_id", Number, primary_key=True, autoincrement=False),
    Column("system", Name, primary_key=True),
    Column("code", Name, primary_key=True),
    Column("display", Text),
    Column("patients", Integer, nullable=False),
    Column("words", Text, nullable=False),  # code and display in lower case: what a search looks through
    Column("counted_at", Instant, nullable=False),
    Index("ix_code_seen_patients", "practice_id", "patients"),
)

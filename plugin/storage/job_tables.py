"""The table of the periodic jobs' last runs."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from plugin.storage.column_types import Instant, Name, Number
from plugin.storage.tables import metadata

job_run = Table(
    "job_run",
    metadata,
    Column("practice_id", Number, primary_key=True, autoincrement=False),
    Column("name", Name, primary_key=True),
    Column("began", Instant, nullable=False),
    Column("ended", Instant, nullable=False),
    Column("failed", Text),
)

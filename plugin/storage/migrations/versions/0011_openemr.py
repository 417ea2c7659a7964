"""Sources that have no Task of their own, and that must be asked patient by patient."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Date, Float, ForeignKey, Text, text

from plugin.storage.column_types import Instant, Name, Number

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("source", Column("use", Name, nullable=False, server_default="ehr"))
    op.add_column("source", Column("sink", Name, nullable=False, server_default="own"))
    op.add_column("source", Column("companion", Name))
    op.add_column("source", Column("zone", Name))
    op.add_column("source", Column("inbox", Text(), nullable=False, server_default="{}"))
    _appointments_by_day()
    _what_reading_needs()


def _appointments_by_day() -> None:
    op.add_column("fact", Column("begins", Instant))
    has_one = text("begins IS NOT NULL")
    op.create_index("ix_fact_begins", "fact", ["source_id", "begins"], sqlite_where=has_one, postgresql_where=has_one)


def _what_reading_needs() -> None:
    op.create_table(
        "on_file",
        Column("practice_id", Number, nullable=False),
        Column("source_id", Number, ForeignKey("source.id"), primary_key=True),
        Column("ref", Name, primary_key=True),
    )
    op.create_table(
        "reading_cost",
        Column("practice_id", Number, nullable=False),
        Column("source_id", Number, ForeignKey("source.id"), primary_key=True),
        Column("day", Date, primary_key=True),
        Column("requests", Number, nullable=False),
        Column("bytes", Number, nullable=False),
        Column("seconds", Float, nullable=False),
    )

"""Previews with their progress and results."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, Identity, Integer, PrimaryKeyConstraint, Text

from plugin.storage.column_types import Instant, Name, Number

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "preview",
        Column("id", Number, Identity(), nullable=False),
        Column("practice_id", Number, nullable=False),
        Column("draft_id", Number, nullable=False),
        Column("revision", Integer(), nullable=False),
        Column("kind", Name, nullable=False),
        Column("code", Name, nullable=False),
        Column("sort", Name, nullable=False),
        Column("at", Instant, nullable=False),
        Column("state", Name, nullable=False),
        Column("by", Name, nullable=False),
        Column("asked_at", Instant, nullable=False),
        Column("attempt", Integer(), nullable=False),
        Column("worker", Name),
        Column("snapshot", Name),
        Column("began_at", Instant),
        Column("moved_at", Instant),
        Column("done", Integer(), nullable=False),
        Column("total", Integer(), nullable=False),
        Column("finished_at", Instant),
        Column("failed", Text()),
        Column("sums", Text()),
        ForeignKeyConstraint(["draft_id"], ["config_draft.id"]),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_preview_draft", "preview", ["draft_id", "id"])
    _results()


def _results() -> None:
    op.create_table(
        "preview_part",
        Column("practice_id", Number, nullable=False),
        Column("preview_id", Number, nullable=False),
        Column("number", Integer(), nullable=False),
        Column("first", Number),
        Column("last", Number),
        Column("worker", Name),
        Column("sums", Text()),
        ForeignKeyConstraint(["preview_id"], ["preview.id"]),
        PrimaryKeyConstraint("preview_id", "number"),
    )
    op.create_table(
        "preview_change",
        Column("practice_id", Number, nullable=False),
        Column("preview_id", Number, nullable=False),
        Column("patient_id", Number, autoincrement=False, nullable=False),
        Column("body", Text(), nullable=False),
        ForeignKeyConstraint(["preview_id"], ["preview.id"]),
        PrimaryKeyConstraint("preview_id", "patient_id"),
    )

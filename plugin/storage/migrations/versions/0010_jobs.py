"""When each job ran; a source that is being removed, or was."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint, Text

from plugin.storage.column_types import Instant, Name, Number

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("source", Column("leaving", Name))
    op.add_column("source", Column("removed_at", Instant))
    op.create_table(
        "job_run",
        Column("practice_id", Number, nullable=False),
        Column("name", Name, nullable=False),
        Column("began", Instant, nullable=False),
        Column("ended", Instant, nullable=False),
        Column("failed", Text()),
        PrimaryKeyConstraint("practice_id", "name"),
    )

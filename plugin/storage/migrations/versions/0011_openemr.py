"""Sources that have no Task of their own, and that must be asked patient by patient."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

from plugin.storage.column_types import Name

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("source", Column("use", Name, nullable=False, server_default="ehr"))
    op.add_column("source", Column("sink", Name, nullable=False, server_default="own"))
    op.add_column("source", Column("companion", Name))
    op.add_column("source", Column("zone", Name))
    op.add_column("source", Column("inbox", Text(), nullable=False, server_default="{}"))

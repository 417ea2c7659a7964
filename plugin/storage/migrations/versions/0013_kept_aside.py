"""Who dealt with what was kept aside when two people saved one part of a draft, and when."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column

from plugin.storage.column_types import Instant, Name

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("config_aside", Column("settled_at", Instant))
    op.add_column("config_aside", Column("settled_by", Name))

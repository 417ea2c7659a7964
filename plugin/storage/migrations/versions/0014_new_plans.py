"""For whom a version is: everybody, or plans that start from a day on; and which version each plan follows.

What was published before is for everybody. Which version a plan follows its stored assessment says.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Date, text

from plugin.storage.column_types import Name

revision = "0014"
down_revision = "0013"

_FROM_ITS_ASSESSMENT = {
    "sqlite": "UPDATE plan SET program_version = json_extract(body, '$.program_version') WHERE program IS NOT NULL",
    "postgresql": "UPDATE plan SET program_version = CAST(body AS json) ->> 'program_version' WHERE program IS NOT NULL",
}


def upgrade() -> None:
    for table in ("enactment", "publication", "preview"):
        op.add_column(table, Column("plans_from", Date()))
    op.add_column("plan", Column("program_version", Name))
    op.execute(text(_FROM_ITS_ASSESSMENT[op.get_bind().dialect.name]))

"""The audit log's chain, and the indexes by which its pages are turned. What was written before waits for its
sealing."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint, UniqueConstraint, insert, select
from sqlalchemy.sql import column, table

from plugin.storage.column_types import Name, Number

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "audit_waiting",
        Column("practice_id", Number, nullable=False, autoincrement=False),
        Column("audit_id", Number, nullable=False, autoincrement=False),
        PrimaryKeyConstraint("practice_id", "audit_id"),
    )
    op.create_table(
        "audit_seal",
        Column("practice_id", Number, nullable=False, autoincrement=False),
        Column("number", Number, nullable=False, autoincrement=False),
        Column("audit_id", Number, nullable=False),
        Column("chain", Name, nullable=False),
        PrimaryKeyConstraint("practice_id", "number"),
        UniqueConstraint("audit_id"),
    )
    audit = table("audit", column("practice_id"), column("id"))
    waiting = table("audit_waiting", column("practice_id"), column("audit_id"))
    old = select(audit.c.practice_id, audit.c.id)
    op.execute(insert(waiting).from_select(["practice_id", "audit_id"], old))
    op.drop_index("ix_audit_record", "audit")
    op.create_index("ix_audit_at", "audit", ["practice_id", "at", "id"])
    for name in ("who", "action", "record"):
        op.create_index(f"ix_audit_{name}", "audit", ["practice_id", name, "at", "id"])
    op.create_index("ix_audit_who_action", "audit", ["practice_id", "who", "action", "at", "id"])

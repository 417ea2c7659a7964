"""What is done about it: effects are claimed and carried out, work items opened, bodies sent."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    column,
    func,
    table,
    text,
    update,
)

from plugin.storage.column_types import Instant, Name, Number

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _claims()
    _sent()
    _work_items()


def _claims() -> None:
    op.add_column("effect", Column("attempts", Integer, nullable=False, server_default="0"))
    op.add_column("effect", Column("worker", Name))
    op.add_column("effect", Column("ready_at", Instant))
    op.add_column("effect", Column("withdrawn_at", Instant))
    effect = table("effect", column("state"), column("at"), column("wanted_at"), column("ready_at"))
    ready_at = func.coalesce(effect.c.at, effect.c.wanted_at)
    op.execute(update(effect).where(effect.c.state == "planned").values(ready_at=ready_at))
    is_ready = text("ready_at IS NOT NULL")
    op.create_index(
        "ix_effect_ready",
        "effect",
        ["practice_id", "kind", "ready_at", "id"],
        sqlite_where=is_ready,
        postgresql_where=is_ready,
    )


def _sent() -> None:
    op.create_table(
        "sent",
        Column("practice_id", Number, nullable=False),
        Column("source_id", Number, nullable=False),
        Column("ref", Name, nullable=False),
        Column("pending", Name),
        Column("digest", Name),
        Column("version", Name),
        Column("changed_at", Instant(), nullable=False),
        ForeignKeyConstraint(["source_id"], ["source.id"]),
        PrimaryKeyConstraint("source_id", "ref"),
    )
    op.create_table(
        "sent_body",
        Column("practice_id", Number, nullable=False),
        Column("source_id", Number, nullable=False),
        Column("ref", Name, nullable=False),
        Column("digest", Name, nullable=False),
        Column("owned", Name, nullable=False),
        Column("sent_at", Instant(), nullable=False),
        ForeignKeyConstraint(["source_id"], ["source.id"]),
        PrimaryKeyConstraint("source_id", "ref", "digest", "owned"),
    )


def _work_items() -> None:
    op.create_table(
        "work_item",
        Column("id", Number, Identity(), nullable=False),
        Column("practice_id", Number, nullable=False),
        Column("patient_id", Number, nullable=False),
        Column("key", Name, nullable=False),
        Column("turn", Integer(), nullable=False),
        Column("kind", Name, nullable=False),
        Column("role", Name, nullable=False),
        Column("owner", Name),
        Column("due_at", Instant(), nullable=False),
        Column("priority", Integer(), nullable=False),
        Column("note", Text()),
        Column("state", Name, nullable=False),
        Column("opened_at", Instant(), nullable=False),
        Column("changed_at", Instant(), nullable=False),
        ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("practice_id", "key", "turn"),
    )
    op.create_index("ix_work_item_patient", "work_item", ["patient_id"])
    op.create_index("ix_work_item_queue", "work_item", ["practice_id", "state", "role"])
    op.create_table(
        "work_item_step",
        Column("practice_id", Number, nullable=False),
        Column("work_item_id", Number, nullable=False),
        Column("milestone", Name, nullable=False),
        Column("place", Integer(), nullable=False),
        Column("title", Text(), nullable=False),
        Column("withdrawn_at", Instant()),
        ForeignKeyConstraint(["work_item_id"], ["work_item.id"]),
        PrimaryKeyConstraint("work_item_id", "milestone"),
    )

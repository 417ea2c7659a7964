"""Where milestone Tasks go when their source has none: patients linked to a store, staff accounts, messages."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, Text, UniqueConstraint

from plugin.storage.column_types import Instant, Name, Number

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("source", Column("systems", Text(), nullable=False, server_default="{}"))
    op.add_column("source", Column("staff_client", Name))
    op.add_column("source", Column("staff_secret", Text()))  # encrypted
    _companion_link()
    _staff_message()
    _staff_account()


def _companion_link() -> None:
    op.create_table(
        "companion_link",
        Column("practice_id", Number, nullable=False),
        Column("source_id", Number, nullable=False, autoincrement=False),
        Column("patient_ref", Name, nullable=False),
        Column("store_ref", Name),
        Column("state", Name, nullable=False),
        Column("candidates", Text(), nullable=False),
        Column("why", Name, nullable=False),
        Column("by", Name, nullable=False),
        Column("at", Instant, nullable=False),
        Column("ours", Name, nullable=False),
        Column("theirs", Name, nullable=False),
        ForeignKeyConstraint(["source_id"], ["source.id"]),
        PrimaryKeyConstraint("source_id", "patient_ref"),
        UniqueConstraint("source_id", "store_ref"),
    )
    op.create_index("companion_link_by_state", "companion_link", ["source_id", "state", "at"])


def _staff_message() -> None:
    op.create_table(
        "staff_message",
        Column("practice_id", Number, nullable=False),
        Column("source_id", Number, nullable=False, autoincrement=False),
        Column("ref", Name, nullable=False),
        Column("patient_ref", Name, nullable=False),
        Column("step", Name, nullable=False),
        Column("chart", Number),
        Column("mid", Number),
        Column("to", Name, nullable=False),
        Column("is_open", Boolean(), nullable=False),
        Column("said", Name, nullable=False),
        Column("asked", Name, nullable=False),
        Column("revision", Integer(), nullable=False),
        Column("at", Instant, nullable=False),
        ForeignKeyConstraint(["source_id"], ["source.id"]),
        PrimaryKeyConstraint("source_id", "ref"),
    )
    op.create_index("staff_message_by_step", "staff_message", ["source_id", "step"])


def _staff_account() -> None:
    op.create_table(
        "staff_account",
        Column("practice_id", Number, nullable=False),
        Column("source_id", Number, nullable=False, autoincrement=False),
        Column("who", Name, nullable=False),
        Column("access", Text()),
        Column("refresh", Text()),
        Column("expires_at", Instant, nullable=False),
        Column("scope", Text(), nullable=False),
        Column("since", Instant, nullable=False),
        Column("got_at", Instant, nullable=False),
        Column("ended", Instant),
        Column("why", Name, nullable=False),
        Column("renewing", Name),
        Column("until", Instant),
        ForeignKeyConstraint(["source_id"], ["source.id"]),
        PrimaryKeyConstraint("source_id"),
    )

"""Local accounts; a person's other identities."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, Text, UniqueConstraint

from plugin.storage.column_types import Instant, Name, Number

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _identities()
    op.create_table(
        "account",
        Column("practice_id", Number, nullable=False),
        Column("person_id", Number, nullable=False),
        Column("name", Name, nullable=False),
        Column("password_hash", Text(), nullable=False),
        Column("totp_secret", Text()),
        Column("last_totp_step", Number),
        Column("must_change", Boolean(), nullable=False),
        Column("failures", Integer(), nullable=False),
        Column("locked_until", Instant()),
        Column("sessions_from", Instant()),
        ForeignKeyConstraint(["person_id"], ["person.id"]),
        PrimaryKeyConstraint("person_id"),
        UniqueConstraint("practice_id", "name"),
    )
    op.create_table(
        "recovery_code",
        Column("practice_id", Number, nullable=False),
        Column("person_id", Number, nullable=False),
        Column("hash", Name, nullable=False),
        ForeignKeyConstraint(["person_id"], ["person.id"]),
        PrimaryKeyConstraint("person_id", "hash"),
    )


def _identities() -> None:
    """In one statement: SQLite adds a key to a table that stands only together with its column."""
    number = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(
        f"ALTER TABLE person ADD COLUMN belongs_to {number} CONSTRAINT fk_person_belongs_to REFERENCES person (id)"
    )

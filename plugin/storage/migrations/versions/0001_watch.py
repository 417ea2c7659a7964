"""What is read and what is said about it: sources, facts, statements, plans, milestones, wanted effects, audit."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)

from plugin.storage.column_types import Instant, Name, Number

revision = "0001"
down_revision = None


def upgrade() -> None:
    _practice_and_sources()
    _feeds()
    _facts()
    _patients()
    _configuration_and_audit()
    _assessed()
    _transitions_and_wanted()


def _practice_and_sources() -> None:
    practice = op.create_table(
        "practice",
        Column("id", Number, Identity(), nullable=False),
        Column("slug", Name, nullable=False),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("slug"),
    )
    op.execute(practice.insert().values(slug="practice"))  # the first and only one; it gets number 1
    op.create_table(
        "source",
        Column("id", Number, Identity(), nullable=False),
        Column("practice_id", Number, nullable=False),
        Column("slug", Name, nullable=False),
        Column("base_url", Name, nullable=False),
        Column("kind", Name, nullable=False),
        Column("search_filter", Text(), nullable=False),
        Column("link_aliases", Text(), nullable=False),
        Column("token", Text()),
        Column("capability", Text()),
        Column("paused", Boolean(), nullable=False),
        Column("hook_path", Name),
        Column("hook_secret", Text()),
        Column("last_read_at", Instant()),
        Column("last_error", Text()),
        Column("last_error_at", Instant()),
        ForeignKeyConstraint(["practice_id"], ["practice.id"]),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("hook_path"),
        UniqueConstraint("practice_id", "base_url", "search_filter"),
        UniqueConstraint("practice_id", "slug"),
    )


def _feeds() -> None:
    op.create_table(
        "cursor",
        Column("practice_id", Number, nullable=False),
        Column("source_id", Number, nullable=False),
        Column("type", Name, nullable=False),
        Column("watermark", Text()),
        Column("taken", Text(), nullable=False),
        Column("complete", Boolean(), nullable=False),
        Column("moved_at", Instant(), nullable=False),
        ForeignKeyConstraint(["source_id"], ["source.id"]),
        PrimaryKeyConstraint("source_id", "type"),
    )
    op.create_table(
        "set_aside",
        Column("practice_id", Number, nullable=False),
        Column("source_id", Number, nullable=False),
        Column("ref", Name, nullable=False),
        Column("version", Name, nullable=False),
        Column("reason", Text(), nullable=False),
        Column("since", Instant(), nullable=False),
        ForeignKeyConstraint(["source_id"], ["source.id"]),
        PrimaryKeyConstraint("source_id", "ref"),
    )
    op.create_table(
        "named_code",
        Column("practice_id", Number, nullable=False),
        Column("source_id", Number, nullable=False),
        Column("system", Name, nullable=False),
        Column("code", Name, nullable=False),
        Column("late", Boolean(), nullable=False),
        ForeignKeyConstraint(["source_id"], ["source.id"]),
        PrimaryKeyConstraint("source_id", "system", "code"),
    )


def _facts() -> None:
    op.create_table(
        "fact",
        Column("practice_id", Number, nullable=False),
        Column("source_id", Number, autoincrement=False, nullable=False),
        Column("ref", Name, nullable=False),
        Column("patient_ref", Name, nullable=False),
        Column("version", Name, nullable=False),
        Column("status", Name),
        Column("seen", Instant()),
        Column("seen_at", Instant(), nullable=False),
        Column("body", Text(), nullable=False),
        PrimaryKeyConstraint("source_id", "ref", "patient_ref"),
    )
    op.create_index("ix_fact_patient", "fact", ["source_id", "patient_ref"])
    op.create_table(
        "fact_history",
        Column("id", Number, Identity(), nullable=False),
        Column("practice_id", Number, nullable=False),
        Column("source_id", Number, nullable=False),
        Column("ref", Name, nullable=False),
        Column("patient_ref", Name, nullable=False),
        Column("version", Name, nullable=False),
        Column("seen_at", Instant(), nullable=False),
        Column("until", Instant(), nullable=False),
        Column("is_deleted", Boolean(), nullable=False),
        Column("body", Text(), nullable=False),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_fact_history_patient", "fact_history", ["source_id", "patient_ref"])


def _patients() -> None:
    op.create_table(
        "patient",
        Column("id", Number, Identity(), nullable=False),
        Column("practice_id", Number, nullable=False),
        Column("source_id", Number, nullable=False),
        Column("ref", Name, nullable=False),
        Column("tracked_at", Instant()),
        Column("survivor_ref", Name),
        Column("next_change_at", Instant()),
        Column("waits_since", Instant()),
        Column("digest", Name, nullable=False),
        Column("backlog", Boolean(), nullable=False),
        Column("assessed_at", Instant()),
        Column("failed", Text()),
        ForeignKeyConstraint(["source_id"], ["source.id"]),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("source_id", "ref"),
    )
    op.create_index(
        "ix_patient_due",
        "patient",
        ["practice_id", "next_change_at", "id"],
        sqlite_where=text("waits_since IS NULL AND next_change_at IS NOT NULL"),
        postgresql_where=text("waits_since IS NULL AND next_change_at IS NOT NULL"),
    )
    op.create_index(
        "ix_patient_survivor",
        "patient",
        ["source_id", "survivor_ref"],
        sqlite_where=text("survivor_ref IS NOT NULL"),
        postgresql_where=text("survivor_ref IS NOT NULL"),
    )
    op.create_index(
        "ix_patient_waiting",
        "patient",
        ["source_id", "waits_since"],
        sqlite_where=text("waits_since IS NOT NULL"),
        postgresql_where=text("waits_since IS NOT NULL"),
    )
    op.create_table(
        "statement",
        Column("practice_id", Number, autoincrement=False, nullable=False),
        Column("id", Name, nullable=False),
        Column("source_id", Number, nullable=False),
        Column("patient_ref", Name, nullable=False),
        Column("said", Name, nullable=False),
        Column("by", Name, nullable=False),
        Column("at", Instant(), nullable=False),
        Column("stored_at", Instant(), nullable=False),
        Column("body", Text(), nullable=False),
        ForeignKeyConstraint(["source_id"], ["source.id"]),
        PrimaryKeyConstraint("practice_id", "id"),
    )
    op.create_index("ix_statement_patient", "statement", ["source_id", "patient_ref"])


def _configuration_and_audit() -> None:
    op.create_table(
        "config_version",
        Column("id", Number, Identity(), nullable=False),
        Column("practice_id", Number, nullable=False),
        Column("kind", Name, nullable=False),
        Column("code", Name, nullable=False),
        Column("version", Name, nullable=False),
        Column("state", Name, nullable=False),
        Column("published_from", Instant()),
        Column("by", Name, nullable=False),
        Column("why", Text(), nullable=False),
        Column("stored_at", Instant(), nullable=False),
        Column("body", Text(), nullable=False),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("practice_id", "kind", "code", "version"),
    )
    op.create_table(
        "audit",
        Column("id", Number, Identity(), nullable=False),
        Column("practice_id", Number, nullable=False),
        Column("at", Instant(), nullable=False),
        Column("who", Name, nullable=False),
        Column("action", Name, nullable=False),
        Column("record", Name, nullable=False),
        Column("content", Text(), nullable=False),
        Column("hash", Name, nullable=False),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_record", "audit", ["practice_id", "record"])


def _assessed() -> None:
    op.create_table(
        "plan",
        Column("practice_id", Number, nullable=False),
        Column("patient_id", Number, nullable=False),
        Column("plan", Name, nullable=False),
        Column("source_id", Number, nullable=False),
        Column("status", Name, nullable=False),
        Column("stage", Name, nullable=False),
        Column("flags", Name, nullable=False),
        Column("program", Name),
        Column("changed_at", Instant(), nullable=False),
        Column("gone_at", Instant()),
        Column("body", Text(), nullable=False),
        ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        PrimaryKeyConstraint("patient_id", "plan"),
    )
    op.create_table(
        "milestone",
        Column("practice_id", Number, nullable=False),
        Column("patient_id", Number, nullable=False),
        Column("key", Name, nullable=False),
        Column("source_id", Number, nullable=False),
        Column("plan", Name, nullable=False),
        Column("place", Integer(), nullable=False),
        Column("iteration", Integer(), nullable=False),
        Column("title", Text(), nullable=False),
        Column("source", Name, nullable=False),
        Column("codes", Name, nullable=False),
        Column("status", Name, nullable=False),
        Column("gap", Name, nullable=False),
        Column("tier", Integer(), nullable=False),
        Column("opens", Date()),
        Column("due", Date()),
        Column("owner_role", Name),
        Column("owner_ref", Name),
        Column("changed_at", Instant(), nullable=False),
        Column("gone_at", Instant()),
        Column("digest", Name, nullable=False),
        Column("body", Text(), nullable=False),
        ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        PrimaryKeyConstraint("patient_id", "key"),
    )
    op.create_index(
        "ix_milestone_gap",
        "milestone",
        ["practice_id", "tier", "due"],
        sqlite_where=text("gap = 'open'"),
        postgresql_where=text("gap = 'open'"),
    )


def _transitions_and_wanted() -> None:
    op.create_table(
        "transition",
        Column("id", Number, Identity(), nullable=False),
        Column("practice_id", Number, nullable=False),
        Column("patient_id", Number, nullable=False),
        Column("kind", Name, nullable=False),
        Column("key", Name, nullable=False),
        Column("before", Name),
        Column("after", Name, nullable=False),
        Column("at", Instant(), nullable=False),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_transition_patient", "transition", ["patient_id"])

    op.create_table(
        "effect",
        Column("id", Number, Identity(), nullable=False),
        Column("practice_id", Number, nullable=False),
        Column("source_id", Number, nullable=False),
        Column("patient_id", Number, nullable=False),
        Column("key", Name, nullable=False),
        Column("kind", Name, nullable=False),
        Column("what", Name, nullable=False),
        Column("state", Name, nullable=False),
        Column("plan", Name),
        Column("milestone", Name),
        Column("at", Instant()),
        Column("role", Name),
        Column("owner", Name),
        Column("tier", Integer()),
        Column("content", Text()),
        Column("digest", Name, nullable=False),
        Column("done_digest", Name, nullable=False),
        Column("error", Text()),
        Column("wanted_at", Instant(), nullable=False),
        Column("changed_at", Instant(), nullable=False),
        ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("practice_id", "key"),
    )
    op.create_index("ix_effect_patient", "effect", ["patient_id"])

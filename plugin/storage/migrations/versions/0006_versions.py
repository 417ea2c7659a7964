"""Drafts and their revisions; what waits for a second person; when versions came into force, also more than once.

A version that stands is in force since the moment that it names. Of those that name none the first of its code is in
force since ever, and each later one since it was stored.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, Identity, Integer, PrimaryKeyConstraint, Text, text

from plugin.storage.column_types import Instant, Name, Number

revision = "0006"
down_revision = "0005"

_ENACT = """
INSERT INTO enactment (practice_id, kind, code, version_id, published_from, decided_at, "by", why, applied_at)
SELECT v.practice_id, v.kind, v.code, v.id,
    CASE WHEN v.published_from IS NOT NULL THEN v.published_from
         WHEN EXISTS (SELECT 1 FROM config_version AS e WHERE e.practice_id = v.practice_id AND e.kind = v.kind
                      AND e.code = v.code AND e.state = 'published' AND e.id < v.id) THEN v.stored_at END,
    v.stored_at, v."by", v.why,
    CASE WHEN v.published_from IS NULL OR v.published_from <= v.stored_at THEN v.stored_at END
FROM config_version AS v WHERE v.state = 'published' ORDER BY v.id
"""


def upgrade() -> None:
    op.add_column("source", Column("awaits_since", Instant()))
    _drafts()
    _publications()
    _enactments()
    op.execute(text(_ENACT))


def _drafts() -> None:
    op.create_table(
        "config_draft",
        Column("id", Number, Identity(), nullable=False),
        Column("practice_id", Number, nullable=False),
        Column("kind", Name, nullable=False),
        Column("code", Name, nullable=False),
        Column("sort", Name, nullable=False),
        Column("base", Name),
        Column("state", Name, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("changed_at", Instant(), nullable=False),
        PrimaryKeyConstraint("id"),
    )
    _partial_index(
        "ix_config_draft_open",
        "config_draft",
        ["practice_id", "kind", "code"],
        where="state = 'open' AND sort = 'change'",
        unique=True,
    )
    op.create_table(
        "config_revision",
        Column("practice_id", Number, nullable=False),
        Column("draft_id", Number, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("by", Name, nullable=False),
        Column("person_id", Number),
        Column("at", Instant(), nullable=False),
        Column("body", Text(), nullable=False),
        ForeignKeyConstraint(["draft_id"], ["config_draft.id"]),
        PrimaryKeyConstraint("draft_id", "revision"),
    )
    op.create_table(
        "config_aside",
        Column("id", Number, Identity(), nullable=False),
        Column("practice_id", Number, nullable=False),
        Column("draft_id", Number, nullable=False),
        Column("seen", Integer, nullable=False),
        Column("by", Name, nullable=False),
        Column("at", Instant(), nullable=False),
        Column("body", Text(), nullable=False),
        ForeignKeyConstraint(["draft_id"], ["config_draft.id"]),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_config_aside_draft", "config_aside", ["draft_id"])


def _publications() -> None:
    op.create_table(
        "publication",
        Column("id", Number, Identity(), nullable=False),
        Column("practice_id", Number, nullable=False),
        Column("draft_id", Number, nullable=False),
        Column("kind", Name, nullable=False),
        Column("code", Name, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("published_from", Instant()),
        Column("by", Name, nullable=False),
        Column("by_id", Number, nullable=False),
        Column("why", Text(), nullable=False),
        Column("preview_id", Number),
        Column("asked_at", Instant(), nullable=False),
        Column("state", Name, nullable=False),
        Column("decided_at", Instant()),
        Column("decided_by", Name),
        Column("decided_why", Text(), nullable=False),
        ForeignKeyConstraint(["draft_id"], ["config_draft.id"]),
        PrimaryKeyConstraint("id"),
    )
    _partial_index("ix_publication_waiting", "publication", ["draft_id"], where="state = 'waiting'", unique=True)


def _enactments() -> None:
    op.create_table(
        "enactment",
        Column("id", Number, Identity(), nullable=False),
        Column("practice_id", Number, nullable=False),
        Column("kind", Name, nullable=False),
        Column("code", Name, nullable=False),
        Column("version_id", Number),
        Column("published_from", Instant()),
        Column("decided_at", Instant(), nullable=False),
        Column("by", Name, nullable=False),
        Column("why", Text(), nullable=False),
        Column("approved_by", Name),
        Column("applied_at", Instant()),
        Column("taken_back_at", Instant()),
        Column("taken_back_by", Name),
        ForeignKeyConstraint(["version_id"], ["config_version.id"]),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_enactment_code", "enactment", ["practice_id", "kind", "code"])
    _partial_index(
        "ix_enactment_coming",
        "enactment",
        ["practice_id", "published_from"],
        where="applied_at IS NULL AND taken_back_at IS NULL",
    )


def _partial_index(name: str, table: str, columns: list[str], *, where: str, unique: bool = False) -> None:
    condition = text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)

"""The tables of drafts and of what came into force: what was said in them is never changed, only followed by more."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, Table, Text, text

from plugin.storage.column_types import Instant, Name, Number
from plugin.storage.tables import metadata, numbered, of_practice

_IS_OPEN = text("state = 'open' AND sort = 'change'")
_IS_COMING = text("applied_at IS NULL AND taken_back_at IS NULL")
_WAITS = text("state = 'waiting'")

config_draft = Table(
    "config_draft",
    metadata,
    numbered(),
    of_practice(),
    Column("kind", Name, nullable=False),
    Column("code", Name, nullable=False),
    Column("sort", Name, nullable=False),  # change, roll-back, retirement, move
    Column("base", Name),
    Column("state", Name, nullable=False),  # open, published, discarded
    Column("revision", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index(
        "ix_config_draft_open",
        "practice_id",
        "kind",
        "code",
        unique=True,
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    ),
)

config_revision = Table(
    "config_revision",
    metadata,
    of_practice(),
    Column("draft_id", Number, ForeignKey("config_draft.id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("by", Name, nullable=False),
    Column("person_id", Number),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),
)

config_aside = Table(
    "config_aside",
    metadata,
    numbered(),
    of_practice(),
    Column("draft_id", Number, ForeignKey("config_draft.id"), nullable=False),
    Column("seen", Integer, nullable=False),
    Column("by", Name, nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Column("settled_at", Instant),
    Column("settled_by", Name),
    Index("ix_config_aside_draft", "draft_id"),
)

publication = Table(
    "publication",
    metadata,
    numbered(),
    of_practice(),
    Column("draft_id", Number, ForeignKey("config_draft.id"), nullable=False),
    Column("kind", Name, nullable=False),
    Column("code", Name, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("published_from", Instant),
    Column("by", Name, nullable=False),
    Column("by_id", Number, nullable=False),
    Column("why", Text, nullable=False),
    Column("preview_id", Number),
    Column("asked_at", Instant, nullable=False),
    Column("state", Name, nullable=False),  # waiting, approved, refused, replaced
    Column("decided_at", Instant),
    Column("decided_by", Name),
    Column("decided_why", Text, nullable=False),
    Column("plans_from", Date),
    Index(
        "ix_publication_waiting",
        "draft_id",
        unique=True,
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    ),
)

enactment = Table(
    "enactment",
    metadata,
    numbered(),
    of_practice(),
    Column("kind", Name, nullable=False),
    Column("code", Name, nullable=False),
    Column("version_id", Number, ForeignKey("config_version.id")),  # none: it was retired
    Column("published_from", Instant),  # none: since ever
    Column("plans_from", Date),  # of a program: for plans that start on this day or later; none: for everybody
    Column("decided_at", Instant, nullable=False),
    Column("by", Name, nullable=False),
    Column("why", Text, nullable=False),
    Column("approved_by", Name),
    Column("applied_at", Instant),  # all patients were marked for it
    Column("taken_back_at", Instant),  # before its moment: it never held
    Column("taken_back_by", Name),
    Index("ix_enactment_code", "practice_id", "kind", "code"),
    Index(
        "ix_enactment_coming",
        "practice_id",
        "published_from",
        sqlite_where=_IS_COMING,
        postgresql_where=_IS_COMING,
    ),
)

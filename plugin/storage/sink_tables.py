"""The tables of the sinks: patients linked to a companion store, messages to staff, staff accounts."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from plugin.storage.column_types import Instant, Name, Number
from plugin.storage.tables import metadata

companion_link = Table(
    "companion_link",
    metadata,
    Column("practice_id", Number, nullable=False),
    Column("source_id", Number, ForeignKey("source.id"), primary_key=True, autoincrement=False),
    Column("patient_ref", Name, primary_key=True),
    Column("store_ref", Name),  # one record of the store is one patient's
    Column("state", Name, nullable=False),
    Column("candidates", Text, nullable=False),
    Column("why", Name, nullable=False),
    Column("by", Name, nullable=False),
    Column("at", Instant, nullable=False),
    Column("ours", Name, nullable=False),
    Column("theirs", Name, nullable=False),
    UniqueConstraint("source_id", "store_ref"),
    Index("companion_link_by_state", "source_id", "state", "at"),
)

staff_message = Table(
    "staff_message",
    metadata,
    Column("practice_id", Number, nullable=False),
    Column("source_id", Number, ForeignKey("source.id"), primary_key=True, autoincrement=False),
    Column("ref", Name, primary_key=True),
    Column("patient_ref", Name, nullable=False),
    Column("step", Name, nullable=False),
    Column("chart", Number),
    Column("mid", Number),
    Column("to", Name, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("said", Name, nullable=False),
    Column("asked", Name, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Index("staff_message_by_step", "source_id", "step"),
)

staff_account = Table(
    "staff_account",
    metadata,
    Column("practice_id", Number, nullable=False),
    Column("source_id", Number, ForeignKey("source.id"), primary_key=True, autoincrement=False),
    Column("who", Name, nullable=False),
    Column("access", Text),
    Column("refresh", Text),
    Column("expires_at", Instant, nullable=False),
    Column("scope", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("got_at", Instant, nullable=False),
    Column("ended", Instant),
    Column("why", Name, nullable=False),
    Column("renewing", Name),
    Column("until", Instant),
)

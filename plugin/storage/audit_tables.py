"""The tables of the audit log's chain. The log itself (``tables.audit``) is only ever appended to: what is known of a
row later stands here."""

from __future__ import annotations

from sqlalchemy import Column, Table

from plugin.storage.column_types import Name, Number
from plugin.storage.tables import metadata

audit_waiting = Table(
    "audit_waiting",
    metadata,
    Column("practice_id", Number, primary_key=True, autoincrement=False),
    Column("audit_id", Number, primary_key=True, autoincrement=False),
)
"""Rows that wait for their place in the chain: written with the row, taken away with its sealing. So no row is passed
over, whatever the order in which ids become visible."""

audit_seal = Table(
    "audit_seal",
    metadata,
    Column("practice_id", Number, primary_key=True, autoincrement=False),
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("audit_id", Number, nullable=False, unique=True),
    Column("chain", Name, nullable=False),
)

"""The tables of local accounts: how somebody signs in to the admin pages who comes from no EHR."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Table, Text, UniqueConstraint

from plugin.storage import people_tables
from plugin.storage.column_types import Instant, Name, Number
from plugin.storage.tables import of_practice

account = Table(
    "account",
    people_tables.person.metadata,
    of_practice(),
    Column("person_id", Number, ForeignKey("person.id"), primary_key=True),
    Column("name", Name, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("totp_secret", Text),  # encrypted, and bound to the person
    Column("last_totp_step", Number),
    Column("must_change", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Instant),
    Column("sessions_from", Instant),
    UniqueConstraint("practice_id", "name"),
)

recovery_code = Table(
    "recovery_code",
    people_tables.person.metadata,
    of_practice(),
    Column("person_id", Number, ForeignKey("person.id"), primary_key=True),
    Column("hash", Name, primary_key=True),  # of a code with 80 bits: it needs no salt, and no slow hash
)

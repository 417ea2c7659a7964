"""The tables of launch and panel: who may sign in from where, who that is, what they may do, what they opened.

DESIGN §9 says ``user`` and ``grant``. Both are reserved words in PostgreSQL: whoever looks into the database by hand
would have to quote them, and without the quotes ``user`` means the role that one is connected as. So they are
``person``, as in the code, and ``role_grant``.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, Text, UniqueConstraint

from plugin.storage.column_types import Instant, Name, Number
from plugin.storage.tables import metadata, numbered, of_practice

issuer = Table(
    "issuer",
    metadata,
    numbered(),
    of_practice(),
    Column("slug", Name, nullable=False),
    Column("fhir_base", Name, nullable=False),
    Column("source_id", Number, ForeignKey("source.id"), nullable=False),
    Column("client_id", Name, nullable=False),
    Column("client_auth", Name, nullable=False),
    Column("client_secret", Text),  # encrypted, and bound to the slug
    Column("algorithm", Name, nullable=False),
    Column("oidc_issuer", Name, nullable=False),
    Column("ehr_origins", Text, nullable=False),
    Column("allowed_hosts", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("least_role", Name),
    Column("is_active", Boolean, nullable=False),
    UniqueConstraint("practice_id", "slug"),
    UniqueConstraint("practice_id", "fhir_base"),
)

person = Table(
    "person",
    metadata,
    numbered(),
    of_practice(),
    Column("oidc_issuer", Name, nullable=False),
    Column("subject", Name, nullable=False),
    Column("name", Text),
    Column("fhir_user", Name),
    Column("is_disabled", Boolean, nullable=False),
    Column("belongs_to", Number, ForeignKey("person.id")),  # another way in of that person
    UniqueConstraint("practice_id", "oidc_issuer", "subject"),
)

role_grant = Table(
    "role_grant",
    metadata,
    of_practice(),
    Column("person_id", Number, ForeignKey("person.id"), primary_key=True),
    Column("role", Name, primary_key=True),
    Column("by", Name, nullable=False),
    Column("at", Instant, nullable=False),
)

launch = Table(
    "launch",
    metadata,
    of_practice(),
    Column("id", Name, primary_key=True),  # opaque; the token that opens the panel is nowhere in the database
    Column("issuer_id", Number, ForeignKey("issuer.id"), nullable=False),
    Column("person_id", Number, ForeignKey("person.id"), nullable=False),
    Column("source_id", Number, ForeignKey("source.id"), nullable=False),
    Column("patient_ref", Name, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Index("ix_launch_person", "person_id", "opened_at"),
)

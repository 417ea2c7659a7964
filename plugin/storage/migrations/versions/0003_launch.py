"""Who opens the panel: issuers, people with their roles, launches; when a patient was last read by itself,
and whose act an effect carries out."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Identity,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)

from plugin.storage.column_types import Instant, Name, Number

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("source", Column("client_id", Name))
    op.add_column("source", Column("auth_scopes", Text))
    op.add_column("source", Column("auth_hosts", Text))
    op.add_column("patient", Column("read_at", Instant))
    op.add_column("effect", Column("by", Name))
    _issuers()
    _people()
    _launches()


def _issuers() -> None:
    op.create_table(
        "issuer",
        Column("id", Number, Identity(), nullable=False),
        Column("practice_id", Number, nullable=False),
        Column("slug", Name, nullable=False),
        Column("fhir_base", Name, nullable=False),
        Column("source_id", Number, nullable=False),
        Column("client_id", Name, nullable=False),
        Column("client_auth", Name, nullable=False),
        Column("client_secret", Text()),
        Column("algorithm", Name, nullable=False),
        Column("oidc_issuer", Name, nullable=False),
        Column("ehr_origins", Text(), nullable=False),
        Column("allowed_hosts", Text(), nullable=False),
        Column("scopes", Text(), nullable=False),
        Column("least_role", Name),
        Column("is_active", Boolean(), nullable=False),
        ForeignKeyConstraint(["source_id"], ["source.id"]),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("practice_id", "fhir_base"),
        UniqueConstraint("practice_id", "slug"),
    )


def _people() -> None:
    op.create_table(
        "person",
        Column("id", Number, Identity(), nullable=False),
        Column("practice_id", Number, nullable=False),
        Column("oidc_issuer", Name, nullable=False),
        Column("subject", Name, nullable=False),
        Column("name", Text()),
        Column("fhir_user", Name),
        Column("is_disabled", Boolean(), nullable=False),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("practice_id", "oidc_issuer", "subject"),
    )
    op.create_table(
        "role_grant",
        Column("practice_id", Number, nullable=False),
        Column("person_id", Number, nullable=False),
        Column("role", Name, nullable=False),
        Column("by", Name, nullable=False),
        Column("at", Instant(), nullable=False),
        ForeignKeyConstraint(["person_id"], ["person.id"]),
        PrimaryKeyConstraint("person_id", "role"),
    )


def _launches() -> None:
    op.create_table(
        "launch",
        Column("practice_id", Number, nullable=False),
        Column("id", Name, nullable=False),
        Column("issuer_id", Number, nullable=False),
        Column("person_id", Number, nullable=False),
        Column("source_id", Number, nullable=False),
        Column("patient_ref", Name, nullable=False),
        Column("opened_at", Instant(), nullable=False),
        ForeignKeyConstraint(["issuer_id"], ["issuer.id"]),
        ForeignKeyConstraint(["person_id"], ["person.id"]),
        ForeignKeyConstraint(["source_id"], ["source.id"]),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_launch_person", "launch", ["person_id", "opened_at"])

"""Facts of which more is kept than before (a goal's targets, the answers to a questionnaire, …) are read anew: without
a version they differ from what the source has, so the next comparison brings them. Care teams that serve many were
not kept at all: their type is swept again."""

from __future__ import annotations

from alembic import op
from sqlalchemy import column, delete, or_, table, update

from plugin.storage.column_types import is_of_type

revision = "0004"
down_revision = "0003"

TYPES = ("Patient", "Goal", "CareTeam", "Observation", "QuestionnaireResponse")


def upgrade() -> None:
    fact, cursor = table("fact", column("ref"), column("version")), table("cursor", column("type"))
    op.execute(update(fact).where(or_(*(is_of_type(fact.c.ref, type_) for type_ in TYPES))).values(version=""))
    op.execute(delete(cursor).where(cursor.c.type == "CareTeam"))

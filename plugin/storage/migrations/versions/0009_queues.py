"""What the lists are read by; who has a work item, and what came of it.

What stands in the new columns follows from each patient's record: whoever was assessed before is assessed once again.
The digest gets a letter more, so that the next assessment is stored whatever it says; no milestone is another by that.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Date, Identity, Integer, PrimaryKeyConstraint, Text, column, table, text, update

from plugin.storage.column_types import Instant, Name, Number

revision = "0009"
down_revision = "0008"

_LAST = "99999999999999"


def upgrade() -> None:
    _patients()
    _plans_and_milestones()
    _work_items()
    _past_steps()
    _codes()


def _patients() -> None:
    op.add_column("patient", Column("found_by", Text))
    op.add_column("patient", Column("rank", Number, nullable=False, server_default=_LAST))
    for name in ("tier", "risk", "gaps"):
        op.add_column("patient", Column(name, Integer, nullable=False, server_default="0"))
    op.add_column("patient", Column("due", Date))
    _listed("patient", "rank", "id", where="tracked_at IS NOT NULL")
    op.create_table(
        "patient_word",
        Column("practice_id", Number, nullable=False, autoincrement=False),
        Column("word", Name, nullable=False),
        Column("patient_id", Number, nullable=False, autoincrement=False),
        PrimaryKeyConstraint("practice_id", "word", "patient_id"),
    )
    op.create_index("ix_patient_word_patient", "patient_word", ["patient_id"])
    patient = table("patient", *(column(name, Text) for name in ("digest", "next_change_at", "assessed_at")))
    was_assessed = (patient.c.digest != "") & patient.c.assessed_at.is_not(None)
    again = {"digest": patient.c.digest + "+", "next_change_at": patient.c.assessed_at}
    op.execute(update(patient).where(was_assessed).values(again))


def _plans_and_milestones() -> None:
    op.add_column("plan", Column("tier", Integer, nullable=False, server_default="0"))
    _listed("plan", "program", "stage", "patient_id", "tier", where="gone_at IS NULL")
    for name, type_ in (("rank", Number), ("program", Name), ("stage", Name)):
        op.add_column("milestone", Column(name, type_))
    shown = ("owner_role", "owner_ref", "program", "stage", "status")
    op.drop_index("ix_milestone_gap", "milestone")
    _listed("milestone", "rank", "patient_id", "key", *shown, where="rank IS NOT NULL")
    owned = "rank IS NOT NULL AND owner_ref IS NOT NULL"
    _index("ix_milestone_owner", "milestone", "practice_id", "owner_ref", where=owned)


def _work_items() -> None:
    op.add_column("work_item", Column("revision", Integer, nullable=False, server_default="0"))
    op.add_column("work_item", Column("until", Date))
    for name in ("reason", "outcome", "by"):
        op.add_column("work_item", Column(name, Name))
    for name, type_ in (("rank", Number), ("program", Name), ("stage", Name)):
        op.add_column("work_item", Column(name, type_))
    shown = ("role", "program", "stage", "state", "owner", "until")
    _listed("work_item", "rank", "id", *shown, where="rank IS NOT NULL")
    owned = "rank IS NOT NULL AND owner IS NOT NULL"
    _index("ix_work_item_owner", "work_item", "practice_id", "owner", where=owned)


def _past_steps() -> None:
    """What a past day needs of steps that have changed since: kept from now on."""
    op.create_table(
        "past_step",
        Column("id", Number, Identity(), primary_key=True),
        Column("practice_id", Number, nullable=False),
        Column("patient_id", Number, nullable=False),
        Column("key", Name, nullable=False),
        Column("until", Instant, nullable=False),
        Column("title", Text, nullable=False),
        Column("source", Name, nullable=False),
        Column("codes", Name, nullable=False),
        Column("opens", Date),
        Column("due", Date),
    )
    op.create_index("ix_past_step_patient", "past_step", ["patient_id"])


def _codes() -> None:
    """The codes that the charts were seen to use."""
    op.create_table(
        "code_seen",
        Column("practice_id", Number, nullable=False, autoincrement=False),
        Column("system", Name, nullable=False),
        Column("code", Name, nullable=False),
        Column("display", Text),
        Column("patients", Integer, nullable=False),
        Column("words", Text, nullable=False),
        Column("counted_at", Instant, nullable=False),
        PrimaryKeyConstraint("practice_id", "system", "code"),
    )
    op.create_index("ix_code_seen_patients", "code_seen", ["practice_id", "patients"])


def _listed(table: str, *columns: str, where: str) -> None:
    _index(f"ix_{table}_list", table, "practice_id", *columns, where=where)


def _index(name: str, table: str, *columns: str, where: str) -> None:
    holds = text(where)
    op.create_index(name, table, columns, sqlite_where=holds, postgresql_where=holds)

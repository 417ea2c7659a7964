"""The tables. Every row belongs to a practice; instants are UTC, clinical dates are dates, JSON is compact text.

JSON is kept as text because it is only ever read whole: what is searched by has a column of its own.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from plugin.domain.queue import LAST
from plugin.storage.column_types import Instant, Name, Number

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def of_practice() -> Column[int]:
    """Whose row it is."""
    return Column("practice_id", Number, nullable=False)


def numbered() -> Column[int]:
    """A key that the database counts up."""
    return Column("id", Number, Identity(), primary_key=True)


def _partial(name: str, *columns: str, where: str) -> Index:
    """An index of the few rows that are looked for again and again."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


practice = Table("practice", metadata, numbered(), Column("slug", Name, nullable=False, unique=True))

# ------------------------------------------------------------------------------------------------- what the EHR says
source = Table(
    "source",
    metadata,
    numbered(),
    Column("practice_id", Number, ForeignKey("practice.id"), nullable=False),
    Column("slug", Name, nullable=False),
    Column("base_url", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("search_filter", Text, nullable=False),
    Column("link_aliases", Text, nullable=False),
    Column("token", Text),  # encrypted
    Column("capability", Text),
    Column("paused", Boolean, nullable=False),
    Column("hook_path", Name, unique=True),
    Column("hook_secret", Text),  # encrypted
    Column("staff_client", Name),
    Column("staff_secret", Text),  # encrypted
    Column("last_read_at", Instant),
    Column("last_error", Text),
    Column("last_error_at", Instant),
    Column("client_id", Name),  # as whom we ask for our own tokens (SMART Backend Services)
    Column("auth_scopes", Text),
    Column("auth_hosts", Text),
    Column("leaving", Name),  # it is being removed, and this becomes of what we wrote there: keep, cancel, delete
    Column("removed_at", Instant),
    Column("awaits_since", Instant),  # newly named codes are to be read before anybody of it is assessed again
    Column("use", Name, nullable=False, server_default="ehr"),
    Column("sink", Name, nullable=False, server_default="own"),  # where its milestone Tasks go
    Column("companion", Name),  # the slug of the store that takes them
    Column("zone", Name),
    Column("inbox", Text, nullable=False, server_default="{}"),
    Column("systems", Text, nullable=False, server_default="{}"),
    UniqueConstraint("practice_id", "slug"),
    UniqueConstraint("practice_id", "base_url", "search_filter"),
)

cursor = Table(
    "cursor",
    metadata,
    of_practice(),
    Column("source_id", Number, ForeignKey("source.id"), primary_key=True),
    Column("type", Name, primary_key=True),
    Column("watermark", Text),
    Column("taken", Text, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("moved_at", Instant, nullable=False),
)

set_aside = Table(
    "set_aside",
    metadata,
    of_practice(),
    Column("source_id", Number, ForeignKey("source.id"), primary_key=True),
    Column("ref", Name, primary_key=True),
    Column("version", Name, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

named_code = Table(
    "named_code",
    metadata,
    of_practice(),
    Column("source_id", Number, ForeignKey("source.id"), primary_key=True),
    Column("system", Name, primary_key=True),
    Column("code", Name, primary_key=True),
    Column("late", Boolean, nullable=False),  # named after the feed had gone past evidence with this code
)

# The hottest table of a sweep: no foreign key is checked for each of its rows; sources are never deleted under it.
fact = Table(
    "fact",
    metadata,
    of_practice(),
    Column("source_id", Number, primary_key=True, autoincrement=False),
    Column("ref", Name, primary_key=True),
    Column("patient_ref", Name, primary_key=True),
    Column("version", Name, nullable=False),
    Column("status", Name),
    Column("seen", Instant),
    Column("seen_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Column("begins", Instant),  # of appointments alone: those of a span of days are looked for
    Index("ix_fact_patient", "source_id", "patient_ref"),
    _partial("ix_fact_begins", "source_id", "begins", where="begins IS NOT NULL"),
)

fact_history = Table(
    "fact_history",
    metadata,
    numbered(),
    of_practice(),
    Column("source_id", Number, nullable=False),
    Column("ref", Name, nullable=False),
    Column("patient_ref", Name, nullable=False),
    Column("version", Name, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("is_deleted", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_fact_history_patient", "source_id", "patient_ref"),
)

# ------------------------------------------------------------------------------------------- who is tracked, who said
patient = Table(
    "patient",
    metadata,
    numbered(),
    of_practice(),
    Column("source_id", Number, ForeignKey("source.id"), nullable=False),
    Column("ref", Name, nullable=False),
    Column("tracked_at", Instant),  # none: only known as a record that was replaced
    Column("survivor_ref", Name),
    Column("next_change_at", Instant),
    Column("waits_since", Instant),  # for a read-back
    Column("digest", Name, nullable=False),
    Column("backlog", Boolean, nullable=False),
    Column("assessed_at", Instant),
    Column("failed", Text),
    Column("read_at", Instant),  # last read completely by itself: a read-back, or when somebody opened the panel
    Column("found_by", Text),  # the words in patient_word; none: not assessed yet
    Column("rank", Number, nullable=False, server_default=str(LAST)),  # the place among the others, in one number
    Column("tier", Integer, nullable=False, server_default="0"),
    Column("risk", Integer, nullable=False, server_default="0"),
    Column("gaps", Integer, nullable=False, server_default="0"),
    Column("due", Date),
    UniqueConstraint("source_id", "ref"),
    _partial("ix_patient_list", "practice_id", "rank", "id", where="tracked_at IS NOT NULL"),
    _partial(
        "ix_patient_due",
        "practice_id",
        "next_change_at",
        "id",
        where="waits_since IS NULL AND next_change_at IS NOT NULL",
    ),
    _partial("ix_patient_waiting", "source_id", "waits_since", where="waits_since IS NOT NULL"),
    _partial("ix_patient_survivor", "source_id", "survivor_ref", where="survivor_ref IS NOT NULL"),
)

patient_word = Table(
    "patient_word",
    metadata,
    Column("practice_id", Number, primary_key=True, autoincrement=False),
    Column("word", Name, primary_key=True),  # a search finds whoever has a word that begins so
    Column("patient_id", Number, primary_key=True, autoincrement=False),
    Index("ix_patient_word_patient", "patient_id"),
)

statement = Table(
    "statement",
    metadata,
    Column("practice_id", Number, primary_key=True, autoincrement=False),
    Column("id", Name, primary_key=True),
    Column("source_id", Number, ForeignKey("source.id"), nullable=False),
    Column("patient_ref", Name, nullable=False),
    Column("said", Name, nullable=False),
    Column("by", Name, nullable=False),
    Column("at", Instant, nullable=False),
    Column("stored_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_statement_patient", "source_id", "patient_ref"),
)

config_version = Table(
    "config_version",
    metadata,
    numbered(),
    of_practice(),
    Column("kind", Name, nullable=False),
    Column("code", Name, nullable=False),
    Column("version", Name, nullable=False),
    Column("state", Name, nullable=False),
    Column("published_from", Instant),
    Column("by", Name, nullable=False),
    Column("why", Text, nullable=False),
    Column("stored_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("practice_id", "kind", "code", "version"),
)

# ------------------------------------------------------------------------------------------------ what `assess` said
plan = Table(
    "plan",
    metadata,
    of_practice(),
    Column("patient_id", Number, ForeignKey("patient.id"), primary_key=True),
    Column("plan", Name, primary_key=True),
    Column("source_id", Number, nullable=False),
    Column("status", Name, nullable=False),
    Column("stage", Name, nullable=False),
    Column("flags", Name, nullable=False),
    Column("program", Name),
    Column("changed_at", Instant, nullable=False),
    Column("gone_at", Instant),  # the assessment no longer has it
    Column("body", Text, nullable=False),
    Column("tier", Integer, nullable=False, server_default="0"),  # the patient's
    Column("program_version", Name),
    _partial("ix_plan_list", "practice_id", "program", "stage", "patient_id", "tier", where="gone_at IS NULL"),
)

milestone = Table(
    "milestone",
    metadata,
    of_practice(),
    Column("patient_id", Number, ForeignKey("patient.id"), primary_key=True),
    Column("key", Name, primary_key=True),
    Column("source_id", Number, nullable=False),
    Column("plan", Name, nullable=False),
    Column("place", Integer, nullable=False),  # its place in the plan's list
    Column("iteration", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("source", Name, nullable=False),
    Column("codes", Name, nullable=False),
    Column("status", Name, nullable=False),
    Column("gap", Name, nullable=False),
    Column("tier", Integer, nullable=False),
    Column("opens", Date),
    Column("due", Date),
    Column("owner_role", Name),
    Column("owner_ref", Name),
    Column("changed_at", Instant, nullable=False),
    Column("gone_at", Instant),  # with its plan
    Column("digest", Name, nullable=False),
    Column("body", Text, nullable=False),
    Column("rank", Number),  # the place in the list of gaps; it and the next two only of a gap that is in the list
    Column("program", Name),
    Column("stage", Name),
    _partial(
        "ix_milestone_list",
        *("practice_id", "rank", "patient_id", "key"),
        *("owner_role", "owner_ref", "program", "stage", "status"),  # what is counted, without a look at the row
        where="rank IS NOT NULL",
    ),
    _partial("ix_milestone_owner", "practice_id", "owner_ref", where="rank IS NOT NULL AND owner_ref IS NOT NULL"),
)

transition = Table(
    "transition",
    metadata,
    numbered(),
    of_practice(),
    Column("patient_id", Number, nullable=False),
    Column("kind", Name, nullable=False),  # milestone, work-item
    Column("key", Name, nullable=False),
    Column("before", Name),
    Column("after", Name, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_transition_patient", "patient_id"),
)

# ----------------------------------------------------------------------------------------------- what is to be done
effect = Table(
    "effect",
    metadata,
    numbered(),
    of_practice(),
    Column("source_id", Number, nullable=False),
    Column("patient_id", Number, ForeignKey("patient.id"), nullable=False),
    Column("key", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("what", Name, nullable=False),
    Column("state", Name, nullable=False),
    Column("plan", Name),
    Column("milestone", Name),
    Column("at", Instant),
    Column("role", Name),
    Column("owner", Name),
    Column("tier", Integer),
    Column("content", Text),
    Column("digest", Name, nullable=False),
    Column("done_digest", Name, nullable=False),
    Column("error", Text),
    Column("wanted_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("worker", Name),
    Column("ready_at", Instant),  # when it may be claimed, also again after a crash; none: nothing to carry out
    Column("withdrawn_at", Instant),  # also set while a worker has it: it is not tried again then
    Column("by", Name),  # whose act wants it so
    UniqueConstraint("practice_id", "key"),
    Index("ix_effect_patient", "patient_id"),
    _partial("ix_effect_ready", "practice_id", "kind", "ready_at", "id", where="ready_at IS NOT NULL"),
)

sent = Table(
    "sent",
    metadata,
    of_practice(),
    Column("source_id", Number, ForeignKey("source.id"), primary_key=True),
    Column("ref", Name, primary_key=True),
    Column("pending", Name),  # digest of the body that was sent last and not answered yet
    Column("digest", Name),  # of the body last known to stand on the server
    Column("version", Name),
    Column("changed_at", Instant, nullable=False),
)

sent_body = Table(
    "sent_body",
    metadata,
    of_practice(),
    Column("source_id", Number, ForeignKey("source.id"), primary_key=True),
    Column("ref", Name, primary_key=True),
    Column("digest", Name, primary_key=True),
    Column("owned", Name, primary_key=True),
    Column("sent_at", Instant, nullable=False),
)

work_item = Table(
    "work_item",
    metadata,
    numbered(),
    of_practice(),
    Column("patient_id", Number, ForeignKey("patient.id"), nullable=False),
    Column("key", Name, nullable=False),
    Column(
        "turn", Integer, nullable=False
    ),  # a second item of one key, when the first was done before its last step came
    Column("kind", Name, nullable=False),
    Column("role", Name, nullable=False),
    Column("owner", Name),
    Column("due_at", Instant, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("note", Text),
    Column("state", Name, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False, server_default="0"),
    Column("until", Date),  # put aside until that local day
    Column("reason", Name),
    Column("outcome", Name),
    Column("by", Name),  # who brought it to its state
    Column("rank", Number),  # the place in the queue; none when there is nothing to do any more
    Column("program", Name),
    Column("stage", Name),
    UniqueConstraint("practice_id", "key", "turn"),
    Index("ix_work_item_patient", "patient_id"),
    Index("ix_work_item_queue", "practice_id", "state", "role"),
    _partial(
        "ix_work_item_list",
        *("practice_id", "rank", "id"),
        *("role", "program", "stage", "state", "owner", "until"),  # what is counted, as above
        where="rank IS NOT NULL",
    ),
    _partial("ix_work_item_owner", "practice_id", "owner", where="rank IS NOT NULL AND owner IS NOT NULL"),
)

work_item_step = Table(
    "work_item_step",
    metadata,
    of_practice(),
    Column("work_item_id", Number, ForeignKey("work_item.id"), primary_key=True),
    Column("milestone", Name, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("withdrawn_at", Instant),
)

audit = Table(
    "audit",
    metadata,
    numbered(),
    of_practice(),
    Column("at", Instant, nullable=False),
    Column("who", Name, nullable=False),
    Column("action", Name, nullable=False),
    Column("record", Name, nullable=False),
    Column("content", Text, nullable=False),  # the canonical form of the whole entry
    Column("hash", Name, nullable=False),
    Index("ix_audit_at", "practice_id", "at", "id"),
    *(Index(f"ix_audit_{name}", "practice_id", name, "at", "id") for name in ("who", "action", "record")),
    Index("ix_audit_who_action", "practice_id", "who", "action", "at", "id"),
)

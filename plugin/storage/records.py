"""All that is known of a batch of patients: one query each for facts, statements and known steps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from sqlalchemy import ColumnElement, Select, Table, Text, and_, bindparam, null, select, union_all
from sqlalchemy import cast as sql_cast

from plugin.domain.record import Fact, KnownStep, Record, Statement
from plugin.domain.source import Source
from plugin.domain.tracking import PatientRow
from plugin.storage.codec import decode_fact, decode_statement, decode_strings
from plugin.storage.tables import fact, milestone, patient, source, statement
from plugin.storage.transaction import Transaction, Value, is_among
from plugin.storage.written import Written

_STEP = (
    milestone.c.patient_id,
    milestone.c.key,
    milestone.c.plan,
    milestone.c.iteration,
    milestone.c.title,
    milestone.c.source,
    milestone.c.codes,
    milestone.c.status,
    milestone.c.opens,
    milestone.c.due,
)


def _own_and_replaced(table: Table, *columns: ColumnElement[str]) -> Sequence[Select[*tuple[Value, ...]]]:
    """A table's rows of one patient, and those of the records that were replaced by it."""
    kept = select(*columns).where(table.c.source_id == bindparam("source_id"))
    followers = and_(patient.c.source_id == table.c.source_id, patient.c.ref == table.c.patient_ref)
    replaced = kept.join_from(table, patient, followers).where(patient.c.survivor_ref == bindparam("ref"))
    return kept.where(table.c.patient_ref == bindparam("ref")), replaced


_OF_ONE = Written(
    union_all(
        *_own_and_replaced(fact, fact.c.ref, fact.c.body),
        *_own_and_replaced(statement, sql_cast(null(), Text), statement.c.body),
    )
)
"""Facts with their references, and statements without."""


def read_records(transaction: Transaction, rows: Sequence[PatientRow]) -> list[Record]:
    """One record for each row, in their order."""
    slugs = transaction.pairs(select(source.c.id, source.c.slug))
    known = read_known_steps(transaction, [row.id for row in rows])
    records: dict[int, Record] = {}
    for source_id, of_source in _by_source(rows).items():
        owners = owners_of(transaction, source_id, [row.ref for row in of_source])
        facts = _facts(transaction, source_id, owners)
        said = _statements(transaction, source_id, owners)
        for row in of_source:
            slug = slugs[source_id]
            records[row.id] = Record.of(row.ref, slug, facts[row.ref], said[row.ref], known=known[row.id])
    return [records[row.id] for row in rows]


def read_record(transaction: Transaction, source: Source, ref: str) -> Record:
    """One patient's, without the known steps. In one query: somebody waits for it."""
    rows = transaction.answers(_OF_ONE, source_id=source.id, ref=ref)
    facts = [decode_fact(of, body) for of, body in rows if of is not None]
    return Record.of(ref, source.slug, facts, [decode_statement(body) for of, body in rows if of is None])


def owners_of(transaction: Transaction, source_id: int, refs: Sequence[str]) -> Mapping[str, str]:
    """References whose facts and statements belong to these patients, each with its patient: the replaced records'
    beside their own."""
    query = _replaced(is_postgres=transaction.is_postgres)
    rows = transaction.answers(query, of_source=source_id, refs=transaction.listed(refs))
    return {**{row[0]: row[1] for row in rows}, **{ref: ref for ref in refs}}


@cache
def _replaced(*, is_postgres: bool) -> Written:
    by_these = is_among(patient.c.survivor_ref, bindparam("refs", type_=Text), is_postgres=is_postgres)
    of_source = patient.c.source_id == bindparam("of_source")
    return Written(select(patient.c.ref, patient.c.survivor_ref).where(of_source, by_these))


def statements_of(transaction: Transaction, source_id: int, ref: str) -> list[Statement]:
    """One patient's statements, oldest first."""
    owners = owners_of(transaction, source_id, [ref])
    return sorted(_statements(transaction, source_id, owners)[ref], key=lambda said: (said.at, said.id))


def _by_source(rows: Iterable[PatientRow]) -> Mapping[int, Sequence[PatientRow]]:
    grouped: dict[int, list[PatientRow]] = defaultdict(list)
    for row in rows:
        grouped[row.source_id].append(row)
    return grouped


def _facts(transaction: Transaction, source_id: int, owners: Mapping[str, str]) -> Mapping[str, Sequence[Fact]]:
    whose = and_(fact.c.source_id == source_id, transaction.among(fact.c.patient_ref, list(owners)))
    found: dict[str, list[Fact]] = defaultdict(list)
    for owner, ref, body in transaction.rows(select(fact.c.patient_ref, fact.c.ref, fact.c.body).where(whose)):
        found[owners[owner]].append(decode_fact(ref, body))
    return found


def _statements(
    transaction: Transaction, source_id: int, owners: Mapping[str, str]
) -> Mapping[str, Sequence[Statement]]:
    whose = and_(statement.c.source_id == source_id, transaction.among(statement.c.patient_ref, list(owners)))
    found: dict[str, list[Statement]] = defaultdict(list)
    for owner, body in transaction.rows(select(statement.c.patient_ref, statement.c.body).where(whose)):
        found[owners[owner]].append(decode_statement(body))
    return found


def read_known_steps(transaction: Transaction, patient_ids: Sequence[int]) -> Mapping[int, Sequence[KnownStep]]:
    """The milestones that were ever stored of each patient, by our number."""
    theirs = transaction.among(milestone.c.patient_id, patient_ids)
    query = select(*_STEP).where(theirs).order_by(milestone.c.patient_id, milestone.c.place, milestone.c.key)
    found: dict[int, list[KnownStep]] = defaultdict(list)
    for patient_id, key, plan, iteration, title, source_, codes, status, opens, due in transaction.rows(query):
        step = KnownStep(
            key=key,
            plan=plan,
            iteration=iteration,
            title=title,
            source=source_,
            codes=decode_strings(codes),
            status=status,
            opens=opens,
            due=due,
        )
        found[patient_id].append(step)
    return found

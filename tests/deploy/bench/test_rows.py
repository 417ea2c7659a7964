"""Tests of deploy/bench/rows.py: one patient's rows become many, on a real PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from deploy.bench.chart import MARK
from deploy.bench.rows import TABLES, Snapshot, multiply, refresh, take_template
from plugin.storage.schema import upgrade

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
PATIENTS = f"""
    INSERT INTO source (id, practice_id, slug, base_url, kind, search_filter, link_aliases, paused)
        VALUES (1, 1, 'bench', 'http://hapi', 'hapi', '{{}}', '[]', false);
    INSERT INTO patient (id, practice_id, source_id, ref, digest, backlog, next_change_at)
        VALUES (1, 1, 1, 'Patient/bench-{MARK}', 'd', false, '2026-07-01');
    INSERT INTO effect (practice_id, source_id, patient_id, key, kind, what, state, digest, done_digest, wanted_at, changed_at)
        VALUES (1, 1, 1, 'bench-{MARK}|k', 'work', 'call', 'planned', '', '', now(), now());
"""


@pytest.fixture
def connection(postgres_url: str) -> Iterator[psycopg.Connection]:
    upgrade(postgres_url)
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as made:
        made.execute(PATIENTS.encode())
        made.commit()
        yield made


def refs(connection: psycopg.Connection) -> list[tuple[int, str]]:
    rows = connection.execute("SELECT p.id, e.key FROM patient p JOIN effect e ON e.patient_id = p.id ORDER BY p.id")
    return [(id_, key) for id_, key in rows]


def test_each_patient_has_rows_of_its_own(connection: psycopg.Connection) -> None:
    """By number and by reference; what numbers itself does so."""
    template = take_template(connection, list(TABLES))
    connection.execute("DELETE FROM effect")
    connection.execute("DELETE FROM patient")

    multiply(connection, template, range(5, 8))
    refresh(connection)

    assert refs(connection) == [(n, f"bench-{n:07}|k") for n in (5, 6, 7)]


def test_what_came_since_is_put_back(connection: psycopg.Connection) -> None:
    """As often as is measured; who is not of the number is left alone."""
    snapshot = Snapshot(connection, range(1, 2))
    for _ in range(2):
        connection.execute("UPDATE patient SET digest = 'other', next_change_at = NULL")
        connection.execute("UPDATE effect SET state = 'done'")
        snapshot.restore(range(1, 2))

    assert connection.execute("SELECT digest, next_change_at IS NULL FROM patient").fetchall() == [("d", False)]
    assert connection.execute("SELECT state FROM effect").fetchall() == [("planned",)]

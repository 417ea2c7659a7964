"""One transaction with its repositories, and the database that makes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self, cast

import psycopg
from sqlalchemy import Connection

from plugin.domain.audit import AuditEntry
from plugin.storage.accounts import SqlAccounts
from plugin.storage.audit import SqlAudit, audit_change
from plugin.storage.audit_log import SqlAuditLog
from plugin.storage.audit_seals import SqlSeals
from plugin.storage.codes import SqlCodes
from plugin.storage.companion_links import SqlCompanionLinks
from plugin.storage.configurations import SqlConfigurations
from plugin.storage.drafts import SqlDrafts
from plugin.storage.engine import READING, connect_engine
from plugin.storage.facts import SqlFacts
from plugin.storage.history import SqlHistory
from plugin.storage.issuers import SqlIssuers
from plugin.storage.job_runs import SqlJobRuns
from plugin.storage.ledger import SqlLedger
from plugin.storage.on_file import SqlOnFile
from plugin.storage.patients import SqlPatients
from plugin.storage.people import SqlPeople
from plugin.storage.plans import SqlPlans
from plugin.storage.previews import SqlPreviews
from plugin.storage.queues import SqlQueues
from plugin.storage.reading_costs import SqlReadingCosts
from plugin.storage.schema import check_schema
from plugin.storage.sent import SqlSent
from plugin.storage.sources import SqlSources
from plugin.storage.staff_accounts import SqlStaffAccounts
from plugin.storage.staff_messages import SqlStaffMessages
from plugin.storage.statements import SqlStatements
from plugin.storage.transaction import Cipher, Transaction
from plugin.storage.under_way import UnderWay
from plugin.storage.work_items import SqlWorkItems

THE_PRACTICE = 1
"""The practice that the first migration makes; there is no other yet."""


class SqlUnitOfWork:
    """The port ``UnitOfWork``. It connects when its block is entered, and gives the connection back at the end."""

    def __init__(self, connection: Connection, *, practice_id: int, cipher: Cipher, reads_only: bool = False) -> None:
        self._connection = connection
        self._reads_only = reads_only
        transaction = Transaction(connection, practice_id=practice_id, cipher=cipher)
        self.sources = SqlSources(transaction)
        self.facts = SqlFacts(transaction)
        self.on_file = SqlOnFile(transaction)
        self.reading_costs = SqlReadingCosts(transaction)
        self.patients = SqlPatients(transaction)
        self.plans = SqlPlans(transaction)
        self.ledger = SqlLedger(transaction)
        self.sent = SqlSent(transaction)
        self.work_items = SqlWorkItems(transaction)
        self.queues = SqlQueues(transaction)
        self.history = SqlHistory(transaction)
        self.statements = SqlStatements(transaction)
        self.configurations = SqlConfigurations(transaction)
        self.drafts = SqlDrafts(transaction)
        self.previews = SqlPreviews(transaction)
        self.issuers = SqlIssuers(transaction)
        self.people = SqlPeople(transaction)
        self.accounts = SqlAccounts(transaction)
        self.job_runs = SqlJobRuns(transaction)
        self.codes = SqlCodes(transaction)
        self.companion_links = SqlCompanionLinks(transaction)
        self.staff_messages = SqlStaffMessages(transaction)
        self.staff_accounts = SqlStaffAccounts(transaction)
        self.audit = SqlAudit(transaction)
        self.audit_log = SqlAuditLog(transaction)
        self.seals = SqlSeals(transaction)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._reads_only:
                self._connection.commit()  # the driver forgets what it has prepared when a transaction is rolled back
        finally:
            self._connection.close()  # rolls back what was not committed

    def commit(self) -> None:
        """See the port."""
        self._connection.commit()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """See the port. What the block raises goes on; only the block's changes are gone."""
        with self._connection.begin_nested():
            yield


class SqlDatabase:
    """The port ``Database``, on SQLite or PostgreSQL. Making one connects to nothing."""

    def __init__(self, url: str, cipher: Cipher) -> None:
        self._engine = connect_engine(url)
        self._cipher = cipher

    def begin(self, *, reading: bool = False) -> SqlUnitOfWork:
        """See the port."""
        connection = self._engine.connect().execution_options(**{READING: reading})
        return SqlUnitOfWork(connection, practice_id=THE_PRACTICE, cipher=self._cipher, reads_only=reading)

    @contextmanager
    def recording(self, entries: Sequence[AuditEntry]) -> Iterator[None]:
        """See the port. On SQLite they are written before the block begins."""
        if self._engine.dialect.name != "postgresql":
            with self.begin() as unit:
                unit.audit.write(entries)
                unit.commit()
            yield
            return
        change, values = audit_change(entries, THE_PRACTICE)
        connection = self._engine.raw_connection()
        try:
            sent = UnderWay(cast("psycopg.Connection[object]", connection.driver_connection), change, values)
            try:
                yield
            finally:
                sent.wait()
        finally:
            connection.close()

    def check(self) -> None:
        """See the port."""
        with self._engine.connect().execution_options(**{READING: True}) as connection:
            check_schema(connection)

    def close(self) -> None:
        """Closes the connections that are kept open; the next unit opens new ones."""
        self._engine.dispose()

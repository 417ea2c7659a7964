"""When each periodic job ran last, and how that ended."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from plugin.domain.job import JobRun
from plugin.storage.job_tables import job_run
from plugin.storage.transaction import Transaction

_COLUMNS = ("name", "began", "ended", "failed")


class SqlJobRuns:
    """The port ``JobRuns``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def ran(self, run: JobRun) -> None:
        """See the port."""
        self._transaction.put(job_run, _COLUMNS, [run], key=("practice_id", "name"), replace=_COLUMNS[1:])

    def all(self) -> Sequence[JobRun]:
        """See the port."""
        query = select(*(job_run.c[name] for name in _COLUMNS))
        query = query.where(job_run.c.practice_id == self._transaction.practice_id).order_by(job_run.c.name)
        return [JobRun(*row) for row in self._transaction.rows(query)]

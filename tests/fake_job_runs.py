"""The fake repository of the periodic jobs' last runs."""

from __future__ import annotations

from collections.abc import Sequence

from plugin.domain.job import JobRun
from tests.fake_tables import Part


class FakeJobRuns(Part):
    """The port ``JobRuns``."""

    def ran(self, run: JobRun) -> None:
        self._tables.job_runs[run.name] = run

    def all(self) -> Sequence[JobRun]:
        return [self._tables.job_runs[name] for name in sorted(self._tables.job_runs)]

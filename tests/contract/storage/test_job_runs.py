"""The port JobRuns."""

from plugin.domain.job import JobRun
from plugin.usecases.ports import Database
from tests.contract.storage.given import LATER, NOW


def test_the_last_run_of_each_job(database: Database) -> None:
    """One row for each, by name, however often it runs."""
    with database.begin() as unit:
        unit.job_runs.ran(JobRun("milepost.tick", NOW, NOW, "crashed"))
        unit.job_runs.ran(JobRun("milepost.deliver", NOW, LATER))
        unit.job_runs.ran(JobRun("milepost.tick", LATER, LATER))

        assert unit.job_runs.all() == [JobRun("milepost.deliver", NOW, LATER), JobRun("milepost.tick", LATER, LATER)]

"""Polling: each source when its time has come, and one at a time."""

from plugin.usecases.poll import poll_all
from plugin.usecases.sync import sync
from tasks.base import MilepostTask, task
from tasks.routes import POLL, POLL_ALL


@task(POLL_ALL)
def poll_sources(this: MilepostTask) -> None:
    """Asks for a poll of every source."""
    poll_all(this.services)


@task(POLL)
def poll_source(this: MilepostTask, source_id: int) -> None:
    """Reads what is new, unless somebody is just doing that."""
    if this.turns.run(source_id, lambda: sync(this.services, source_id)):
        this.services.jobs.poll(source_id)

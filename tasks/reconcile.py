"""Comparing each source with what is stored: deletions, and what the feed has missed."""

from plugin.usecases.poll import reconcile_all
from plugin.usecases.reconcile import reconcile
from tasks.base import MilepostTask, task
from tasks.routes import RECONCILE, RECONCILE_ALL


@task(RECONCILE_ALL)
def reconcile_sources(this: MilepostTask) -> None:
    """Asks for a comparison of every source."""
    reconcile_all(this.services)


@task(RECONCILE)
def reconcile_source(this: MilepostTask, source_id: int) -> None:
    """One source, all types."""
    reconcile(this.services, source_id)

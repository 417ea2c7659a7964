"""Removing a source: what Milepost wrote there is taken back, then its chart is forgotten."""

from plugin.usecases.remove_source import carry_out_leaving
from tasks.base import MilepostTask, task
from tasks.routes import LEAVE


@task(LEAVE)
def leave(this: MilepostTask, source_id: int) -> None:
    """One source that somebody wants removed."""
    carry_out_leaving(this.services, source_id)

"""Counting the codes in the charts, for the code picker of the editor."""

from plugin.usecases.code_search import count_codes
from tasks.base import MilepostTask, task
from tasks.routes import COUNT_CODES


@task(COUNT_CODES)
def count_all_codes(this: MilepostTask) -> None:
    """Once a day, however often it is asked for."""
    count_codes(this.services)

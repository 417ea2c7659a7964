"""Working out what a draft would do to the caseload."""

from plugin.usecases.run_preview import run_preview
from tasks.base import MilepostTask, task
from tasks.routes import PREVIEW


@task(PREVIEW)
def work_out_preview(this: MilepostTask, preview_id: int) -> None:
    """All of it, or a share of what another worker has begun."""
    run_preview(this.services, preview_id)

"""What people at the admin pages wait for: a preview on the whole caseload, the lists, and the audit log of it all."""

from dataclasses import dataclass

from deploy.bench.audit import AuditFigures, measure_audit
from deploy.bench.extent import Extent
from deploy.bench.installation import Installation
from deploy.bench.lists import ListFigures, measure_lists
from deploy.bench.preview import PreviewFigures, measure_previews


@dataclass(frozen=True)
class AdminFigures:
    """All three. `previewed` patients are in the caseload of the previews."""

    previewed: int
    previews: PreviewFigures
    lists: ListFigures
    audit: AuditFigures

    @property
    def list_p95_ms(self) -> float:
        """Of the page that takes longest, be it of the lists or of the audit log."""
        return max(self.lists.p95_ms, self.audit.list_p95_ms)


def measure_admin(installation: Installation, extent: Extent) -> AdminFigures:
    """One after the other, each in a database of its own: a preview looks at everybody who is there."""
    return AdminFigures(
        previewed=extent.previewed,
        previews=measure_previews(installation, extent.previewed),
        lists=measure_lists(
            installation, plans=extent.plans, audit_rows=extent.audit_rows, repetitions=extent.list_looks
        ),
        audit=measure_audit(installation, extent.audit_rows),
    )

"""Read records again that were set aside: somebody has put them right, or a newer Milepost understands them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plugin.domain.audit import AuditEntry
from plugin.domain.source import Source
from plugin.usecases.ingest import ingest
from plugin.usecases.services import Services

AT_ONCE = 200
"""Records that one request reads again; of more, the rest is for the next."""


def retry_aside(
    services: Services,
    source: Source,
    refs: Sequence[str] = (),
    *,
    by: str = "milepost",
    told: Mapping[str, object] | None = None,
) -> int:
    """Reads these of the source's set-aside records again, or the first of all; how many are good now. What is still
    wrong stays set aside, with the reason of now; what is gone from the server is set aside no more."""
    with services.database.begin(reading=True) as uow:
        aside = {record.ref for record in uow.sources.aside(source)}
    chosen = sorted(aside & set(refs) if refs else aside)[:AT_ONCE]
    if not chosen:
        return 0
    found: set[str] = set()
    for page in services.ehr(source).read(chosen):
        found |= {fact.ref for fact in page.facts} | {record.ref for record in page.set_aside}
        ingest(services, source, page)
    with services.database.begin() as uow:
        uow.sources.clear_aside(source, [ref for ref in chosen if ref not in found])
        still = {record.ref for record in uow.sources.aside(source)}
        good = sum(1 for ref in chosen if ref not in still)
        detail = {"records": len(chosen), "good_now": good, **(told or {})}
        record = f"source/{source.slug}"
        uow.audit.write([AuditEntry(at=services.clock(), who=by, action="retry-aside", record=record, detail=detail)])
        uow.commit()
    services.jobs.tick()
    return good

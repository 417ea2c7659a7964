"""What the figures of the admin pages are called, their goals, and how they are told."""

from collections.abc import Iterator, Mapping

from deploy.bench.admin import AdminFigures
from deploy.bench.audit import AuditFigures
from deploy.bench.events import percentile
from deploy.bench.lists import MOST_MS, ListFigures
from deploy.bench.preview import PreviewFigures
from deploy.bench.row import Part, Row, best, by_text, rate_row
from deploy.bench.stopwatch import median

LEAST_PREVIEWED_PER_S = 500.0
"""A practice of 5,000 in ten seconds."""


def admin_part(of: AdminFigures) -> Part:
    """Of two drafts the slower one counts, of one and of two workers the better."""
    workers, rate = min((best(rates) for rates in (of.previews.few, of.previews.many)), key=lambda pair: pair[1])
    keys = {
        "preview_patients_per_s": round(rate, 1),
        "audit_write_us": round(of.audit.write_us, 1),
        "list_p95_ms": round(of.list_p95_ms, 1),
    }
    rows = [*_preview_rows(of.previewed, of.previews), *_list_rows(of.lists), *_audit_rows(of.audit)]
    return Part(rows, keys, _details(of), {"preview": workers})


def _preview_rows(previewed: int, of: PreviewFigures) -> Iterator[Row]:
    for rates, changed in ((of.few, of.changed_few), (of.many, of.changed_many)):
        extent = f"{previewed:,} patients, {changed:,} change"
        yield rate_row("preview of a draft", extent, rates, LEAST_PREVIEWED_PER_S)


def _list_rows(of: ListFigures) -> Iterator[Row]:
    extent = f"{of.plans:,} plans, {of.audit_rows:,} audit rows"
    middle = median([took for values in of.ms.values() for took in values])
    beside = f"{of.slowest}; median of all {len(of.ms)} pages {middle:,.0f} ms"
    yield _page_row("slowest page of the lists", extent, of.p95_ms, beside)
    yield _page_row("page of work after a claim", extent, percentile(of.after_claim, 95))


def _audit_rows(of: AuditFigures) -> Iterator[Row]:
    extent = f"{of.rows:,} audit rows"
    yield _page_row("page of the audit log", extent, of.list_p95_ms)
    yield Row("audit row of an action", extent, f"{of.write_us:,.0f} µs (median)")
    yield Row("audit rows sealed", extent, f"{of.sealed_per_s:,.0f}/s", beside=f"verified {of.verified_per_s:,.0f}/s")


def _page_row(what: str, extent: str, took: float, beside: str = "") -> Row:
    return Row(what, extent, f"{took:,.0f} ms (95th percentile)", f"< {MOST_MS:.0f} ms", took < MOST_MS, beside)


def _details(of: AdminFigures) -> Mapping[str, object]:
    drafts = {
        "few": {"changed": of.previews.changed_few, "patients_per_s_by_workers": by_text(of.previews.few)},
        "many": {"changed": of.previews.changed_many, "patients_per_s_by_workers": by_text(of.previews.many)},
    }
    pages = {
        name: {"median": round(median(values), 1), "p95": round(percentile(values, 95), 1)}
        for name, values in of.lists.ms.items()
    }
    lists = {"plans": of.lists.plans, "audit_rows": of.lists.audit_rows, "page_ms": pages}
    return {"previews": {"patients": of.previewed, **drafts}, "lists": lists, "audit": vars(of.audit)}

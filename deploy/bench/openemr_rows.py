"""What the figures of reading an OpenEMR are called, their goals, and how they are told."""

from collections.abc import Iterator

from deploy.bench.openemr import OpenEmrFigures
from deploy.bench.row import Part, Row
from fhir_adapters.servers.openemr.rhythm import Allowance

MOST_PER_1000 = 200.0
"""In a quarter of an hour of working time: with 1,000 patients about half of what is allowed in a day."""
MOST_MB_PER_DAY = Allowance().bytes_per_day / 1_000_000
MOST_NOTICED_S = 600.0
"""A no-show is noticed within minutes."""


def openemr_part(of: OpenEmrFigures) -> Part:
    """Measured by what the server was asked, not by what we believe to have asked."""
    keys = {
        "openemr_requests_per_1000": round(of.requests_per_1000, 1),
        "openemr_mb_per_day": round(of.mb_per_day, 1),
        "openemr_noticed_s": round(of.noticed_p95_s),
    }
    return Part(list(_rows(of)), keys, {"openemr": vars(of)})


def _rows(of: OpenEmrFigures) -> Iterator[Row]:
    clinic = f"{of.patients:,} patients, {of.tracked:,} tracked"
    yield Row(
        "OpenEMR, a quarter of an hour",
        clinic,
        f"{of.requests_per_1000:.0f} requests per 1,000",
        f"≤ {MOST_PER_1000:.0f}",
        of.requests_per_1000 <= MOST_PER_1000,
        f"at most {of.most_requests_per_cycle}; {of.requests_per_day:,} in the whole day",
    )
    yield Row(
        "OpenEMR stores of it",
        f"a day, {clinic}",
        f"{of.mb_per_day:.1f} MB",
        f"≤ {MOST_MB_PER_DAY:.0f} MB",
        of.mb_per_day <= MOST_MB_PER_DAY,
        f"first sweep {of.first_requests:,} requests, {of.first_bytes / 1_000_000:.1f} MB",
    )
    yield Row(
        "no-show on the flow board, stored",
        f"{of.missed} visits",
        f"{of.noticed_p95_s / 60:.1f} min (95th percentile)",
        f"≤ {MOST_NOTICED_S / 60:.0f} min",
        of.noticed_p95_s <= MOST_NOTICED_S,
        f"median {of.noticed_median_s / 60:.1f} min",
    )

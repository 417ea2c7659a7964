"""How much is measured: a quick run of a few minutes, or the whole of it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Extent:
    """Medians are of so many `repetitions`. `resources` are the sizes of the practice that is swept, ascending;
    `milestones` how many are open, ascending; `due` how many patients are due at once; `marked` how many are reassessed
    though nothing changes; `written` the size of the practice that is written back to; `events` how many are entered; `charts`
    how many panels are opened, and `looks` how often they are looked at. `previewed` patients are in the caseload of a
    preview; the lists are of so many `plans`, each page is asked for `list_looks` times, and beside them and in the audit
    log are so many `audit_rows`."""

    repetitions: int
    resources: Sequence[int]
    milestones: Sequence[int]
    due: Sequence[int]
    marked: int = 5_000
    written: int = 2_500
    events: int = 10
    shown: int = 800
    """Resources of the practice whose charts are opened."""
    charts: int = 8
    looks: int = 160
    previewed: int
    plans: int
    audit_rows: int
    list_looks: int
    openemr_patients: int = 1_000
    """In the clinic of the recorded OpenEMR."""
    warming: int = 6
    """Readings of the whole practice before anything is measured: a JVM is slow until it has compiled itself."""


QUICK = Extent(
    repetitions=3,
    resources=(5_000,),
    milestones=(10_000, 100_000),
    due=(100, 1_000),
    marked=2_000,
    warming=4,
    written=1_200,
    charts=6,
    looks=100,
    openemr_patients=100,
    previewed=800,
    plans=20_000,
    audit_rows=100_000,
    list_looks=6,
)
FULL = Extent(
    repetitions=5,
    resources=(5_000, 50_000),
    milestones=(10_000, 100_000, 1_000_000),
    due=(100, 1_000, 10_000),
    warming=10,
    shown=1_600,
    charts=20,
    looks=600,
    previewed=5_000,
    plans=100_000,
    audit_rows=1_000_000,
    list_looks=40,
)

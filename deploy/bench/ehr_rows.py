"""What the figures of sweeps, ticks, write-back and events are called, their goals, and how they are told."""

from collections.abc import Iterator, Mapping, Sequence

from deploy.bench.events import EventFigures
from deploy.bench.row import Part, Row, best, by_text, rate_row
from deploy.bench.sweep import SweepFigures
from deploy.bench.tick import TickFigures
from deploy.bench.writeback import WritebackFigures

MOST_OVER_PAGING = 1.5
MOST_OVER_LINKS = 1.0
MOST_IDLE_MS = 50.0
LEAST_DUE_PER_S = 300.0
LEAST_REASSESSED_PER_S = 1_000.0
LEAST_OVER_RAW = 0.9
MOST_PEAK_MB = 200.0
MOST_EVENT_S = 2.0
"""With the Subscription."""


def sweep_part(sweeps: Sequence[SweepFigures], peak_mb: Mapping[int, float]) -> Part:
    """Of several sizes the largest practice counts."""
    largest = sweeps[-1]
    keys = {
        "sweep_over_paging": round(largest.over_paging, 3),
        "sweep_over_next_links": round(largest.over_next_links, 3),
        "sweep_peak_mb": {str(size): round(peak, 1) for size, peak in peak_mb.items()},
    }
    rows = [*(row for sweep in sweeps for row in _sweep_rows(sweep)), *_peak_rows(peak_mb)]
    return Part(rows, keys, {"sweeps": [vars(sweep) for sweep in sweeps]})


def tick_part(of: TickFigures) -> Part:
    """Of one and of two workers the better counts."""
    due = {count: best(rates) for count, rates in of.due_per_s.items()}
    workers, marked = best(of.reassess_per_s)
    keys = {
        "idle_tick_ms": {str(size): round(took, 2) for size, took in of.idle_ms.items()},
        "tick_patients_per_s": {str(count): round(rate, 1) for count, (_, rate) in due.items()},
        "reassess_patients_per_s": round(marked, 1),
    }
    details = {
        "tick_patients_per_s_by_workers": {str(count): by_text(rates) for count, rates in of.due_per_s.items()},
        "reassess_patients_per_s_by_workers": by_text(of.reassess_per_s),
        "effects_per_due_patient": of.effects_per_patient,
    }
    counted = {**{f"tick_{count}": n for count, (n, _) in due.items()}, "reassess": workers}
    return Part(list(_tick_rows(of)), keys, details, counted)


def writeback_part(of: WritebackFigures) -> Part:
    """One ratio."""
    raw = f"raw {of.raw_per_s:,.0f} resources/s"
    goal, is_met = f"≥ {LEAST_OVER_RAW}", of.over_raw >= LEAST_OVER_RAW
    row = Row("write-back over raw", f"{of.resources:,} resources", f"{of.over_raw:.2f}", goal, is_met, raw)
    return Part([row], {"writeback_over_raw": round(of.over_raw, 3)}, {"writeback": vars(of)})


def event_part(of: EventFigures) -> Part:
    """One wait."""
    goal, beside = f"< {MOST_EVENT_S:g} s", f"median {of.median_s:.2f} s"
    figure = f"{of.p95_s:.2f} s (95th percentile)"
    row = Row("no-show entered, effect stored", f"{of.events} events", figure, goal, of.p95_s < MOST_EVENT_S, beside)
    return Part([row], {"event_to_effect_p95_s": round(of.p95_s, 3)}, {"events": vars(of)})


def _sweep_rows(sweep: SweepFigures) -> Iterator[Row]:
    extent = f"{sweep.resources:,} resources"
    over, links = sweep.over_paging, sweep.over_next_links
    swept = f"bare {sweep.paging_per_s:,.0f}/s, sweep {sweep.resources / sweep.sweep_s:,.0f}/s"
    yield Row("sweep over bare paging", extent, f"{over:.2f}", f"≤ {MOST_OVER_PAGING}", over <= MOST_OVER_PAGING, swept)
    followed = f"links {sweep.next_links_per_s:,.0f}/s"
    yield Row(
        "sweep over next links", extent, f"{links:.2f}", f"≤ {MOST_OVER_LINKS}", links <= MOST_OVER_LINKS, followed
    )


def _peak_rows(peak_mb: Mapping[int, float]) -> Iterator[Row]:
    goal = f"< {MOST_PEAK_MB:.0f} MB, flat"
    for size, peak in peak_mb.items():
        yield Row("peak memory of a sweep", f"{size:,} resources", f"{peak:.0f} MB", goal, peak < MOST_PEAK_MB)


def _tick_rows(of: TickFigures) -> Iterator[Row]:
    goal = f"< {MOST_IDLE_MS:.0f} ms, flat"
    for count, took in of.idle_ms.items():
        yield Row("idle tick", f"{count:,} open milestones", f"{took:.1f} ms", goal, took < MOST_IDLE_MS)
    for count, rates in of.due_per_s.items():
        yield rate_row("tick, effects stored", f"{count:,} due", rates, LEAST_DUE_PER_S)
    yield rate_row("reassess, nothing changes", "all marked", of.reassess_per_s, LEAST_REASSESSED_PER_S)

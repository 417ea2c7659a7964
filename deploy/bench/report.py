"""What came out: a table for the terminal, the same one in README.md, and build/bench.json for whoever compares."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from deploy.bench.events import EventFigures
from deploy.bench.panel import PanelFigures
from deploy.bench.panel_rows import panel_details, panel_keys, panel_rows
from deploy.bench.row import Row
from deploy.bench.sweep import SweepFigures
from deploy.bench.tick import Rates, TickFigures
from deploy.bench.writeback import WritebackFigures

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"

MOST_OVER_PAGING = 1.5
MOST_OVER_LINKS = 1.0
MOST_IDLE_MS = 50.0
LEAST_DUE_PER_S = 300.0
LEAST_REASSESSED_PER_S = 1_000.0
LEAST_OVER_RAW = 0.9
MOST_PEAK_MB = 200.0
MOST_EVENT_S = 2.0
"""With the Subscription."""


@dataclass(frozen=True)
class Results:
    """Everything of one run."""

    machine: Mapping[str, object]
    is_quick: bool
    sweeps: Sequence[SweepFigures]
    peak_mb: Mapping[int, float]
    ticks: TickFigures
    writeback: WritebackFigures
    events: EventFigures
    panel: PanelFigures

    def as_json(self) -> Mapping[str, object]:
        """The keys that do not change, and details beside them. Of several sizes the largest practice counts; of one and
        of two workers the better, and `workers` says which."""
        largest = self.sweeps[-1]
        due = {count: _best(rates) for count, rates in self.ticks.due_per_s.items()}
        marked = _best(self.ticks.reassess_per_s)
        return {
            "sweep_over_paging": round(largest.over_paging, 3),
            "sweep_over_next_links": round(largest.over_next_links, 3),
            "sweep_peak_mb": {str(size): round(peak, 1) for size, peak in self.peak_mb.items()},
            "idle_tick_ms": {str(size): round(took, 2) for size, took in self.ticks.idle_ms.items()},
            "tick_patients_per_s": {str(count): round(rate, 1) for count, (_, rate) in due.items()},
            "reassess_patients_per_s": round(marked[1], 1),
            "writeback_over_raw": round(self.writeback.over_raw, 3),
            "event_to_effect_p95_s": round(self.events.p95_s, 3),
            **panel_keys(self.panel),
            "workers": {**{f"tick_{count}": n for count, (n, _) in due.items()}, "reassess": marked[0]},
            "details": self._details(),
            "machine": self.machine,
            "quick": self.is_quick,
        }

    def rows(self) -> Iterator[Row]:
        """In the order of the budget (DESIGN §12)."""
        for sweep in self.sweeps:
            yield from _sweep_rows(sweep)
        for size, peak in self.peak_mb.items():
            goal = f"< {MOST_PEAK_MB:.0f} MB, flat"
            yield Row("peak memory of a sweep", f"{size:,} resources", f"{peak:.0f} MB", goal, peak < MOST_PEAK_MB)
        for count, took in self.ticks.idle_ms.items():
            goal = f"< {MOST_IDLE_MS:.0f} ms, flat"
            yield Row("idle tick", f"{count:,} open milestones", f"{took:.1f} ms", goal, took < MOST_IDLE_MS)
        for count, rates in self.ticks.due_per_s.items():
            yield _rate_row("tick, effects stored", f"{count:,} due", rates, LEAST_DUE_PER_S)
        yield _rate_row("reassess, nothing changes", "all marked", self.ticks.reassess_per_s, LEAST_REASSESSED_PER_S)
        yield _writeback_row(self.writeback)
        yield _event_row(self.events)
        yield from panel_rows(self.panel)

    def _details(self) -> Mapping[str, object]:
        return {
            "sweeps": [vars(sweep) for sweep in self.sweeps],
            "tick_patients_per_s_by_workers": _by_text(self.ticks.due_per_s),
            "reassess_patients_per_s_by_workers": {str(n): rate for n, rate in self.ticks.reassess_per_s.items()},
            "effects_per_due_patient": self.ticks.effects_per_patient,
            "writeback": vars(self.writeback),
            "events": vars(self.events),
            "panel": panel_details(self.panel),
        }


def table(results: Results) -> Table:
    """For the terminal."""
    made = Table(title="Milepost on this machine", title_justify="left")
    for name in ("what", "of", "figure", "goal", "", "beside it"):
        made.add_column(name, justify="right" if name == "figure" else "left")
    for row in results.rows():
        verdict = row.verdict if row.is_met else f"[bold]{row.verdict}[/bold]"
        made.add_row(row.what, row.extent, row.figure, row.goal, verdict, row.beside)
    return made


def write_json(results: Results, path: Path) -> None:
    """One file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results.as_json(), indent=2) + "\n")


def write_readme(results: Results, path: Path = README) -> None:
    """The part between the marks; the words around it stay."""
    text = path.read_text()
    before, begun, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        raise ValueError(f"{path} has lost the marks between which the figures stand")
    path.write_text(f"{before}{BEGIN}\n{markdown(results)}\n{END}{after}")


def markdown(results: Results) -> str:
    """The same table, and the machine."""
    head = ["| what | of | figure | goal | | beside it |", "|---|---|---|---|---|---|"]
    rows = [
        f"| {row.what} | {row.extent} | {row.figure} | {row.goal} | {row.verdict if row.is_met else '**missed**'} | {row.beside} |"
        for row in results.rows()
    ]
    run = "quick run" if results.is_quick else "full run"
    return "\n".join([f"{_machine(results.machine)} ({run}).", "", *head, *rows])


def _machine(of: Mapping[str, object]) -> str:
    return (
        f"{of['date']}, {of['cpu']}, {of['cores']} cores (load before: {of['load_before']}), {of['ram_gib']} GiB, {of['os']}, kernel {of['kernel']}, "
        f"Python {of['python']}, {of['java']}, HAPI FHIR {of['hapi']}, PostgreSQL {of['postgresql']}"
    )


def _sweep_rows(sweep: SweepFigures) -> Iterator[Row]:
    extent = f"{sweep.resources:,} resources"
    over, links = sweep.over_paging, sweep.over_next_links
    swept = f"bare {sweep.paging_per_s:,.0f}/s, sweep {sweep.resources / sweep.sweep_s:,.0f}/s"
    yield Row("sweep over bare paging", extent, f"{over:.2f}", f"≤ {MOST_OVER_PAGING}", over <= MOST_OVER_PAGING, swept)
    followed = f"links {sweep.next_links_per_s:,.0f}/s"
    yield Row(
        "sweep over next links", extent, f"{links:.2f}", f"≤ {MOST_OVER_LINKS}", links <= MOST_OVER_LINKS, followed
    )


def _rate_row(what: str, extent: str, rates: Rates, least: float) -> Row:
    workers, rate = _best(rates)
    others = ", ".join(f"{n} worker{'s' if n > 1 else ''} {found:,.0f}/s" for n, found in rates.items())
    figure = f"{rate:,.0f} patients/s ({workers} worker{'s' if workers > 1 else ''})"
    return Row(what, extent, figure, f"≥ {least:,.0f}", rate >= least, others)


def _writeback_row(of: WritebackFigures) -> Row:
    raw = f"raw {of.raw_per_s:,.0f} resources/s"
    goal = f"≥ {LEAST_OVER_RAW}"
    is_met = of.over_raw >= LEAST_OVER_RAW
    return Row("write-back over raw", f"{of.resources:,} resources", f"{of.over_raw:.2f}", goal, is_met, raw)


def _event_row(of: EventFigures) -> Row:
    goal, beside = f"< {MOST_EVENT_S:g} s", f"median {of.median_s:.2f} s"
    figure = f"{of.p95_s:.2f} s (95th percentile)"
    return Row("no-show entered, effect stored", f"{of.events} events", figure, goal, of.p95_s < MOST_EVENT_S, beside)


def _best(rates: Rates) -> tuple[int, float]:
    return max(rates.items(), key=lambda pair: pair[1])


def _by_text(rates: Mapping[int, Rates]) -> Mapping[str, Mapping[str, float]]:
    return {str(count): {str(n): rate for n, rate in of_count.items()} for count, of_count in rates.items()}

"""What the panel's figures are called, their goals, and how they are told."""

from collections.abc import Iterator, Mapping, Sequence

from deploy.bench.events import percentile
from deploy.bench.panel import PanelFigures
from deploy.bench.row import Part, Row
from deploy.bench.stopwatch import median

MOST_OVER_SEARCH = 1.3
MOST_FIRST_KB = 150.0
MOST_NEXT_KB = 30.0
MOST_REQUESTS = 8
MOST_ACT_MS = 200.0
MOST_TO_EHR_MS = 2_000.0


def panel_part(of: PanelFigures) -> Part:
    """In the order of the budget (DESIGN §11)."""
    return Part(list(_rows(of)), _keys(of), {"panel": _details(of)})


def _keys(of: PanelFigures) -> Mapping[str, object]:
    return {
        "panel_p95_over_search": round(of.over_search, 3),
        "launch_to_paint_ms": round(median(of.launch_ms), 1),
        "panel_first_kb": round(of.launch.kb, 1),
        "panel_next_kb": round(of.next_kb, 1),
        "panel_requests": of.requests,
        "act_p95_ms": round(percentile(of.act_ms, 95), 1),
        "act_to_ehr_p95_ms": round(percentile(of.to_ehr_beside_ms, 95), 1),
    }


def _details(of: PanelFigures) -> Mapping[str, object]:
    series = {name: _both(values) for name, values in vars(of).items() if isinstance(values, list)}
    return {**series, "launch_requests": of.launch.requests}


def _rows(of: PanelFigures) -> Iterator[Row]:
    looks, over = f"{len(of.panel_ms):,} looks", of.over_search
    beside = f"panel {_told(of.panel_ms)}, search {_told(of.search_ms)}"
    yield Row("panel over a search", looks, f"{over:.2f}", f"≤ {MOST_OVER_SEARCH}", over <= MOST_OVER_SEARCH, beside)
    yield _launch_row(of)
    yield from _wire_rows(of)
    acted, beside = percentile(of.act_ms, 95), f"{_told(of.act_beside_ms)} while a sweep runs"
    yield _ms_row("act, answered", len(of.act_ms), acted, MOST_ACT_MS, beside)
    way, beside = percentile(of.to_ehr_beside_ms, 95), f"{_told(of.to_ehr_ms)} without a sweep"
    yield _ms_row("act, from its answer to the EHR", len(of.to_ehr_beside_ms), way, MOST_TO_EHR_MS, beside)


def _launch_row(of: PanelFigures) -> Row:
    clicked = f"{median(of.click_ms):,.0f} ms with the EHR's own page"
    extent = f"{len(of.launch_ms)} charts, nothing cached"
    return Row("launch, painted", extent, f"{median(of.launch_ms):,.0f} ms (median)", beside=clicked)


def _wire_rows(of: PanelFigures) -> Iterator[Row]:
    first, requests, later = of.launch.kb, of.requests, of.next_kb
    goal, all_of_it = f"≤ {MOST_FIRST_KB:.0f} kB", f"{of.launch.requests} with those before the EHR has let somebody in"
    yield Row("panel on the wire", "first load, all of the launch", f"{first:.0f} kB", goal, first <= MOST_FIRST_KB)
    goal, is_met = f"≤ {MOST_REQUESTS}", requests <= MOST_REQUESTS
    yield Row("requests for it", "from the callback on", str(requests), goal, is_met, all_of_it)
    goal, is_met = f"≤ {MOST_NEXT_KB:.0f} kB", later <= MOST_NEXT_KB
    yield Row("panel on the wire", "each later load", f"{later:.1f} kB", goal, is_met)


def _ms_row(what: str, acts: int, took: float, most: float, beside: str) -> Row:
    return Row(what, f"{acts} acts", f"{took:,.0f} ms (95th percentile)", f"≤ {most:,.0f} ms", took <= most, beside)


def _told(values: Sequence[float]) -> str:
    return f"{median(values):,.0f} / {percentile(values, 95):,.0f} ms"


def _both(values: Sequence[float]) -> Mapping[str, float]:
    return {"median": round(median(values), 2), "p95": round(percentile(values, 95), 2), "of": len(values)}

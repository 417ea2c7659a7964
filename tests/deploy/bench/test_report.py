"""Tests of deploy/bench/report.py: the figures come out whole, and the words around them stay."""

import json
from pathlib import Path

import pytest

from deploy.bench.admin import AdminFigures
from deploy.bench.admin_rows import admin_part
from deploy.bench.audit import AuditFigures
from deploy.bench.chromium import Wire
from deploy.bench.ehr_rows import event_part, sweep_part, tick_part, writeback_part
from deploy.bench.events import EventFigures
from deploy.bench.lists import ListFigures
from deploy.bench.panel import PanelFigures
from deploy.bench.panel_rows import panel_part
from deploy.bench.preview import PreviewFigures
from deploy.bench.report import BEGIN, END, Results, markdown, write_json, write_readme
from deploy.bench.sweep import SweepFigures
from deploy.bench.tick import TickFigures
from deploy.bench.writeback import WritebackFigures

MACHINE = {
    "date": "2026-06-15",
    "cpu": "A processor",
    "cores": 2,
    "load_before": 0.1,
    "ram_gib": 24.0,
    "os": "Debian 12",
    "kernel": "6.1",
    "python": "3.11",
    "java": "17",
    "hapi": "8.8.0",
    "postgresql": "15",
}


def a_sweep(resources: int, over_paging: float) -> SweepFigures:
    return SweepFigures(
        resources=resources,
        patients=400,
        over_paging=over_paging,
        over_next_links=0.7,
        sweep_s=1.0,
        paging_per_s=7000.0,
        next_links_per_s=3000.0,
    )


TICKS = TickFigures(
    idle_ms={10_000: 2.0, 100_000: 60.0},
    due_per_s={100: {1: 320.0, 2: 500.0}, 1_000: {1: 310.0, 2: 290.0}},
    reassess_per_s={1: 700.0, 2: 1200.0},
    effects_per_patient=4.0,
)
PANEL = PanelFigures(
    panel_ms=[20.0, 22.0],
    search_ms=[20.0, 20.0],
    launch_ms=[900.0, 700.0, 800.0],
    click_ms=[1300.0],
    launch=Wire({"http://localhost/launch?x": 9_000, "http://localhost/callback/demo?x": 60_000}),
    next_kb=9.5,
    act_ms=[90.0],
    to_ehr_ms=[200.0],
    act_beside_ms=[150.0],
    to_ehr_beside_ms=[400.0, 1900.0],
)
ADMIN = AdminFigures(
    previewed=5_000,
    previews=PreviewFigures(few={1: 400.0, 2: 700.0}, many={1: 300.0, 2: 490.0}, changed_few=612, changed_many=3_900),
    lists=ListFigures(100_000, 1_000_000, {"work: mine": [10.0, 20.0], "gaps: all": [30.0, 80.0]}, [60.0]),
    audit=AuditFigures(1_000_000, write_us=140.0, sealed_per_s=40_000.0, verified_per_s=20_000.0, list_p95_ms=110.0),
)
RESULTS = Results(
    machine=MACHINE,
    is_quick=False,
    parts=[
        sweep_part([a_sweep(5_000, 1.4), a_sweep(50_000, 1.6)], {5_000: 100.0, 50_000: 110.0}),
        tick_part(TICKS),
        writeback_part(WritebackFigures(over_raw=0.93, raw_per_s=500.0, resources=1_192)),
        panel_part(PANEL),
        admin_part(ADMIN),
        event_part(EventFigures(p95_s=0.8, median_s=0.6, events=10)),
    ],
)


def test_the_keys_that_others_compare_by(tmp_path: Path) -> None:
    """Of several sizes the largest practice counts; of one and two workers the better, and it is said which."""
    path = tmp_path / "build" / "bench.json"

    write_json(RESULTS, path)

    found = json.loads(path.read_text())
    assert found["sweep_over_paging"] == 1.6
    assert found["sweep_over_next_links"] == 0.7
    assert found["sweep_peak_mb"] == {"5000": 100.0, "50000": 110.0}
    assert found["idle_tick_ms"] == {"10000": 2.0, "100000": 60.0}
    assert found["tick_patients_per_s"] == {"100": 500.0, "1000": 310.0}
    assert found["reassess_patients_per_s"] == 1200.0
    assert found["writeback_over_raw"] == 0.93
    assert found["event_to_effect_p95_s"] == 0.8
    assert found["panel_p95_over_search"] == 1.1
    assert found["launch_to_paint_ms"] == 800.0
    assert found["panel_first_kb"] == 69.0
    assert found["panel_requests"] == 1
    assert found["panel_next_kb"] == 9.5
    assert found["act_p95_ms"] == 90.0
    assert found["act_to_ehr_p95_ms"] == 1900.0
    assert found["preview_patients_per_s"] == 490.0
    assert found["audit_write_us"] == 140.0
    assert found["list_p95_ms"] == 110.0
    assert found["workers"] == {"tick_100": 2, "tick_1000": 1, "reassess": 2, "preview": 2}
    assert found["machine"] == MACHINE


def test_what_misses_its_goal_says_so() -> None:
    """In the table that everybody reads."""
    lines = markdown(RESULTS).splitlines()

    missed = [line for line in lines if "**missed**" in line]
    assert [line.split(" | ")[1] for line in missed] == [
        "50,000 resources",
        "100,000 open milestones",
        "5,000 patients, 3,900 change",
        "1,000,000 audit rows",
    ]


def test_a_figure_without_a_goal_has_no_verdict() -> None:
    """It is told, and neither met nor missed."""
    line = next(line for line in markdown(RESULTS).splitlines() if line.startswith("| launch, painted"))

    assert line.endswith("| 800 ms (median) |  |  | 1,300 ms with the EHR's own page |")


def test_the_slowest_page_is_named() -> None:
    """Whoever looks for what to mend need not search; how large the practice is stands beside it."""
    line = next(line for line in markdown(RESULTS).splitlines() if line.startswith("| slowest page of the lists"))

    assert "100,000 plans, 1,000,000 audit rows | 80 ms (95th percentile) | < 100 ms | met | gaps: all; " in line


def test_the_words_around_the_figures_stay(tmp_path: Path) -> None:
    """Only what is between the marks is written anew."""
    readme = tmp_path / "README.md"
    readme.write_text(f"# The benchmark\n\n{BEGIN}\nold\n{END}\n\n## What limits it\n")

    write_readme(RESULTS, readme)

    text = readme.read_text()
    assert text.startswith(f"# The benchmark\n\n{BEGIN}\n2026-06-15, A processor, 2 cores")
    assert text.endswith(f"{END}\n\n## What limits it\n")
    assert "old" not in text


def test_without_marks_nothing_is_written(tmp_path: Path) -> None:
    """Somebody took them away by accident."""
    readme = tmp_path / "README.md"
    readme.write_text("# The benchmark\n")

    with pytest.raises(ValueError, match="lost the marks"):
        write_readme(RESULTS, readme)

"""Tests of deploy/bench/report.py: the figures come out whole, and the words around them stay."""

import json
from pathlib import Path

import pytest

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


RESULTS = Results(
    machine=MACHINE,
    is_quick=False,
    sweeps=[a_sweep(5_000, 1.4), a_sweep(50_000, 1.6)],
    peak_mb={5_000: 100.0, 50_000: 110.0},
    ticks=TickFigures(
        idle_ms={10_000: 2.0, 100_000: 60.0},
        due_per_s={100: {1: 320.0, 2: 500.0}, 1_000: {1: 310.0, 2: 290.0}},
        reassess_per_s={1: 700.0, 2: 1200.0},
        effects_per_patient=4.0,
    ),
    writeback=WritebackFigures(over_raw=0.93, raw_per_s=500.0, resources=1_192),
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
    assert found["workers"] == {"tick_100": 2, "tick_1000": 1, "reassess": 2}
    assert found["machine"] == MACHINE


def test_what_misses_its_goal_says_so() -> None:
    """In the table that everybody reads."""
    lines = markdown(RESULTS).splitlines()

    missed = [line for line in lines if "**missed**" in line]
    assert [line.split(" | ")[1] for line in missed] == ["50,000 resources", "100,000 open milestones"]


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

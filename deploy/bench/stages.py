"""The stages of the benchmark, in their order: what is loaded for each, what is measured, and what comes out."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from rich.console import Console
from rich.progress import track

from deploy.bench.admin import measure_admin
from deploy.bench.admin_rows import admin_part
from deploy.bench.ehr_rows import event_part, sweep_part, tick_part, writeback_part
from deploy.bench.events import measure_events
from deploy.bench.extent import Extent
from deploy.bench.installation import Installation
from deploy.bench.memory import peak_mb
from deploy.bench.openemr import measure_openemr
from deploy.bench.openemr_rows import openemr_part
from deploy.bench.panel import TAG as PANEL_TAG
from deploy.bench.panel import measure_panel
from deploy.bench.panel_rows import panel_part
from deploy.bench.practice import fill
from deploy.bench.row import Part
from deploy.bench.sweep import SweepFigures, measure_sweep, warm_up
from deploy.bench.tick import measure_ticks
from deploy.bench.workers import listening
from deploy.bench.writeback import TAG as WRITEBACK_TAG
from deploy.bench.writeback import measure_writeback


class Stage(NamedTuple):
    """What is said when it begins, and what it does."""

    words: str
    measure: Callable[[Installation, Extent, Console], Part]


def _sweeps(installation: Installation, extent: Extent, console: Console) -> Part:
    sweeps: list[SweepFigures] = []
    peaks: dict[int, float] = {}
    for size in extent.resources:
        _load(installation, size, "", console)
        with listening(installation, 1) as hand:
            warm_up(installation, extent, hand)
            sweeps.append(measure_sweep(installation, extent, hand))
        peaks[size] = peak_mb(installation)
    return sweep_part(sweeps, peaks)


def _ticks(installation: Installation, extent: Extent, _console: Console) -> Part:
    return tick_part(measure_ticks(installation, extent))


def _writeback(installation: Installation, extent: Extent, console: Console) -> Part:
    _load(installation, extent.written, WRITEBACK_TAG, console)
    return writeback_part(measure_writeback(installation, extent))


def _panel(installation: Installation, extent: Extent, console: Console) -> Part:
    _load(installation, extent.shown, PANEL_TAG, console)
    return panel_part(measure_panel(installation, extent))


def _admin(installation: Installation, extent: Extent, _console: Console) -> Part:
    return admin_part(measure_admin(installation, extent))


def _openemr(installation: Installation, extent: Extent, _console: Console) -> Part:
    return openemr_part(measure_openemr(installation, extent.openemr_patients))


def _events(installation: Installation, extent: Extent, _console: Console) -> Part:
    return event_part(measure_events(installation, extent.events))


def _load(installation: Installation, resources: int, tag: str, console: Console) -> None:
    """With a bar, since it takes a while."""
    steps = fill(installation.hapi_url, resources, tag)
    for _ in track(steps, f"Loading {resources:,} resources", total=None, console=console, transient=True):
        pass


STAGES: Mapping[str, Stage] = {
    "sweep": Stage("Sweeping", _sweeps),
    "ticks": Stage("Ticking", _ticks),
    "writeback": Stage("Writing back", _writeback),
    "panel": Stage("Opening charts, and acting in them", _panel),
    "admin": Stage("Previewing, and leafing through the lists and the audit log", _admin),
    "openemr": Stage("Reading an OpenEMR for a simulated day", _openemr),
    "events": Stage("Waiting for effects", _events),
}
"""What writes to the EHR comes after the sweeps; the events are last, since from then on the server sends hooks."""

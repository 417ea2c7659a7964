"""`make bench`: starts HAPI and PostgreSQL, measures, and says what came out."""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import track

from deploy.bench import machine
from deploy.bench.events import measure_events
from deploy.bench.extent import FULL, QUICK, Extent
from deploy.bench.installation import BenchFailure, Installation
from deploy.bench.memory import peak_mb
from deploy.bench.panel import TAG as PANEL_TAG
from deploy.bench.panel import measure_panel
from deploy.bench.practice import fill
from deploy.bench.report import README, Results, table, write_json, write_readme
from deploy.bench.sweep import SweepFigures, measure_sweep, warm_up
from deploy.bench.tick import measure_ticks
from deploy.bench.workers import listening
from deploy.bench.writeback import TAG, measure_writeback
from deploy.hapi.build import HapiFailure
from deploy.hapi.server import HapiServer
from deploy.services.postgres import postgres_server
from deploy.services.process import ServerMissing, folder_of, free_port
from plugin.domain.errors import MilepostError

ROOT = Path(__file__).parents[2]
JSON = ROOT / "build" / "bench.json"
HEAP = "2g"
LIKE_INSTALLED: Mapping[str, str] = {"shared_buffers": "512MB", "max_wal_size": "4GB"}
"""PostgreSQL as it is installed, but for what everybody sets: nothing is gained by losing data."""


@contextmanager
def installed(console: Console) -> Iterator[Installation]:
    """HAPI and Milepost on one PostgreSQL, everything on this machine, everything gone afterwards."""
    with postgres_server(LIKE_INSTALLED) as postgres, folder_of(None) as folder:
        postgres.execute("CREATE DATABASE hapi")
        database = f"jdbc:postgresql://127.0.0.1:{postgres.port}/hapi?user={postgres.user}"
        server = HapiServer(
            port=free_port(), data_dir=folder / "hapi", database_url=database, heap=HEAP, java_options=()
        )
        console.print("Starting HAPI on PostgreSQL; about half a minute ...")
        with server:
            installation = Installation(postgres, server.base_url, folder / "key")
            installation.prepare()
            yield installation


class Clock:
    """Says what is done, and when it was begun."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun = time.monotonic()

    def say(self, words: str) -> None:
        """With the seconds since the beginning."""
        self._console.print(f"{time.monotonic() - self._begun:5.0f} s  {words}")


def load(installation: Installation, resources: int, tag: str, console: Console) -> None:
    """With a bar, since it takes a while."""
    steps = fill(installation.hapi_url, resources, tag)
    for _ in track(steps, f"Loading {resources:,} resources", total=None, console=console, transient=True):
        pass


def measure(installation: Installation, extent: Extent, console: Console, load_before: float) -> Results:
    """Everything. The writing comes last, when nobody reads any more."""
    sweeps: list[SweepFigures] = []
    peaks: dict[int, float] = {}
    say = Clock(console).say
    for size in extent.resources:
        load(installation, size, "", console)
        say(f"Sweeping {size:,} resources ...")
        with listening(installation, 1) as hand:
            warm_up(installation, extent, hand)
            sweeps.append(measure_sweep(installation, extent, hand))
        peaks[size] = peak_mb(installation)
    say(f"Ticking over {max(extent.milestones):,} open milestones ...")
    ticks = measure_ticks(installation, extent)
    load(installation, extent.written, TAG, console)
    say("Writing back ...")
    writeback = measure_writeback(installation, extent)
    load(installation, extent.shown, PANEL_TAG, console)
    say("Opening charts, and acting in them ...")
    panel = measure_panel(installation, extent)
    say("Waiting for effects ...")
    events = measure_events(installation, extent.events)
    return Results(
        machine=machine.described(installation.postgres, machine.hapi_version(installation.hapi_url), load_before),
        is_quick=extent is QUICK,
        sweeps=sweeps,
        peak_mb=peaks,
        ticks=ticks,
        writeback=writeback,
        events=events,
        panel=panel,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when everything was measured, whether or not the goals are met."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under five minutes: smaller sizes, medians of three")
    parser.add_argument("--no-readme", action="store_true", help="leave the table in README.md as it is")
    chosen = parser.parse_args(arguments)
    console = Console()
    begun, load_before = time.monotonic(), machine.load()
    try:
        with installed(console) as installation:
            results = measure(installation, QUICK if chosen.quick else FULL, console, load_before)
    except (BenchFailure, HapiFailure, ServerMissing, MilepostError) as failure:
        print(f"The benchmark was not finished. {failure}", file=sys.stderr)
        return 1
    write_json(results, JSON)
    if not chosen.no_readme:
        write_readme(results)
    console.print(table(results))
    told = JSON if chosen.no_readme else f"{JSON} and {README}"
    console.print(f"Taken in {(time.monotonic() - begun) / 60:.1f} minutes; also in {told}", soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

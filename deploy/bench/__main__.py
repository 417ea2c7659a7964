"""`make bench`: starts HAPI and PostgreSQL, measures, and says what came out."""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from deploy.bench import machine
from deploy.bench.extent import FULL, QUICK, Extent
from deploy.bench.installation import BenchFailure, Installation
from deploy.bench.report import README, Results, table, write_json, write_readme
from deploy.bench.row import Part
from deploy.bench.stages import STAGES
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


def measure(
    installation: Installation, extent: Extent, names: Sequence[str], console: Console, *, load_before: float
) -> Results:
    """These stages, one after the other."""
    clock = Clock(console)
    parts: list[Part] = []
    for name in names:
        stage = STAGES[name]
        clock.say(f"{stage.words} ...")
        parts.append(stage.measure(installation, extent, console))
    return Results(
        machine=machine.described(installation.postgres, machine.hapi_version(installation.hapi_url), load_before),
        is_quick=extent is QUICK,
        parts=parts,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when everything was measured, whether or not the goals are met."""
    chosen = _parser().parse_args(arguments)
    console = Console()
    begun, load_before = time.monotonic(), machine.load()
    names = [chosen.only] if chosen.only else list(STAGES)
    try:
        with installed(console) as installation:
            results = measure(installation, QUICK if chosen.quick else FULL, names, console, load_before=load_before)
    except (BenchFailure, HapiFailure, ServerMissing, MilepostError) as failure:
        print(f"The benchmark was not finished. {failure}", file=sys.stderr)
        return 1
    told = _write(results, chosen.only, with_readme=not chosen.no_readme)
    console.print(table(results))
    console.print(f"Taken in {(time.monotonic() - begun) / 60:.1f} minutes; also in {told}", soft_wrap=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under five minutes: smaller sizes, medians of three")
    parser.add_argument("--no-readme", action="store_true", help="leave the table in README.md as it is")
    parser.add_argument(
        "--only", choices=STAGES, help="one stage alone, into a file of its own, for whoever works on it"
    )
    return parser


def _write(results: Results, only: str | None, *, with_readme: bool) -> str:
    """Where the figures are. Those of one stage replace nothing that a whole run has written."""
    path = JSON.with_name(f"bench-{only}.json") if only else JSON
    write_json(results, path)
    if only or not with_readme:
        return str(path)
    write_readme(results)
    return f"{path} and {README}"


if __name__ == "__main__":
    sys.exit(main())

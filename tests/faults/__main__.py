"""`python -m tests.faults --runs N`: kills the sweeping, ticking and delivering process N times each, and tells where
it fell. Servers of its own on loopback; nothing is left behind but the table."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from deploy.hapi.server import HapiServer
from deploy.services.postgres import PostgresServer, postgres_server
from deploy.services.process import folder_of, free_port
from tests.faults.aims import VERBS
from tests.faults.kills import Fall, kill_one, undisturbed
from tests.faults.practice import now, quiet_zone
from tests.faults.scene import Place
from tests.faults.site import Site, site_of
from tests.faults.table import table_of

T = TypeVar("T")

MUST_HAVE = {
    "inside a page": {Place.PAGE_HALF_READ, Place.PAGE_HALF_STORED},
    Place.CLAIMED.value: {Place.CLAIMED},
    Place.WRITTEN.value: {Place.WRITTEN},
}
FEW = 5
"""Of fewer runs, not every place can be asked for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every run ended as an undisturbed one does, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=50, help="kills of each verb (default 50)")
    parser.add_argument("--at-once", type=int, default=2, help="runs under way at once (default 2)")
    parser.add_argument("--out", type=Path, default=Path("build/faults.md"), help="where the table goes")
    chosen = parser.parse_args(arguments)
    begun = time.monotonic()
    falls = list(_falls(chosen.runs, max(chosen.at_once, 1)))
    table = table_of(falls)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(table, encoding="utf-8")
    _say(
        f"\n{table}\n{len(falls)} kills in {(time.monotonic() - begun) / 60:.1f} minutes; the table is in {chosen.out}"
    )
    fell = {fall.place for fall in falls}
    missed = [where for where, places in MUST_HAVE.items() if chosen.runs >= FEW and not places & fell]
    if missed:
        _say(f"No kill fell {', none '.join(missed)}.")
    return 1 if missed or any(fall.differences for fall in falls) else 0


def _falls(runs: int, at_once: int) -> Iterator[Fall]:
    """All of them, each told as it ends."""
    with folder_of(None) as folder, postgres_server() as postgres:
        _say("Starting HAPI ...")
        with HapiServer(port=free_port(), data_dir=folder, referential_integrity_on_delete=False) as hapi:
            yield from _at_once(hapi.base_url, postgres, runs, at_once)


def _at_once(base_url: str, postgres: PostgresServer, runs: int, at_once: int) -> Iterator[Fall]:
    with ExitStack() as held:
        sites: SimpleQueue[Site] = SimpleQueue()
        zone = quiet_zone(now())
        for _ in range(at_once):
            sites.put(held.enter_context(site_of(base_url, postgres, zone)))
        calm = _borrowed(sites, undisturbed)
        todo = [(verb, number) for number in range(runs) for verb in VERBS]
        pool = held.enter_context(ThreadPoolExecutor(at_once))
        for fall in pool.map(
            lambda which: _borrowed(sites, lambda site: kill_one(site, which[0], which[1], calm)), todo
        ):
            _tell(fall)
            yield fall


def _borrowed(sites: "SimpleQueue[Site]", work: Callable[[Site], T]) -> T:
    """A site is worked on by one run at a time."""
    site = sites.get()
    try:
        return work(site)
    finally:
        sites.put(site)


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _tell(fall: Fall) -> None:
    ended = "equal" if not fall.differences else f"{len(fall.differences)} DIFFERENCES"
    _say(f"{fall.verb:8}{fall.number:3}  {fall.database:9} {fall.place:42} {ended}  (aimed at {fall.aim})")
    for line in fall.differences:
        _say(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())

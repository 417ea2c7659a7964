"""`python -m deploy.demo.generator`: makes the demo practice, writes it, loads it, and says what it made."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, TextIO

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from deploy.demo.generator.fhir import PROGRAM_CODE, ZONE, Json
from deploy.demo.generator.load import LoadFailed, LoadRefused, Target, load, target
from deploy.demo.generator.stream import DEFAULT_PATIENTS, DEFAULT_SEED, MOST_PATIENTS, check_tag, generate
from deploy.demo.generator.tally import Tally

BUNDLES = "bundles.ndjson"


def a_day(words: str) -> date:
    """`YYYY-MM-DD`."""
    try:
        return date.fromisoformat(words)
    except ValueError as failure:
        raise argparse.ArgumentTypeError(f"{words!r} is no day; expected YYYY-MM-DD") from failure


def some(words: str) -> int:
    """A whole number from 1 on."""
    if not words.isdigit() or int(words) < 1:
        raise argparse.ArgumentTypeError(f"{words!r} is no number from 1 on")
    return int(words)


def some_patients(words: str) -> int:
    """As many patients as the generator makes."""
    number = some(words)
    if number > MOST_PATIENTS:
        raise argparse.ArgumentTypeError(f"{number} patients are too many; at most {MOST_PATIENTS}")
    return number


def a_tag(words: str) -> str:
    """A tag that can stand in an id; empty is none."""
    try:
        return check_tag(words) if words else ""
    except ValueError as failure:
        raise argparse.ArgumentTypeError(str(failure)) from failure


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(prog="python -m deploy.demo.generator", description=__doc__)
    made.add_argument("--patients", type=some_patients, default=DEFAULT_PATIENTS, help="how many (default 340)")
    made.add_argument("--resources", type=some, help="as many patients as it takes to make about so many resources")
    made.add_argument("--seed", type=int, default=DEFAULT_SEED, help="another seed makes another practice")
    made.add_argument("--today", type=a_day, help="the day from which all dates are counted (default: today)")
    made.add_argument("--tag", type=a_tag, default="", help="meta.tag and id prefix, for practices that share a server")
    made.add_argument("--out", help="a folder for bundles.ndjson, or - for standard output")
    made.add_argument("--load", metavar="URL", help="post the transactions to this FHIR base")
    made.add_argument("--clients", type=some, default=2, help="transactions under way at once (default 2)")
    made.add_argument("--enrolments", type=Path, help="write `Patient/ID PROGRAM` lines, for `milepost enrol`")
    made.add_argument("--quiet", action="store_true", help="no progress bar and no table")
    return made


def this_day() -> date:
    """Today in the practice's zone."""
    return datetime.now(tz=ZONE).date()  # noqa: TID251 - a demo is relative to the day on which it is made


class Writer:
    """Where bundles and enrolments are written, if anywhere."""

    def __init__(self, bundles: BinaryIO | None, enrolments: TextIO | None) -> None:
        self.bundles = bundles
        self.enrolments = enrolments
        self.enrolled = 0

    def enrol(self, patient: str) -> None:
        """One line for one patient."""
        self.enrolled += 1
        if self.enrolments:
            self.enrolments.write(f"{patient} {PROGRAM_CODE}\n")

    def passing(self, transactions: Iterator[Json]) -> Iterator[Json]:
        """Each transaction, written as it passes."""
        for transaction in transactions:
            if self.bundles:
                self.bundles.write(orjson.dumps(transaction, option=orjson.OPT_APPEND_NEWLINE))
            yield transaction


def open_writer(chosen: argparse.Namespace, held: ExitStack) -> Writer:
    """Opens what was asked for; the folders are made."""
    bundles: BinaryIO | None = None
    if chosen.out == "-":
        bundles = sys.stdout.buffer
    elif chosen.out:
        folder = Path(chosen.out)
        folder.mkdir(parents=True, exist_ok=True)
        bundles = held.enter_context((folder / BUNDLES).open("wb"))
    enrolments: TextIO | None = None
    if chosen.enrolments:
        chosen.enrolments.parent.mkdir(parents=True, exist_ok=True)
        enrolments = held.enter_context(chosen.enrolments.open("w", encoding="utf-8"))
    return Writer(bundles, enrolments)


def progress_bar(console: Console, quiet: bool) -> Progress:
    """Patients or resources made so far, and the time left."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)


def follow(chosen: argparse.Namespace, writer: Writer, server: Target | None, console: Console) -> Tally:
    """Makes everything, writing and loading on the way."""
    tally = Tally()
    made = generate(
        chosen.today or this_day(),
        MOST_PATIENTS if chosen.resources else chosen.patients,
        chosen.seed,
        tag=chosen.tag,
        tally=tally,
        resources=chosen.resources,
        enrol=writer.enrol,
    )
    passing = writer.passing(made)
    counted = "Patient" if not chosen.resources else ""
    with progress_bar(console, chosen.quiet) as progress:
        bar = progress.add_task("Loading" if server else "Making", total=chosen.resources or chosen.patients)
        for transaction in load(server, passing) if server else passing:
            kinds = [entry["resource"]["resourceType"] for entry in transaction["entry"]]
            progress.advance(bar, kinds.count(counted) if counted else len(kinds))
    return tally


def table_of(tally: Tally) -> Table:
    """How many of each form were made."""
    table = Table(title="The demo practice", title_justify="left")
    table.add_column("what")
    table.add_column("form")
    table.add_column("made", justify="right")
    before = ""
    for group, name, count in tally.rows():
        if before and group != before:
            table.add_section()
        table.add_row("" if group == before else group, name, f"{count:,}")
        before = group
    return table


def tell(chosen: argparse.Namespace, tally: Tally, writer: Writer, *, took_s: float, console: Console) -> None:
    """The table, and what to do next."""
    if chosen.quiet:
        return
    console.print(table_of(tally))
    console.print(
        f"{tally.patients:,} patients, {tally.resources:,} resources in {took_s:.1f} s"
        f" ({tally.resources / max(took_s, 0.001):,.0f} a second);"
        f" {tally.with_gap:,} patients with an open gap ({tally.gap_share:.0%})."
    )
    if tally.showcase:
        console.print(f"The chart that holds something of everything: {tally.showcase}", soft_wrap=True)
    if chosen.enrolments:
        console.print(f"{writer.enrolled:,} patients to enrol are listed in {chosen.enrolments}", soft_wrap=True)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; 0, or 1 when the server did not take everything."""
    chosen = parser().parse_args(arguments)
    console = Console(stderr=chosen.out == "-")
    begun = time.monotonic()
    try:
        server = target(chosen.load, chosen.clients) if chosen.load else None
        with ExitStack() as held:
            writer = open_writer(chosen, held)
            tally = follow(chosen, writer, server, console)
    except (LoadRefused, LoadFailed, OSError) as failure:
        print(f"The demo practice was not loaded. {failure}", file=sys.stderr)
        return 1
    tell(chosen, tally, writer, took_s=time.monotonic() - begun, console=console)
    return 0


if __name__ == "__main__":
    sys.exit(main())

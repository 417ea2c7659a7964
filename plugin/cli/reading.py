"""`milepost sweep`, `sync`, `tick`, `deliver`, `reconcile`: the work that the beat does, done once and now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import click

from plugin import config
from plugin.cli.progress import Bars
from plugin.cli.second_hand import second_hand
from plugin.cli.terminal import counts, format_option, print_json, print_rows, seconds, services
from plugin.domain.source import Source
from plugin.usecases.deliver import Delivered
from plugin.usecases.deliver import deliver as deliver_due
from plugin.usecases.reassess import Reassessed
from plugin.usecases.reconcile import reconcile as reconcile_source
from plugin.usecases.sources import every_ehr, source_named
from plugin.usecases.sweep import Swept
from plugin.usecases.sweep import sweep as sweep_source
from plugin.usecases.sync import Reading, read_source
from plugin.usecases.tick import tick as tick_due


@click.command()
@click.argument("slug", required=False)
@click.option("--write/--no-write", default=True, help="Whether to write Tasks and gaps back to the server.")
@format_option
def sweep(slug: str | None, *, write: bool, format_: str) -> None:
    """Everything once: reads a source, reassesses, writes back. Cut off, it goes on where it stopped."""
    with second_hand(config.settings().database_url, services) as hand:
        built = services()
        source = source_named(built, slug)
        with Bars() as bars:
            swept = sweep_source(built, source, write=write, progress=bars.show, hand=hand)
    if format_ == "json":
        print_json(_swept_as_json(source, swept))
    else:
        _print_swept(source, swept)


@click.command()
@click.argument("slug", required=False)
@format_option
def sync(slug: str | None, format_: str) -> None:
    """Polls one source, or all that are not paused: what is new since the last time."""
    built = services()
    chosen = [source_named(built, slug)] if slug else [h.source for h in every_ehr(built) if not h.source.paused]
    readings = {source.slug: read_source(built, source) for source in chosen}
    if format_ == "json":
        print_json({name: _reading_as_json(reading) for name, reading in readings.items()})
        return
    for name, reading in readings.items():
        click.echo(f"{name}: read {reading.total:,} resources, {reading.new:,} facts new or changed")
    if not readings:
        click.echo("No source to poll.")


@click.command()
@format_option
def tick(format_: str) -> None:
    """Reassesses every patient who is due."""
    done = tick_due(services())
    if format_ == "json":
        print_json(asdict(done))
    else:
        click.echo(_reassessed(done))


@click.command()
@format_option
def deliver(format_: str) -> None:
    """Carries out the effects whose time has come: writes, notices, work items, report lines."""
    done = deliver_due(services())
    if format_ == "json":
        print_json(asdict(done))
    else:
        click.echo(_delivered(done))


@click.command()
@click.argument("slug", required=False)
@format_option
def reconcile(slug: str | None, format_: str) -> None:
    """Compares a source with what is stored: finds what was deleted there, and what the feed has missed."""
    built = services()
    done = reconcile_source(built, source_named(built, slug).id)
    if format_ == "json":
        print_json([asdict(result) for result in done])
        return
    rows = [("type", "on the server", "deleted", "missed")]
    print_rows([*rows, *((r.type, r.on_server, r.deleted, r.missed) for r in done)], indent="")


def _print_swept(source: Source, swept: Swept) -> None:
    reading = swept.reading
    rate = reading.total / max(swept.read_in.total_seconds(), 0.001)
    click.echo(f"Source {source.slug}")
    click.echo(
        f"  read {reading.total:,} resources in {seconds(swept.read_in)} ({rate:,.0f}/s): {counts(reading.read)}"
    )
    click.echo(
        f"  {reading.new:,} facts new or changed; {reading.first_seen:,} patients first seen, "
        f"{reading.read_back:,} read back; {reading.set_aside:,} records set aside"
    )
    click.echo(f"  {_reassessed(swept.reassessed)} in {seconds(swept.reassessed_in)}")
    if swept.delivered is not None:
        click.echo(f"  {_delivered(swept.delivered)} in {seconds(swept.delivered_in)}")
    click.echo("`milepost status` accounts for every CarePlan.")


def _reassessed(done: Reassessed) -> str:
    failed = f", {done.failed:,} failed" if done.failed else ""
    return f"reassessed {done.claimed:,} patients: {done.changed:,} changed, {done.unchanged:,} unchanged{failed}"


def _delivered(done: Delivered) -> str:
    failed = f", {done.failed:,} failed" if done.failed else ""
    conflicts = f", {done.conflicts:,} conflicts" if done.conflicts else ""
    needless = f", {done.not_needed:,} have no use there" if done.not_needed else ""
    return (
        f"wrote {done.written:,} resources ({done.unchanged:,} stood there already{needless}), gave out {done.work:,} work items, "
        f"put {done.report:,} lines on the report{failed}{conflicts}"
    )


def _swept_as_json(source: Source, swept: Swept) -> Mapping[str, object]:
    return {
        "source": source.slug,
        "read": _reading_as_json(swept.reading),
        "reassessed": asdict(swept.reassessed),
        "delivered": None if swept.delivered is None else asdict(swept.delivered),
        "seconds": {"read": swept.read_in, "reassess": swept.reassessed_in, "deliver": swept.delivered_in},
    }


def _reading_as_json(reading: Reading) -> Mapping[str, object]:
    return {**asdict(reading), "total": reading.total}

"""`milepost status`: how things stand, every CarePlan accounted for."""

from __future__ import annotations

from collections.abc import Mapping

import click

from plugin.cli.terminal import counts, format_option, instant, print_json, print_rows, services
from plugin.usecases.source_reading import SourceCosts
from plugin.usecases.status import SourceStatus, Status
from plugin.usecases.status import status as status_of

MOST_NAMED = 12


@click.command()
@click.option("--offline", is_flag=True, help="Do not ask the servers for their own counts.")
@format_option
def status(*, offline: bool, format_: str) -> None:
    """Accounts for every CarePlan, and tells how far sources are read, milestones, gaps and what is to be done."""
    found = status_of(services(), ask_servers=not offline)
    if format_ == "json":
        print_json(_as_json(found))
    else:
        _print(found)


def _print(found: Status) -> None:
    if not found.sources:
        click.echo("No source yet; `milepost source add SLUG URL` adds one.")
    for source in found.sources:
        _print_source(source)
    click.echo(f"Due now: {found.due:,} patients")
    for kind, states in sorted(found.effects.items()):
        click.echo(f"Effects, {kind}: {counts(states)}")
    for role, kinds in sorted(found.work.items()):
        click.echo(f"Open work, {role}: {counts(kinds)}")


def _print_source(of: SourceStatus) -> None:
    source = of.health.source
    behind = " (BEHIND)" if of.health.is_behind else ""
    paused = ", paused" if source.paused else ""
    click.echo(f"Source {source.slug}: {source.base_url}{paused}")
    click.echo(f"  last read completely: {instant(source.last_read_at)}{behind}")
    if of.types_read:
        times = ", ".join(f"{type_} {instant(at)}" for type_, at in of.types_read.items())
        click.echo(f"  each type when it is due; last: {times}")
    if of.costs:
        click.echo(f"  reading it: {_costs(of.costs)}")
    if source.last_error:
        click.echo(f"  last failure {instant(source.last_error_at)}: {source.last_error}")
    click.echo("  CarePlans")
    print_rows([*of.care_plans.items(), ("in all", of.accounted), *_server_rows(of)], indent="    ")
    if of.not_counted:
        click.echo(f"    not counted on the server: {of.not_counted}")
    for name, value in of.summary.items():
        click.echo(f"  {name.replace('_', ' ')}: {_most(value) if isinstance(value, Mapping) else value}")
    if of.set_aside:
        click.echo(f"  set aside: {counts(of.set_aside)}")


def _costs(of: SourceCosts) -> str:
    words = f"{of.today.requests:,} requests and {of.mb_today:.1f} MB today"
    if of.requests_per_day is None or of.mb_per_day is None:
        return words
    return f"{words}; {of.requests_per_day:,.0f} and {of.mb_per_day:.1f} MB in a day of the last week"


def _most(values: Mapping[str, int]) -> str:
    """A practice has many owners: those who have most, and how many others there are."""
    if len(values) <= MOST_NAMED:
        return counts(values)
    first = sorted(values, key=lambda name: (-values[name], name))[:MOST_NAMED]
    return f"{counts({name: values[name] for name in first})}, and {len(values) - MOST_NAMED} others"


def _server_rows(of: SourceStatus) -> list[tuple[str, int]]:
    if of.on_server is None or of.unaccounted is None:
        return []
    rows = [("on the server", of.on_server)]
    return rows if of.unaccounted == 0 else [*rows, ("difference (changed since?)", of.unaccounted)]


def _as_json(found: Status) -> Mapping[str, object]:
    return {
        "sources": [_source_as_json(source) for source in found.sources],
        "due": found.due,
        "effects": found.effects,
        "work": found.work,
    }


def _costs_as_json(of: SourceCosts | None) -> Mapping[str, object] | None:
    if of is None:
        return None
    return {
        "requests_today": of.today.requests,
        "mb_today": of.mb_today,
        "requests_per_day": of.requests_per_day,
        "mb_per_day": of.mb_per_day,
    }


def _source_as_json(of: SourceStatus) -> Mapping[str, object]:
    source = of.health.source
    return {
        "source": source.slug,
        "base_url": source.base_url,
        "paused": source.paused,
        "behind": of.health.is_behind,
        "last_read_at": source.last_read_at,
        "last_error": source.last_error,
        "last_error_at": source.last_error_at,
        "care_plans": dict(of.care_plans),
        "care_plans_accounted": of.accounted,
        "care_plans_on_server": of.on_server,
        "care_plans_unaccounted": of.unaccounted,
        "not_counted": of.not_counted,
        "set_aside": of.set_aside,
        "types_read": dict(of.types_read),
        "costs": _costs_as_json(of.costs),
        **of.summary,
    }

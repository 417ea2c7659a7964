"""`milepost source`: add, list, test, probe, give a new token, pause and resume the FHIR servers that are read."""

from __future__ import annotations

from collections.abc import Sequence

import click

from plugin.cli.keys import tell_of_waiting_keys
from plugin.cli.terminal import (
    TERMINAL,
    format_option,
    instant,
    print_json,
    print_rows,
    secret_in,
    services,
    who_is_here,
)
from plugin.domain.errors import BadInput
from plugin.domain.source import OPENEMR, Source
from plugin.usecases.remove_source import carry_out_leaving, checked_leaving, leave_source, written_there
from plugin.usecases.services import Services
from plugin.usecases.source_settings import is_zone
from plugin.usecases.sources import (
    Health,
    add_source,
    check_source,
    every_source,
    give_token,
    pause_source,
    probe_source,
    source_named,
    subscribe,
)


@click.group()
def source() -> None:
    """The FHIR servers that Milepost reads."""


@source.command()
@click.argument("slug")
@click.argument("url")
@click.option("--kind", default="hapi", show_default=True, help="hapi, openemr, or r4 for any other FHIR R4 server.")
@click.option("--store", is_flag=True, help="It is a companion store: it takes milestone Tasks, and is never read.")
@click.option("--zone", metavar="ZONE", help="The clinic's own zone, where it is another than the practice's.")
@click.option(
    "--filter", "filters", multiple=True, metavar="NAME=VALUE", help="Added to every search: _tag=system|code."
)
@click.option("--alias", "aliases", multiple=True, metavar="URL", help="Another base address of the same server.")
@click.option("--token-file", metavar="FILE", help="A file that holds the bearer token; - is standard input.")
@click.option("--client-id", metavar="ID", help="As which we get our own tokens there (SMART Backend Services).")
@click.option("--auth-host", "auth_hosts", multiple=True, metavar="HOST[:PORT]", help="Where else tokens are given.")
@click.option("--auth-scope", "auth_scopes", multiple=True, metavar="SCOPE", help="Asked for, instead of all we need.")
@click.option("--vouched", is_flag=True, help="You know the server, although it says nothing before a token is shown.")
def add(  # one argument for each option
    *,
    slug: str,
    url: str,
    kind: str,
    store: bool,
    zone: str | None,
    filters: Sequence[str],
    aliases: Sequence[str],
    token_file: str | None,
    client_id: str | None,
    auth_hosts: Sequence[str],
    auth_scopes: Sequence[str],
    vouched: bool,
) -> None:
    """Adds a FHIR server under a short name, after asking it what it can do. The name is given once."""
    if client_id is not None and token_file is not None:
        raise BadInput("A source has a token or a client id: give --token-file or --client-id, not both.")
    if zone is not None and not is_zone(zone):
        raise BadInput(f"There is no zone {zone!r}; expected an IANA name such as America/Chicago.")
    built = services()
    wanted = Source(
        id=0,
        slug=slug,
        base_url=url.rstrip("/"),
        kind=kind,
        use="store" if store else "ehr",
        zone=zone,
        search_filter=dict(_filter(text) for text in filters),
        link_aliases=tuple(aliases),
        token=None if token_file is None else secret_in(token_file, "token"),
        client_id=client_id,
        auth_hosts=tuple(auth_hosts),
        auth_scopes=tuple(auth_scopes),
    )
    added = add_source(built, wanted, is_vouched_for=vouched, by=who_is_here(), told=TERMINAL)
    click.echo(f"Source {added.slug}: added, {_software(added)}.")
    if store:
        click.echo(f"Next: `milepost source set SOURCE --companion {added.slug}` for the source whose Tasks it takes.")
        return
    _subscribe(built, added)
    if kind == OPENEMR:
        click.echo(f"OpenEMR has no Task: `milepost source set {added.slug} --sink …` says where they go.")
    click.echo(f"Next: `milepost sweep {added.slug}`.")


@source.command("list")
@format_option
def list_(format_: str) -> None:
    """Every source, and when it was last read."""
    healths = every_source(services())
    if format_ == "json":
        print_json([_as_json(health) for health in healths])
        return
    if not healths:
        click.echo("No source yet; `milepost source add SLUG URL` adds one.")
        return
    rows = [("source", "kind", "read", "state", "Tasks go", "address")]
    rows += [
        (of.slug, of.kind, instant(of.last_read_at), _state(health), tasks_go(of), of.base_url)
        for of, health in ((health.source, health) for health in healths)
    ]
    print_rows(rows, indent="")
    for health in healths:
        if health.source.last_error:
            click.echo(f"{health.source.slug}: {health.source.last_error}")


@source.command()
@click.argument("slug", required=False)
@format_option
def test(slug: str | None, format_: str) -> int:
    """Tries what a sweep needs, and says what works. Nothing is stored or written."""
    built = services()
    wanted = source_named(built, slug)
    checks = check_source(built, wanted)
    if format_ == "json":
        print_json([check._asdict() for check in checks])
    else:
        print_rows([("ok" if check.is_good else "FAILED", check.what, check.words) for check in checks], indent="")
        if wanted.client_id is not None:
            tell_of_waiting_keys()
    return 0 if all(check.is_good for check in checks) else 1


@source.command()
@click.argument("slug", required=False)
@format_option
def probe(slug: str | None, format_: str) -> None:
    """Asks the server anew what it can do, keeps the answer and shows it."""
    built = services()
    probed = probe_source(built, source_named(built, slug))
    if format_ == "json":
        print_json(probed.capability)
    else:
        click.echo(f"Source {probed.slug}: {_software(probed)}.")
    _subscribe(built, probed, quiet=format_ == "json")


@source.command()
@click.argument("slug")
@click.option(
    "--what-we-wrote",
    "how",
    type=click.Choice(["keep", "cancel", "delete"]),
    help="What becomes of our Tasks and gaps there; without it they are only listed.",
)
def remove(slug: str, how: str | None) -> int:
    """Removes a source. What Milepost wrote there stays, says that it counts no more, or is deleted; what was read of it
    is forgotten here."""
    built = services()
    wanted = source_named(built, slug)
    if how is None:
        print_rows([(type_, f"{count:,}") for type_, count in written_there(built, wanted).items()], indent="")
        click.echo("Nothing was removed. Say what becomes of it: --what-we-wrote keep, cancel or delete.")
        return 0
    leave_source(built, wanted, checked_leaving(how), by=who_is_here(), told=TERMINAL)
    removed = carry_out_leaving(built, wanted.id, by=who_is_here())
    print_rows([(type_, f"{count:,} taken back") for type_, count in removed.done.items()], indent="")
    if not removed.is_complete:
        click.echo(
            f"{len(removed.refused)} could not be taken back, so the source is still there. {removed.refused[0]}"
        )
        return 1
    click.echo(f"Source {slug}: removed.")
    return 0


@source.command()
@click.argument("slug")
@click.argument("file")
def token(slug: str, file: str) -> None:
    """Takes a new bearer token from FILE (- is standard input), when the old one has run out or was withdrawn."""
    built = services()
    give_token(built, source_named(built, slug), secret_in(file, "token"), by=who_is_here(), told=TERMINAL)
    click.echo(f"Source {slug}: has a new token. `milepost source test {slug}` tries it.")


@source.command()
@click.argument("slug")
def pause(slug: str) -> None:
    """Stops polling a source and writing to it."""
    built = services()
    pause_source(built, source_named(built, slug), is_paused=True, by=who_is_here(), told=TERMINAL)
    click.echo(f"Source {slug}: paused.")


@source.command()
@click.argument("slug")
def resume(slug: str) -> None:
    """Goes on polling a source and writing to it."""
    built = services()
    pause_source(built, source_named(built, slug), is_paused=False, by=who_is_here(), told=TERMINAL)
    click.echo(f"Source {slug}: goes on.")


def tasks_go(of: Source) -> str:
    """In words, whither."""
    if not of.is_ehr:
        return "-"
    if of.sink == "companion":
        return f"to the store {of.companion}"
    if of.sink == "message":
        return "to staff as messages"
    return "nowhere yet" if of.kind == OPENEMR else "to itself"


def _subscribe(built: Services, added: Source, *, quiet: bool = False) -> None:
    reference = subscribe(built, added)
    if not quiet:
        click.echo(f"Subscription: {reference or 'none; it is polled'}.")


def _filter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise BadInput(
            f"--filter {text!r} is none; expected NAME=VALUE, for example _tag=https://example.org/tag|mine."
        )
    return name, value


def _software(source_: Source) -> str:
    known = source_.capability or {}
    name = " ".join(str(known[part]) for part in ("software", "software_version") if known.get(part))
    return f"{name or 'a server without a name'}, FHIR {known.get('fhir_version') or 'R4'}"


def _state(health: Health) -> str:
    if health.source.paused:
        return "paused"
    if not health.source.is_ehr:
        return "store"
    return "behind" if health.is_behind else "good"


def _as_json(health: Health) -> dict[str, object]:
    """Without token and hook."""
    of = health.source
    return {
        "source": of.slug,
        "kind": of.kind,
        "base_url": of.base_url,
        "search_filter": dict(of.search_filter),
        "client_id": of.client_id,
        "use": of.use,
        "sink": of.sink,
        "companion": of.companion,
        "zone": of.zone,
        "inbox": dict(of.inbox),
        "paused": of.paused,
        "behind": health.is_behind,
        "last_read_at": of.last_read_at,
        "last_error": of.last_error,
        "last_error_at": of.last_error_at,
    }

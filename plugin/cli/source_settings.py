"""`milepost source set`: where a source's milestone Tasks go, its clinic's zone, whose inbox gets a message."""

from __future__ import annotations

from collections.abc import Sequence

import click

from plugin.cli.sources import source, tasks_go
from plugin.cli.terminal import TERMINAL, print_rows, services, who_is_here
from plugin.domain.companion import OPENEMR_NUMBERS
from plugin.domain.errors import BadInput
from plugin.domain.source import Source
from plugin.usecases.change_sink import change_sink
from plugin.usecases.remove_source import checked_leaving
from plugin.usecases.source_settings import Wanted
from plugin.usecases.sources import source_named

_THE_PRACTICES = "practice"


@source.command("set")
@click.argument("slug")
@click.option("--sink", type=click.Choice(["own", "companion", "message"]), help="Where milestone Tasks go.")
@click.option("--companion", metavar="STORE", help="The companion store that takes them: a source added with --store.")
@click.option(
    "--numbers", metavar="SYSTEM", help="The identifier system by which the store knows OpenEMR's patient numbers."
)
@click.option("--zone", metavar="ZONE", help=f"The clinic's own zone; {_THE_PRACTICES} for the practice's.")
@click.option(
    "--inbox",
    "inboxes",
    multiple=True,
    metavar="WHO=USER",
    help="Whose inbox takes the messages of an owner (Practitioner/…) or role; no USER takes it back.",
)
@click.option(
    "--what-we-wrote",
    "left",
    type=click.Choice(["keep", "cancel", "delete"]),
    default="keep",
    show_default=True,
    help="What becomes of Tasks and gaps in the place where they went until now.",
)
def set_(  # one argument for each option
    *,
    slug: str,
    sink: str | None,
    companion: str | None,
    zone: str | None,
    numbers: str | None,
    inboxes: Sequence[str],
    left: str,
) -> None:
    """Changes what is chosen for a source; what is not named stays as it is. Another zone has the source read anew."""
    built = services()
    before = source_named(built, slug)
    chosen_sink = sink or ("companion" if companion else before.sink)
    wanted = Wanted(
        sink=chosen_sink,
        companion=companion or before.companion or "",
        zone=_zone(zone, before),
        inbox={**before.inbox, **dict(_inbox(text) for text in inboxes)},
        numbers=before.systems.get(OPENEMR_NUMBERS, "") if numbers is None else numbers,
    )
    after, removed = change_sink(built, before, wanted, left=checked_leaving(left), by=who_is_here(), told=TERMINAL)
    print_rows([(type_, f"{count:,} taken back") for type_, count in removed.done.items()], indent="")
    click.echo(f"Source {slug}: milestone Tasks go {tasks_go(after)}; zone {after.zone or 'of the practice'}.")
    for who, user in sorted(after.inbox.items()):
        click.echo(f"  {who}: {user}")


def _zone(zone: str | None, before: Source) -> str:
    if zone is None:
        return before.zone or ""
    return "" if zone == _THE_PRACTICES else zone


def _inbox(text: str) -> tuple[str, str]:
    who, equals, user = text.partition("=")
    if not (who and equals):
        raise BadInput(f"--inbox {text!r} is none; expected WHO=USER, for example coordinator=jdoe.")
    return who, user

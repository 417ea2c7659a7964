"""`milepost init` and `milepost upgrade`: database, keys, and the programs that are shipped."""

from __future__ import annotations

import click

from plugin import bootstrap, config
from plugin.cli.terminal import seal_at_the_end
from plugin.usecases.publish import publish_shipped


@click.command()
def init() -> None:
    """Makes the database, the key file and our signing keys, and publishes the programs that are shipped. Repeating it harms nothing."""
    settings = config.settings()
    is_new = bootstrap.prepare(settings)
    click.echo(f"Key file {settings.key_file}: {'made; back it up apart from the database' if is_new else 'kept'}.")
    click.echo("Database: ready.")
    _publish(settings)
    click.echo("Next: `milepost source add SLUG URL`, then `milepost sweep`.")


@click.command()
def upgrade() -> None:
    """Brings the database up to date with this version of Milepost, and publishes what is newly shipped."""
    settings = config.settings()
    bootstrap.migrate(settings)
    click.echo("Database: up to date.")
    _publish(settings)


def _publish(settings: config.Settings) -> None:
    built = bootstrap.build(settings)
    seal_at_the_end(built)
    new = publish_shipped(built)
    names = ", ".join(f"{version.kind} {version.code} {version.version}" for version in new)
    click.echo(f"Published: {names}." if new else "Published: nothing new.")

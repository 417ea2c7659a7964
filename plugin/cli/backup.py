"""`milepost backup` and `milepost restore`: everything in one file, and back."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import click

from plugin import bootstrap, config
from plugin.cli.audit import TAMPERED, print_verified
from plugin.cli.terminal import TERMINAL, services, who_is_here
from plugin.domain.backup import Manifest
from plugin.usecases.backup import back_up, note_backup
from plugin.usecases.restore import note_restore
from plugin.usecases.restore import restore as put_back
from plugin.usecases.seal import seal
from plugin.usecases.verify_audit import verify_audit


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Writes database, keys and audit heads into FILE, while Milepost runs. FILE opens what is encrypted in the database:
    keep it like the key file."""
    settings, built = config.settings(), services()
    note_backup(built, who_is_here(), TERMINAL)
    seal(built)
    made = back_up(bootstrap.place(settings), file.absolute(), now=built.clock(), version=version("milepost"))
    size = sum(kept.size for kept in made.files.values())
    click.echo(f"Backup {file}: {size / 1_000_000:,.1f} MB, {', '.join(made.files)}; schema {made.schema}.")
    click.echo("It holds the keys: keep it where nobody else reads it, best encrypted.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> int:
    """Puts the backup FILE into an empty place, brings its database up to date, and verifies its audit log."""
    settings = config.settings()
    manifest = put_back(bootstrap.place(settings), file.absolute())
    bootstrap.migrate(settings)
    click.echo(f"Restored: {', '.join(manifest.files)}, as of {manifest.made_at.isoformat(timespec='seconds')}.")
    _tell_differences(manifest, settings)
    built = services()
    found = verify_audit(built)
    print_verified(found)
    note_restore(built, manifest, who_is_here(), TERMINAL)
    click.echo("Next: `milepost sweep`, which reads what happened since; then `milepost run`.")
    return 0 if found.is_good else TAMPERED


def _tell_differences(manifest: Manifest, settings: config.Settings) -> None:
    if manifest.zone != settings.zone.key:
        click.echo(f"Note: it was made with MILEPOST_ZONE={manifest.zone}, here it is {settings.zone.key}.")

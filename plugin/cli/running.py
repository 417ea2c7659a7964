"""`milepost run`: web, workers and beat together, for one machine."""

from __future__ import annotations

import click

from plugin import config
from plugin import run as running


@click.command()
def run() -> int:
    """Runs web, workers and beat until Ctrl-C; if one of them ends, all do. Redis must be running."""
    return running.run(config.settings(), _say)


def _say(words: str) -> None:
    click.echo(words, err=True)

"""The `milepost` command: parses what was typed, asks a use case, prints the answer."""

from plugin.cli.command import main

__all__ = ["main"]

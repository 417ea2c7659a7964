"""What several verbs share at the terminal: the format option, JSON lines, tables of words and numbers, services."""

from __future__ import annotations

import json
import os
import pwd
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import click

from plugin import bootstrap, config
from plugin.domain.errors import BadInput, MilepostError
from plugin.usecases.seal import anything_waits, seal
from plugin.usecases.services import Services

Command = TypeVar("Command", bound=Callable[..., object])

TERMINAL = {"from": "terminal"}
"""Where audit rows of a command come from."""

_SEALING_AT_MOST = timedelta(minutes=1)

_as_option = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for scripts.",
)
_source_option = click.option(
    "--source", "slug", metavar="SLUG", help="Which source; not needed when there is one only."
)


def format_option(command: Command) -> Command:
    """``--format json|text``, text unless asked."""
    return _as_option(command)


def source_option(command: Command) -> Command:
    """``--source SLUG``."""
    return _source_option(command)


def services(*, writes: bool = True) -> Services:
    """What the verbs work with, from the settings; fails in words when the database is not there or does not fit."""
    built = bootstrap.build(config.settings())
    built.database.check()
    if writes:
        seal_at_the_end(built)
    return built


def seal_at_the_end(built: Services) -> None:
    """When the command is over, however it ends, what it wrote into the audit log gets its place in the chain: there may
    be no worker. What could not be sealed is a worker's or the next command's, and no failure of this one."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.find_root().call_on_close(lambda: _seal(built))


def _seal(built: Services) -> None:
    try:
        if anything_waits(built):
            seal(built, within=_SEALING_AT_MOST)
    except MilepostError as error:
        click.echo(f"milepost: the audit log was not sealed: {error}", err=True)


def secret_in(file: str, what: str) -> str:
    """A secret from a file (``-`` is standard input), not from the command line, where other users could read it."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The {what}'s file {file} cannot be read.") from error
    if not text.strip():
        raise BadInput(f"The {what}'s file {file} is empty.")
    return text.strip()


def who_is_here() -> str:
    """Who typed it, as the audit names them."""
    return f"{pwd.getpwuid(os.getuid()).pw_name} at the command line"


def print_json(document: object) -> None:
    """One document on one line, in UTF-8 whatever the locale says."""
    click.echo(json.dumps(document, ensure_ascii=False, default=_plain).encode())


def print_rows(rows: Iterable[Sequence[object]], indent: str = "  ") -> None:
    """Words in columns, numbers to the right."""
    texts = [[_shown(value) for value in row] for row in rows]
    widths = [
        max(len(row[column]) for row in texts if column < len(row)) for column in range(max(map(len, texts), default=0))
    ]
    for row in texts:
        cells = [
            text.rjust(width) if _is_number(text) else text.ljust(width)
            for text, width in zip(row, widths, strict=False)
        ]
        click.echo(indent + "  ".join(cells).rstrip())


def counts(of: Mapping[str, object]) -> str:
    """Small counts on one line; nothing is a dash."""
    return ", ".join(f"{name} {number}" for name, number in of.items()) or "-"


def seconds(span: timedelta) -> str:
    """A duration for people."""
    total = span.total_seconds()
    if total < 60:
        return f"{total:.1f} s"
    return f"{int(total // 60)} min {int(total % 60):02d} s"


def instant(moment: datetime | None, words: str = "never") -> str:
    """To the second, in UTC."""
    return words if moment is None else moment.isoformat(sep=" ", timespec="seconds")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return round(value.total_seconds(), 3)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(type(value).__name__)


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _is_number(text: str) -> bool:
    return text.replace(",", "").isdigit()

"""Numbers of rows in addresses: a number that no row can have is no page, before any database is asked for it."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

LARGEST = 2**53
"""No table comes near; a database refuses what is beyond its own largest, and not as a page that is not there."""


class RowNumber(IntegerConverter):
    """``<int:...>``."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # Any: as werkzeug calls it
        super().__init__(*arguments, **{"max": LARGEST, **options})


def take_numbers(app: Flask) -> None:
    """Before the first route that has one."""
    app.url_map.converters["int"] = RowNumber

"""How templates are read: a name that a page does not get is a fault, never an empty place."""

from __future__ import annotations

from flask import Flask
from jinja2 import StrictUndefined


def strict_templates(app: Flask) -> None:
    """Before the first page is drawn."""
    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}

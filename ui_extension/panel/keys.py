"""A milestone's key in an address: it may hold any character, slashes and spaces too."""

from __future__ import annotations

import base64
import binascii

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter, ValidationError

_LONGEST = 2048


class KeyConverter(BaseConverter):
    """``<key:…>`` in a route: base64url of the text. What is none is no page."""

    regex = r"[A-Za-z0-9_-]+"

    def to_python(self, value: str) -> str:
        """The key."""
        if len(value) > _LONGEST:
            raise ValidationError
        try:
            return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ValidationError from error

    def to_url(self, value: str) -> str:
        """The key as it stands in an address."""
        return base64.urlsafe_b64encode(value.encode()).rstrip(b"=").decode()


def take_keys(pages: Blueprint) -> None:
    """``<key:…>`` in the routes of this blueprint; to be said before the first of them."""
    pages.record(_know)


def _know(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["key"] = KeyConverter

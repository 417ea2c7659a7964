"""What somebody had typed when a session ended, or when password and code were asked for: it goes through the page that
asks, in hidden fields, and is sent once more. Only ever to a path of ours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from plugin.api.access import Access, decision

PROOF_PASSWORD, PROOF_CODE = "proof_password", "proof_code"  # nosec B105  # names of fields
BACK, KEPT_TO, _KEPT = "back", "kept_to", "kept."
_NEVER = frozenset({"csrf", "username", "password", "again", PROOF_PASSWORD, PROOF_CODE, BACK, KEPT_TO})
"""Of one sending only; and secrets are not written into a page."""
_SECRET = re.compile("token|secret|password|code_verifier")
_LONGEST = 2000


class Kept(NamedTuple):
    """A form that waits: where it goes, and its fields in their order."""

    to: str
    fields: Sequence[tuple[str, str]]


def sent_fields() -> list[tuple[str, str]]:
    """The fields of this request's form, without what belongs to one sending only."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in _NEVER]


def typed_fields() -> list[tuple[str, str]]:
    """Of those, what somebody may read once more: words, no secrets."""
    return [(name, value) for name, value in sent_fields() if value.strip() and not _SECRET.search(name)]


def as_kept(fields: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """As the sign-in form carries them beside its own."""
    return [(f"{_KEPT}{name}", value) for name, value in fields]


def kept_form(app: Flask) -> Kept | None:
    """The form that waits behind a sign-in, if one does, and its path is one of ours."""
    to = own_path(app, request.form.get(KEPT_TO, ""), "POST")
    fields = [
        (name.removeprefix(_KEPT), value) for name, value in request.form.items(multi=True) if name.startswith(_KEPT)
    ]
    return None if to is None else Kept(to, fields)


def own_path(app: Flask, text: str, method: str = "GET") -> str | None:
    """An address of an admin page that takes this method: not what was given, but the same written anew by our own table of
    routes. None for everything else: nothing leads out of here."""
    parts = urlsplit(text if len(text) <= _LONGEST else "")
    if parts.scheme or parts.netloc or not parts.path.startswith("/admin"):
        return None
    try:
        endpoint, values = app.url_map.bind("own").match(parts.path, method=method)
    except (HTTPException, RequestRedirect):
        return None
    if decision(app, endpoint) is not Access.ADMIN:
        return None
    query = urlencode(parse_qsl(parts.query))
    return url_for(endpoint, **values) + (f"?{query}" if query else "")

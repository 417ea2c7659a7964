"""The cookie of an admin session: set at sign-in, read by the guard, taken back at sign-out."""

from __future__ import annotations

import re

from flask import Response, request

COOKIE = "__Host-milepost"
"""With this prefix a browser takes it only over TLS (or from this machine), for this host alone, and for all of it."""

CHANGED = "milepost.new-cookie"
"""Under this name lies in the request's environment what the answer is to set: a new token, or "" to take it back."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{40,200}", re.ASCII)


def shown_token() -> str | None:
    """What the cookie shows, where it can be a token. Not a header, form or address: only what a page of another site
    cannot send along (SameSite=Strict)."""
    shown = request.cookies.get(COOKIE, "")
    return shown if _TOKEN.fullmatch(shown) else None


def let_in(token: str) -> None:
    """The answer to this request sets the cookie."""
    request.environ[CHANGED] = token


def let_out() -> None:
    """The answer to this request takes it back."""
    request.environ[CHANGED] = ""


def set_cookie(response: Response) -> Response:
    """What the request has come to. It has no age: it ends with the browser, and the session before."""
    changed = request.environ.get(CHANGED)
    if changed:
        response.set_cookie(COOKIE, changed, secure=True, httponly=True, samesite="Strict", path="/")
    elif changed == "":
        response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Strict", path="/")
    return response

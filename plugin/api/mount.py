"""Below which path Milepost is reached: a proxy may serve it beside something else, under ``/milepost``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def mount(app: Flask, public_url: str | None) -> None:
    """Every address that a page names is below the public address's path; whether the proxy leaves that path on what it
    passes to us or not."""
    path = urlsplit(public_url or "").path.rstrip("/")
    if not path:
        return
    inner = app.wsgi_app

    def mounted(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["SCRIPT_NAME"] = path
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(path) or "/"
        return inner(environ, start_response)

    app.wsgi_app = mounted  # type: ignore[method-assign] # Flask's own way to put something around an app

"""Who asks, when proxies of the practice's own stand before us: the address that they saw, and none that the asker
wrote."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix


def trust_proxies(app: Flask, count: int) -> None:
    """``count`` proxies, one behind the other, each of which adds to ``X-Forwarded-For`` whom it was asked by: of what
    stands there only so many addresses, counted from the end, are believed. With none the header means nothing. Scheme, host and path
    come from our own public address, never from a proxy."""
    if count:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign] # Flask's own way to put something around an app
            app.wsgi_app, x_for=count, x_proto=0, x_host=0, x_port=0, x_prefix=0
        )

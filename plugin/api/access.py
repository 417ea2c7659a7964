"""Who may ask for what: every route has one of these decisions, and a route without one is not served."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from enum import Enum
from ipaddress import ip_address
from typing import TypeVar

from flask import Flask, Request, abort, request

View = TypeVar("View", bound=Callable[..., object])

_RELAYED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")


class Access(Enum):
    """How the one who asks proves that they may."""

    ANYONE = "anyone: the answer tells nothing"
    OPERATOR = "from this machine, or with the metrics token"
    HOOK = "with the unguessable path and the secret header of a source's hook, checked by the use case"
    LAUNCH = "anyone on the way into a panel: there is no patient in the answer, and no cookie"
    PANEL = "with the token of a panel session that is open: the answer is about its one patient"
    SIGN_IN = "anyone on the way into the admin pages: there is no patient in the answer"
    ADMIN = "with the cookie of an admin session, and a role that has the view's right"


def open_to(access: Access) -> Callable[[View], View]:
    """Declares a view's decision."""

    def decide(view: View) -> View:
        view.access = access  # type: ignore[attr-defined] # a function takes attributes; mypy knows none
        return view

    return decide


def decision(app: Flask, endpoint: str) -> Access | None:
    """What a route's view declares."""
    found = getattr(app.view_functions.get(endpoint), "access", None)
    return found if isinstance(found, Access) else None


def guard(
    app: Flask,
    metrics_token: str | None,
    check_panel: Callable[[], object] | None = None,
    check_admin: Callable[[], object] | None = None,
) -> None:
    """Refuses, before any view runs, what its decision does not allow. ``check_panel`` raises where a request shows no
    open panel session, ``check_admin`` where nobody is signed in or nobody may."""
    checks = {Access.PANEL: check_panel, Access.ADMIN: check_admin, Access.SIGN_IN: check_admin}

    @app.before_request
    def refuse() -> None:
        if request.endpoint is None:
            return  # no such page: the error page says so
        wanted = decision(app, request.endpoint)
        if wanted is None or (wanted is Access.OPERATOR and not is_operator(request, metrics_token)):
            abort(404)
        if wanted in checks:
            check = checks[wanted] or abort(404)
            check()


def is_operator(asked: Request, metrics_token: str | None) -> bool:
    """From this machine itself, not through a proxy on it; or with the token."""
    shown = asked.headers.get("Authorization", "")
    if metrics_token and hmac.compare_digest(f"Bearer {metrics_token}".encode(), shown.encode()):
        return True
    return _is_loopback(asked.remote_addr) and not any(name in asked.headers for name in _RELAYED)


def _is_loopback(address: str | None) -> bool:
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:
        return False

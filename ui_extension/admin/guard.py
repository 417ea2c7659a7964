"""What is checked before any admin view runs: where the request comes from, whose session it is, and the right.

Everything that changes something must come from a page of ours (Origin), and carry the session's own token; a view
without a declared right is no page.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

from flask import Flask, abort, redirect, request, url_for

from plugin.api.access import Access, decision
from plugin.domain.account import SignedIn
from plugin.domain.errors import ForeignPage, ProofNeeded, SessionEnded
from plugin.domain.permissions import check_can
from plugin.usecases.admin_session import Current, current_session
from plugin.usecases.services import Services
from plugin.usecases.sign_in import Attempt, prove
from ui_extension.admin.access import FOUND, Right, Signed, has_own_proof, right_of
from ui_extension.admin.keeping import PROOF_CODE, PROOF_PASSWORD
from ui_extension.admin.session import let_in, shown_token
from ui_extension.panel.launch import origin_of

CSRF_FIELD, CSRF_HEADER = "csrf", "X-CSRF-Token"
_CURRENT = "milepost.admin"
_READING = frozenset({"GET", "HEAD"})


def check_admin(app: Flask, services: Services) -> Callable[[], object]:
    """What the guard of all routes asks before a view of the admin pages, and of the way into them."""

    def check() -> None:
        endpoint = request.endpoint or ""
        if request.method not in _READING:
            _refuse_foreign(services)
        if decision(app, endpoint) is Access.SIGN_IN:
            return
        current = current_admin(services)
        if not current.session.is_complete:
            abort(redirect(url_for("sign_in.set_up_form"), 303))
        _check(services, current, right_of(app, endpoint), has_own_proof=has_own_proof(app, endpoint))

    return check


def current_admin(services: Services) -> Current:
    """The session that the cookie shows, whole or still to be set up; looked for once in a request. SessionEnded."""
    found = request.environ.get(_CURRENT)
    if isinstance(found, Current):
        return found
    token = shown_token()
    if token is None:
        raise SessionEnded("No session was shown.")
    return _found(current_session(services, token, is_active=request.args.get("idle") != "1"))


def enter(services: Services, token: str) -> Current:
    """The answer to this request is one of the session of a new token, and sets its cookie."""
    let_in(token)
    return _found(current_session(services, token))


def csrf_of_request() -> str:
    """What the forms of the page that is answered carry."""
    found = request.environ.get(_CURRENT)
    return found.session.csrf if isinstance(found, Current) else ""


def is_of_session() -> bool:
    """Whether this request came from a page of ours, with a session."""
    return _CURRENT in request.environ


def is_set_up() -> bool:
    """Whether this request is of a session that opens more than the page on which its owner sets it up."""
    found = request.environ.get(_CURRENT)
    return isinstance(found, Current) and found.session.is_complete


def account_of_request() -> str:
    """Its name, for the browser's password manager."""
    found = request.environ.get(_CURRENT)
    return found.account.name if isinstance(found, Current) else ""


def check_form(current: Current) -> None:
    """Whether the form was made for this session."""
    shown = request.form.get(CSRF_FIELD) or request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(shown.encode(), current.session.csrf.encode()):
        raise ForeignPage("The form was not made for this session.")


def came_from() -> str:
    """The address of the peer. Milepost trusts no proxy's word for another one."""
    return request.remote_addr or "unknown"


def _found(current: Current) -> Current:
    request.environ[_CURRENT] = current
    request.environ[FOUND] = current.signed_in(came_from())
    return current


def _check(services: Services, current: Current, right: Right | Signed | None, *, has_own_proof: bool) -> None:
    who: SignedIn = request.environ[FOUND]
    if right is None:
        abort(404)
    if request.method not in _READING and not has_own_proof:
        check_form(current)
    if isinstance(right, Right):
        check_can(who.roles, right.action, right.data)
    if request.method not in _READING and PROOF_PASSWORD in request.form:
        _prove(services, who)


def _prove(services: Services, who: SignedIn) -> None:
    """The form was sent once more, together with password and code (templates/admin/prove.html)."""
    token = shown_token() or ""
    attempt = Attempt(
        name="", password=request.form[PROOF_PASSWORD], code=request.form.get(PROOF_CODE, ""), origin=who.origin
    )
    opened = prove(services, who, token, attempt)
    if opened is None:
        raise ProofNeeded("Password or code was not right.")
    enter(services, opened.token)


def _refuse_foreign(services: Services) -> None:
    """A browser says where a form comes from. What says nothing at all is no browser that we know."""
    ours = origin_of(services.public_url or request.host_url)
    origin = request.headers.get("Origin")
    if origin not in (None, "null"):
        is_ours = origin == ours
    else:
        is_ours = request.headers.get("Sec-Fetch-Site") == "same-origin"
    if not is_ours:
        raise ForeignPage("The request came from a page that is not ours.")

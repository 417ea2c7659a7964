"""What each admin page needs: a session, and a right. Declared on the view, checked before it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from flask import Flask, request

from plugin.api.access import Access
from plugin.domain.account import SignedIn
from plugin.domain.errors import SessionEnded
from plugin.domain.permissions import Action, Data

View = TypeVar("View", bound=Callable[..., object])

FOUND = "milepost.signed-in"
"""Under this name the guard leaves the session in the request's environment."""


class Right(NamedTuple):
    """Role × action × class of data; of a role's row in ``plugin.domain.permissions.RIGHTS``."""

    action: Action
    data: Data


class Signed(NamedTuple):
    """No right of anybody's: what each person may who is signed in, about themselves."""


WHOEVER = Signed()


def may(action: Action, data: Data) -> Callable[[View], View]:
    """Declares the right that a view of the admin pages needs. A use case checks what depends on more than the route."""
    return _needs(Right(action, data))


def whoever_is_signed_in(view: View) -> View:
    """Declares that a view shows or changes nothing but what is the person's own: home, "what may I do?", sign-out."""
    return _needs(WHOEVER)(view)


def proven_by(field: str) -> Callable[[View], View]:
    """Declares that a view's form was drawn for no session, and carries instead of a form token a secret of this session's
    in ``field``. The view checks it, before it does anything."""

    def decide(view: View) -> View:
        view.proof = field  # type: ignore[attr-defined] # a function takes this one too
        return view

    return decide


def has_own_proof(app: Flask, endpoint: str) -> bool:
    """Whether the form's token is not asked for."""
    return bool(getattr(app.view_functions.get(endpoint), "proof", ""))


def right_of(app: Flask, endpoint: str) -> Right | Signed | None:
    """What a route's view declares."""
    found = getattr(app.view_functions.get(endpoint), "right", None)
    return found if isinstance(found, Right | Signed) else None


def signed_in() -> SignedIn:
    """Who asks. The guard has looked before any view runs."""
    found = request.environ.get(FOUND)
    if not isinstance(found, SignedIn):
        raise SessionEnded("Nobody is signed in.")
    return found


def _needs(right: Right | Signed) -> Callable[[View], View]:
    def decide(view: View) -> View:
        view.access = Access.ADMIN  # type: ignore[attr-defined] # a function takes attributes; mypy knows none
        view.right = right  # type: ignore[attr-defined] # a function takes this one too
        return view

    return decide

"""Where the parts of a page about one patient are asked for, by the templates that the panel and the admin pages share.

In the panel the session alone says whose page it is, and its scripts carry the token. An admin page has the patient's
number in its address, and forms that work without scripts: they carry the session's form token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint, request, url_for

_FOUND = "milepost.surroundings"

PANEL: Mapping[str, str] = {
    "why": "panel.why",
    "form": "acts.form",
    "send": "acts.send",
    "undo": "acts.take_back",
}
"""The parts that a template may ask for; ``page`` and ``others`` only where forms work without scripts."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Of another page than the panel. ``address`` knows the same parts, and ``page`` (the whole again) and ``others`` (to
    another patient)."""

    address: Callable[..., str]
    form_token: str


def stand_in(surroundings: Surroundings) -> None:
    """What is drawn in answer to this request stands there."""
    request.environ[_FOUND] = surroundings


def know_addresses(pages: Blueprint) -> None:
    """``address(part, …)`` and ``form_token()`` in templates. A macro sees no variables of its page, but these."""
    pages.add_app_template_global(_address, "address")
    pages.add_app_template_global(_form_token, "form_token")


def _address(part: str, **values: object) -> str:
    found = request.environ.get(_FOUND)
    if isinstance(found, Surroundings):
        return found.address(part, **values)
    return url_for(PANEL[part], **values)  # type: ignore[arg-type]  # texts of a route, and of a query


def _form_token() -> str:
    """Empty in the panel."""
    found = request.environ.get(_FOUND)
    return found.form_token if isinstance(found, Surroundings) else ""

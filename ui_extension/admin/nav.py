"""The pages that the header leads to: one table. Who may see an entry follows from the right of the page itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flask import Flask, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from plugin.domain.permissions import can
from ui_extension.admin.access import Right, right_of


class Place(NamedTuple):
    """A page by its path below the site, and what the header calls it."""

    title: str
    path: str


GROUPS: tuple[tuple[Place, ...], ...] = (
    (
        Place("Home", "/admin"),
        Place("Work", "/admin/work"),
        Place("Gaps", "/admin/gaps"),
        Place("Patients", "/admin/patients"),
    ),
    (
        Place("Programs", "/admin/programs"),
        Place("Ladders", "/admin/ladders"),
        Place("Versions", "/admin/versions"),
        Place("Practice", "/admin/practice"),
    ),
    (
        Place("People", "/admin/people"),
        Place("Sources", "/admin/sources"),
        Place("EHR sign-in", "/admin/issuers"),
        Place("Audit", "/admin/audit"),
        Place("System", "/admin/system"),
    ),
)
"""The day's work, what decides it, and what keeps it running. A path that no page has (yet) is not shown."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the header."""

    title: str
    url: str
    is_here: bool


def nav_for(app: Flask, roles: Sequence[str], path: str) -> list[list[Entry]]:
    """The groups with the entries that these roles may see; ``path`` is the page that is shown."""
    shown = [[place for place in group if page_url(app, place.path, roles)] for group in GROUPS]
    here = max((place.path for group in shown for place in group if _is_below(path, place.path)), key=len, default="")
    return [list(_entries(app, group, roles, here)) for group in shown if group]


def page_url(app: Flask, path: str, roles: Sequence[str]) -> str | None:
    """The page's address; None where there is no such page, or these roles may not see it."""
    try:
        endpoint, values = app.url_map.bind("own").match(path)
    except (HTTPException, RequestRedirect):
        return None
    right = right_of(app, endpoint)
    if right is None or (isinstance(right, Right) and not can(roles, right.action, right.data)):
        return None
    return url_for(endpoint, **values)


def _entries(app: Flask, group: Sequence[Place], roles: Sequence[str], here: str) -> Iterator[Entry]:
    for place in group:
        url = page_url(app, place.path, roles)
        if url:
            yield Entry(place.title, url, place.path == here)


def _is_below(path: str, place: str) -> bool:
    return path == place or (place != "/admin" and path.startswith(f"{place}/"))

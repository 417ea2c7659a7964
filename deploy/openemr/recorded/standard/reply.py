"""The two ways in which the Standard API answers: the older controllers plainly, the newer ones in an envelope."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from deploy.openemr.recorded.access import Permit
from deploy.openemr.recorded.answer import Answer, json_answer
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.request import Call

PHP_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Desk:
    """One call to the Standard API, with what its path named. ``here`` is the address as OpenEMR sees it."""

    clinic: Clinic
    call: Call
    permit: Permit
    here: str
    named: tuple[str, ...] = ()


def plain(status: int, body: object) -> Answer:
    """Of the older controllers."""
    return json_answer(status, body)


def nothing() -> Answer:
    """What is not found, in the older controllers: 404 with no body at all (recordings 249, 463, 469)."""
    return Answer(404, b"", PHP_HTML)


def envelope(status: int, data: object, links: object = (), *, is_symfony: bool = True) -> Answer:
    """Of the newer ones; an empty list is ``[]`` also where an object would be."""
    body = {"validationErrors": [], "internalErrors": [], "data": data, "links": links or []}
    return json_answer(status, body, is_symfony=is_symfony)


def page(desk: Desk, data: object, *, offset: int = 0, limit: int = 0, has_more: bool = False) -> Answer:
    """Of patients and facilities, which are not written by Symfony; ``next`` is there only where there was a limit."""
    asked = [(name, values[-1]) for name, values in desk.call.given.items() if name not in ("_limit", "_offset")]
    before = f"{desk.here}?{urlencode(asked)}"
    found = {"first": f"{before}&_offset=0&_count={limit}"}
    if has_more:
        found["next"] = f"{before}&_offset={offset + limit}&_count={limit}"
    return envelope(200, data, found, is_symfony=False)


def refused(complaints: object) -> Answer:
    """Of the newer ones: 400 (recordings 071 to 074)."""
    return json_answer(400, {"validationErrors": complaints, "internalErrors": [], "data": [], "links": []})


def links(desk: Desk) -> dict[str, str]:
    """Of the other lists: the site is among what was asked."""
    return {"first": f"{desk.here}?site=default&_offset=0&_count=0"}

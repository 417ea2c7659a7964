"""What goes wrong with a real OpenEMR now and then, by switch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from deploy.openemr.recorded.answer import FAILED, JSON, Answer, json_answer
from deploy.openemr.recorded.php import written

HTML = "text/html; charset=utf-8"
API_OFF = "OpenEMR Error: api is not enabled"
_UNKNOWN_SITE = (
    "OpenEMR Error: api site error, so forced exit.  "
    "Please ensure that the site is set up correctly in the OpenEMR configuration."
)
_NO_SESSION = "Session has not been set."
_WARNING = (
    "<br />\n<b>Warning</b>:  Undefined array key &quot;pc_room&quot; in "
    "<b>/var/www/openemr/src/Services/AppointmentService.php</b> on line <b>289</b><br />\n"
)
_LOGIN = "<!DOCTYPE html>\n<html><head><title>OpenEMR Login</title></head><body><form></form></body></html>\n"
_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"


def _html(_: Answer) -> Answer:
    return Answer(200, _LOGIN.encode(), HTML)


def _bad_gateway(_: Answer) -> Answer:
    return Answer(502, _GATEWAY.encode(), HTML)


def _php_warning(given: Answer) -> Answer:
    return replace(given, body=_WARNING.encode() + given.body)


def _half(given: Answer) -> Answer:
    return replace(given, body=given.body[: len(given.body) // 2])


def _error_body(_: Answer) -> Answer:
    return json_answer(200, {"error": "An error occurred", "message": "Something went wrong", "code": 0})


def _trailing_error(given: Answer) -> Answer:
    error = {"error": "An error occurred while processing the request.", "message": "An exception occurred"}
    return replace(given, body=given.body + written(error, is_symfony=False))


def _empty(given: Answer) -> Answer:
    return replace(given, body=b"", content_type=JSON)


def _server_error(_: Answer) -> Answer:
    return json_answer(500, {"error": "An error occurred", "message": "Internal error", "code": 0})


KINDS: dict[str, Callable[[Answer], Answer]] = {
    "html": _html,
    "bad gateway": _bad_gateway,
    "php warning": _php_warning,
    "half": _half,
    "error body": _error_body,
    "trailing error": _trailing_error,
    "empty": _empty,
    "server error": _server_error,
}
"""A login page with 200; a proxy's page; a PHP warning before the JSON; half of the body; an error with 200; a second
object after a whole body; nothing; a 500."""


@dataclass
class _Planned:
    kind: str
    path: str
    times: int


class Trouble:
    """What is planned, and what is switched off."""

    def __init__(self) -> None:
        self.is_api_off = False
        self.is_down = False
        self._planned: list[_Planned] = []
        self._lock = threading.Lock()

    def plan(self, kind: str, *, path: str, times: int) -> None:
        """Raises KeyError for a kind that there is not."""
        _ = KINDS[kind]
        with self._lock:
            self._planned.append(_Planned(kind, path, times))

    def spoil(self, given: Answer, path: str) -> Answer:
        """The answer, or what becomes of it."""
        if self.is_api_off:
            return api_off()
        with self._lock:
            planned = next((one for one in self._planned if one.times > 0 and one.path in path), None)
            if planned is None:
                return given
            planned.times -= 1
        return KINDS[planned.kind](given)


def api_off() -> Answer:
    """The REST APIs are unchecked in the settings: 501 (by OpenEMR 8.2's source, not recorded)."""
    return json_answer(501, {"error": "An error occurred", "message": API_OFF, "code": 0})


def unknown_site() -> Answer:
    """Two objects in one body (recording 213)."""
    first = {"error": "An error occurred", "message": _UNKNOWN_SITE, "code": 0}
    second = {"error": "An error occurred while processing the request.", "message": _NO_SESSION}
    return Answer(400, written(first) + written(second, is_symfony=False), caching=FAILED)

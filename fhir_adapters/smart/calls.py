"""Calls to an authorization server: JSON and forms, to hosts on a list and to no other.

What a server says of itself (endpoints, where its keys lie) is as untrusted as any other answer: a token endpoint on
a foreign host would be sent our code and our secret.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from urllib.parse import urlencode, urlsplit

import orjson

from fhir_adapters.errors import failure_of
from plugin.domain.errors import CannotDo, OutsideSource
from plugin.outbound import Answer, GuardedSession, Retries, Terms, place_of, within

T = TypeVar("T")
Clock = Callable[[], datetime]
Said = Mapping[str, object]

LARGEST_ANSWER = 64 * 1024
_PORTS = {"https": 443, "http": 80}
_AGAIN_AFTER = timedelta(minutes=1)


def terms_for(ca_bundle: str | None = None) -> Terms:
    """What an authorization server may cost: somebody waits for it. A form is never sent twice."""
    return Terms(
        read=timedelta(seconds=10),
        deadline=timedelta(seconds=15),
        largest_body=LARGEST_ANSWER,
        retries=Retries(attempts=2, first_pause=timedelta(seconds=0.2)),
        connections=4,
        ca_bundle=ca_bundle,
    )


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """What came back to a form, good or not. ``said`` is empty where that was no JSON object."""

    asked: str
    status_code: int
    said: Said = field(repr=False)

    @property
    def is_good(self) -> bool:
        return 200 <= self.status_code < 300

    @property
    def error(self) -> str:
        """OAuth's code, where it is one that we know; the rest of what a server says of an error is not repeated."""
        code = self.said.get("error")
        return code if isinstance(code, str) and code in _ERRORS else "another error"


_ERRORS = frozenset(
    {
        "access_denied",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)


class Calls:
    """``allowed_hosts`` (``host``, which means its usual port, or ``host:port``) and the host of ``base_url``."""

    def __init__(self, base_url: str, allowed_hosts: Iterable[str] = (), *, terms: Terms | None = None) -> None:
        self._terms = terms or terms_for()
        self._allowed = {_place(base_url), *(place for host in allowed_hosts for place in _places(host))} - {None}
        self._sessions: dict[str, GuardedSession] = {}

    def allowed(self, url: str) -> str:
        """The address, where it may be asked. Raises OutsideSource: another host, no https (loopback aside), user
        names, fragments, blanks."""
        origin = place_of(url)
        if _place(url) not in self._allowed or within(origin, url) is None:
            raise OutsideSource(
                f"The authorization server names an address at {origin}, which was refused. "
                "If that host is its own, add it to the allowed hosts."
            )
        if urlsplit(url).scheme != "https" and not _is_loopback(urlsplit(url).hostname or ""):
            raise OutsideSource(f"The authorization server names an address at {origin}, which is not https.")
        return url

    def read(self, url: str) -> Said:
        """A JSON object."""
        answer = self._send("GET", url, headers={"Accept": "application/json"})
        if not 200 <= answer.status_code < 300:
            raise failure_of(answer)
        said = _object(answer.body)
        if said is None:
            raise CannotDo(f"{answer.asked}: answered with no JSON object.")
        return said

    def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> FormAnswer:
        """Sends a form, once; a redirect is an answer like any other that says no. Raises TemporaryFailure."""
        answer = self._send(
            "POST",
            url,
            headers={
                "Accept": "application/json",
                "Content-Type": "application/x-www-form-urlencoded",
                **(headers or {}),
            },
            body=urlencode(form).encode(),
        )
        if answer.is_temporary:
            raise failure_of(answer)
        return FormAnswer(answer.asked, answer.status_code, _object(answer.body) or {})

    def _send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        origin = place_of(self.allowed(url))
        session = self._sessions.get(origin)
        if session is None:
            session = self._sessions.setdefault(origin, GuardedSession(origin, terms=self._terms))
        return session.send(method, url, headers=headers, body=body)


class Remembered(Generic[T]):
    """What a server said, kept for ``span``."""

    def __init__(self, read: Callable[[], T], span: timedelta, clock: Clock) -> None:
        self._read = read
        self._span = span
        self._clock = clock
        self._kept: tuple[datetime, T] | None = None
        self._forced_at: datetime | None = None

    def get(self) -> T:
        now = self._clock()
        if self._kept is not None and now - self._kept[0] < self._span:
            return self._kept[1]
        return self._asked(now)

    def again(self) -> T | None:
        """Asked anew out of turn, at most once a minute; None when it is too early."""
        now = self._clock()
        if self._forced_at is not None and now - self._forced_at < _AGAIN_AFTER:
            return None
        self._forced_at = now
        return self._asked(now)

    def _asked(self, now: datetime) -> T:
        said = self._read()
        self._kept = (now, said)
        return said


def _object(body: bytes) -> Said | None:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _place(url: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and port else None


def _places(host: str) -> Iterable[tuple[str, int] | None]:
    """A host without a port means https on its usual one; on this machine itself http as well."""
    yield _place(f"https://{host}")
    if _is_loopback(urlsplit(f"//{host}").hostname or ""):
        yield _place(f"http://{host}")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""The guarded session: one per source, used for every request to it."""

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import NameResolutionError, NewConnectionError, ReadTimeoutError

from plugin.domain.errors import (
    BadSettings,
    MilepostError,
    PermanentFailure,
    TemporaryFailure,
    TooLarge,
    TooSlow,
    Unreachable,
    Untrusted,
)
from plugin.outbound.answer import Answer
from plugin.outbound.circuit import Circuit
from plugin.outbound.deadline import Deadline, TimedAdapter
from plugin.outbound.origin import Origin
from plugin.outbound.retries import Retries

_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_CHUNK = 64 * 1024


class Auth(AuthBase):
    """How a request proves who we are. An object, not a header: requests gives it precedence over all else."""

    def secrets(self) -> tuple[str, ...]:
        """What must never be seen in a message, even when the server repeats it."""
        return ()

    def headers(self) -> Mapping[str, str]:
        """Asked anew for every attempt."""
        return {}

    def refused(self) -> bool:
        """Told that the last request was answered with 401; True when it is worth sending once more."""
        return False

    def lacking(self) -> Sequence[str]:
        """What we need there and were not allowed, in words; nothing where that is not known."""
        return ()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.prepare_headers({**request.headers, **self.headers()})  # which also checks them
        return request


@dataclass(frozen=True)
class Terms:
    """What one source may cost us. `deadline` is for one attempt as a whole; `read` is for the next byte of it."""

    connect: timedelta = timedelta(seconds=3.05)
    read: timedelta = timedelta(seconds=30)
    deadline: timedelta = timedelta(seconds=60)
    largest_body: int = 20 * 1024 * 1024  # after decompression
    retries: Retries = field(default_factory=Retries)
    connections: int = 10
    ca_bundle: str | None = None  # a file; None: the certificates that requests ships


@dataclass(frozen=True)
class Timing:
    """Time and chance, so that tests can hold both."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random  # jitter, not a secret


@dataclass(frozen=True)
class _Call:
    """`repeatable` is the caller's word that sending it twice does no more than sending it once."""

    method: str
    address: str
    shown: str
    repeatable: bool
    params: Mapping[str, str | list[str]] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


class GuardedSession:
    """Sends requests to one origin and to nowhere else.

    Redirects are not followed, cookies not kept, proxies, netrc and CA settings of the environment not read. An
    answer of any status is returned; TemporaryFailure and PermanentFailure are raised where there is none.
    """

    def __init__(
        self,
        base_url: str,
        auth: Auth | None = None,
        *,
        terms: Terms | None = None,
        link_aliases: Iterable[str] = (),
        circuit: Circuit | None = None,
        timing: Timing | None = None,
    ) -> None:
        self.origin = Origin(base_url, link_aliases)
        self.auth = auth or Auth()
        self._terms = terms or Terms()
        self._timing = timing or Timing()
        self._circuit = circuit or Circuit(clock=self._timing.clock)
        self._session = _quiet_session(self.auth, TimedAdapter(1, self._terms.connections))

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """`url` is relative to the base, or absolute and under it. Without a word on `repeatable`, GET, HEAD, PUT and
        DELETE are, and nothing else is."""
        address = self.origin.address(url)
        call = _Call(
            method=method,
            address=address,
            shown=f"{method} {self.origin.path_of(address)} at {self.origin.base_url}",
            repeatable=method in _REPEATABLE if repeatable is None else repeatable,
            params=params or {},
            headers=headers or {},
            body=body,
        )
        outcome = self._with_retries(call)
        if isinstance(outcome, TemporaryFailure):
            raise outcome
        return outcome

    def close(self) -> None:
        self._session.close()

    def _with_retries(self, call: _Call) -> Answer | TemporaryFailure:
        attempt, is_refused = 0, False
        while True:
            attempt += 1
            self._circuit.admit(call.shown)
            outcome = self._attempt(call)
            if isinstance(outcome, Answer) and not outcome.is_temporary:
                self._circuit.succeeded()
                if outcome.status_code == 401 and not is_refused and self.auth.refused():
                    is_refused = True  # nothing was done there, so that even a POST may be sent again
                    continue
                return outcome
            self._circuit.failed()
            pause = self._terms.retries.pause_after(attempt, outcome.retry_after, self._timing.chance())
            if pause is None or not call.repeatable or self._circuit.is_open:
                return outcome
            self._timing.sleep(pause.total_seconds())

    def _attempt(self, call: _Call) -> Answer | TemporaryFailure:
        try:
            return self._exchange(call)
        except TemporaryFailure as failure:
            return failure
        except PermanentFailure:
            self._circuit.succeeded()  # it is there, whatever it says
            raise

    def _exchange(self, call: _Call) -> Answer:
        deadline = Deadline(self._timing.clock, self._terms.deadline.total_seconds())
        try:
            with deadline.applied(), self._opened(call) as response:
                body = self._read(call, response, deadline)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(call.shown, response.status_code, headers, body)
        except requests.RequestException as error:
            raise _translated(call.shown, error) from _innermost(error)

    def _opened(self, call: _Call) -> requests.Response:
        """Prepared anew for every attempt, so that a token that has run out meanwhile is replaced."""
        prepared = self._session.prepare_request(
            requests.Request(
                call.method, call.address, params=call.params, headers=dict(call.headers), data=call.body or None
            )
        )
        return self._session.send(
            prepared,
            timeout=(self._terms.connect.total_seconds(), self._terms.read.total_seconds()),
            allow_redirects=False,
            stream=True,
            verify=self._terms.ca_bundle or True,
        )

    def _read(self, call: _Call, response: requests.Response, deadline: Deadline) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > self._terms.largest_body:
                raise TooLarge(f"{call.shown}: the answer is larger than {self._terms.largest_body:,} bytes.")
            if deadline.left() <= 0:
                raise TooSlow(f"{call.shown}: no complete answer in {self._terms.deadline.total_seconds():g} s.")
        return bytes(body)


class _PlainSession(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Never any: requests would read the whole body of a redirect, past our cap, to prepare the next step."""
        return None


def _quiet_session(auth: Auth, adapter: HTTPAdapter) -> requests.Session:
    session = _PlainSession()
    session.trust_env = False
    session.auth = auth
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Without gzip HAPI 8.8.0 (seen 2026-11-25) sends a page of 800 kB in 15,000 chunks: ten times our CPU to read it.
    session.headers.update({"User-Agent": "Milepost", "Accept-Encoding": "gzip"})
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _translated(shown: str, error: requests.RequestException) -> MilepostError:
    """Foreign exceptions hold whole addresses and headers; none of their text is taken over, and only the innermost,
    which speaks of host and port alone, is kept as the cause."""
    cause = _innermost(error)
    if isinstance(error, requests.exceptions.SSLError):
        return Untrusted(f"{shown}: the server's certificate does not hold (expired, another name, or unknown issuer).")
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidHeader):
        return BadSettings(f"{shown}: the address or a header of this source cannot be used.")
    if isinstance(error, requests.Timeout) or isinstance(cause, ReadTimeoutError):
        return TooSlow(f"{shown}: no answer in time.")
    if isinstance(cause, NameResolutionError):
        return Unreachable(f"{shown}: the host name is not known.")
    if isinstance(cause, NewConnectionError):
        return Unreachable(f"{shown}: no connection; is the server running there?")
    return Unreachable(f"{shown}: the connection was cut before the answer was complete.")


def _innermost(error: BaseException) -> BaseException | None:
    """requests wraps urllib3's errors as its first argument, and those wrap theirs as `reason`."""
    first = error.args[0] if error.args else None
    inner = getattr(first, "reason", None) or first
    return inner if isinstance(inner, BaseException) else None

"""Posts the transactions to a FHIR server: a few at once, again where the server had only a bad moment."""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import orjson
import requests

from deploy.demo.generator.fhir import Json

ATTEMPTS = 6
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 20.0
CONNECT_S = 5.0
READ_S = 120.0
TOO_MANY = 429
SERVER_ERROR = 500
MOST_WORDS = 400


class LoadRefused(Exception):
    """The server does not take a transaction; trying again would not help."""


class LoadFailed(Exception):
    """The server could not be reached, or went on failing."""


@dataclass(frozen=True)
class Target:
    """Where and how to load."""

    base: str
    clients: int = 2
    pause: Callable[[float], None] = time.sleep
    local: threading.local = field(default_factory=threading.local)

    def session(self) -> requests.Session:
        """One pooled session for each thread; it takes no proxy and no password from the environment."""
        if not hasattr(self.local, "session"):
            session = requests.Session()
            session.trust_env = False
            session.headers.update({"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"})
            self.local.session = session
        found: requests.Session = self.local.session
        return found


def target(base: str, clients: int = 2, pause: Callable[[float], None] = time.sleep) -> Target:
    """The server at `base`; anything that is not an http address is refused at once."""
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise LoadRefused(f"{base!r} is no http address; expected something like http://127.0.0.1:8080/fhir")
    return Target(base.rstrip("/"), max(1, clients), pause)


def words_of(answer: requests.Response) -> str:
    """What the server's OperationOutcome says, shortened; empty when it sent something else."""
    try:
        issues = orjson.loads(answer.content).get("issue", [])
        said = "; ".join(str(issue.get("diagnostics", "")) for issue in issues)
    except (orjson.JSONDecodeError, AttributeError, TypeError):
        return ""
    return said[:MOST_WORDS]


def pause_before(attempt: int, answer: requests.Response | None) -> float:
    """Seconds to wait: what the server asks for, else growing with every attempt."""
    asked = answer.headers.get("Retry-After", "") if answer is not None else ""
    if asked.isdigit():
        return min(float(asked), LONGEST_PAUSE_S)
    growing = FIRST_PAUSE_S * 2.0**attempt
    return float(min(growing, LONGEST_PAUSE_S) * random.uniform(0.7, 1.3))  # no secret: # nosec B311


def post(server: Target, transaction: Json) -> Json:
    """Posts one transaction; PUTs under given ids may safely be sent again. Gives the transaction back."""
    body = orjson.dumps(transaction)
    last = "no answer"
    for attempt in range(ATTEMPTS):
        answer: requests.Response | None = None
        try:
            answer = server.session().post(server.base, data=body, timeout=(CONNECT_S, READ_S), allow_redirects=False)
        except (requests.ConnectionError, requests.Timeout) as failure:
            last = type(failure).__name__
        if answer is not None:
            if answer.ok and not answer.is_redirect:
                return transaction
            last = f"{answer.status_code} {words_of(answer)}".strip()
            if answer.status_code < SERVER_ERROR and answer.status_code != TOO_MANY:
                raise LoadRefused(f"POST {server.base}: the server refused a transaction: {last}")
        if attempt + 1 < ATTEMPTS:
            server.pause(pause_before(attempt, answer))
    raise LoadFailed(f"POST {server.base}: gave up after {ATTEMPTS} attempts: {last}")


def load(server: Target, transactions: Iterable[Json]) -> Iterator[Json]:
    """Loads all and yields each as it is in; the first goes alone, since all others refer to it.

    No more than two for each client are held at any time.
    """
    source = iter(transactions)
    first = next(source, None)
    if first is None:
        return
    yield post(server, first)
    with ThreadPoolExecutor(server.clients) as pool:
        waiting: set[Future[Json]] = set()
        try:
            for transaction in source:
                waiting.add(pool.submit(post, server, transaction))
                if len(waiting) >= 2 * server.clients:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            yield from (future.result() for future in waiting)
        finally:
            for future in waiting:
                future.cancel()

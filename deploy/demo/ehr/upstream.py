"""The FHIR server behind the EHR, over pooled connections: answers as they come, and searches for the EHR's own
pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3
from urllib3.response import BaseHTTPResponse

Json = dict[str, Any]  # a FHIR resource, or a part of one
Params = Sequence[tuple[str, str]]

CONNECTIONS = 32
CONNECT_S, READ_S = 5.0, 120.0
CHUNK = 64 * 1024
FRESH = {"Accept": "application/fhir+json", "Cache-Control": "no-cache", "Accept-Encoding": "gzip"}


class NoAnswer(Exception):
    """The FHIR server is not there, or said no to the EHR itself."""


class Upstream:
    """Its path must be ``/fhir``, as the EHR's own: the server makes its links from the Host header that it is sent, and
    so they lead to the EHR without an answer being rewritten."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        if parts.scheme != "http" or parts.path.rstrip("/") != "/fhir":
            raise ValueError(f"The FHIR server's address must be http://HOST:PORT/fhir, not {base}.")
        self._pool = urllib3.HTTPConnectionPool(
            parts.hostname or "",
            parts.port,
            maxsize=CONNECTIONS,
            block=True,
            timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
            retries=False,
        )

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> BaseHTTPResponse:
        """``target`` is path and query. The answer is unread, and compressed where it came so. Raises NoAnswer."""
        try:
            return self._pool.urlopen(
                method,
                target,
                body=body,
                headers=dict(headers),
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise NoAnswer("The FHIR server does not answer.") from error

    def search(self, type_: str, params: Params) -> Json:
        """One page of a search, fresh."""
        return self.read(f"{type_}?{urlencode(params)}")

    def resources(self, type_: str, *params: tuple[str, str]) -> list[Json]:
        """Those of one page of a search."""
        return [entry["resource"] for entry in self.search(type_, params).get("entry", ()) if "resource" in entry]

    def read(self, path: str) -> Json:
        """JSON. Raises NoAnswer for anything but 200."""
        try:
            answer = self._pool.urlopen("GET", f"/fhir/{path}", headers=FRESH, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise NoAnswer("The FHIR server does not answer.") from error
        if answer.status != 200:
            raise NoAnswer(f"The FHIR server answered {answer.status}.")
        found: Json = orjson.loads(answer.data)
        return found


def chunks(answer: BaseHTTPResponse) -> Iterator[bytes]:
    """Its body, in pieces of a size that does not depend on the server's; the connection is free again afterwards."""
    try:
        while chunk := answer.read(CHUNK):
            yield chunk
        answer.release_conn()
    finally:
        answer.close()

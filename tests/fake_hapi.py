"""A FHIR server in this process, as far as the demo EHR's tests need one: searches by patient and id, pages, gzip,
links made from the Host header, as HAPI 8.8.0 makes them. It remembers what it was asked."""

import contextlib
import gzip
import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]  # a FHIR resource
Query = dict[str, list[str]]


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class FakeHapi:
    """Its resources by reference, and what it was asked, in order."""

    url: str = ""
    resources: dict[str, Json] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    pages: dict[str, list[Json]] = field(default_factory=dict)

    def add(self, type_: str, id_: str, **elements: object) -> Json:
        """One more."""
        resource = {"resourceType": type_, "id": id_, **elements}
        self.resources[f"{type_}/{id_}"] = resource
        return resource

    def answer(self, path: str, query: Query, base: str) -> tuple[int, Json]:
        """To a GET."""
        steps = path.removeprefix("/fhir").strip("/").split("/")
        if "_getpages" in query:
            return 200, self._bundle(self.pages[query["_getpages"][0]], {}, base)
        if steps == ["metadata"]:
            return 200, {"resourceType": "CapabilityStatement"}
        if len(steps) > 1:
            found = self.resources.get("/".join(steps[:2]))
            return (200, found) if found else (404, {"resourceType": "OperationOutcome"})
        matching = [one for one in self.resources.values() if one["resourceType"] == steps[0] and _fits(one, query)]
        return 200, self._bundle(matching, query, base)

    def _bundle(self, found: list[Json], query: Query, base: str) -> Json:
        bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": []}
        if query.get("_summary") == ["count"]:
            return bundle
        size = int(query.get("_count", ["50"])[0])
        if len(found) > size:
            name = str(uuid.uuid4())
            self.pages[name] = found[size:]
            bundle["link"] = [{"relation": "next", "url": f"{base}?_getpages={name}&_getpagesoffset={size}"}]
        entries = [{"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one} for one in found[:size]]
        return {**bundle, "entry": entries} if entries else bundle


def _fits(resource: Json, query: Query) -> bool:
    whose = [resource.get(name, {}).get("reference") for name in ("subject", "patient", "for")]
    whose += [one["actor"]["reference"] for one in resource.get("participant", ()) if "actor" in one]
    ids_fit = all(resource["id"] in value.split(",") for value in query.get("_id", ()))
    return ids_fit and all(f"Patient/{value.removeprefix('Patient/')}" in whose for value in query.get("patient", ()))


class _Server(ThreadingHTTPServer):
    """One that keeps what it holds where its handlers find it."""

    daemon_threads = True
    block_on_close = False  # a pooled connection of the EHR stays open, and nobody waits for it

    def __init__(self, held: FakeHapi) -> None:
        self.held = held
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one go; else each answer waits for an acknowledgement
    server: _Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.held.asked.append(Asked(self.command, self.path, dict(self.headers), body))
        parts, base = urlsplit(self.path), f"http://{self.headers['Host']}/fhir"
        if self.command == "GET":
            self._send(*self.server.held.answer(parts.path, parse_qs(parts.query), base))
        else:
            self._send(201, json.loads(body or b"{}"), {"Location": f"{base}/Task/new/_history/1", "ETag": 'W/"1"'})

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the library's own names

    def _send(self, status: int, resource: Json, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(resource).encode()
        told = {"Content-Type": "application/fhir+json", **(headers or {})}
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            told["Content-Encoding"] = "gzip"
        self.send_response(status)
        for name, value in {**told, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        """Nothing is printed."""


@contextlib.contextmanager
def fake_hapi() -> Iterator[FakeHapi]:
    """While the block runs."""
    held = FakeHapi()
    server = _Server(held)
    held.url = f"http://127.0.0.1:{server.server_address[1]}/fhir"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield held
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

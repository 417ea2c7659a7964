"""A FHIR server in memory, with versions and transactions: what the tests of the sending need, and its misfortunes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
import responses

from fhir_adapters.http import FhirHttp
from plugin.outbound import Retries, Terms, Timing

BASE = "https://ehr.example/fhir"
Answer = tuple[int, dict[str, str], str] | requests.RequestException


@dataclass
class EtagServer:
    """Standing resources by reference, as (version, body). Whatever is in `refuses` is answered with that status."""

    standing: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    refuses: dict[str, int] = field(default_factory=dict)
    transactions: list[list[str]] = field(default_factory=list)
    """The references of each transaction that arrived."""
    loses_answers: int = 0
    """So many transactions are written, and their answers lost."""
    fails_with: int | None = None
    """Every transaction is answered with this status."""
    is_away: bool = False
    """Reading too: no connection."""
    before: Callable[[], None] = lambda: None
    """What happens on the server just before the next transaction."""

    def put(self, ref: str, status: str = "ready") -> int:
        """Somebody else writes a resource; its new version."""
        return self._store(ref, {"resourceType": ref.partition("/")[0], "id": ref.partition("/")[2], "status": status})

    def version(self, ref: str) -> str:
        """What a client would have read."""
        return str(self.standing[ref][0])

    def answer(self, request: requests.PreparedRequest) -> Answer:
        """One POST to the base."""
        if self.is_away:
            return requests.ConnectionError()
        bundle = json.loads(request.body or "{}")
        return self._batch(bundle) if bundle["type"] == "batch" else self._transaction(bundle)

    def _transaction(self, bundle: dict[str, Any]) -> Answer:
        entries = bundle["entry"]
        self.transactions.append([entry["request"]["url"] for entry in entries])
        self.before()
        if self.fails_with is not None:
            return _outcome(self.fails_with, "nothing works today")
        for entry in entries:
            if (refusal := self._refusal(entry)) is not None:
                return refusal
        answered = []
        for entry in entries:
            version = self._store(entry["request"]["url"], entry["resource"])
            answered.append({"response": {"status": "200 OK", "etag": str(version)}})
        if self.loses_answers:
            self.loses_answers -= 1
            return requests.ReadTimeout()
        return _bundle("transaction-response", answered)

    def _refusal(self, entry: dict[str, Any]) -> Answer | None:
        ref, if_match = entry["request"]["url"], entry["request"].get("ifMatch")
        if ref in self.refuses:
            return _outcome(self.refuses[ref], "this one cannot be taken")
        if if_match is not None and if_match != f'W/"{self.standing.get(ref, (0, {}))[0]}"':
            return _outcome(409, "another version stands there")
        missing = [target["reference"] for target in entry["resource"].get("target", [])]
        written = {*self.standing, *self.transactions[-1]}
        return _outcome(400, "not found") if not written.issuperset(missing) else None

    def _store(self, ref: str, body: dict[str, Any]) -> int:
        version, stood = self.standing.get(ref, (0, {}))
        if stood != body:
            version += 1
            self.standing[ref] = (version, body)
        return version

    def _batch(self, bundle: dict[str, Any]) -> Answer:
        return _bundle("batch-response", [self._read(entry["request"]["url"]) for entry in bundle["entry"]])

    def _read(self, ref: str) -> dict[str, Any]:
        if ref not in self.standing:
            return {"response": {"status": "404 Not Found"}, "resource": {"resourceType": "OperationOutcome"}}
        version, body = self.standing[ref]
        return {"response": {"status": "200 OK"}, "resource": {**body, "meta": {"versionId": str(version)}}}


@contextmanager
def etag_server() -> Iterator[tuple[EtagServer, FhirHttp]]:
    """The server, and a client that does not really wait between its tries."""
    server = EtagServer()
    terms, timing = Terms(retries=Retries(attempts=2)), Timing(sleep=lambda _seconds: None)
    http = FhirHttp(BASE, terms=terms, timing=timing)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_callback(responses.POST, BASE, callback=server.answer, content_type="application/fhir+json")
        yield server, http
    http.close()


def _bundle(type_: str, entries: list[dict[str, Any]]) -> Answer:
    return 200, {}, json.dumps({"resourceType": "Bundle", "type": type_, "entry": entries})


def _outcome(status: int, words: str) -> Answer:
    issue = {"severity": "error", "code": "processing", "diagnostics": words}
    return status, {}, json.dumps({"resourceType": "OperationOutcome", "issue": [issue]})

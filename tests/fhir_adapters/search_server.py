"""A FHIR server in memory that can be searched as HAPI can, with its traps: what the tests of the feed need."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
import responses

from fhir_adapters.http import FhirHttp
from plugin.outbound import Retries, Terms, Timing

BASE = "https://ehr.example/fhir"
EVERYTHING = re.compile(r"https://ehr\.example/fhir/.*")
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
Query = list[tuple[str, str]]
_DATES = {"Observation": "effectiveDateTime", "QuestionnaireResponse": "authored"}


@dataclass
class SearchServer:
    """`now` is its clock: it stamps what is written, and is the `Date` of every answer. `cap` is the most that it puts
    on one page, whatever was asked for."""

    now: datetime = NOON
    cap: int = 1000
    sorts: bool = True
    has_date: bool = True
    types: frozenset[str] | None = None
    """What it knows; None: everything."""
    refuses: Mapping[str, int] = field(default_factory=dict)
    """Types that are answered with a status."""
    asked: list[tuple[str, Query]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    before: Callable[[str, dict[str, str]], None] = lambda _type, _query: None
    """What happens on the server just before a search is answered."""
    standing: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    rests: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def put(self, ref: str, stamp: datetime | None = None, **elements: Any) -> None:
        """Writes a resource; its stamp is that of now, or of the beginning of a transaction that ends now."""
        type_, id_ = ref.split("/")
        number = int(self.standing[ref]["meta"]["versionId"]) + 1 if ref in self.standing else 1
        meta = {
            **elements.pop("meta", {}),
            "versionId": str(number),
            "lastUpdated": (stamp or self.now).isoformat(timespec="milliseconds"),
        }
        self.standing[ref] = {"resourceType": type_, "id": id_, "meta": meta, **elements}
        self.versions[f"{ref}/_history/{number}"] = self.standing[ref]

    def delete(self, ref: str) -> None:
        del self.standing[ref]

    def passes(self, **span: float) -> None:
        """So much time passes on the server's clock."""
        self.now += timedelta(**span)

    def answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        """The callback for `responses`."""
        split = urlsplit(str(request.url))
        path = split.path.removeprefix("/fhir/")
        query = parse_qsl(split.query, keep_blank_values=True)
        self.asked.append((path, query))
        self.headers.append(request.headers)
        status, body = self._answered(path, query, str(request.headers.get("Cache-Control")))
        date = {"Date": format_datetime(self.now, usegmt=True)} if self.has_date else {}
        return status, {"Content-Type": "application/fhir+json", **date}, json.dumps(body)

    def _answered(self, path: str, query: Query, caching: str) -> tuple[int, dict[str, Any]]:
        if path in self.refuses:
            return self.refuses[path], {"resourceType": "OperationOutcome"}
        if "_history" in path:
            found = self.versions.get(path)
            return (404, {"resourceType": "OperationOutcome"}) if found is None else (200, found)
        if self.types is not None and path not in self.types:
            return 404, {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "Unknown resource type"}]}
        self.before(path, dict(query))
        return 200, self._page(path, query, caching)

    def _page(self, type_: str, query: Query, caching: str) -> dict[str, Any]:
        asked = dict(query)
        if "_rest" in asked:
            return self._bundle(self.rests.pop(asked["_rest"]), asked, with_links=True)
        found = [row for row in self.standing.values() if row["resourceType"] == type_ and _fits(row, query)]
        if asked.get("_summary") == "count":
            return {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        if self.sorts and "_sort" in asked:
            found.sort(key=lambda row: (_stamp(row), row["id"]))
        if "_elements" in asked:
            kept = {"resourceType", *asked["_elements"].split(",")}
            found = [{name: part for name, part in row.items() if name in kept} for row in found]
        rest = found[int(asked.get("_offset", 0)) :]
        return self._bundle(rest, asked, with_links="no-store" not in caching)

    def _bundle(self, rows: list[dict[str, Any]], asked: dict[str, str], *, with_links: bool) -> dict[str, Any]:
        size = min(self.cap, int(asked.get("_count", 20)))
        page, rest = rows[:size], rows[size:]
        links = [{"relation": "self", "url": f"{BASE}/self"}]
        if rest and with_links:
            token = f"r{len(self.asked)}"
            self.rests[token] = rest
            type_ = rest[0]["resourceType"]
            links.append({"relation": "next", "url": f"{BASE}/{type_}?_rest={token}&_count={size}"})
        entries = [{"resource": row, "search": {"mode": "match"}} for row in page]
        return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}


def _fits(row: dict[str, Any], query: Query) -> bool:
    return all(_meets(row, name, value) for name, value in query)


def _meets(row: dict[str, Any], name: str, value: str) -> bool:
    if name == "_lastUpdated":
        return _stamp(row) >= datetime.fromisoformat(value.removeprefix("ge"))
    if name == "_tag":
        return value in {f"{tag['system']}|{tag['code']}" for tag in row["meta"].get("tag", [])}
    if name == "_id":
        return row["id"] in value.split(",")
    if name == "patient":
        return value in {row.get(element, {}).get("reference") for element in ("subject", "for", "patient")}
    if name == "code":
        codings = row.get("code", {}).get("coding", [])
        return bool({f"{c.get('system')}|{c.get('code')}" for c in codings} & set(value.split(",")))
    if name == "target":
        return any(target["reference"].startswith(value) for target in row.get("target", []))
    if name in ("date", "authored"):
        return str(row.get(_DATES[row["resourceType"]], "")) >= value.removeprefix("ge")
    return name in ("_count", "_sort", "_offset", "_summary", "_elements")


def _stamp(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(row["meta"]["lastUpdated"])


@contextmanager
def serving(server: SearchServer) -> Iterator[FhirHttp]:
    """A client of the server; whatever else is asked for is an error."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_callback(responses.GET, url=EVERYTHING, callback=server.answer)
        http = FhirHttp(BASE, terms=Terms(retries=Retries(attempts=1)), timing=Timing(sleep=lambda _seconds: None))
        yield http
        http.close()

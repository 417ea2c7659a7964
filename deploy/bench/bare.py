"""The bare client: reads what a sweep reads, parses every page, and does nothing with it. Our best, to be compared
with.

It knows nothing of Milepost, so that nothing that is wrong there can be wrong here too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import requests

PAGE = 1000
TIMEOUT_S = 120.0
_UNSTORED = {"Cache-Control": f"no-store, max-results={PAGE}"}
_FRESH = {"Cache-Control": "no-cache"}

Json = dict[str, Any]  # Any: JSON as it came
Reading = Callable[[str], int]
"""Reads one type to its end; how many resources."""


def _session() -> requests.Session:
    """One pooled session; nothing from the environment."""
    session = requests.Session()
    session.trust_env = False
    session.headers.update({"Accept": "application/fhir+json", "Accept-Encoding": "gzip"})
    return session


@dataclass(frozen=True)
class BareClient:
    """Of one server."""

    base_url: str
    session: requests.Session = field(default_factory=_session)

    def read_all(self, types: Sequence[str], reading: Reading) -> int:
        """All of these types, one after the other."""
        return sum(reading(type_) for type_ in types)

    def by_keyset(self, type_: str) -> int:
        """From the last stamp on (`ge`), and within one stamp by `_offset`: the fastest way there is."""
        low, offset, count = "", 0, 0
        while True:
            params = {"_sort": "_lastUpdated,_id", "_count": str(PAGE)}
            if low:
                params["_lastUpdated"] = f"ge{low}"
            if offset:
                params["_offset"] = str(offset)
            found = _resources(self._page(f"{self.base_url}/{type_}", params, _UNSTORED))
            count += len(found)
            if len(found) < PAGE:
                return count
            last = _stamp(found[-1])
            siblings = sum(1 for resource in found if _stamp(resource) == last)
            offset = offset + siblings if last == low else siblings
            low = last

    def by_links(self, type_: str) -> int:
        """As the server offers it: a stored search, and its `next` links."""
        params: Mapping[str, str] | None = {"_sort": "_lastUpdated", "_count": str(PAGE)}
        address: str | None = f"{self.base_url}/{type_}"
        count = 0
        while address is not None:
            bundle = self._page(address, params, _FRESH)
            count += len(_resources(bundle))
            address, params = _next(bundle), None
        return count

    def post(self, bundle: bytes) -> int:
        """A transaction whose body is ready; how many entries were answered."""
        headers = {"Content-Type": "application/fhir+json"}
        answer = self.session.post(self.base_url, data=bundle, headers=headers, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return len(orjson.loads(answer.content)["entry"])

    def put(self, resource: Json) -> None:
        """As an EHR writes one."""
        address = f"{self.base_url}/{resource['resourceType']}/{resource['id']}"
        headers = {"Content-Type": "application/fhir+json"}
        answer = self.session.put(address, data=orjson.dumps(resource), headers=headers, timeout=TIMEOUT_S)
        answer.raise_for_status()

    def search(self, type_: str, **params: str) -> Json:
        """The first page of a search that the server makes anew, as an app asks for it."""
        return self._page(f"{self.base_url}/{type_}", params, _FRESH)

    def resource(self, path: str) -> Json:
        """One, as it stands."""
        return self._page(f"{self.base_url}/{path}", None, _FRESH)

    def _page(self, address: str, params: Mapping[str, str] | None, headers: Mapping[str, str]) -> Json:
        answer = self.session.get(address, params=params, headers=headers, timeout=TIMEOUT_S)
        answer.raise_for_status()
        bundle: Json = orjson.loads(answer.content)
        return bundle


def _resources(bundle: Json) -> list[Json]:
    return [entry["resource"] for entry in bundle.get("entry", ())]


def _stamp(resource: Json) -> str:
    return str(resource["meta"]["lastUpdated"]).replace("+00:00", "Z")


def _next(bundle: Json) -> str | None:
    return next((link["url"] for link in bundle.get("link", ()) if link["relation"] == "next"), None)

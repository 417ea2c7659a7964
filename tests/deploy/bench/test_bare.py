"""Tests of deploy/bench/bare.py: what the sweep is compared with reads the same."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from deploy.bench.bare import PAGE, BareClient

BASE = "http://hapi.example/fhir"


def stamped(count: int, stamps: int) -> list[dict[str, object]]:
    """Resources in the order of their stamps, so many of them at each."""
    return [
        {
            "resourceType": "Task",
            "id": f"t{n:05}",
            "meta": {"lastUpdated": f"2026-06-15T12:00:{n * stamps // count:02}.000+00:00"},
        }
        for n in range(count)
    ]


class Server:
    """Answers searches by keyset and by links."""

    def __init__(self, resources: list[dict[str, object]]) -> None:
        self.resources = resources
        self.asked = 0

    def answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        self.asked += 1
        query = {name: values[0] for name, values in parse_qs(urlsplit(str(request.url)).query).items()}
        low = query.get("_lastUpdated", "ge")[2:].replace("Z", "+00:00")
        found = [r for r in self.resources if str(r["meta"]["lastUpdated"]) >= low]  # type: ignore[index]
        start = int(query.get("_offset", query.get("from", "0")))
        page = found[start : start + PAGE]
        links = [{"relation": "next", "url": f"{BASE}/Task?from={start + PAGE}"}] if start + PAGE < len(found) else []
        return 200, {}, json.dumps({"link": links, "entry": [{"resource": resource} for resource in page]})


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as made:
        yield made


@pytest.mark.parametrize(("count", "stamps"), [(0, 1), (999, 7), (2_500, 50), (2_500, 2), (2_500, 1)])
def test_both_ways_read_everything(mock: responses.RequestsMock, count: int, stamps: int) -> None:
    """Also where more resources than a page holds carry one single stamp. A stamp is read on from where it was left."""
    server = Server(stamped(count, stamps) if count else [])
    mock.add_callback(responses.GET, f"{BASE}/Task", callback=server.answer)
    client = BareClient(BASE)

    assert client.read_all(["Task"], client.by_links) == count
    assert client.read_all(["Task"], client.by_keyset) == count
    assert server.asked <= 2 * (count // PAGE + 1) + 1

"""Tests of fhir_adapters/taking_back.py: what a server refuses to let go stands alone; the real one is in
tests/live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import pytest

from fhir_adapters.feed import Feed
from fhir_adapters.http import FhirHttp
from fhir_adapters.taking_back import take_back
from fhir_adapters.writeback import Names
from plugin.domain.errors import Refused, Unauthorized, VersionConflict
from plugin.domain.source import TakenBack


class Server:
    """What carries our tag, by type; and what it does not let go, with the failure that it answers."""

    def __init__(self, *resources: dict[str, Any], refuses: Mapping[str, Exception] | None = None) -> None:
        self.resources = {f"{each['resourceType']}/{each['id']}": each for each in resources}
        self.refuses = refuses or {}
        self.sent: list[list[str]] = []

    def search(self, type_: str, params: Mapping[str, str]) -> Iterator[Sequence[dict[str, Any]]]:
        yield [each for each in self.resources.values() if each["resourceType"] == type_]

    def transaction(self, bundle: Mapping[str, Any], *, repeatable: bool = False) -> None:
        urls = [entry["request"]["url"] for entry in bundle["entry"]]
        for url in urls:
            if url in self.refuses:
                raise self.refuses[url]
        self.sent.append(urls)


def a_task(number: int, status: str = "ready") -> dict[str, Any]:
    """One of ours."""
    return {"resourceType": "Task", "id": f"mp-{number}", "status": status, "meta": {"versionId": "3"}}


def taken(server: Server, how: Any = "delete") -> list[TakenBack]:
    """Everything at once."""
    return list(take_back(cast(FhirHttp, server), cast(Feed, server), Names(), how))


@pytest.mark.parametrize("failure", [Refused("it is referred to"), VersionConflict("it is referred to")])
def test_what_is_refused_stands_alone(failure: Refused) -> None:
    """With the server's words; the others of its batch are done."""
    server = Server(*(a_task(number) for number in range(3)), refuses={"Task/mp-1": failure})

    assert taken(server) == [TakenBack("Task", 2, ("it is referred to",))]
    assert server.sent == [["Task/mp-0"], ["Task/mp-2"]]


def test_a_device_that_others_refer_to_stays(  # nothing to be asked about: another source writes with it
) -> None:
    """Two sources on one server share it."""
    server = Server({"resourceType": "Device", "id": "milepost"}, refuses={"Device/milepost": Refused("in use")})

    assert taken(server) == [TakenBack("Device", 0)]


def test_a_server_that_does_not_let_us_in_ends_it() -> None:
    """It would refuse each one."""
    server = Server(a_task(1), a_task(2), refuses={"Task/mp-1": Unauthorized("no")})

    with pytest.raises(Unauthorized):
        taken(server)


@pytest.mark.parametrize("status", ["cancelled", "completed", "rejected", "failed", "entered-in-error"])
def test_what_has_ended_stays_as_it_ended(status: str) -> None:
    """A completed Task was done, whoever stops using Milepost."""
    server = Server(a_task(1, status))

    assert taken(server, "cancel") == []


def test_it_is_guarded_by_the_version_that_was_seen() -> None:
    """Somebody may be working on it at this moment."""
    server = Server(a_task(1))
    seen: list[Any] = []
    server.transaction = lambda bundle, **_: seen.append(bundle)  # type: ignore[method-assign]  # looks at what is sent

    taken(server, "cancel")

    (entry,) = seen[0]["entry"]
    assert (entry["request"]["ifMatch"], entry["resource"]["status"]) == ('W/"3"', "cancelled")

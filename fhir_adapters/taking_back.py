"""Takes back what Milepost wrote to a server: everything that carries our tag says that it counts no more, or is
deleted.

Both can be done again after a crash: what says so already is left alone, and what is gone is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from fhir_adapters.feed import Feed
from fhir_adapters.http import FhirHttp, Resource, etag_of
from fhir_adapters.mapping import version_of
from fhir_adapters.writeback import Names
from plugin.domain.errors import Refused, Unauthorized
from plugin.domain.source import HowToTakeBack, TakenBack

_BATCH = 50
_SHARED = "Device"
"""Of two sources on one server both are written by the same Device: while the other's resources refer to it, it stays."""

_REFERRING_FIRST = ("Provenance", "Communication", "DetectedIssue", "Flag", "Task", "Subscription", "Device")
"""Everything that we write, in an order in which a server that checks references lets it go."""

_NO_MORE = {"Task": "cancelled", "DetectedIssue": "cancelled", "Flag": "inactive", "Subscription": "off"}
"""The status that says so. A Communication says what was told, a Provenance who wrote, a Device who we are: that stays
true."""
_OVER = {"Task": frozenset({"cancelled", "completed", "rejected", "failed", "entered-in-error"})}
"""What has ended already stays as it ended (https://hl7.org/fhir/R4/valueset-task-status.html)."""

_Entry = Callable[[Resource], dict[str, object] | None]


def counts(feed: Feed, names: Names) -> dict[str, int]:
    """How many resources of each type carry our tag."""
    found = {type_: sum(len(page) for page in _tagged(feed, names, type_)) for type_ in _REFERRING_FIRST}
    return {type_: count for type_, count in found.items() if count}


def take_back(http: FhirHttp, feed: Feed, names: Names, how: HowToTakeBack) -> Iterator[TakenBack]:
    """Page by page; one answer for each. What the server refuses is told with its words, and the rest is done."""
    entry: _Entry = _deletion if how == "delete" else _ending
    for type_ in _REFERRING_FIRST:
        for page in _tagged(feed, names, type_):
            entries = [made for resource in page if (made := entry(resource)) is not None]
            for start in range(0, len(entries), _BATCH):
                yield _sent(http, type_, entries[start : start + _BATCH])


def _tagged(feed: Feed, names: Names, type_: str) -> Iterator[Sequence[Resource]]:
    return feed.search(type_, {"_tag": f"{names.system('tag')}|milepost"})


def _deletion(resource: Resource) -> dict[str, object]:
    return {"request": {"method": "DELETE", "url": _ref(resource)}}


def _ending(resource: Resource) -> dict[str, object] | None:
    """The same resource with the status that says that it counts no more; None where it has one already."""
    type_ = str(resource["resourceType"])
    status = _NO_MORE.get(type_)
    if status is None or resource.get("status") in (_OVER.get(type_) or {status}):
        return None
    request = {"method": "PUT", "url": _ref(resource), "ifMatch": etag_of(version_of(resource))}
    return {"resource": {**resource, "status": status}, "request": request}


def _sent(http: FhirHttp, type_: str, entries: list[dict[str, object]]) -> TakenBack:
    """Together; where the server refuses that, one by one, so that what it refuses stands alone."""
    try:
        http.transaction({"resourceType": "Bundle", "type": "transaction", "entry": entries}, repeatable=True)
        return TakenBack(type_, len(entries))
    except Unauthorized:
        raise
    except Refused as failure:
        if len(entries) == 1:
            return TakenBack(type_, 0, () if type_ == _SHARED else (str(failure),))
    alone = [_sent(http, type_, [entry]) for entry in entries]
    return TakenBack(type_, sum(one.done for one in alone), tuple(words for one in alone for words in one.refused))


def _ref(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource.get('id')}"

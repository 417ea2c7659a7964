"""The feed on a real HAPI: bulk loads, late commits, deletions, filters; what the fake server promises in its name."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from deploy.hapi.server import HapiServer
from fhir_adapters.ehr import FhirEhr
from fhir_adapters.feed import Feed
from fhir_adapters.http import FhirHttp
from fhir_adapters.mapping import MappingRules
from fhir_adapters.servers import HAPI
from plugin.domain.record import Order
from plugin.domain.source import Cursor, Page, Source
from plugin.outbound import Retries, Terms
from tests.servers import FhirTag

pytestmark = pytest.mark.live

BULK = 2_500
"""More than two pages with one single stamp."""
LARGE = 1_500
MOST_ROUNDS = 4


class Practice:
    """What one test writes, under its tag, and how it reads."""

    def __init__(self, http: FhirHttp, tag: FhirTag) -> None:
        self._http = http
        self._tag = tag
        self.ehr = FhirEhr(http, self.source())

    def source(self, **changes: Any) -> Source:
        own = {"_tag": f"{self._tag.system}|{self._tag.code}"}
        plain = Source(id=1, slug="main", base_url=self._http.base_url, kind="hapi", search_filter=own)
        return replace(plain, **changes)

    def name(self, number: int | str) -> str:
        return f"Task/t-{self._tag.code}-{number}"

    def task(self, number: int | str, status: str = "ready") -> dict[str, Any]:
        id_ = self.name(number).partition("/")[2]
        return self.tagged({"resourceType": "Task", "id": id_, "status": status, "intent": "order"})

    def tagged(self, resource: dict[str, Any]) -> dict[str, Any]:
        return {**resource, "meta": {"tag": [self._tag.coding]}}

    def put(self, *resources: dict[str, Any]) -> None:
        """In one transaction: all with one stamp."""
        entries = [
            {"resource": resource, "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}}
            for resource in resources
        ]
        self._http.transaction({"resourceType": "Bundle", "type": "transaction", "entry": entries})

    def delete(self, ref: str) -> None:
        self._http.delete(ref)

    def a_pass(self, cursor: Cursor | None = None) -> tuple[list[Page], Cursor]:
        pages = list(self.ehr.pages("Task", cursor or Cursor()))
        assert pages[-1].cursor is not None
        return pages, pages[-1].cursor


@pytest.fixture
def http(hapi: HapiServer) -> Iterator[FhirHttp]:
    client = FhirHttp(hapi.base_url, terms=Terms(retries=Retries(attempts=1)))
    yield client
    client.close()


@pytest.fixture
def practice(http: FhirHttp, fhir_tag: FhirTag) -> Practice:
    return Practice(http, fhir_tag)


def refs(pages: Sequence[Page]) -> list[str]:
    return [fact.ref for page in pages for fact in page.facts]


def test_a_bulk_load_of_one_stamp_is_read_once_and_only_once(practice: Practice, http: FhirHttp) -> None:
    """Three pages of one single stamp, then more; by keyset and by `next` links alike, and never again."""
    practice.put(*(practice.task(number) for number in range(BULK)))
    practice.put(*(practice.task(f"later-{number}") for number in range(10)))

    pages, cursor = practice.a_pass()

    assert len(refs(pages)) == len(set(refs(pages))) == BULK + 10
    assert practice.ehr.count("Task") == BULK + 10
    assert max(page.read for page in pages) <= HAPI.page_size
    assert refs(practice.a_pass(cursor)[0]) == []

    by_links = FhirEhr(http, practice.source(kind="r4"))
    assert sorted(refs(list(by_links.pages("Task", Cursor())))) == sorted(refs(pages))


def test_a_pass_cut_short_within_one_stamp_goes_on_there(practice: Practice, http: FhirHttp) -> None:
    """The cursor of the page that was stored last is enough."""
    practice.put(*(practice.task(number) for number in range(25)))
    feed = Feed(http, replace(HAPI, page_size=10), MappingRules(), practice.source().search_filter)
    first = next(feed.pages("Task", Cursor()))
    assert first.cursor is not None

    rest = list(feed.pages("Task", first.cursor))

    assert len(refs([first])) == 10
    assert sorted({*refs([first]), *refs(rest)}) == sorted(practice.name(number) for number in range(25))


def test_a_transaction_that_commits_late_is_not_missed(practice: Practice, http: FhirHttp) -> None:
    """HAPI stamps it with its start: a Task written and read meanwhile is younger, and was seen first."""
    practice.put(practice.task("warm-up"))
    _, cursor = practice.a_pass()
    round_ = 0

    while True:
        round_ += 1
        meanwhile, afterwards, cursor = a_late_commit(practice, http, cursor, f"round-{round_}")
        was_under_way = refs(meanwhile) == [practice.name(f"round-{round_}-quick")]
        if round_ == MOST_ROUNDS or (was_under_way and stamps(meanwhile)[0] > max(stamps(afterwards))):
            break

    assert was_under_way, "the large transaction was over each time before the small one was read: make it larger"
    assert len(refs(afterwards)) == LARGE
    assert stamps(meanwhile)[0] > max(stamps(afterwards))


def a_late_commit(
    practice: Practice, http: FhirHttp, cursor: Cursor, name: str
) -> tuple[list[Page], list[Page], Cursor]:
    """What a pass brought while a large transaction was under way, and what the next one did. Which of two clients a server
    hears first is not in our hands: at times the large one was over already, or had not begun."""
    large = [practice.task(f"{name}-{number}") for number in range(LARGE)]
    slow = threading.Thread(target=practice.put, args=large)
    slow.start()
    time.sleep(0.5)
    quick = FhirHttp(http.base_url, terms=Terms(retries=Retries(attempts=1)))
    quick.put(practice.name(f"{name}-quick"), practice.task(f"{name}-quick"))
    quick.close()
    meanwhile, cursor = practice.a_pass(cursor)
    slow.join()
    afterwards, cursor = practice.a_pass(cursor)
    return meanwhile, afterwards, cursor


def stamps(pages: list[Page]) -> list[datetime]:
    return [fact.seen for page in pages for fact in page.facts if fact.seen is not None]


def test_only_changes_come_and_deletions_are_found_by_reconciliation(practice: Practice) -> None:
    """A new version comes once; what is gone is missing among the references."""
    practice.put(*(practice.task(number) for number in range(3)))
    _, cursor = practice.a_pass()
    practice.put(practice.task(1, status="completed"))
    practice.delete(practice.name(2))

    changed, cursor = practice.a_pass(cursor)
    nothing, _ = practice.a_pass(cursor)
    standing = [pair for page in practice.ehr.references("Task") for pair in page]

    (fact,) = (fact for page in changed for fact in page.facts)
    assert isinstance(fact, Order)
    assert (fact.ref, fact.version, fact.status) == (practice.name(1), "2", "completed")
    assert refs(nothing) == []
    assert sorted(standing) == [(practice.name(0), "1"), (practice.name(1), "2")]
    assert refs(list(practice.ehr.read([practice.name(0), practice.name(2)]))) == [practice.name(0)]


def test_practices_on_one_server_do_not_see_each_other(practice: Practice, http: FhirHttp) -> None:
    """The filter is in every search: the feed's, the references', the count's, and reading by name."""
    other = Practice(http, FhirTag(system="https://milepost.example/test-run", code=f"x{practice.name(0)[7:30]}"))
    practice.put(practice.task(1))
    other.put(other.task(1))

    assert refs(practice.a_pass()[0]) == [practice.name(1)]
    assert [ref for page in practice.ehr.references("Task") for ref, _ in page] == [practice.name(1)]
    assert practice.ehr.count("Task") == 1
    assert refs(list(practice.ehr.read([other.name(1)]))) == []


def test_one_patients_record_is_read_back(practice: Practice) -> None:
    """HAPI takes the parameters of the table, for every type of the feed."""
    patient = practice.tagged({"resourceType": "Patient", "id": practice.name("p").partition("/")[2]})
    subject = {"reference": f"Patient/{patient['id']}"}
    result = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": subject}
    practice.put(
        patient,
        {**practice.task(1), "for": subject},
        practice.tagged({**result, "id": f"{patient['id']}-old", "effectiveDateTime": "2025-12-31"}),
        practice.tagged({**result, "id": f"{patient['id']}-new", "effectiveDateTime": "2026-01-05T08:00:00Z"}),
    )

    found = refs(list(practice.ehr.read_patient(subject["reference"], date(2026, 1, 5))))

    assert found == [subject["reference"], practice.name(1), f"Observation/{patient['id']}-new"]


def test_a_type_that_hapi_does_not_know_is_skipped(practice: Practice) -> None:
    """Its 404 is told from a failure."""
    (page,) = practice.ehr.pages("Milestone", Cursor())

    assert page.set_aside[0].ref == "Milestone"

"""Tests of fhir_adapters/feed.py, paging.py and position.py: nothing is missed, little is read twice."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_adapters.feed import Feed
from fhir_adapters.http import FhirHttp
from fhir_adapters.mapping import MappingRules
from fhir_adapters.servers import server_of
from fhir_adapters.servers.base import Server
from plugin.domain.errors import NotFhir, NotFound, Refused, ServerBusy, TooLarge, Unauthorized
from plugin.domain.source import Cursor, Page, SetAside
from tests.fhir_adapters.search_server import BASE, NOON, SearchServer, serving

HAPI = replace(server_of("hapi"), page_size=10)
R4 = replace(server_of("r4"), page_size=10)
OVERLAP = HAPI.overlap
NEW = Cursor()


@pytest.fixture
def server() -> SearchServer:
    return SearchServer()


@pytest.fixture
def http(server: SearchServer) -> Iterator[FhirHttp]:
    with serving(server) as made:
        yield made


@pytest.fixture(params=[HAPI, R4], ids=["keyset", "links"])
def kind(request: pytest.FixtureRequest) -> Server:
    """Both ways of paging keep the same promises."""
    made: Server = request.param
    return made


def feed_of(http: FhirHttp, kind: Server = HAPI, **search_filter: str) -> Feed:
    return Feed(http, kind, MappingRules(), search_filter)


def fill(server: SearchServer, count: int, *, apart: timedelta = timedelta(seconds=1), name: str = "t") -> None:
    """Tasks written one after the other; afterwards the clock stands a little later."""
    for number in range(count):
        server.put(f"Task/{name}{number:04}")
        server.now += apart
    server.passes(seconds=1)


def refs(pages: Sequence[Page]) -> list[str]:
    return [fact.ref for page in pages for fact in page.facts]


def a_pass(feed: Feed, cursor: Cursor = NEW) -> tuple[list[Page], Cursor]:
    """All pages, and the cursor after the last."""
    pages = list(feed.pages("Task", cursor))
    assert pages[-1].cursor is not None
    return pages, pages[-1].cursor


# ------------------------------------------------------------------------------------------------------ one first pass
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 35])
def test_a_first_pass_reads_everything_once(server: SearchServer, http: FhirHttp, kind: Server, count: int) -> None:
    """Whatever the number is to the size of a page."""
    fill(server, count)

    pages, cursor = a_pass(feed_of(http, kind))

    assert sorted(refs(pages)) == sorted(server.standing)
    assert len(refs(pages)) == count
    assert sum(page.read for page in pages) == count
    assert cursor.complete


@pytest.mark.parametrize("count", [10, 25, 30])
def test_a_bulk_load_of_one_single_stamp_is_read_once(
    server: SearchServer, http: FhirHttp, kind: Server, count: int
) -> None:
    """A transaction gives all of its resources the same stamp, however many they are."""
    fill(server, 5, name="a")
    fill(server, count, apart=timedelta(0), name="b")
    fill(server, 5, name="c")

    pages, _ = a_pass(feed_of(http, kind))

    assert sorted(refs(pages)) == sorted(server.standing)
    assert len(refs(pages)) == count + 10


def test_keyset_pages_are_asked_for_as_hapi_is_fastest(server: SearchServer, http: FhirHttp) -> None:
    """`ge` in UTC with Z, sorted, at once and never from its cache; within one stamp by offset."""
    fill(server, 12, apart=timedelta(0))

    a_pass(feed_of(http))

    first, second = (dict(query) for _, query in server.asked[:2])
    assert first == {"_sort": "_lastUpdated,_id", "_count": "10"}
    assert second == {**first, "_lastUpdated": "ge2026-06-15T12:00:00.000Z", "_offset": "9"}
    assert {headers["Cache-Control"] for headers in server.headers} == {"no-store, max-results=1000"}


def test_links_are_followed_without_a_cached_answer(server: SearchServer, http: FhirHttp) -> None:
    """Every page says that it wants no old one."""
    fill(server, 25)

    a_pass(feed_of(http, R4))

    assert len(server.asked) == 3
    assert {headers["Cache-Control"] for headers in server.headers} == {"no-cache"}


def test_a_server_that_gives_smaller_pages_than_asked_loses_nothing(server: SearchServer, http: FhirHttp) -> None:
    """A page that is not full is no proof of the end: the server may cap its pages."""
    server.cap = 15
    fill(server, 50)

    pages, _ = a_pass(feed_of(http, replace(HAPI, page_size=100)))

    assert len(refs(pages)) == 50


def test_a_sibling_that_moves_away_while_its_stamp_is_read_hides_nobody(server: SearchServer, http: FhirHttp) -> None:
    """With an offset alone, the rest would move up by one, and one of them would never be seen."""
    fill(server, 25, apart=timedelta(0))

    def edit_one(_type: str, query: dict[str, str]) -> None:
        if query.get("_offset") == "9" and server.standing["Task/t0003"]["meta"]["versionId"] == "1":
            server.put("Task/t0003", status="completed")

    server.before = edit_one
    pages, _ = a_pass(feed_of(http))

    assert sorted(set(refs(pages))) == sorted(server.standing)
    assert refs(pages).count("Task/t0003") == 2
    assert len(refs(pages)) == 26


def test_a_stamp_that_never_holds_still_is_given_up_for_now(server: SearchServer, http: FhirHttp) -> None:
    """Rather a failure that is tried again than a pass that lies."""
    fill(server, 15, apart=timedelta(0))

    def shuffle(_type: str, query: dict[str, str]) -> None:
        if "_offset" in query:
            first = min(ref for ref, row in server.standing.items() if row["meta"]["versionId"] == "1")
            server.delete(first)
            server.put(f"Task/z{len(server.asked)}", NOON)

    server.before = shuffle
    with pytest.raises(ServerBusy, match="changes faster"):
        a_pass(feed_of(http))


def test_pages_that_go_in_a_circle_end(server: SearchServer, http: FhirHttp) -> None:
    """A `next` link that leads back is a fault of the server, not a way to keep us busy."""
    fill(server, 25)

    def circle(_type: str, query: dict[str, str]) -> None:
        if "_rest" in query:
            server.rests[query["_rest"]] = [*server.standing.values()][:11]
            server.asked.clear()

    server.before = circle
    with pytest.raises(TooLarge, match="circle"):
        a_pass(feed_of(http, R4))


# ------------------------------------------------------------------------------------------------------- later passes
def test_a_second_pass_brings_only_what_changed(server: SearchServer, http: FhirHttp, kind: Server) -> None:
    """The overlap is read again, and dropped by (type, id, version)."""
    feed = feed_of(http, kind)
    fill(server, 12)
    _, cursor = a_pass(feed)
    server.passes(seconds=30)
    server.put("Task/t0003", status="completed")
    server.put("Task/new")
    server.passes(seconds=1)

    pages, _ = a_pass(feed, cursor)

    assert sorted(refs(pages)) == ["Task/new", "Task/t0003"]
    assert sum(page.read for page in pages) == 2


def test_a_quiet_pass_is_one_request_and_one_page_without_facts(server: SearchServer, http: FhirHttp) -> None:
    """Its cursor is stored all the same: the source was read, and up to now."""
    feed = feed_of(http)
    fill(server, 3)
    _, cursor = a_pass(feed)
    server.passes(hours=1)
    server.asked.clear()

    pages, later = a_pass(feed, cursor)

    assert [(page.facts, page.read) for page in pages] == [((), 0)]
    assert len(server.asked) == 1
    assert later.watermark is not None
    assert cursor.watermark is not None
    assert later.watermark > cursor.watermark
    assert later.taken == ()


def test_a_transaction_that_commits_late_is_seen(server: SearchServer, http: FhirHttp, kind: Server) -> None:
    """Its resources carry the stamp of its start, older than others that were read meanwhile."""
    feed = feed_of(http, kind)
    begun = server.now
    server.passes(seconds=90)
    server.put("Task/quick")
    pages, cursor = a_pass(feed)
    assert refs(pages) == ["Task/quick"]

    server.passes(seconds=10)
    for number in range(25):
        server.put(f"Task/slow{number:02}", begun)
    pages, cursor = a_pass(feed, cursor)
    assert len(refs(pages)) == 25

    pages, _ = a_pass(feed, cursor)
    assert refs(pages) == []


def test_a_late_commit_during_a_long_pass_is_seen_by_the_next(server: SearchServer, http: FhirHttp) -> None:
    """What a pass reads while it runs does not carry the cursor past what was still open when it began."""
    feed = feed_of(http)
    fill(server, 25)
    begun = server.now

    def time_passes(_type: str, _query: dict[str, str]) -> None:
        server.passes(seconds=200)
        server.put(f"Task/busy{len(server.asked):02}")

    server.before = time_passes
    _, cursor = a_pass(feed)
    server.before = lambda _type, _query: None
    server.put("Task/late", begun + timedelta(seconds=150))

    pages, _ = a_pass(feed, cursor)

    assert "Task/late" in refs(pages)


def test_an_old_bulk_load_is_not_read_again_for_ever(server: SearchServer, http: FhirHttp) -> None:
    """The cursor follows the server's clock, two overlaps behind it, when nothing else comes."""
    feed = feed_of(http)
    fill(server, 35, apart=timedelta(0))
    _, cursor = a_pass(feed)
    _, cursor = a_pass(feed, cursor)
    server.passes(seconds=2 * OVERLAP.total_seconds() + 1)
    _, cursor = a_pass(feed, cursor)
    server.asked.clear()

    a_pass(feed, cursor)

    assert len(server.asked) == 1


def test_the_cursor_moves_by_what_the_server_says(server: SearchServer, http: FhirHttp) -> None:
    """An overlap behind the newest stamp, which is not later than the server's own clock."""
    fill(server, 3)

    _, cursor = a_pass(feed_of(http))

    assert cursor.watermark == "2026-06-15T11:58:02.000Z"
    assert cursor.taken == ("t0000/1", "t0001/1", "t0002/1")


def test_without_anything_the_cursor_stands_two_overlaps_behind_the_servers_clock(
    server: SearchServer, http: FhirHttp
) -> None:
    """An empty type is not asked for from the beginning of time for ever."""
    assert a_pass(feed_of(http))[1] == Cursor("2026-06-15T11:56:00.000Z", (), True)


def test_without_a_date_header_the_stamps_must_do(server: SearchServer, http: FhirHttp, kind: Server) -> None:
    """Our own clock is asked nothing."""
    server.has_date = False
    feed = feed_of(http, kind)
    assert a_pass(feed)[1] == Cursor(None, (), True)
    fill(server, 25)

    pages, cursor = a_pass(feed)
    again, _ = a_pass(feed, cursor)

    assert len(refs(pages)) == 25
    assert refs(again) == []
    assert cursor.watermark == "2026-06-15T11:58:24.000Z"


@pytest.mark.parametrize("jump", [timedelta(days=1), -timedelta(days=1)])
def test_a_servers_clock_that_jumps_loses_nothing_for_long(
    server: SearchServer, http: FhirHttp, jump: timedelta
) -> None:
    """What is stamped before the cursor is found as soon as the clock says that it went back."""
    feed = feed_of(http)
    fill(server, 3)
    server.now += jump
    server.put("Task/jumped")
    _, cursor = a_pass(feed)
    server.now -= jump
    server.passes(seconds=30)
    server.put("Task/after")

    pages, cursor = a_pass(feed, cursor)
    more, _ = a_pass(feed, cursor)

    assert "Task/after" in refs([*pages, *more])


def test_what_has_no_version_or_stamp_is_read_every_time(server: SearchServer, http: FhirHttp) -> None:
    """Storing it again changes nothing; dropping it could."""
    server.put("Task/plain")
    server.standing["Task/plain"]["meta"].pop("versionId")
    feed = feed_of(http)
    _, cursor = a_pass(feed)

    assert refs(a_pass(feed, cursor)[0]) == ["Task/plain"]


def test_the_memory_of_what_was_taken_is_bounded(
    server: SearchServer, http: FhirHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a larger load the rest is handed out again, until it lies two overlaps back."""
    # The real bound would need tens of thousands of resources.
    monkeypatch.setattr("fhir_adapters.position.MOST_TAKEN", 5)
    feed = feed_of(http)
    fill(server, 12)

    _, cursor = a_pass(feed)
    pages, _ = a_pass(feed, cursor)

    assert cursor.taken == ("t0007/1", "t0008/1", "t0009/1", "t0010/1", "t0011/1")
    assert refs(pages) == [f"Task/t{number:04}" for number in range(7)]


# ------------------------------------------------------------------------------------------------ crashes in between
@pytest.mark.parametrize("stopped_after", [1, 2, 3, 4])
def test_a_first_pass_that_was_cut_short_goes_on_where_it_was(
    server: SearchServer, http: FhirHttp, stopped_after: int
) -> None:
    """With the cursor of the last stored page, also in the middle of one stamp; a page at most is read twice."""
    fill(server, 15)
    fill(server, 25, apart=timedelta(0), name="u")
    server.passes(hours=1)
    pages = feed_of(http).pages("Task", NEW)
    stored = [next(pages) for _ in range(stopped_after)]
    del pages
    cursor = stored[-1].cursor
    assert cursor is not None
    assert not cursor.complete

    rest, last = a_pass(feed_of(http), cursor)

    assert sorted(set(refs([*stored, *rest]))) == sorted(server.standing)
    assert len(refs([*stored, *rest])) <= 40 + HAPI.page_size
    assert last.complete


def test_a_pass_by_unsorted_links_keeps_its_old_cursor_to_the_end(server: SearchServer, http: FhirHttp) -> None:
    """A server that does not sort gives no place to go on from."""
    server.sorts = False
    fill(server, 25)
    server.standing = dict(reversed(server.standing.items()))
    pages = list(feed_of(http, R4).pages("Task", NEW))

    assert [page.cursor for page in pages[:-1]] == [NEW, NEW]
    assert pages[-1].cursor is not None
    assert pages[-1].cursor.complete
    assert len(refs(pages)) == 25


def test_the_next_page_is_fetched_while_one_is_worked_on(server: SearchServer, http: FhirHttp) -> None:
    """One ahead, and no more: memory stays that of two pages."""
    fill(server, 50)
    pages = feed_of(http).pages("Task", NEW)
    next(pages)
    first = len(server.asked)
    next(pages)

    assert first in (1, 2)
    assert len(server.asked) <= 3
    del pages


def test_the_first_page_of_a_type_is_fetched_while_the_last_of_another_is_worked_on(
    server: SearchServer, http: FhirHttp
) -> None:
    """One page with resources ahead, and no more; the empty one that ends a type is none."""
    for number in range(12):
        server.put(f"CarePlan/c{number:02}")
        server.put(f"Task/t{number:02}")
    server.passes(seconds=1)

    pages = feed_of(http).pages_of({"CarePlan": NEW, "Consent": NEW, "Task": NEW})
    ahead = [(page.type, len(page.facts), [type_ for type_, _ in server.asked]) for page in pages]

    assert [(type_, count) for type_, count, _ in ahead] == [
        ("CarePlan", 10),
        ("CarePlan", 2),
        ("Consent", 0),
        ("Task", 10),
        ("Task", 2),
    ]
    assert all("Task" not in asked for type_, count, asked in ahead[:1])


def test_a_type_that_is_not_offered_keeps_nobody_from_the_next(server: SearchServer, http: FhirHttp) -> None:
    """Each type has its own last page, with its own cursor."""
    server.types = frozenset({"CarePlan", "Task"})
    server.put("CarePlan/c1")
    server.put("Task/t1")
    server.passes(seconds=1)

    pages = list(feed_of(http).pages_of({"CarePlan": NEW, "Consent": NEW, "Task": NEW}))

    assert [(page.type, page.read) for page in pages] == [("CarePlan", 1), ("Consent", 0), ("Task", 1)]
    assert [page.cursor is not None and page.cursor.complete for page in pages] == [True, False, True]


# ------------------------------------------------------------------------------------------ filters, faults, the rest
def test_the_filter_of_the_source_is_in_every_search(server: SearchServer, http: FhirHttp, kind: Server) -> None:
    """Practices that share a server do not see each other."""
    mine = {"tag": [{"system": "urn:practice", "code": "north"}]}
    server.put("Task/mine", meta=mine)
    server.put("Task/theirs")
    feed = feed_of(http, kind, _tag="urn:practice|north")

    assert refs(a_pass(feed)[0]) == ["Task/mine"]
    assert feed.count("Task") == 1
    assert list(feed.references("Task")) == [[("Task/mine", "1")]]
    assert all(("_tag", "urn:practice|north") in query for _, query in server.asked)


def test_a_search_by_tag_under_a_filter_by_tag_wants_both(server: SearchServer, http: FhirHttp) -> None:
    """Neither replaces the other."""
    north, ours = {"system": "urn:practice", "code": "north"}, {"system": "urn:us", "code": "us"}
    server.put("Task/both", meta={"tag": [north, ours]})
    server.put("Task/one", meta={"tag": [ours]})

    found = feed_of(http, _tag="urn:practice|north").search("Task", {"_tag": "urn:us|us"})

    assert [resource["id"] for page in found for resource in page] == ["both"]


def test_one_record_that_cannot_be_mapped_is_set_aside(server: SearchServer, http: FhirHttp) -> None:
    """Among good ones, which all come through; dropped parts are counted on the page."""
    fill(server, 5)
    server.put("Task/bad", id="not/an/id")
    server.put("Task/odd", authoredOn="soon", basedOn="x")

    (page,) = a_pass(feed_of(http))[0]

    assert len(page.facts) == 6
    assert page.read == 7
    assert page.set_aside == (SetAside("Task/", "", "a Task without an id that can be used"),)
    assert page.left_out == {"Task.authoredOn: no date": 1, "Task.basedOn: not a list": 1}


@pytest.mark.parametrize("status", [403, 404, 405, 501])
def test_a_type_that_the_server_does_not_offer_is_reported_and_skipped(
    server: SearchServer, http: FhirHttp, status: int
) -> None:
    """No practice goes without its plans because its server knows no Consent."""
    server.refuses = {"Consent": status}

    (page,) = feed_of(http).pages("Consent", NEW)

    assert page.set_aside == (SetAside("Consent", "", "this server does not offer the type to us"),)
    assert page.cursor is None
    assert list(feed_of(http).search("Consent", {"patient": "Patient/1"})) == []


@pytest.mark.parametrize(("type_", "status"), [("CarePlan", 404), ("Patient", 403), ("Task", 400), ("Task", 401)])
def test_what_is_essential_or_wrong_with_us_is_a_failure(
    server: SearchServer, http: FhirHttp, type_: str, status: int
) -> None:
    """Without plans there is nothing to do, and a wrong token is not a missing type."""
    server.refuses = {type_: status}
    expected = {400: Refused, 401: Unauthorized, 403: Unauthorized, 404: NotFound}[status]

    with pytest.raises(expected):
        list(feed_of(http).pages(type_, NEW))


def test_references_of_a_type_that_is_refused_are_a_failure(server: SearchServer, http: FhirHttp) -> None:
    """An empty answer would mean that all of them were deleted."""
    server.refuses = {"Consent": 403}

    with pytest.raises(Unauthorized):
        list(feed_of(http).references("Consent"))


def test_references_are_all_that_stands_with_versions(server: SearchServer, http: FhirHttp, kind: Server) -> None:
    """Only ids and versions are asked for; what was deleted is not among them."""
    fill(server, 25)
    server.delete("Task/t0004")
    server.put("Task/t0005")

    found = [pair for page in feed_of(http, kind).references("Task") for pair in page]

    assert len(found) == 24
    assert dict(found)["Task/t0005"] == "2"
    assert "Task/t0004" not in dict(found)
    assert server.asked[0][1].count(("_elements", "id,meta")) == 1


def test_the_count_is_the_servers_own_and_fresh(server: SearchServer, http: FhirHttp) -> None:
    """`_summary=count`, and not a minute old."""
    fill(server, 35)

    assert feed_of(http).count("Task") == 35
    assert server.headers[-1]["Cache-Control"] == "no-cache"


def test_an_answer_that_is_no_bundle_is_no_page(server: SearchServer, http: FhirHttp) -> None:
    """Better a failure than an empty page that ends the pass."""
    server.put("Task/t")
    server.versions["Task/_history"] = {"resourceType": "Task"}

    with pytest.raises(NotFhir):
        list(feed_of(http).pages("Task/_history", NEW))
    assert http.base_url == BASE


def test_stamps_finer_than_a_millisecond_are_asked_for_as_they_are(server: SearchServer, http: FhirHttp) -> None:
    """Rounded down, siblings of the same millisecond would come again, and the offset would not fit."""
    for number in range(12):
        server.put(f"Task/t{number:02}")
        server.standing[f"Task/t{number:02}"]["meta"]["lastUpdated"] = f"2026-06-15T12:00:00.0000{number:02}+00:00"

    pages, _ = a_pass(feed_of(http))

    assert len(refs(pages)) == 12
    assert ("_lastUpdated", "ge2026-06-15T12:00:00.000009Z") in server.asked[1][1]

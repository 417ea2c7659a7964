"""Tests of fhir_adapters/http.py against a real server that misbehaves: threat row 15, row 16, row 20."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from fhir_adapters.auth import Bearer
from fhir_adapters.http import LARGEST_PAGE, FhirHttp, etag_of, version_of
from plugin.domain.errors import (
    Gone,
    MilepostError,
    NotFhir,
    NotFound,
    OutsideSource,
    PermanentFailure,
    Refused,
    ServerBusy,
    TemporaryFailure,
    TooLarge,
    Unauthorized,
    VersionConflict,
)
from plugin.outbound import Retries, Terms, Timing
from tests import rogue as play
from tests.rogue import Behaviour, Rogue, rogue_server

TOKEN = "canary-token"


@pytest.fixture
def rogue() -> Iterator[Rogue]:
    with rogue_server() as server:
        yield server.plays(play.answers())


@pytest.fixture
def other() -> Iterator[Rogue]:
    """Where a token must never arrive."""
    with rogue_server() as server:
        yield server.plays(play.answers(body=page()))


@pytest.fixture
def http(rogue: Rogue) -> Iterator[FhirHttp]:
    made = a_client(rogue)
    yield made
    made.close()


def a_client(rogue: Rogue, *aliases: str) -> FhirHttp:
    terms = Terms(retries=Retries(attempts=2))
    return FhirHttp(
        rogue.url, Bearer(TOKEN), terms=terms, link_aliases=aliases, timing=Timing(sleep=lambda _seconds: None)
    )


def page(next_url: str | None = None, entries: int = 1) -> bytes:
    link = [{"relation": "self", "url": "http://127.0.0.1/self"}]
    if next_url is not None:
        link.append({"relation": "next", "url": next_url})
    entry = [{"resource": {"resourceType": "Task", "id": f"t{number}"}} for number in range(entries)]
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "link": link, "entry": entry}).encode()


def outcome(**issue: object) -> bytes:
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()


# ------------------------------------------------------------------------------------------------------- one resource
def test_a_read_brings_resource_version_and_the_servers_clock(http: FhirHttp, rogue: Rogue) -> None:
    """What the feed and the write-back decide by: the version, bare, and `Date`, in UTC."""
    rogue.plays(play.answers(ETag='W/"3"', Date="Wed, 01 Jul 2026 12:00:00 GMT"))

    reply = http.read("Patient/p1")

    assert reply.resource == {"resourceType": "Patient", "id": "p1"}
    assert (reply.status_code, reply.version) == (200, "3")
    assert reply.served_at == datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert rogue.seen[0].headers["Accept"] == "application/fhir+json"


def test_a_put_is_guarded_by_the_version(http: FhirHttp, rogue: Rogue) -> None:
    """Threat 20: what somebody else changed meanwhile is not overwritten."""
    http.put("Task/t1", {"resourceType": "Task", "id": "t1"}, if_match="7")

    sent = rogue.seen[0]
    assert (sent.method, sent.path, sent.headers["If-Match"]) == ("PUT", "/fhir/Task/t1", 'W/"7"')
    assert sent.headers["Content-Type"] == "application/fhir+json"
    assert json.loads(sent.body) == {"resourceType": "Task", "id": "t1"}


def test_a_put_without_a_version_is_not_guarded(http: FhirHttp, rogue: Rogue) -> None:
    """No header at all, rather than an empty one."""
    http.put("Task/t1", {"resourceType": "Task", "id": "t1"})

    assert "If-Match" not in rogue.seen[0].headers


def test_a_delete_without_a_body_in_the_answer(http: FhirHttp, rogue: Rogue) -> None:
    """A 204 is as good as a 200 with an OperationOutcome."""
    rogue.plays(play.answers(204, b""))

    reply = http.delete("Task/t1", if_match="2")

    assert (reply.status_code, reply.resource) == (204, {})
    assert (rogue.seen[0].method, rogue.seen[0].headers["If-Match"]) == ("DELETE", 'W/"2"')


@pytest.mark.parametrize(("repeatable", "requests"), [(False, 1), (True, 2)])
def test_a_transaction_is_repeated_only_by_the_callers_word(
    http: FhirHttp, rogue: Rogue, repeatable: bool, requests: int
) -> None:
    """A transaction whose answer was lost may have been written: only its author knows whether twice is once."""
    rogue.plays(play.hangs_up)

    with pytest.raises(MilepostError):
        http.transaction({"resourceType": "Bundle", "type": "transaction", "entry": []}, repeatable=repeatable)

    assert len(rogue.seen) == requests
    assert (rogue.seen[0].method, rogue.seen[0].path) == ("POST", "/fhir")


@pytest.mark.parametrize(
    "body",
    [
        b'{"resourceType":"Bundle","type":"transaction-response","entry":[]}',
        b'{"resourceType":"Bundle","type":"transaction-response"}',
        b'{"resourceType":"Bundle","entry":{"a":1}}',
        b'{"resourceType":"OperationOutcome"}',
        b"",
    ],
)
def test_a_transaction_must_be_answered_entry_by_entry(http: FhirHttp, rogue: Rogue, body: bytes) -> None:
    """An answer that cannot be laid beside what was sent is none."""
    rogue.plays(play.answers(body=body))

    with pytest.raises(NotFhir):
        http.transaction({"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": {}}]})


@pytest.mark.parametrize(
    ("etag", "version"),
    [('W/"3"', "3"), ('"3"', "3"), ("3", "3"), ('W/"a-b"', "a-b"), ("", None), ('W/""', None), (None, None), (3, None)],
)
def test_a_version_in_every_form(etag: object, version: str | None) -> None:
    """HAPI's headers have `W/"3"`, its transaction answers `3`; both are version 3."""
    assert version_of(etag) == version


def test_a_version_for_if_match() -> None:
    """R4 wants a weak ETag."""
    assert etag_of("3") == 'W/"3"'


# ----------------------------------------------------------------------------------------------------------- failures
@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (302, Refused),
        (400, Refused),
        (401, Unauthorized),
        (403, Unauthorized),
        (404, NotFound),
        (409, VersionConflict),
        (410, Gone),
        (412, VersionConflict),
        (413, TooLarge),
        (422, Refused),
        (429, ServerBusy),
        (500, ServerBusy),
        (501, Refused),
        (503, ServerBusy),
    ],
)
def test_every_refusal_has_its_kind(
    http: FhirHttp, rogue: Rogue, status: int, failure: type[TemporaryFailure | PermanentFailure]
) -> None:
    """Temporary or for a person is decided here, by status, and nowhere else."""
    rogue.plays(play.answers(status, outcome(diagnostics="HAPI-0001: because")))

    with pytest.raises(failure, match=f"GET Task/t1 at {rogue.url}: {status}.*HAPI-0001: because") as refused:
        http.get("Task/t1", {"name": "canary"})

    assert type(refused.value) is failure
    assert refused.value.status_code == status
    assert "canary" not in str(refused.value)


def test_a_temporary_refusal_carries_the_time_to_wait(http: FhirHttp, rogue: Rogue) -> None:
    """The task base comes back when the server asked it to."""
    rogue.plays(play.answers(503, b"", Retry_After="120"))

    with pytest.raises(ServerBusy) as refused:
        http.get("Task")

    assert refused.value.retry_after == timedelta(minutes=2)


def test_a_redirect_says_where_to(http: FhirHttp, rogue: Rogue, other: Rogue) -> None:
    """Threat 16: an administrator who registered http for https sees it; the token does not go there."""
    rogue.plays(play.answers(301, b"<html>", Location=f"{other.url}/Task?canary=1"))

    with pytest.raises(Refused, match=f"redirects to {other.url.removesuffix('/fhir')}, and") as refused:
        http.get("Task")

    assert "canary" not in str(refused.value)
    assert other.seen == []


def test_a_server_that_repeats_our_token_is_not_quoted_with_it(http: FhirHttp, rogue: Rogue) -> None:
    """Threat 16: the token reaches no log by way of the server's own words."""
    rogue.plays(play.answers(401, outcome(diagnostics=f"token {TOKEN} is not valid")))

    with pytest.raises(Unauthorized) as refused:
        http.get("Task")

    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><body>Welcome</body></html>",
        b"",
        b"[" * 1_000_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"resourceType":"Patient","id":',
        b'{"resourceType":"Patient","n":NaN}',
        b'{"resourceType":"Patient","n":"\xff\xfe"}',
        b'["Patient"]',
        b'"Patient"',
        b"null",
        b'{"id":"p1"}',
        b'{"resourceType":7}',
    ],
)
def test_what_is_no_fhir(http: FhirHttp, rogue: Rogue, body: bytes) -> None:
    """Threat 15: web pages, broken and bottomless JSON, and JSON that is no resource give one clear error."""
    rogue.plays(play.answers(body=body))

    with pytest.raises(NotFhir) as refused:
        http.search("Task")

    assert len(str(refused.value)) < 300
    assert len(rogue.seen) == 1


def test_a_web_page_is_called_one(http: FhirHttp, rogue: Rogue) -> None:
    """The commonest wrong address is a web site's."""
    rogue.plays(play.answers(body=b"<html>canary</html>", Content_Type="text/html"))

    with pytest.raises(NotFhir, match="a web page; is this the FHIR base") as refused:
        http.get("metadata")

    assert "canary" not in str(refused.value)


# ------------------------------------------------------------------------------------------------------------- paging
def by_page(rogue: Rogue, *next_paths: str | None) -> None:
    """Each request's answer, whose `next` is the path given; whole addresses are left as they are."""
    nexts = [path if path is None or "://" in path or path[:2] == "//" else rogue.url + path for path in next_paths]
    rogue.plays(*(play.answers(body=page(address)) for address in nexts))


def test_pages_are_followed_to_the_end(http: FhirHttp, rogue: Rogue) -> None:
    """`next` is followed with the same headers until there is none."""
    by_page(rogue, "?page=2", "?page=3", None)

    found = list(http.pages("Task", {"_count": "1"}, {"Cache-Control": "no-cache"}))

    assert len(found) == 3
    assert [seen.path for seen in rogue.seen] == ["/fhir/Task?_count=1", "/fhir?page=2", "/fhir?page=3"]
    assert {seen.headers["Cache-Control"] for seen in rogue.seen} == {"no-cache"}


def test_pages_are_asked_for_one_at_a_time(http: FhirHttp, rogue: Rogue) -> None:
    """Memory stays flat: the second page is not read before the first has been used."""
    by_page(rogue, "?page=2", None)

    next(http.pages("Task"))

    assert len(rogue.seen) == 1


def test_a_foreign_next_is_refused_and_the_token_stays_here(http: FhirHttp, rogue: Rogue, other: Rogue) -> None:
    """Threat 16: the page before it is handed over, the foreign server gets no request, let alone a token."""
    by_page(rogue, f"{other.url}/Task?page=2")
    pages = http.pages("Task")

    assert next(pages)["resourceType"] == "Bundle"
    with pytest.raises(OutsideSource, match="link aliases"):
        next(pages)
    assert other.seen == []


@pytest.mark.parametrize(
    "disguise",
    [
        "//{place}/fhir/Task",
        "http://127.0.0.1@{place}/fhir",
        "http://{here}@{place}/fhir",
        "http://{here}.evil.example/fhir",
        "http://{here}/fhirX",
        "http://{here}/fhir/../other",
        "http://localhost:{port}/fhir",
        "http://127.1:{port}/fhir",
    ],
)
def test_look_alike_hosts_are_refused(http: FhirHttp, rogue: Rogue, other: Rogue, disguise: str) -> None:
    """Threat 16: user info, scheme-relative links, suffixes and other spellings of our own address."""
    here, place = (url.split("/")[2] for url in (rogue.url, other.url))
    by_page(rogue, disguise.format(here=here, place=place, port=here.split(":")[1]))

    with pytest.raises(OutsideSource):
        list(http.pages("Task"))

    assert (len(rogue.seen), other.seen) == (1, [])


def test_an_alias_is_followed_at_the_base(rogue: Rogue) -> None:
    """A server that speaks of itself by its inner name is asked at the address that the administrator registered."""
    by_page(rogue, "http://hapi:8080/fhir?page=2", None)

    found = list(a_client(rogue, "http://hapi:8080/fhir").pages("Task"))

    assert len(found) == 2
    assert rogue.seen[1].path == "/fhir?page=2"


@pytest.mark.parametrize("circle", [("?page=2",), ("?page=2", "?page=3", "?page=2")])
def test_a_circle_ends(http: FhirHttp, rogue: Rogue, circle: tuple[str, ...]) -> None:
    """Threat 15: a page that leads to itself, or back, is found at its second turn."""
    by_page(rogue, *circle)

    with pytest.raises(TooLarge, match="in a circle"):
        list(http.pages("Task"))

    assert len(rogue.seen) <= 4


def test_paging_without_end_ends(http: FhirHttp, rogue: Rogue) -> None:
    """Threat 15: ever new links are followed as often as was allowed, and no further."""
    counter = iter(range(1_000_000))

    def ever_on(handler: play.Handler) -> None:
        play.answers(body=page(f"{rogue.url}?page={next(counter)}"))(handler)

    rogue.plays(ever_on)

    with pytest.raises(TooLarge):
        list(http.pages("Task", most=5))

    assert len(rogue.seen) == 5


@pytest.mark.parametrize(("entries", "fits"), [(LARGEST_PAGE, True), (LARGEST_PAGE + 1, False)])
def test_a_page_has_a_largest_size(http: FhirHttp, rogue: Rogue, entries: int, fits: bool) -> None:
    """Threat 15: a million tiny entries are no page."""
    rogue.plays(play.answers(body=page(entries=entries)))

    if fits:
        assert len(http.search("Task")["entry"]) == entries
    else:
        with pytest.raises(TooLarge):
            http.search("Task")


@pytest.mark.parametrize(
    "link",
    [
        b"{}",
        b'[{"relation":"self","url":"x"}]',
        b'[{"relation":"next"}]',
        b'[{"relation":"next","url":7}]',
        b'["next"]',
        b"7",
    ],
)
def test_links_of_another_shape_are_no_next(http: FhirHttp, rogue: Rogue, link: bytes) -> None:
    """An optional element is never trusted to be what it should be."""
    rogue.plays(play.answers(body=b'{"resourceType":"Bundle","link":' + link + b"}"))

    assert len(list(http.pages("Task"))) == 1


@pytest.mark.parametrize(
    "fault", [play.cuts_the_body, play.hangs_up, play.answers(503), play.answers(429, Retry_After="1")]
)
def test_a_page_that_failed_once_is_read_again(http: FhirHttp, rogue: Rogue, fault: Behaviour) -> None:
    """Threat 15: slow, cut and refused pages cost a retry, and lose nothing."""
    rogue.plays(fault, play.answers(body=page()))

    assert len(http.search("Task")["entry"]) == 1

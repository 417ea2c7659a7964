"""Tests of what an OpenEMR's answers are taken for: every bad one has its own clear error, none is "no data"."""

from __future__ import annotations

import pytest

from fhir_adapters.servers.openemr.answers import bundle, document, resource
from plugin.domain.errors import (
    CannotDo,
    MilepostError,
    NotFhir,
    NotFound,
    NotGranted,
    Refused,
    ServerBusy,
    SwitchedOff,
    TooLarge,
    Unauthorized,
)
from plugin.outbound import Answer
from tests.openemr_recordings import recording

WARNING = b'<br />\n<b>Warning</b>:  Undefined array key ["x"] in <b>/var/www/A.php</b> on line <b>9</b><br />\n'


def answered(body: bytes, status: int = 200, kind: str = "application/json") -> Answer:
    return Answer("POST Patient/_search", status, {"content-type": kind}, body)


@pytest.mark.parametrize(
    ("number", "error", "words"),
    [
        (203, Unauthorized, "not accepted"),
        (287, Unauthorized, "client is not enabled"),
        (426, Unauthorized, "run out"),
        (208, NotGranted, "does not have the scope"),
        (286, NotGranted, "does not have the scope"),
        (444, NotGranted, "no access to it in OpenEMR"),
        (284, Unauthorized, "this kind of token"),
        (420, Unauthorized, "withdrawn or the user logged out"),
        (424, Unauthorized, "withdrawn or the user logged out"),
        (190, CannotDo, "does not offer it"),
        (213, CannotDo, "no such site"),
        (100, NotFound, "nothing there"),
        (128, ServerBusy, "it says: UUID columns"),
        (135, ServerBusy, "a failure inside"),
        (101, Refused, "400"),
    ],
)
def test_a_refusal_says_which_it_is(number: int, error: type[MilepostError], words: str) -> None:
    """OpenEMR 8.2 has neither OperationOutcome nor WWW-Authenticate; its own words tell the cases apart."""
    with pytest.raises(error, match=words) as caught:
        document(recording(number).answer)

    assert type(caught.value) is error


def test_a_missing_scope_is_not_a_bad_token() -> None:
    """Both are 401 there: who takes one for the other asks for new tokens for ever."""
    with pytest.raises(Unauthorized) as bad:
        document(recording(203).answer)

    assert not isinstance(bad.value, NotGranted)


@pytest.mark.parametrize(
    "said",
    [b'{"error":"x","message":"OpenEMR Error: API is disabled"}', b'{"message":"OpenEMR Error: api is not enabled"}'],
)
@pytest.mark.parametrize("status", [404, 501])
def test_an_api_that_was_switched_off_is_named(said: bytes, status: int) -> None:
    """The administrator reads where the switch is."""
    with pytest.raises(SwitchedOff, match="Connectors"):
        document(answered(said, status))


def test_the_page_about_a_failure_is_not_repeated() -> None:
    """Recording 135: SQL with the names of columns, and a trace with paths."""
    with pytest.raises(ServerBusy) as caught:
        document(recording(135).answer)

    assert "SELECT" not in str(caught.value)
    assert "form_care_plan" not in str(caught.value)


def test_an_error_with_status_200_is_no_answer() -> None:
    """Else a Bundle without entries would be seen, and plans be taken for deleted."""
    with pytest.raises(NotFhir, match="200, but the answer is an error"):
        bundle(answered(b'{"error":"An error occurred","message":"Something went wrong","code":0}'), "Patient")


def test_validation_errors_with_status_200_are_no_answer() -> None:
    """As the read of a malformed id has them with a 400 (recording 101)."""
    with pytest.raises(NotFhir, match="the answer is an error"):
        document(answered(b'{"validationErrors":{"_id":"no"},"internalErrors":[],"data":[]}'))


@pytest.mark.parametrize("status", [200, 404])
def test_a_web_page_is_no_answer(status: int) -> None:
    """A login page, or a proxy's: the address is wrong, or OpenEMR is not there."""
    with pytest.raises(NotFhir, match="a web page"):
        document(answered(b"<!DOCTYPE html>\n<html><body>{login}</body></html>", status, "text/html; charset=utf-8"))


def test_warnings_of_php_before_the_json_are_passed_over() -> None:
    """PHP prints them into the answer when its settings let it; the Bundle behind them is whole."""
    found = bundle(answered(WARNING + recording(84).raw), "Patient")

    assert [item["id"] for item in found] == [item["id"] for item in recording(84).resources]


def test_a_warning_alone_is_no_answer() -> None:
    """Nothing came after it."""
    with pytest.raises(NotFhir, match="a web page"):
        document(answered(WARNING))


def test_half_a_bundle_is_no_answer() -> None:
    """Where PHP died on the way; also behind a warning."""
    half = recording(84).raw[:4000]
    for body in (half, WARNING + half):
        with pytest.raises(NotFhir):
            bundle(answered(body), "Patient")


def test_a_bundle_with_fewer_entries_than_it_says_is_no_answer() -> None:
    """`total` is the number of its entries in every recording of a whole answer."""
    body = recording(84).raw.replace(b'"total":6', b'"total":7')
    assert body != recording(84).raw

    with pytest.raises(NotFhir, match="as many entries"):
        bundle(answered(body), "Patient")


def test_an_answer_that_was_too_large_to_be_logged_is_told_as_such() -> None:
    """Recording 385: a complete Bundle, then a second object with an error, status 200. The cure is to ask for less; of an
    answer that is small already, it is not."""
    tail = recording(385).raw
    error = tail[tail.rindex(b'{"error"') :]

    with pytest.raises(TooLarge, match="larger than this OpenEMR can log"):
        bundle(answered(recording(84).raw + b" " * 300_000 + error), "Patient")
    with pytest.raises(NotFhir, match="take its log"):
        bundle(answered(recording(84).raw + error), "Patient")


def test_two_answers_in_one_are_none() -> None:
    """As an unknown site has them, there with a 400 (recording 213)."""
    with pytest.raises(NotFhir, match="two things in one"):
        document(answered(b'{"a":1}{"b":2}'))


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"ok"', b"true", b'{"total":0}'])
def test_json_that_is_no_bundle_is_no_empty_bundle(body: bytes) -> None:
    """Also the `[]` by which OpenEMR says that an id is not there, when it comes with a 200."""
    with pytest.raises(NotFhir):
        bundle(answered(body), "Patient")


def test_a_bundle_of_something_else_is_no_answer() -> None:
    """Nobody asked for it."""
    with pytest.raises(NotFhir, match="something else than CarePlan"):
        bundle(recording(84).answer, "CarePlan")
    with pytest.raises(NotFhir, match="no CarePlan"):
        resource(recording(83).answer, "CarePlan")


@pytest.mark.parametrize(("number", "type_", "count"), [(84, "Patient", 6), (112, "CarePlan", 0), (109, "CarePlan", 9)])
def test_a_whole_answer_is_taken(number: int, type_: str, count: int) -> None:
    """An empty Bundle as well: what it means depends on what was asked, and only what it understands is asked."""
    assert len(bundle(recording(number).answer, type_)) == count


def test_no_secret_comes_back_in_an_error() -> None:
    """Even if OpenEMR repeated our token."""
    with pytest.raises(ServerBusy) as caught:
        document(answered(b'{"error":"x","message":"token abc-123 is odd"}', 500), secrets=["abc-123"])

    assert "abc-123" not in str(caught.value)

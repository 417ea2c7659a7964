"""Tests of plugin/outbound/answer.py."""

from datetime import UTC, datetime, timedelta

import pytest

from plugin.outbound import Answer

DATE = "Wed, 01 Jul 2026 12:00:00 GMT"


def an_answer(status_code: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer("GET Task", status_code, named, b"")


@pytest.mark.parametrize(
    ("status_code", "temporary"),
    [
        (200, False),
        (302, False),
        (400, False),
        (401, False),
        (404, False),
        (408, True),
        (409, False),
        (412, False),
        (422, False),
        (425, True),
        (429, True),
        (500, True),
        (501, False),
        (502, True),
        (503, True),
        (504, True),
        (505, False),
    ],
)
def test_what_is_temporary(status_code: int, temporary: bool) -> None:
    """Only what may go away by itself is worth asking again."""
    assert an_answer(status_code).is_temporary is temporary


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry_after": "7"}, timedelta(seconds=7)),
        ({"retry_after": " 0 "}, timedelta(0)),
        ({"retry_after": "3600"}, timedelta(hours=1)),
        ({"retry_after": "99999999999999999999"}, timedelta(hours=1)),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "²"}, None),
        ({"retry_after": "Wed, 01 Jul 2026 12:00:09 GMT", "date": DATE}, timedelta(seconds=9)),
        ({"retry_after": "Wed, 01 Jul 2026 11:00:00 GMT", "date": DATE}, timedelta(0)),
        ({"retry_after": "Fri, 01 Jul 2050 12:00:00 GMT", "date": DATE}, timedelta(hours=1)),
        ({"retry_after": "Wed, 01 Jul 2026 12:00:09 GMT"}, None),
        ({"retry_after": "Wed, 99 Jul 2026 12:00:09 GMT", "date": DATE}, None),
    ],
)
def test_retry_after_in_both_forms(headers: dict[str, str], expected: timedelta | None) -> None:
    """Seconds, or a date measured against the server's own clock; capped at an hour; nonsense is as if not there."""
    assert an_answer(503, **headers).retry_after == expected


def test_the_servers_clock() -> None:
    """`Date` is read as an aware instant in UTC."""
    assert an_answer(date=DATE).served_at == datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_an_answer_shows_no_body_and_no_headers() -> None:
    """What is logged or printed by accident holds neither resource nor token."""
    shown = repr(Answer("GET Task", 200, {"set-cookie": "canary"}, b"canary"))

    assert "canary" not in shown

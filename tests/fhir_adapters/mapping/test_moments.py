"""Tests of fhir_adapters/mapping/moments.py: which texts are dates."""

from datetime import UTC, datetime

import pytest

from fhir_adapters.mapping.moments import instant, moment


@pytest.mark.parametrize(
    "text",
    [
        "2026",
        "2026-06",
        "2026-06-15",
        "2028-02-29",
        "2026-06-15T10:00:00Z",
        "2026-06-15T10:00:00.217+00:00",
        "2026-06-15T10:00:00.123456789-05:00",
        "2026-06-15T10:00:00",
        "2026-06-15T10:00Z",
        "1800-01-01",
        "2999-12-31",
    ],
)
def test_dates_keep_their_text_and_precision(text: str) -> None:
    """A year is not the first of January."""
    assert moment(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-13",
        "2026-13-45",
        "2026-02-30",
        "2027-02-29",
        "20260615",
        "2026-W10-1",
        "2026-6-1",
        "26-06-15",
        "2026-06-15 10:00:00",
        "2026-06-15T25:00:00Z",
        "2026-06-15T10:61:00Z",
        "2026-06-15T10:00.5Z",
        "2026-06-15T10:00:00+99:00",
        "2026-06-15T10:00:00 05:00",
        "2026-06-15T",
        "2026-06-15\n",
        "٢٠٢٦",
        "0001-01-01",
        "9999-12-31",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    """Nor is the beginning or the end of time, which vendors write for "not known" and "for ever"."""
    assert moment(text) is None


def test_a_leap_second_is_the_second_before_it() -> None:
    """FHIR allows the 61st second, no clock of ours knows it."""
    assert moment("2026-06-30T23:59:60Z") == "2026-06-30T23:59:59Z"
    assert moment("2026-06-30T23:59:60.5+00:00") == "2026-06-30T23:59:59.5+00:00"
    assert moment("2026-06-30T10:60:60Z") is None


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2026-06-15T10:00:00.217+02:00", datetime(2026, 6, 15, 8, 0, 0, 217000, tzinfo=UTC)),
        ("2026-06-15T10:00:00", datetime(2026, 6, 15, 10, tzinfo=UTC)),
        ("2026-06-15", datetime(2026, 6, 15, tzinfo=UTC)),
        ("2026-06", None),
        ("yesterday", None),
    ],
)
def test_change_stamps_are_in_utc(text: str, stamp: datetime | None) -> None:
    """One without an offset is read as UTC."""
    assert instant(text) == stamp

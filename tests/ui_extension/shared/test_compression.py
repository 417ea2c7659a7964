"""Fewer bytes on the wire."""

import gzip

import pytest
from flask import Flask, Response

from ui_extension.shared.compression import compressed

LONG = "<p>a step</p>" * 200


def sent(body: str, *, accepts: str = "gzip", content_type: str = "text/html", **headers: str) -> Response:
    """What goes out for a page."""
    with Flask("test", static_folder=None).test_request_context(headers={"Accept-Encoding": accepts}):
        return compressed(Response(body, content_type=content_type, headers=headers))


def test_a_long_page_is_compressed() -> None:
    """It is the same page; its length is right."""
    answer = sent(LONG)

    assert gzip.decompress(answer.get_data()) == LONG.encode()
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert int(answer.headers["Content-Length"]) == len(answer.get_data()) < len(LONG)


@pytest.mark.parametrize(
    ("body", "accepts", "content_type"),
    [
        ("short", "gzip", "text/html"),
        (LONG, "", "text/html"),
        (LONG, "gzip;q=0", "text/html"),
        (LONG, "gzip", "image/png"),
    ],
)
def test_what_is_not_worth_it_stays(body: str, accepts: str, content_type: str) -> None:
    """Short ones, pictures, and what the browser does not understand."""
    assert "Content-Encoding" not in sent(body, accepts=accepts, content_type=content_type).headers


def test_nothing_is_compressed_twice() -> None:
    """What came compressed goes out as it is."""
    assert sent(LONG, **{"Content-Encoding": "gzip"}).get_data() == LONG.encode()

"""Fewer bytes on the wire, for pages in which no secret stands beside what the one who asks has chosen."""

from __future__ import annotations

import gzip

from flask import Response, request

_WORTH = 1000
"""Bytes; below, a packet is a packet."""
_LEVEL = 5


def compressed(response: Response) -> Response:
    """The same page, compressed where the browser takes that."""
    is_text = response.mimetype in ("text/html", "application/json")
    if "Content-Encoding" in response.headers or not is_text or request.accept_encodings.quality("gzip") <= 0:
        return response
    body = response.get_data()
    if len(body) >= _WORTH:
        response.set_data(gzip.compress(body, _LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    return response

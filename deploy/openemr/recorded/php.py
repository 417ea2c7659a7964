"""JSON as PHP and Symfony write it: slashes and all that could be HTML are escaped, nothing is left in UTF-8."""

from __future__ import annotations

import json

_HELD = "\0"  # stands for a backslash's own escape meanwhile; no JSON has it
_ESCAPED = (
    ("/", "\\/"),
    ("<", "\\u003C"),
    (">", "\\u003E"),
    ("&", "\\u0026"),
    ("'", "\\u0027"),
    ('\\"', "\\u0022"),
)


def written(body: object, *, is_symfony: bool = True) -> bytes:
    """The bytes of an answer. Without Symfony (an error's second object) only slashes are escaped."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=True)
    text = text.replace("\\\\", _HELD)
    for sign, escape in _ESCAPED if is_symfony else _ESCAPED[:1]:
        text = text.replace(sign, escape)
    return text.replace(_HELD, "\\\\").encode("ascii")

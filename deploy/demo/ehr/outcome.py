"""Answers of the EHR itself, as FHIR and OAuth want them."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from flask import Response

UNAUTHORIZED, FORBIDDEN = 401, 403


def outcome(status: int, code: str, words: str, headers: Mapping[str, str] | None = None) -> Response:
    """An OperationOutcome with one issue."""
    issue = {"severity": "error", "code": code, "diagnostics": words}
    body = orjson.dumps({"resourceType": "OperationOutcome", "issue": [issue]})
    return Response(body, status, dict(headers or {}), content_type="application/fhir+json")


def no_token() -> Response:
    """Without a token, or with one that is not ours or has run out."""
    challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return outcome(UNAUTHORIZED, "login", "There is no valid access token.", challenge)


def not_allowed(words: str) -> Response:
    """With a token that does not allow it."""
    challenge = {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
    return outcome(FORBIDDEN, "forbidden", words, challenge)


def json_answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON that nobody may keep."""
    kept = {"Cache-Control": "no-store", "Pragma": "no-cache", **(headers or {})}
    return Response(orjson.dumps(body), status, kept, content_type="application/json")

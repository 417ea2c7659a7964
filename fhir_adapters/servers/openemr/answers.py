"""An OpenEMR's answer as JSON, or the clear failure that it is. Nothing that is wrong with an answer looks like "no
data".

OpenEMR 8.2 has no OperationOutcome. It says no in a small object (`error`, `message`, `code`), in a web page, in a list
of messages with status 200, or by adding a second object to a complete Bundle.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from fhir_adapters.errors import failure_of, outcome_words
from plugin.domain.errors import (
    SAYS,
    CannotDo,
    MilepostError,
    NotFhir,
    NotFound,
    NotGranted,
    PermanentFailure,
    ServerBusy,
    SwitchedOff,
    TooLarge,
    Unauthorized,
)
from plugin.outbound import Answer

Resource = dict[str, Any]  # Any: JSON at the edge, as the server sent it; the mapping makes records of it

_BEGINNING = re.compile(rb"^[ \t]*[{\[]", re.MULTILINE)
_PHP_WORDS = re.compile(rb"\b(Warning|Notice|Deprecated|Strict Standards)\b")


class _Refusal(NamedTuple):
    """What OpenEMR says (`message`, its beginning) with a status, and what that is."""

    status: int
    said: str
    kind: type[PermanentFailure]
    means: str


_REFUSALS = (
    # OpenEMR 8.2 (recording 286): the same 401 as for a bad token, without WWW-Authenticate; only the word differs.
    _Refusal(401, "Unauthorized", NotGranted, "the token does not have the scope for this"),
    _Refusal(401, "OpenEMR Error: API call failed due to invalid token", Unauthorized, "the token has run out"),
    # OpenEMR 8.2 (recording 287): a client that was disabled is told the same as one whose token is forged.
    _Refusal(
        401,
        "The resource owner or authorization server denied",
        Unauthorized,
        "the token was not accepted, or the client is not enabled (Admin, System, API Clients)",
    ),
    _Refusal(403, "Organization policy", NotGranted, "the user of this token has no access to it in OpenEMR (ACL)"),
    _Refusal(
        403, "OpenEMR Error: API call failed due to insuff", Unauthorized, "this kind of token is not let in there"
    ),
    # OpenEMR 8.2 (recordings 420, 424, 436): a refresh still answers 200 after a logout, and its token is refused so.
    _Refusal(
        400, "Refresh Token revoked", Unauthorized, "the trust was withdrawn or the user logged out: sign in anew"
    ),
    _Refusal(400, "OpenEMR Error: api site error", CannotDo, "this OpenEMR has no such site; check the address"),
    _Refusal(404, "Route not found", CannotDo, "this OpenEMR does not offer it"),
)
_API_OFF = re.compile(r"\bapi is (disabled|not enabled)", re.IGNORECASE)
_SWITCHED_OFF = "the API is switched off there (Admin, Config, Connectors)"


_SMALL = 256 * 1024
"""No database refuses so little for its size (MySQL's smallest default for one packet is 1 MB)."""


class _Parsed(NamedTuple):
    """The first JSON document of a body, and what stood after it."""

    document: object
    after: bytes = b""


def document(answer: Answer, secrets: Iterable[str] = ()) -> object:
    """The JSON of an answer that says yes. Raises for every other answer, and for a yes that is none."""
    parsed = _parsed(answer.body)
    if not 200 <= answer.status_code < 300:
        raise refusal_of(answer, None if parsed is None else parsed.document, secrets)
    if parsed is None:
        raise NotFhir(f"{answer.asked}: answered with {_what_it_is(answer)}.")
    if parsed.after:
        raise _two_in_one(answer, parsed)
    if _is_error(parsed.document):
        said = _words(parsed.document, secrets)
        raise NotFhir(f"{answer.asked}: {answer.status_code}, but the answer is an error{SAYS if said else ''}{said}")
    return parsed.document


def bundle(answer: Answer, type_: str, secrets: Iterable[str] = ()) -> list[Resource]:
    """The resources of this type of a search. `total` is the number of entries there, always: when the two differ, a part
    of the answer is missing."""
    found = document(answer, secrets)
    if not isinstance(found, dict) or found.get("resourceType") != "Bundle":
        raise NotFhir(f"{answer.asked}: answered with JSON that is no Bundle.")
    entries = found.get("entry", [])
    if not isinstance(entries, list) or found.get("total") != len(entries):
        raise NotFhir(f"{answer.asked}: the Bundle does not hold as many entries as it says.")
    resources = [entry.get("resource") for entry in entries if isinstance(entry, dict)]
    wanted = [item for item in resources if isinstance(item, dict) and item.get("resourceType") == type_]
    if len(wanted) != len(entries):
        raise NotFhir(f"{answer.asked}: the Bundle holds something else than {type_}.")
    return wanted


def resource(answer: Answer, type_: str, secrets: Iterable[str] = ()) -> Resource:
    """The one resource of a read."""
    found = document(answer, secrets)
    if not isinstance(found, dict) or found.get("resourceType") != type_:
        raise NotFhir(f"{answer.asked}: answered with JSON that is no {type_}.")
    return found


def refusal_of(answer: Answer, said: object, secrets: Iterable[str] = ()) -> MilepostError:
    """The failure that an answer of another status than 2xx is; `said` is its body, where that is JSON."""
    status, message = answer.status_code, _message(said)
    for row in _REFUSALS:
        if status == row.status and message.startswith(row.said):
            return row.kind(f"{answer.asked}: {status}, {row.means}", status_code=status)
    if _API_OFF.search(message):
        return SwitchedOff(f"{answer.asked}: {status}, {_SWITCHED_OFF}", status_code=status)
    if status == 404 and said == []:  # OpenEMR 8.2 (recording 100): an id that is not there
        return NotFound(f"{answer.asked}: 404, nothing there", status_code=404)
    if status == 404 and said is None:
        return NotFhir(f"{answer.asked}: 404, answered with {_what_it_is(answer)}", status_code=404)
    if answer.is_temporary and said is None:
        # OpenEMR 8.2 (recording 135): what comes holds the SQL and a trace. Nothing of it is repeated.
        words = f"{answer.asked}: {status}, a failure inside, not told in JSON"
        return ServerBusy(words, retry_after=answer.retry_after, status_code=status)
    return failure_of(answer, _as_outcome(said), secrets)


def _parsed(body: bytes) -> _Parsed | None:
    """None where there is no JSON, or not all of it."""
    try:
        return _Parsed(orjson.loads(body))
    except orjson.JSONDecodeError:
        pass
    begin = _BEGINNING.search(body)
    before = body[: begin.end() - 1] if begin else b""
    if begin is None or (before.strip() and not _PHP_WORDS.search(before)):
        return None
    try:
        text = body[begin.end() - 1 :].decode()
        found, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return _Parsed(found, text[end:].strip().encode())


def _two_in_one(answer: Answer, parsed: _Parsed) -> MilepostError:
    """OpenEMR 8.2 (recording 385) logs every answer whole. Over some 8 MB its database refuses that, and it adds an error
    object to what it has sent. Where that happens to a small answer, asking for less is no cure."""
    second = _parsed(parsed.after)
    is_whole = isinstance(parsed.document, dict) and "resourceType" in parsed.document
    if not is_whole or second is None or not _is_error(second.document):
        return NotFhir(f"{answer.asked}: answered with two things in one.")
    if len(answer.body) < _SMALL:
        return NotFhir(f"{answer.asked}: an error follows the answer; can OpenEMR's database take its log (api_log)?")
    return TooLarge(f"{answer.asked}: the answer is larger than this OpenEMR can log, and was spoilt by that.")


def _is_error(found: object) -> bool:
    return isinstance(found, dict) and "resourceType" not in found and bool(found.get("error") or _faults(found))


def _faults(found: Resource) -> object:
    return found.get("validationErrors") or found.get("internalErrors")


def _message(said: object) -> str:
    message = said.get("message") if isinstance(said, dict) else None
    return message if isinstance(message, str) else ""


def _words(said: object, secrets: Iterable[str]) -> str:
    return outcome_words(_as_outcome(said), secrets)


def _as_outcome(said: object) -> Resource | None:
    """OpenEMR's words where FHIR has them, so that they are shortened and cleaned alike."""
    message = _message(said)
    return {"resourceType": "OperationOutcome", "issue": [{"diagnostics": message}]} if message else None


def _what_it_is(answer: Answer) -> str:
    if not answer.body.strip():
        return "nothing"
    if _is_markup(answer):
        return "a web page; is this the address of the FHIR API?"
    return "JSON that breaks off" if answer.body.lstrip()[:1] in (b"{", b"[") else "something that is no JSON"


def _is_markup(answer: Answer) -> bool:
    return "html" in answer.headers.get("content-type", "") or answer.body.lstrip()[:1] == b"<"

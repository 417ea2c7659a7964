"""What a FHIR server's refusal means: temporary, or for a person; with the OperationOutcome's words in the message."""

import re
from collections.abc import Iterable

from plugin.domain.errors import (
    SAYS,
    Gone,
    MilepostError,
    NotFound,
    PermanentFailure,
    Refused,
    ServerBusy,
    TooLarge,
    Unauthorized,
    VersionConflict,
)
from plugin.outbound import Answer, place_of

# R4 says 412 for a failed If-Match, and HAPI 8.8.0 answers 409 (HAPI-0550, HAPI-0989; seen 2026-11-22). Both mean:
# read again, decide again. 409 is also the answer to deleting what something refers to.
_KINDS: dict[int, type[PermanentFailure]] = {
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    409: VersionConflict,
    410: Gone,
    412: VersionConflict,
    413: TooLarge,
}
_HINTS = {
    401: "the token was not accepted, or there is none",
    403: "the token does not allow this",
    404: "nothing there",
    409: "it conflicts with what the server has",
    410: "it has been deleted",
    412: "it conflicts with what the server has",
    413: "too much at once",
    429: "too many requests",
}
_ISSUES_SHOWN = 3
_LONGEST_WORDS = 300
_CREDENTIALS = re.compile(r"\b(bearer|basic)\s+\S+", re.IGNORECASE)


def failure_of(answer: Answer, resource: object = None, secrets: Iterable[str] = ()) -> MilepostError:
    """The failure that an answer of a status other than 2xx is; `resource` is its body, where that is JSON."""
    status = answer.status_code
    hint = _HINTS.get(status, "")
    if 300 <= status < 400:
        hint = f"it redirects to {place_of(answer.headers.get('location', ''))}, and redirects are not followed"
    said = outcome_words(resource, secrets)
    message = f"{answer.asked}: {status}" + (f", {hint}" if hint else "") + (f"{SAYS}{said}" if said else "")
    if answer.is_temporary:
        return ServerBusy(message, retry_after=answer.retry_after, status_code=status)
    return _KINDS.get(status, Refused)(message, status_code=status)


def outcome_words(resource: object, secrets: Iterable[str] = ()) -> str:
    """What an OperationOutcome says in `details.text` and `diagnostics`: in one line, shortened, without control
    characters, and without our credentials, should the server repeat them. Of any other resource: nothing."""
    if not isinstance(resource, dict) or resource.get("resourceType") != "OperationOutcome":
        return ""
    issues = resource.get("issue")
    words = [said for issue in issues for said in _issue_words(issue)] if isinstance(issues, list) else []
    line = " ".join("; ".join(dict.fromkeys(words[:_ISSUES_SHOWN])).split())
    line = "".join(character for character in line if character.isprintable())
    for secret in secrets:
        line = line.replace(secret, "***")
    line = _CREDENTIALS.sub(r"\1 ***", line)
    return line if len(line) <= _LONGEST_WORDS else line[: _LONGEST_WORDS - 1] + "…"


def _issue_words(issue: object) -> Iterable[str]:
    if not isinstance(issue, dict):
        return
    details = issue.get("details")
    for said in (details.get("text") if isinstance(details, dict) else None, issue.get("diagnostics")):
        if isinstance(said, str) and said.strip():
            yield said

"""Every error that Milepost raises by itself.

    MilepostError
    ├── TemporaryFailure            the task base tries again; `retry_after` where the other side named a time
    │   ├── Unreachable             no connection, or it was cut
    │   ├── TooSlow                 no complete answer within the deadline
    │   ├── ServerBusy              408, 425, 429, 500, 502, 503, 504
    │   ├── CircuitOpen             not asked: this source has just failed several times in a row
    │   └── RecordBusy              somebody else is working on this patient; say so, try again
    └── PermanentFailure            trying again changes nothing: a person must look
        ├── OutsideSource           a link, a reference or a redirect that leads out of the source
        ├── Untrusted               the server's certificate does not hold
        ├── NotFhir                 the answer is no FHIR: a web page, broken JSON, another resource
        │   └── NotR4               FHIR, but of another version
        ├── TooLarge                an answer over the size cap, or paging without end
        ├── CannotDo                the server does not offer what is needed
        │   └── SwitchedOff         it could, and its administrator has switched off what we need
        ├── Forbidden               this person may not do this, or not see it
        │   ├── MissingRight        none of their roles has the right; `action` and `data` say which
        │   └── ForeignPage         a form that was not sent from a page of ours, or not of this session
        ├── LaunchRefused           a launch, or the answer to one, that must not be followed; `reason` says which
        ├── SessionEnded            the session of a panel, or of the admin pages, is over or never was
        ├── ProofNeeded             password and code are asked for once more before this is done
        ├── Stale                   what was on the screen is not what stands now, or is another patient's
        │   └── StaleDraft          somebody else has saved this draft meanwhile; carries both sides, and both are kept
        ├── Refused                 the server said no: 400, 422 and other 4xx
        │   ├── Unauthorized        401, 403
        │   │   └── NotGranted      the token is good, and this is not among what it was given for
        │   ├── NotFound            404
        │   │   └── Gone            410: it was there and has been deleted
        │   └── VersionConflict     409, 412: read again, decide again
        └── BadInput                what a person gave us is wrong: says what, where, and what is allowed
            ├── BadSettings
            │   └── UnknownZone
            ├── BadForm             what a form says; `fields` has the words for each field
            │   └── BadAct          of a form about a milestone
            ├── BadBundle           a file or answer that cannot be read as the Bundle it should be
            ├── BadProgram          a program, ladder, message or calendar that breaks the rules of its kind
            ├── UnknownName         no such practice, source, patient, program
            └── DatabaseMismatch    the schema is not the one that this version of Milepost works with
                ├── NewerDatabase
                └── OlderDatabase

A message says what was attempted, on which id, and what the server answered. It never holds a name, a telephone
number, a token or a resource body; what a program may want to decide by is an attribute. A FHIR server's own words may
quote a record all the same: they come last, after ``SAYS``, and logs cut them off there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plugin.domain.configuration import ConfigDraft

SAYS = "; it says: "
"""Before a server's own words: for whoever runs Milepost, at the terminal; not for a log."""


class MilepostError(Exception):
    """The root. One or two lines, fit to be shown to the person who runs Milepost."""


class TemporaryFailure(MilepostError):
    """Later it may work. `status_code` is the HTTP status, where there was an answer at all."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None, status_code: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.status_code = status_code


class Unreachable(TemporaryFailure):
    pass


class TooSlow(TemporaryFailure):
    pass


class ServerBusy(TemporaryFailure):
    """`status_code` 500 may also be a fault that one entry of a batch causes each time: halve, then set it aside."""


class CircuitOpen(TemporaryFailure):
    pass


class RecordBusy(TemporaryFailure):
    pass


class PermanentFailure(MilepostError):
    """It will fail again. `status_code` is the HTTP status, where there was an answer at all."""

    def __init__(self, message: str, *, status_code: int | None = None) -> None:
        super().__init__(message)
        self.status_code = status_code


class OutsideSource(PermanentFailure):
    pass


class Untrusted(PermanentFailure):
    pass


class NotFhir(PermanentFailure):
    pass


class NotR4(NotFhir):
    pass


class TooLarge(PermanentFailure):
    pass


class CannotDo(PermanentFailure):
    pass


class SwitchedOff(CannotDo):
    pass


class Forbidden(PermanentFailure):
    pass


class MissingRight(Forbidden):
    def __init__(self, message: str, *, action: str, data: str) -> None:
        super().__init__(message)
        self.action = action
        self.data = data


class ForeignPage(Forbidden):
    pass


class LaunchRefused(PermanentFailure):
    """`reason` is one of the codes that the launch's pages have words for (plugin/usecases/launch.py)."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class SessionEnded(PermanentFailure):
    pass


class ProofNeeded(PermanentFailure):
    pass


class Stale(PermanentFailure):
    pass


class StaleDraft(Stale):
    """`newest` is the draft as it stands (who saved it, when, its body); `yours` is what was to be saved over revision
    `seen`: it is kept aside."""

    def __init__(self, message: str, *, newest: ConfigDraft, yours: Mapping[str, object], seen: int) -> None:
        super().__init__(message)
        self.newest = newest
        self.yours = yours
        self.seen = seen


class Refused(PermanentFailure):
    pass


class Unauthorized(Refused):
    pass


class NotGranted(Unauthorized):
    pass


class NotFound(Refused):
    pass


class Gone(NotFound):
    pass


class VersionConflict(Refused):
    pass


class BadInput(PermanentFailure):
    pass


class BadSettings(BadInput):
    pass


class UnknownZone(BadSettings):
    pass


class BadForm(BadInput):
    """`fields` says what is wrong, in words, by the name of the field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


class BadAct(BadForm):
    pass


class BadBundle(BadInput):
    pass


class BadProgram(BadInput):
    pass


class UnknownName(BadInput):
    pass


class DatabaseMismatch(BadInput):
    pass


class NewerDatabase(DatabaseMismatch):
    pass


class OlderDatabase(DatabaseMismatch):
    pass

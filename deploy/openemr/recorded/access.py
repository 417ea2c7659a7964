"""What the API asks before it answers a call: whose token it is, which scopes it has and for which patient. Pure.

The authorization server (``auth_tokens.py``) implements ``Permits``; the API only calls it, and asks the permit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from deploy.openemr.recorded.auth_scopes import contexts

DENIED = "The resource owner or authorization server denied the request."
UNAUTHORIZED = "Unauthorized"
LOGGED_OUT = "Refresh Token revoked or logged out"
EXPIRED_ROW = "OpenEMR Error: API call failed due to invalid token or expired token."
NO_PERMISSION = "OpenEMR Error: API call failed due to insufficient permissions for the requested resource."

SYSTEM_USER = "oe-system"
"""As whom a client of its own (``client_credentials``) reads."""

Letter = Literal["c", "r", "u", "d", "s"]
"""What a call does: create, read, update, delete, search (SMART 2, ``cruds``)."""


class Denied(Exception):
    """The call is not let in. ``status``, ``message`` and ``code`` are OpenEMR's; its body is
    ``{"error": "An error occurred", "message": …, "code": …}`` (recordings 203-210, 284, 420, 424, 426)."""

    def __init__(self, status: int, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code

    def body(self) -> dict[str, object]:
        """As OpenEMR words it."""
        return {"error": "An error occurred", "message": self.message, "code": self.code}


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """A token that was let in. ``user`` is the user name in the clinic (``oe-system`` for a client of its own),
    ``patient`` the uuid of the token's patient, where it has one."""

    client: str
    user: str
    scopes: frozenset[str]
    patient: str | None = None

    @property
    def is_system(self) -> bool:
        """A client of its own: it may read FHIR, and may not use the Standard API (recording 284: 403)."""
        return self.user == SYSTEM_USER

    def context(self, resource: str, letter: Letter) -> Literal["system", "user", "patient"] | None:
        """In which context the scopes allow it (system before user before patient), None: not at all, which OpenEMR 8.2
        answers with 401 "Unauthorized" (recordings 208-210). In the patient context all is bound to ``patient``."""
        return contexts(self.scopes, resource, letter)


class Permits(Protocol):
    """The authorization server, as the API sees it."""

    def permit(self, authorization: str | None) -> Permit:
        """Whose token it is, by the ``Authorization`` header. Raises Denied."""

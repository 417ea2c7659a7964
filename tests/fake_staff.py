"""The port ``StaffSignIn`` in memory: an OpenEMR at which somebody signs in with the right code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from plugin.domain.errors import MilepostError, Unauthorized
from plugin.domain.launch import Identity, Tokens
from tests.fakes import START

RIGHT_CODE = "the-code-of-the-sign-in"
TOKENS = Tokens(
    access="staff-access",
    refresh="staff-refresh",
    expires_at=START + timedelta(hours=1),
    scopes=("user/message.write",),
)
SOMEBODY = Identity(oidc_issuer="https://openemr.test/oauth2/default", subject="u-1", name="Demo-Messenger, Mo")


@dataclass(frozen=True)
class Found:
    """The port ``StaffSignedIn``."""

    tokens: Tokens = TOKENS
    identity: Identity = SOMEBODY


@dataclass
class FakeStaff:
    """``asked`` are the state, verifier and nonce of each address; ``failure`` is what comes of any question."""

    asked: list[Sequence[str]] = field(default_factory=list)
    failure: MilepostError | None = None

    def authorize_url(self, *, state: str, verifier: str, nonce: str) -> str:
        self._ask()
        self.asked.append((state, verifier, nonce))
        return f"https://openemr.test/oauth2/default/authorize?{urlencode({'state': state, 'nonce': nonce})}"

    def exchange(self, *, code: str, verifier: str, nonce: str) -> Found:
        self._ask()
        if code != RIGHT_CODE or (verifier, nonce) not in [(v, n) for _, v, n in self.asked]:
            raise Unauthorized("POST /oauth2/default/token: 400, invalid_request. Consent was refused there.")
        return Found()

    def _ask(self) -> None:
        if self.failure is not None:
            raise self.failure

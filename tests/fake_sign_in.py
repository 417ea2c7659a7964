"""The ports ``SignIns``, ``Passwords`` and ``OneTimeCodes`` in memory: quick, and readable where a test looks."""

from __future__ import annotations

import hmac
from collections import Counter
from datetime import datetime, timedelta

from plugin.domain.account import OpenSession
from plugin.domain.errors import MilepostError

IDLE = timedelta(minutes=30)
_STEP_S = 30


class FakeSignIns:
    """The port ``SignIns``. ``failure`` is raised by every call."""

    def __init__(self) -> None:
        self.sessions: dict[str, OpenSession] = {}
        self.seen_at: dict[str, datetime] = {}
        self.counts: Counter[tuple[str, str]] = Counter()
        self.failure: MilepostError | None = None

    def open(self, token: str, session: OpenSession) -> None:
        self._fall()
        self.sessions[token] = session
        self.seen_at[token] = session.proven_at

    def session(self, token: str, now: datetime, *, is_active: bool = True) -> OpenSession | None:
        self._fall()
        session = self.sessions.get(token)
        if session is None or now >= session.ends_at or now >= self.seen_at[token] + IDLE:
            return None
        if is_active:
            self.seen_at[token] = now
        return session

    def renew(self, token: str, new_token: str, session: OpenSession) -> None:
        self._fall()
        self.sessions.pop(token, None)
        seen_at = self.seen_at[token]
        self.open(new_token, session)
        self.seen_at[new_token] = max(seen_at, session.proven_at)

    def end(self, token: str) -> None:
        self._fall()
        self.sessions.pop(token, None)

    def count(self, what: str, by: str, within: timedelta) -> int:
        self._fall()
        self.counts[(what, by)] += 1
        return self.counts[(what, by)]

    def _fall(self) -> None:
        if self.failure is not None:
            raise self.failure


class FakePasswords:
    """The port ``Passwords``. ``compared`` counts what was compared."""

    def __init__(self) -> None:
        self.compared = 0

    def hash(self, password: str) -> str:
        return f"hash of {password}"

    def is_right(self, password: str, hash_: str | None) -> bool:
        self.compared += 1
        return hash_ == self.hash(password)


class FakeCodes:
    """The port ``OneTimeCodes``: a code is the last digits of its time step, turned by its secret."""

    def secret(self) -> str:
        return "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

    def uri(self, secret: str, account: str) -> str:
        return f"otpauth://totp/Milepost:{account}?secret={secret}&issuer=Milepost"

    def code(self, secret: str, now: datetime) -> str:
        """What the authenticator app shows now."""
        return self._of(secret, int(now.timestamp()) // _STEP_S)

    def step(self, secret: str, code: str, now: datetime) -> int | None:
        this, given = int(now.timestamp()) // _STEP_S, "".join(code.split()).encode()
        steps = (this, this - 1, this + 1)
        return next((s for s in steps if hmac.compare_digest(self._of(secret, s).encode(), given)), None)

    def _of(self, secret: str, step: int) -> str:
        return f"{(step + sum(secret.encode())) % 1_000_000:06}"

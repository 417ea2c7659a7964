"""The ports ``Launches`` and ``SmartServer`` in memory: launches and sessions, and an authorization server that says
yes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from plugin.domain.errors import LaunchRefused, MilepostError, PermanentFailure
from plugin.domain.issuer import Issuer
from plugin.domain.launch import Granted, Identity, PanelSession, PendingLaunch, Tokens
from plugin.domain.record import Patient
from tests.fakes import START

IDLE = timedelta(minutes=15)


class FakeLaunches:
    """The port ``Launches``. ``limit`` replaces the limits that are asked for; ``failure`` is raised by every call."""

    def __init__(self) -> None:
        self.pending: dict[str, PendingLaunch] = {}
        self.open_sessions: dict[str, PanelSession] = {}
        self.seen_at: dict[str, datetime] = {}
        self.held: dict[str, Tokens] = {}
        self.just_renewed: set[str] = set()
        self.counts: Counter[tuple[str, str]] = Counter()
        self.limit: int | None = None
        self.failure: MilepostError | None = None
        self._lock = threading.Lock()

    def begin(self, state: str, pending: PendingLaunch) -> None:
        self._fall()
        self.pending[state] = pending

    def take(self, state: str) -> PendingLaunch | None:
        self._fall()
        with self._lock:
            return self.pending.pop(state, None)

    def open(self, token: str, session: PanelSession, tokens: Tokens) -> None:
        self._fall()
        self.open_sessions[token] = session
        self.seen_at[token] = session.opened_at
        self.held[token] = tokens

    def session(self, token: str, now: datetime, *, is_active: bool = True) -> PanelSession | None:
        self._fall()
        session = self.open_sessions.get(token)
        if session is None or now >= session.ends_at or now >= self.seen_at[token] + IDLE:
            return None
        if is_active:
            self.seen_at[token] = now
        return session

    def idle_until(self, token: str) -> datetime | None:
        session = self.open_sessions.get(token)
        return None if session is None else min(session.ends_at, self.seen_at[token] + IDLE)

    def of_launch(self, launch: str) -> str | None:
        self._fall()
        return next((s.issuer for s in self.open_sessions.values() if s.launch == launch), None)

    def tokens(self, token: str) -> Tokens | None:
        return self.held.get(token)

    def refreshed(self, token: str, use: Callable[[Tokens], Tokens]) -> Tokens | None:
        with self._lock:
            if token in self.held and token not in self.just_renewed:
                try:
                    self.held[token] = use(self.held[token])
                except PermanentFailure:
                    self.end(token)
                    raise
                self.just_renewed.add(token)
            return self.held.get(token)

    def end(self, token: str) -> Tokens | None:
        self._fall()
        self.open_sessions.pop(token, None)
        return self.held.pop(token, None)

    def allow(self, what: str, by: str, limit: int, within: timedelta) -> bool:
        self._fall()
        self.counts[(what, by)] += 1
        return self.counts[(what, by)] <= (limit if self.limit is None else self.limit)

    def _fall(self) -> None:
        if self.failure is not None:
            raise self.failure


TOKENS = Tokens(
    access="ehr-access", refresh=None, expires_at=START + timedelta(minutes=5), scopes=("patient/Patient.r",)
)
NURSE = Identity(
    oidc_issuer="https://ehr.test", subject="sub-1", fhir_user="Practitioner/nurse-1", name="Demo-Nurse, Nora"
)


@dataclass
class FakeSmart:
    """The port ``SmartServer``: what it is asked is counted in ``calls``, and ``failure`` is what comes of it."""

    granted: Granted = field(default_factory=lambda: Granted(tokens=TOKENS, identity=NURSE, patient="Patient/p1"))
    patients: dict[str, Patient] = field(default_factory=dict)
    failure: MilepostError | None = None
    calls: list[str] = field(default_factory=list)
    revoked: list[Tokens] = field(default_factory=list)
    issuer: Issuer | None = None

    def __call__(self, issuer: Issuer) -> FakeSmart:
        """As the services open it."""
        self.issuer = issuer
        return self

    def probe(self) -> Mapping[str, object]:
        self._ask("probe")
        return {}

    def authorize_url(self, pending: PendingLaunch, *, state: str, launch: str | None) -> str:
        self._ask("authorize_url")
        asked = "launch/patient" if launch is None else "launch"
        return f"https://ehr.test/authorize?state={state}&scope={asked}"

    def redeem(self, pending: PendingLaunch, *, code: str, iss: str | None) -> Granted:
        self._ask("redeem")
        return self.granted

    def refresh(self, tokens: Tokens, patient: str) -> Tokens:
        self._ask("refresh")
        return replace(tokens, access="ehr-access-2")

    def revoke(self, tokens: Tokens) -> None:
        self.calls.append("revoke")
        self.revoked.append(tokens)

    def patient(self, tokens: Tokens, ref: str) -> Patient | None:
        self._ask("patient")
        return self.patients.get(ref)

    def _ask(self, what: str) -> None:
        self.calls.append(what)
        if self.failure is not None:
            raise self.failure


def refusing(reason: str) -> LaunchRefused:
    """What an authorization server's side says no with."""
    return LaunchRefused("the words that nobody is shown", reason=reason)

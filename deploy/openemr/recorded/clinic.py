"""The recorded clinic: OpenEMR's tables, and what people do in OpenEMR."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from deploy.openemr.recorded.access import LOGGED_OUT, SYSTEM_USER, Denied, Permit
from deploy.openemr.recorded.auth_clients import Client, Clients
from deploy.openemr.recorded.auth_sessions import Sessions
from deploy.openemr.recorded.auth_tokens import Tokens
from deploy.openemr.recorded.bookings import Bookings
from deploy.openemr.recorded.charts import Charts
from deploy.openemr.recorded.inbox import Inbox
from deploy.openemr.recorded.moments import Clock
from deploy.openemr.recorded.results import Results
from deploy.openemr.recorded.rows import Patient, User
from deploy.openemr.recorded.tables import NEW_YORK, system_clock


class Clinic(Charts, Bookings, Inbox, Results):
    """One practice. Times that people give are the clinic's wall clock, naive; without one it is now."""

    def __init__(self, *, clock: Clock = system_clock, zone: ZoneInfo = NEW_YORK, seed: int = 7) -> None:
        super().__init__(clock=clock, zone=zone, seed=seed)
        self.clients = Clients(self.seconds, lambda: ("Task",) if self.has_task_module else ())
        """The API clients, as an administrator sees them."""
        self.oauth_tokens = Tokens(self.clients, self.seconds)
        self.sessions = Sessions()
        self._tokens: dict[str, Permit] = {}
        self._ended: set[str] = set()

    def register_client(
        self, name: str, scope: str, *, is_enabled: bool = True, skips_login: bool = False, **more: object
    ) -> Client:
        """An API client, as ``/registration`` takes it, and enabled by an administrator at once. ``more`` are further
        words of the registration: ``redirect_uris`` (a must), ``initiate_login_uri``, ``jwks``, ``application_type``."""
        asked = {"application_type": "private", "client_name": name, "scope": scope, **more}
        made = self.clients.register(asked)
        return self.clients.change(made.id, is_enabled=is_enabled, skips_login=skips_login)

    def seconds(self) -> float:
        """Seconds since 1970, for what the authorization server issues."""
        return self.wall.clock().timestamp()

    def furnish(self, name: str = "Your Clinic Name Here", *, at: datetime | None = None) -> None:
        """What a fresh installation has: one facility and four users, of whom ``admin`` is a person."""
        self.add_facility(name, number=3, phone="000-000-0000", fax="000-000-0000", at=at)
        self.add_user("admin", lname="Administrator", at=at)
        for username, lname in (
            ("phimail-service", "phiMail Gateway"),
            ("portal-user", "Patient Portal User"),
            (SYSTEM_USER, "System Operation User"),
        ):
            self.add_user(username, fname=None, lname=lname, is_active=False, facility=0, at=at)

    def issue_token(
        self, scopes: Iterable[str] | str, *, user: User | None = None, patient: Patient | None = None
    ) -> str:
        """A token by hand, for tests that are not about signing in: a client's own, or a user's; with a patient it is
        bound to one where the scopes are ``patient/``."""
        token = secrets.token_urlsafe(24)
        wanted = scopes.split() if isinstance(scopes, str) else scopes
        self._tokens[token] = Permit(
            client="by-hand",
            user=user.username if user else SYSTEM_USER,
            scopes=frozenset(wanted),
            patient=patient.uuid if patient else None,
        )
        return token

    def end_sessions(self) -> None:
        """Everybody who is logged in to OpenEMR's pages is logged out, as after two idle hours. The tokens of apps go on."""
        self.sessions.end_all()

    def end_trust(self, token: str) -> None:
        """The user has logged out, or took the client's trust away: 400 from now on."""
        self._ended.add(token)

    def permit(self, authorization: str | None) -> Permit:
        """Whose token it is (``access.Permits``): one by hand, or one that the authorization server issued. Raises Denied."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme != "Bearer" or token not in self._tokens:
            return self.oauth_tokens.permit(authorization)
        if token in self._ended:
            raise Denied(400, LOGGED_OUT)
        return self._tokens[token]

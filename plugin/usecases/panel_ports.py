"""The ports of launch and panel: issuers, people, authorization servers, sessions. Nothing concrete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from plugin.domain.issuer import Issuer
from plugin.domain.launch import Granted, Identity, PanelSession, PendingLaunch, Tokens
from plugin.domain.person import Person
from plugin.domain.record import Patient
from plugin.domain.source import Source


class Issuers(Protocol):
    """The authorization servers that are registered with us."""

    def add(
        self, issuer: Issuer, now: datetime, *, by: str = "milepost", told: Mapping[str, object] | None = None
    ) -> Issuer:
        """A new record, with its id and an audit row. PermanentFailure when slug or FHIR base is taken."""

    def all(self) -> Sequence[Issuer]:
        """Every issuer, by slug."""

    def get(self, slug: str) -> Issuer:
        """By slug; UnknownName with the known slugs when there is none."""

    def by_base(self, fhir_base: str) -> Issuer | None:
        """The active one with exactly this FHIR base."""

    def lets_in(self, slug: str, person_id: int) -> tuple[str, ...] | None:
        """Whether this person may go on with a panel that was opened from this issuer: it is not switched off and they are
        not shut out. The origins that may frame the panel; None when they may not."""

    def update(
        self, issuer: Issuer, now: datetime, *, by: str = "milepost", told: Mapping[str, object] | None = None
    ) -> None:
        """Stores changed fields, with an audit row."""


class People(Protocol):
    """Users by (OIDC issuer, subject), their roles, and their launches."""

    def seen(self, identity: Identity, now: datetime) -> Person:
        """The person of this identity, made or brought up to date (name, ``fhirUser``). What the identity does not tell
        stays as it was, so a person may also be made before the first sign-in."""

    def get(self, id_: int) -> Person:
        """By id; UnknownName."""

    def all(self) -> Sequence[Person]:
        """Everybody, by name."""

    def names(self, source: Source, who: Sequence[str]) -> Mapping[str, str]:
        """What these are called who are named as ``Person.who`` does, as far as they told us. A ``fhirUser`` is somebody
        of this source only if an issuer of it said so: elsewhere the same reference is another person."""

    def grant(
        self, person: Person, roles: Sequence[str], now: datetime, by: str, *, told: Mapping[str, object] | None = None
    ) -> Person:
        """Exactly these roles from now on, with an audit row. BadInput for who belongs to another person. ``told`` is what
        the audit row is to say beside it: from which session, from where."""

    def disable(
        self, person: Person, is_disabled: bool, now: datetime, by: str, *, told: Mapping[str, object] | None = None
    ) -> Person:
        """Lets somebody out or in again, with an audit row."""

    def belong(
        self, person: Person, to: Person | None, now: datetime, by: str, *, told: Mapping[str, object] | None = None
    ) -> Person:
        """One way in more of ``to``, whose roles count from now on (the ones given to ``person`` are taken away); or of
        nobody else any more. With an audit row. BadInput where one of the two belongs to a third, or is a local account."""

    def launched(self, session: PanelSession, now: datetime) -> None:
        """One row of ``launch`` and one audit row: who opened which patient's panel, from which issuer."""

    def last_launches(self) -> Mapping[int, datetime]:
        """When each person, by id, last opened a panel."""


class SmartServer(Protocol):
    """One issuer's authorization server, over SMART App Launch 2.2. Whatever a launch or an answer says, only the hosts of
    the issuer's record are asked. Raises LaunchRefused (what must not be followed), TemporaryFailure, PermanentFailure."""

    def probe(self) -> Mapping[str, object]:
        """What its ``.well-known/smart-configuration`` says that matters to us, and what is missing, JSON-able."""

    def authorize_url(self, pending: PendingLaunch, *, state: str, launch: str | None) -> str:
        """Where the browser goes: S256 challenge, ``aud``, negotiated scopes, ``launch`` or ``launch/patient``."""

    def redeem(self, pending: PendingLaunch, *, code: str, iss: str | None) -> Granted:
        """Changes a code into tokens and checks everything: token type, scopes, patient, id_token. ``iss`` is what the
        callback carried (RFC 9207), if anything."""

    def refresh(self, tokens: Tokens, patient: str) -> Tokens:
        """New tokens for old ones. LaunchRefused when refused, or when the answer names another patient."""

    def revoke(self, tokens: Tokens) -> None:
        """Tells the server, where it can be told. Never raises for what the server answers."""

    def patient(self, tokens: Tokens, ref: str) -> Patient | None:
        """The patient as the person's own token sees it: the strip's check at launch."""


class Launches(Protocol):
    """Launches under way, panel sessions and their tokens, in Redis: keys hashed, tokens encrypted."""

    def begin(self, state: str, pending: PendingLaunch) -> None:
        """Remembers a launch under its state for ten minutes."""

    def take(self, state: str) -> PendingLaunch | None:
        """The launch of a state, once: it is gone afterwards, whatever comes of it."""

    def open(self, token: str, session: PanelSession, tokens: Tokens) -> None:
        """A new session under its opaque token."""

    def session(self, token: str, now: datetime, *, is_active: bool = True) -> PanelSession | None:
        """The session of a token, and not idle any more; None when it has ended, was idle too long, or never was. A page
        that asks by itself is not active: its idle time runs on."""

    def idle_until(self, token: str) -> datetime | None:
        """When a session ends if nobody does anything; None when it has ended."""

    def of_launch(self, launch: str) -> str | None:
        """The issuer's slug of an open session's launch id, for the page's ``frame-ancestors``; tells nothing else."""

    def tokens(self, token: str) -> Tokens | None:
        """The EHR's tokens of a session."""

    def refreshed(self, token: str, use: Callable[[Tokens], Tokens]) -> Tokens | None:
        """Replaces a session's tokens by those that ``use`` gets for them; over all processes one at a time, and who
        waited gets what the other got. The new ones are stored before they are used."""

    def end(self, token: str) -> Tokens | None:
        """Ends a session; its tokens, to be revoked."""

    def allow(self, what: str, by: str, limit: int, within: timedelta) -> bool:
        """Counts; whether ``by`` (hashed) may do ``what`` once more."""

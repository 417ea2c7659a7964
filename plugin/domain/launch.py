"""What passes between an EHR's launch and a panel session: one launch = one session = one patient = one token set."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Refusal(StrEnum):
    """Why a launch, or the answer to one, was not followed (LaunchRefused.reason). The launch's pages have words for
    each; none of them repeats what was received."""

    UNKNOWN_ISSUER = "unknown-issuer"
    """``iss`` is not, byte by byte, one that is registered; or that one is switched off."""
    NO_LAUNCH = "no-launch"
    """An EHR launch without its ``launch`` parameter, or with one that cannot be one."""
    WRONG_STATE = "wrong-state"
    """The state is unknown: too old, used already, or another issuer's."""
    ANOTHER_BROWSER = "another-browser"
    """The secret of the browser that began is missing or wrong."""
    DENIED = "denied"
    """The authorization server, or the person there, said no (``error=access_denied``)."""
    NO_STATE = "no-state"
    """An error came back without any state (OpenEMR 8.2): which launch it ends is not known, only that it is none."""
    WRONG_SERVER = "wrong-server"
    """The callback names another authorization server than the one that was asked (RFC 9207)."""
    CODE_REFUSED = "code-refused"
    """The code was not accepted: used already, too old, or not ours (``invalid_grant``)."""
    NO_PATIENT = "no-patient"
    """The answer names no patient, or not in the form of a FHIR id."""
    ANOTHER_PATIENT = "another-patient"
    """A later answer names another patient than the session's."""
    MISSING_SCOPES = "missing-scopes"
    """What was granted, or what the server offers, is less than the panel needs."""
    BAD_TOKEN = "bad-token"  # nosec B105  # a reason, not a secret
    """The id_token is missing or does not hold: signature, issuer, audience, time, nonce."""
    SERVER_ANSWER = "server-answer"
    """The authorization server answered something that is no answer of SMART App Launch."""
    SERVER_SETUP = "server-setup"
    """Its discovery, or our record of it, does not allow a launch: an endpoint on a foreign host, no S256, no key."""
    NOT_ALLOWED = "not-allowed"
    """The person is not known here and gets no role, or is shut out."""
    SESSION_REFUSED = "session-refused"
    """The server takes the refresh token no more."""
    NO_ADDRESS = "no-address"
    """Milepost was not told its own public address: no EHR could send anybody back."""
    PATIENT_HIDDEN = "patient-hidden"
    """The person, or Milepost itself, may not see this patient in the EHR."""
    CHART_DIFFERS = "chart-differs"
    """Name or birth date differ between what the person sees in the EHR and what Milepost is told there."""
    TOO_MANY = "too-many"
    """Too many launches from one place in a short time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLaunch:
    """A launch that was begun in one browser and has not come back. ``secret_hash`` is the SHA-256 of the secret that only
    that browser's sessionStorage holds."""

    issuer: str
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)
    secret_hash: str = field(repr=False)
    begun_at: datetime
    is_standalone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The EHR's tokens of one session. ``scopes`` are those that were granted, not those that were asked for."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires_at: datetime
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who signed in, by a checked id_token: (OIDC issuer, subject). ``fhir_user`` is ``Practitioner/…`` relative to the
    FHIR base, or None."""

    oidc_issuer: str
    subject: str
    fhir_user: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What the authorization server answered to a code. ``patient`` is ``Patient/…``; ``encounter`` and ``intent`` are
    hints for display only."""

    tokens: Tokens
    identity: Identity
    patient: str
    encounter: str | None = None
    intent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelSession:
    """One open panel. ``launch`` is its opaque id (it may stand in a path); the token that opens it is nowhere in it.
    ``patient`` is the only patient that this session can see. ``roles`` are our own, at the time of the launch."""

    launch: str
    issuer: str
    source_id: int
    patient: str
    person_id: int
    who: str
    """The person as audit rows and statements name them: ``Practitioner/…`` where known, else ``user:<id>``."""
    name: str | None
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    opened_at: datetime
    ends_at: datetime
    """Whatever happens, it ends then; when it is idle for too long, before."""

    @property
    def seat(self) -> str:
        """See ``plugin.domain.reader``: the launch."""
        return self.launch

    @property
    def told(self) -> dict[str, str]:
        """What each audit row of this panel says beside its own: from which launch of which issuer."""
        return {"issuer": self.issuer, "launch": self.launch}

    @property
    def page(self) -> str:
        """See ``plugin.domain.reader``."""
        return "panel"

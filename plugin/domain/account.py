"""Who is signed in to the admin pages: a local account of a person, and one session of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from plugin.domain.errors import ProofNeeded

LOCAL = "urn:milepost:local"
"""The ``oidc_issuer`` of people who have a local account; their ``subject`` is the account's name, in lower case."""

FREE_ATTEMPTS = 5
"""The fifth wrong attempt in a row closes an account for a first pause; each further one for twice as long."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)
_ENOUGH = 10  # doublings: the pause has long been the longest

PROVEN_FOR = timedelta(minutes=10)
"""Who gave password and code so long ago may still publish, change people, and the like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A local account. ``totp_secret`` is None until its owner has set up the second factor, which the first sign-in
    asks for. ``failures`` counts refused attempts since the last good one; ``locked_until`` grows with them."""

    person_id: int
    name: str
    password_hash: str = field(repr=False)
    totp_secret: str | None = field(default=None, repr=False)
    last_totp_step: int | None = None
    """The time step of the code that was taken last: a code is good once (RFC 6238, section 5.2)."""
    must_change: bool = True
    """The password was set by somebody else."""
    failures: int = 0
    locked_until: datetime | None = None
    sessions_from: datetime | None = None
    """Sessions that were opened before are over: the password was changed since, or somebody was shut out."""

    @property
    def is_set_up(self) -> bool:
        """Password and second factor are the owner's own."""
        return self.totp_secret is not None and not self.must_change

    def is_locked(self, now: datetime) -> bool:
        """Whatever is given, it is refused."""
        return self.locked_until is not None and now < self.locked_until

    def refused(self, now: datetime) -> Account:
        """After one more attempt that was wrong: from the fifth in a row on it is closed for a while that grows."""
        failures = self.failures + 1
        over = failures - FREE_ATTEMPTS
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(over, _ENOUGH)) if over >= 0 else None
        return replace(self, failures=failures, locked_until=now + pause if pause else self.locked_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """What is kept of a session; who that is and what they may is read anew for each request. ``id`` may stand in audit
    rows: it opens nothing. ``csrf`` is what each form of this session carries."""

    id: str
    person_id: int
    csrf: str = field(repr=False)
    signed_in_at: datetime
    proven_at: datetime
    ends_at: datetime
    is_complete: bool = True
    """False until its owner has set a password and a second factor of their own: until then it opens only that page."""
    new_secret: str | None = field(default=None, repr=False)
    """The second factor that is being set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """One session of a person in the admin pages, as use cases see it. ``who`` is how audit rows, versions and statements
    name the person (``Person.who``); ``roles`` are those of now, read from our own table for each request."""

    session: str
    """An opaque id that may stand in audit rows: not what opens the session."""
    person_id: int
    who: str
    name: str
    roles: tuple[str, ...]
    origin: str
    """Where the request came from: the address of the peer, or what a trusted proxy says of it."""
    signed_in_at: datetime
    proven_at: datetime
    """When password and code were last given: publishing asks for them again after a while."""
    ends_at: datetime
    """Whatever happens, it ends then; when it is idle for too long, before."""

    @property
    def told(self) -> dict[str, str]:
        """What each audit row of this session says beside its own: which session, and from where."""
        return {"session": self.session, "from": self.origin}


def check_proven(who: SignedIn, now: datetime) -> None:
    """Raises ProofNeeded unless password and code were given a short while ago. The pages ask for them, keep what was
    sent, and send it once more."""
    if now - who.proven_at > PROVEN_FOR:
        raise ProofNeeded("Password and code are needed once more.")

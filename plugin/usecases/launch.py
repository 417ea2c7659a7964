"""Launch a panel: begin in one browser, come back from the EHR's authorization server, and open one patient's session.

One launch is one session, one patient and one set of tokens. A state is good once, whatever comes of it, and only
together with the secret that the browser which began was given.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from plugin.domain.audit import AuditEntry
from plugin.domain.errors import LaunchRefused, MilepostError, UnknownName
from plugin.domain.issuer import Issuer
from plugin.domain.launch import Granted, PanelSession, PendingLaunch, Refusal
from plugin.domain.permissions import Action, Data, can
from plugin.domain.person import Person
from plugin.domain.record import Patient
from plugin.domain.source import Source
from plugin.usecases.panel_session import revoke
from plugin.usecases.read_patient import first_reading, patient_now
from plugin.usecases.services import Services

LONGEST = timedelta(hours=8)
"""However busy, a session ends then: a shift."""

_LONGEST_LAUNCH = 4096  # OpenEMR 8.2 encrypts four fields into it; nobody needs more


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What the page of a launch hands to its script: where to go, and what only this browser is to know."""

    authorize_url: str = field(repr=False)
    state: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """What came back: to the page of ``issuer``, in the browser that shows ``secret``. ``iss`` is RFC 9207's. Without a
    ``state`` it is no launch of ours, but OpenEMR 8.2 sends none with an error (recording 311)."""

    issuer: str
    secret: str = field(repr=False)
    state: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)
    error: str | None = None
    iss: str | None = None


def issuer_of_launch(services: Services, iss: str, aud: str | None = None) -> Issuer:
    """The registered issuer with exactly this FHIR base, one trailing slash aside. Nothing is ever fetched from an address
    that a launch names. OpenEMR 8.2 says it twice, in ``aud`` too; a launch that names two servers names none."""
    if aud is not None and aud.removesuffix("/") != iss.removesuffix("/"):
        raise _refused(Refusal.UNKNOWN_ISSUER)
    with services.database.begin(reading=True) as uow:
        issuer = uow.issuers.by_base(iss.removesuffix("/"))
    if issuer is None:
        raise _refused(Refusal.UNKNOWN_ISSUER)
    return issuer


def issuer_named(services: Services, slug: str) -> Issuer:
    """The issuer of one of our own pages, while it is switched on."""
    try:
        with services.database.begin(reading=True) as uow:
            issuer = uow.issuers.get(slug)
    except UnknownName as error:
        raise _refused(Refusal.UNKNOWN_ISSUER) from error
    if not issuer.is_active:
        raise _refused(Refusal.UNKNOWN_ISSUER)
    return issuer


def begin(services: Services, issuer: Issuer, *, launch: str) -> Begun:
    """An EHR launch."""
    if not 0 < len(launch) <= _LONGEST_LAUNCH:
        raise _refused(Refusal.NO_LAUNCH)
    return _begun(services, issuer, launch)


def begin_standalone(services: Services, issuer: Issuer) -> Begun:
    """A launch without a chart around it: the EHR asks for the patient."""
    return _begun(services, issuer, None)


def open_session(services: Services, callback: Callback) -> tuple[str, PanelSession]:
    """The token that opens the panel, and its session. Raises LaunchRefused with one of ``Refusal``."""
    if callback.state is None:
        raise _refused(Refusal.WRONG_STATE if callback.error is None else Refusal.NO_STATE)
    pending = services.launches.take(callback.state)
    if pending is None or pending.issuer != callback.issuer:
        raise _refused(Refusal.WRONG_STATE)
    if not hmac.compare_digest(pending.secret_hash, _hashed(callback.secret)):
        raise _refused(Refusal.ANOTHER_BROWSER)
    issuer = issuer_named(services, pending.issuer)
    granted = services.smart(issuer).redeem(pending, code=_code_in(callback), iss=callback.iss)
    try:
        session = _session(services, issuer, granted)
    except MilepostError:
        revoke(services, issuer, granted.tokens)
        raise
    token = services.token()
    services.launches.open(token, session, granted.tokens)
    return token, session


def issuer_of_page(launch: str) -> str:
    """The issuer's slug that a launch's id begins with. It says who may frame the page of a session that has ended, too;
    it opens nothing."""
    return launch.partition(".")[0]


def _begun(services: Services, issuer: Issuer, launch: str | None) -> Begun:
    if services.public_url is None:
        raise _refused(Refusal.NO_ADDRESS)
    state, secret = services.token(), services.token()
    pending = PendingLaunch(
        issuer=issuer.slug,
        verifier=services.token() + services.token(),
        nonce=services.token(),
        secret_hash=_hashed(secret),
        begun_at=services.clock(),
        is_standalone=launch is None,
    )
    authorize_url = services.smart(issuer).authorize_url(pending, state=state, launch=launch)
    services.launches.begin(state, pending)
    return Begun(authorize_url=authorize_url, state=state, secret=secret)


def _code_in(callback: Callback) -> str:
    if callback.error is not None:
        raise _refused(Refusal.DENIED if callback.error == "access_denied" else Refusal.SERVER_ANSWER)
    if not callback.code:
        raise _refused(Refusal.SERVER_ANSWER)
    return callback.code


def _session(services: Services, issuer: Issuer, granted: Granted) -> PanelSession:
    """The session of who was granted what, written down."""
    now = services.clock()
    with services.database.begin() as uow:
        source = uow.sources.get(issuer.source)
        person = uow.people.seen(granted.identity, now)
        uow.commit()
    place = _Place(services, issuer, source, person, granted, now)
    roles = place.roles()
    place.read_chart()
    session = PanelSession(
        launch=f"{issuer.slug}.{services.token()}",
        issuer=issuer.slug,
        source_id=source.id,
        patient=granted.patient,
        person_id=person.id,
        who=person.who,
        name=person.name,
        roles=roles,
        scopes=granted.tokens.scopes,
        opened_at=now,
        ends_at=now + LONGEST,
    )
    with services.database.begin() as uow:
        uow.people.launched(session, now)
        uow.commit()
    return session


@dataclass(frozen=True, slots=True)
class _Place:
    """One person in front of one patient's chart, before the door is opened."""

    services: Services
    issuer: Issuer
    source: Source
    person: Person
    granted: Granted
    now: datetime

    def roles(self) -> tuple[str, ...]:
        """Our own table's, else the least one that this issuer's people get; who is mapped to a person has that person's
        and no others. Some role must see care plans: whoever looks after programs or sources alone has nothing to do in a
        chart."""
        is_strange = self.person.belongs_to is None
        least = (self.issuer.least_role,) if self.issuer.least_role and is_strange else ()
        roles = self.person.roles or least
        if self.person.is_disabled or not can(roles, Action.READ, Data.PLAN):
            raise self._refused(Refusal.NOT_ALLOWED)
        return roles

    def read_chart(self) -> None:
        """Has the chart read afresh, once it is certain that the person and we speak of the same patient: an EHR may
        launch the chart that was opened last, and not the one that is looked at (OpenEMR 8.2)."""
        ref = self.granted.patient
        seen = self.services.smart(self.issuer).patient(self.granted.tokens, ref)
        if seen is None:
            raise self._refused(Refusal.PATIENT_HIDDEN)
        with self.services.database.begin(reading=True) as uow:
            tracked = uow.patients.look(self.source, ref)
            stored = next((f for f in uow.facts.get(self.source, [ref]) if isinstance(f, Patient)), None)
        if stored is None or not _is_same(stored, seen):
            self._compare_with_source(seen)
        if tracked is None or stored is None:
            first_reading(self.services, self.source, ref)
        else:
            self.services.jobs.read(tracked.row.id)

    def _compare_with_source(self, seen: Patient) -> None:
        """What we remember may be old."""
        now = patient_now(self.services, self.source, self.granted.patient)
        if now is None:
            raise self._refused(Refusal.PATIENT_HIDDEN)
        if not _is_same(now, seen):
            raise self._refused(Refusal.CHART_DIFFERS)

    def _refused(self, reason: Refusal) -> LaunchRefused:
        """With an audit row: it is known who was sent away, and from whose chart."""
        entry = AuditEntry(
            at=self.now,
            who=self.person.who,
            action="launch-refused",
            record=f"{self.source.slug}/{self.granted.patient}",
            why=reason.value,
            detail={"issuer": self.issuer.slug, "person": self.person.id},
        )
        with self.services.database.begin() as uow:
            uow.audit.write([entry])
            uow.commit()
        return _refused(reason)


def _is_same(one: Patient, other: Patient) -> bool:
    """As the strip says it."""
    return (one.name, one.birth_date) == (other.name, other.birth_date)


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _refused(reason: Refusal) -> LaunchRefused:
    return LaunchRefused(f"The launch was refused: {reason.value}.", reason=reason.value)

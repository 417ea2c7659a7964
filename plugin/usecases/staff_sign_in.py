"""Sign a staff account of an EHR in: an administrator's browser goes there and comes back with a code.

What comes back is bound to the session that began it, and to the source; it is good once, and for ten minutes. OpenEMR
8.2 checks neither well for us: a code can be redeemed twice there (recording 296).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from plugin.domain.account import SignedIn
from plugin.domain.errors import BadForm, BadInput, MilepostError
from plugin.domain.launch import Identity, PendingLaunch
from plugin.domain.permissions import Action, Data, check_can
from plugin.domain.record import Other
from plugin.domain.source import Source
from plugin.domain.staff_account import StaffAccount
from plugin.usecases.services import Services
from plugin.usecases.staff_account import keep, sign_out_staff

_LONGEST = 255


def name_staff_client(
    services: Services, source: Source, client: str, secret: str, *, by: str, told: Mapping[str, object] | None = None
) -> Source:
    """As what Milepost is registered there for staff messages. Without a secret the stored one stays, but not with another
    client: BadForm. Whoever was signed in by another client is signed out: their tokens are good for nothing with this."""
    wrong = {}
    if not client or len(client) > _LONGEST or not client.isascii() or not client.isprintable() or " " in client:
        wrong["staff_client"] = "The client ID is what OpenEMR answered when it was registered: no blanks, not empty."
    if not secret and (client != source.staff_client or source.staff_secret is None):
        wrong["staff_secret"] = "This client needs its secret; OpenEMR showed it once, when it was registered."
    if wrong:
        raise BadForm(wrong)
    with services.database.begin() as uow:
        before = uow.sources.by_id(source.id)
        changed = replace(before, staff_client=client, staff_secret=secret or before.staff_secret)
        uow.sources.update(changed, services.clock(), by=by, told=told)
        uow.commit()
    if client != before.staff_client:
        sign_out_staff(services, changed, by=by, told=told)
    return changed


def begin_staff_sign_in(services: Services, source: Source, me: SignedIn) -> str:
    """Where the browser goes. Raises CannotDo or BadSettings, in words, where it cannot."""
    state = services.token()
    pending = PendingLaunch(
        issuer=_whose(source),
        verifier=services.token(),
        nonce=services.token(),
        secret_hash=_hashed(me.session),
        begun_at=services.clock(),
    )
    url = services.staff(source).authorize_url(state=state, verifier=pending.verifier, nonce=pending.nonce)
    services.launches.begin(state, pending)
    return url


def finish_staff_sign_in(services: Services, source: Source, me: SignedIn, *, code: str, state: str) -> StaffAccount:
    """Keeps the account. BadInput for what this session did not begin, or too long ago, or has finished already;
    Unauthorized, in words, where the EHR says no."""
    pending = services.launches.take(state)
    is_ours = pending is not None and pending.issuer == _whose(source)
    if pending is None or not is_ours or not hmac.compare_digest(pending.secret_hash, _hashed(me.session)):
        raise BadInput("This sign-in was not begun in your session, or longer than ten minutes ago. Begin it again.")
    found = services.staff(source).exchange(code=code, verifier=pending.verifier, nonce=pending.nonce)
    who = _called(services, source, found.identity)
    return keep(services, source, found.tokens, who=who, by=me.who, told=me.told)


def messages_that_wait(services: Services, me: SignedIn) -> int:
    """How many EHRs are to get staff messages, and have nobody signed in to write them."""
    check_can(me.roles, Action.READ, Data.CONFIGURATION)
    with services.database.begin(reading=True) as uow:
        to_be_told = [source for source in uow.sources.all() if source.sink == "message" and not source.leaving]
        accounts = [uow.staff_accounts.get(source) for source in to_be_told]
    return sum(account is None or account.ended is not None for account in accounts)


def _whose(source: Source) -> str:
    """Among the launches under way; no issuer can be called so."""
    return f"staff-account/{source.slug}"


def _hashed(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()


def _called(services: Services, source: Source, identity: Identity) -> str:
    """As the EHR names that person. OpenEMR 8.2 gives no name with the sign-in, only who they are in its records; staff
    without an NPI is a Person there, and read as a Practitioner."""
    if identity.name or identity.fhir_user is None:
        return identity.name or identity.subject
    ref = f"Practitioner/{identity.fhir_user.partition('/')[2]}"
    with services.database.begin(reading=True) as uow:
        known = [*uow.facts.get(source, [ref])]
    if not known:
        with suppress(MilepostError):  # whoever they are, they are signed in
            known = [fact for page in services.ehr(source).read([ref]) for fact in page.facts]
    return next((fact.name for fact in known if isinstance(fact, Other) and fact.name), identity.fhir_user)

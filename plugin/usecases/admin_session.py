"""A session of the admin pages that is open: whose it is and what they may, read anew for each request."""

from __future__ import annotations

from dataclasses import dataclass

from plugin.domain.account import Account, OpenSession, SignedIn
from plugin.domain.audit import AuditEntry
from plugin.domain.errors import SessionEnded
from plugin.domain.person import Person
from plugin.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Current:
    """A live session, and whose it is now."""

    session: OpenSession
    account: Account
    person: Person

    def signed_in(self, origin: str) -> SignedIn:
        """As use cases see it, for a request from there."""
        return SignedIn(
            session=self.session.id,
            person_id=self.person.id,
            who=self.person.who,
            name=self.person.name or self.account.name,
            roles=self.person.roles,
            origin=origin,
            signed_in_at=self.session.signed_in_at,
            proven_at=self.session.proven_at,
            ends_at=self.session.ends_at,
        )


def current_session(services: Services, token: str, *, is_active: bool = True) -> Current:
    """The session of a token. Raises SessionEnded when it is over or never was, when its owner was shut out, and when
    their sessions were ended since it was opened. A page that asks by itself is not active."""
    session = services.sign_ins.session(token, services.clock(), is_active=is_active)
    if session is None:
        raise SessionEnded("This session has ended, or never was.")
    with services.database.begin(reading=True) as uow:
        account = uow.accounts.of_person(session.person_id)
        person = uow.people.get(session.person_id)
    is_over = account is None or (account.sessions_from is not None and session.signed_in_at < account.sessions_from)
    if account is None or is_over or person.is_disabled:
        services.sign_ins.end(token)
        raise SessionEnded("This person was shut out, or their sessions were ended.")
    return Current(session, account, person)


def sign_out(services: Services, token: str, who: SignedIn) -> None:
    """Ends it, with an audit row."""
    entry = AuditEntry(
        at=services.clock(), who=who.who, action="sign-out", record=f"person/{who.person_id}", detail=who.told
    )
    with services.database.begin() as uow:
        uow.audit.write([entry])
        uow.commit()
    services.sign_ins.end(token)

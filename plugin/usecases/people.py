"""People who use Milepost: give roles, let somebody out and in again, list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from plugin.domain.account import Account
from plugin.domain.errors import BadInput, UnknownName
from plugin.domain.launch import Identity
from plugin.domain.password import account_name
from plugin.domain.permissions import Role
from plugin.domain.person import Person
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services

LOCAL_ACCOUNTS = "local"
"""In the place of an issuer's slug: the accounts that were made here, by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A person, with the issuers (slugs) through which they come or their local account, and when they last opened a
    panel."""

    person: Person
    issuers: tuple[str, ...]
    last_launch: datetime | None
    account: Account | None = None


def grant(
    services: Services,
    issuer: str,
    subject: str,
    roles: Sequence[str],
    *,
    by: str,
    told: Mapping[str, object] | None = None,
) -> Person:
    """Exactly these roles from now on, for who signs in there as this subject; also before they ever did. An open panel
    keeps the roles that it was opened with."""
    check_roles(roles)
    now = services.clock()
    with services.database.begin() as uow:
        person = uow.people.grant(_person(uow, issuer, subject, now), roles, now, by, told=told)
        uow.commit()
    return person


def let_in(
    services: Services,
    issuer: str,
    subject: str,
    *,
    is_disabled: bool,
    by: str,
    told: Mapping[str, object] | None = None,
) -> Person:
    """Lets somebody out, whatever roles they have, or in again."""
    now = services.clock()
    with services.database.begin() as uow:
        person = uow.people.disable(_person(uow, issuer, subject, now), is_disabled, now, by, told=told)
        end_sessions(uow, person, now)
        uow.commit()
    return person


def everybody(services: Services) -> Sequence[Known]:
    """All, by name."""
    with services.database.begin(reading=True) as uow:
        people, issuers, launches = uow.people.all(), uow.issuers.all(), uow.people.last_launches()
        accounts = uow.accounts.all()
    return [
        Known(
            person=person,
            issuers=tuple(issuer.slug for issuer in issuers if issuer.oidc_issuer == person.oidc_issuer),
            last_launch=launches.get(person.id),
            account=accounts.get(person.id),
        )
        for person in people
    ]


def check_roles(roles: Sequence[str]) -> None:
    """Raises BadInput for one that is none."""
    unknown = sorted(set(roles) - set(Role))
    if unknown:
        raise BadInput(f"{', '.join(unknown)}: no such role; there is: {', '.join(Role)}.")


def end_sessions(uow: UnitOfWork, person: Person, now: datetime) -> None:
    """What is open in the admin pages, of somebody who is shut out: for good, also when they are let in again soon."""
    account = uow.accounts.of_person(person.id, lock=True)
    if account is not None and person.is_disabled:
        uow.accounts.update(replace(account, sessions_from=now))


def _person(uow: UnitOfWork, issuer: str, subject: str, now: datetime) -> Person:
    if issuer == LOCAL_ACCOUNTS:
        account = uow.accounts.by_name(account_name(subject))
        if account is None:
            raise UnknownName(f"There is no account {account_name(subject)!r}.")
        return uow.people.get(account.person_id)
    if not subject.strip() or not subject.isprintable():
        raise BadInput("The subject is the id_token's `sub` of this person: not empty, on one line.")
    return uow.people.seen(Identity(oidc_issuer=uow.issuers.get(issuer).oidc_issuer, subject=subject), now)

"""People who use Milepost: give roles, let somebody out and in again, list them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from plugin.domain.errors import BadInput
from plugin.domain.launch import Identity
from plugin.domain.permissions import Role
from plugin.domain.person import Person
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A person, with the issuers (slugs) through which they come, and when they last opened a panel."""

    person: Person
    issuers: tuple[str, ...]
    last_launch: datetime | None


def grant(services: Services, issuer: str, subject: str, roles: Sequence[str], *, by: str) -> Person:
    """Exactly these roles from now on, for who signs in there as this subject; also before they ever did. An open panel
    keeps the roles that it was opened with."""
    unknown = sorted(set(roles) - set(Role))
    if unknown:
        raise BadInput(f"{', '.join(unknown)}: no such role; there is: {', '.join(Role)}.")
    now = services.clock()
    with services.database.begin() as uow:
        person = uow.people.grant(_person(uow, issuer, subject, now), roles, now, by)
        uow.commit()
    return person


def let_in(services: Services, issuer: str, subject: str, *, is_disabled: bool, by: str) -> Person:
    """Lets somebody out, whatever roles they have, or in again."""
    now = services.clock()
    with services.database.begin() as uow:
        person = uow.people.disable(_person(uow, issuer, subject, now), is_disabled, now, by)
        uow.commit()
    return person


def everybody(services: Services) -> Sequence[Known]:
    """All, by name."""
    with services.database.begin(reading=True) as uow:
        people, issuers, launches = uow.people.all(), uow.issuers.all(), uow.people.last_launches()
    return [
        Known(
            person=person,
            issuers=tuple(issuer.slug for issuer in issuers if issuer.oidc_issuer == person.oidc_issuer),
            last_launch=launches.get(person.id),
        )
        for person in people
    ]


def _person(uow: UnitOfWork, issuer: str, subject: str, now: datetime) -> Person:
    if not subject.strip() or not subject.isprintable():
        raise BadInput("The subject is the id_token's `sub` of this person: not empty, on one line.")
    return uow.people.seen(Identity(oidc_issuer=uow.issuers.get(issuer).oidc_issuer, subject=subject), now)

"""Look after people and their local accounts: invite, give roles, shut out, have somebody start over, map EHR users."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from plugin.domain.account import Account, SignedIn
from plugin.domain.audit import AuditEntry
from plugin.domain.errors import BadForm, Stale, UnknownName
from plugin.domain.password import NAME, account_name, password_fault
from plugin.domain.permissions import Action, Data, can
from plugin.domain.person import Person
from plugin.usecases.people import check_roles, end_sessions
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who does it, and what the audit rows say beside: from which session, from where."""

    who: str
    told: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def session(cls, who: SignedIn) -> By:
        """Somebody in the admin pages."""
        return cls(who=who.who, told=who.told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """Somebody with a new account, or who starts over, and the password for their first time: kept nowhere."""

    person: Person
    account: str
    password: str = field(repr=False)


def invite(
    services: Services, name: str, person_name: str, roles: Sequence[str], *, by: By, password: str | None = None
) -> Invited:
    """A new account with a password for one time (unless one is given), and a person with these roles. Raises BadForm."""
    account, shown = account_name(name), person_name.strip()
    given = password or _one_time_password(services)
    wrong: dict[str, str] = {}
    if not NAME.fullmatch(account):
        wrong["name"] = "Two characters or more: letters without accents, digits, dot, hyphen, underscore, @."
    elif fault := password_fault(given, account):
        wrong["password"] = fault
    if not shown or len(shown) > _LONGEST_NAME or not shown.isprintable():
        wrong["person_name"] = "What is this person called?"
    if wrong:
        raise BadForm(wrong)
    check_roles(roles)
    now = services.clock()
    new = Account(person_id=0, name=account, password_hash=services.passwords.hash(given))
    with services.database.begin() as uow:
        if uow.accounts.by_name(account) is not None:
            raise BadForm({"name": "Somebody has this name already."})
        person = uow.accounts.add(new, shown, now, by.who, told=by.told)
        person = uow.people.grant(person, roles, now, by.who, told=by.told)
        uow.commit()
    return Invited(person=person, account=account, password=given)


def start_over(services: Services, person_id: int, *, by: By, password: str | None = None) -> Invited:
    """A new password for one time; the second factor and its recovery codes are gone, as is every session and lock."""
    given = password or _one_time_password(services)
    hash_ = services.passwords.hash(given)
    now = services.clock()
    with services.database.begin() as uow:
        account = uow.accounts.of_person(person_id, lock=True)
        if account is None:
            raise UnknownName(f"Person {person_id} has no local account.")
        if fault := password_fault(given, account.name):
            raise BadForm({"password": fault})
        uow.accounts.update(Account(person_id=person_id, name=account.name, password_hash=hash_, sessions_from=now))
        uow.accounts.keep_recovery(person_id, [])
        record = f"person/{person_id}"
        uow.audit.write([AuditEntry(at=now, who=by.who, action="reset-account", record=record, detail=by.told)])
        person = uow.people.get(person_id)
        uow.commit()
    return Invited(person=person, account=account.name, password=given)


def give_roles(services: Services, person_id: int, roles: Sequence[str], *, seen: Sequence[str], by: By) -> Person:
    """Exactly these. Stale when they are not any more what was seen; BadForm when nobody would be left to give roles."""
    check_roles(roles)
    now = services.clock()
    with services.database.begin() as uow:
        person = uow.people.get(person_id)
        if set(person.roles) != set(seen):
            raise Stale("Somebody else has changed the roles of this person meanwhile.")
        _refuse_last(uow, person, roles, "roles")
        person = uow.people.grant(person, roles, now, by.who, told=by.told)
        uow.commit()
    return person


def shut_out(services: Services, person_id: int, *, is_disabled: bool, by: By) -> Person:
    """Out or in again. Whoever is shut out has no session any more, here or in a panel."""
    now = services.clock()
    with services.database.begin() as uow:
        person = uow.people.get(person_id)
        if is_disabled:
            _refuse_last(uow, person, (), "state")
        person = uow.people.disable(person, is_disabled, now, by.who, told=by.told)
        end_sessions(uow, person, now)
        uow.commit()
    return person


def belong(services: Services, person_id: int, to_id: int | None, *, by: By) -> Person:
    """An EHR user is a way in of somebody who is known here; or stands by themselves again, without a role."""
    now = services.clock()
    with services.database.begin() as uow:
        person, to = uow.people.get(person_id), None if to_id is None else uow.people.get(to_id)
        person = uow.people.belong(person, to, now, by.who, told=by.told)
        uow.commit()
    return person


def account_named(services: Services, name: str) -> Account:
    """By its name. UnknownName."""
    with services.database.begin(reading=True) as uow:
        account = uow.accounts.by_name(account_name(name))
    if account is None:
        raise UnknownName(f"There is no account {account_name(name)!r}; `milepost user list` shows all.")
    return account


def recovery_codes_left(services: Services, who: SignedIn) -> int:
    """Of one's own."""
    with services.database.begin(reading=True) as uow:
        return uow.accounts.recovery_left(who.person_id)


def _refuse_last(uow: UnitOfWork, person: Person, roles: Sequence[str], field_: str) -> None:
    """Somebody must be left who can sign in and give roles; else only the command line could help."""
    if not _gives_roles(person.roles) or _gives_roles(roles):
        return
    accounts = uow.accounts.all()
    others = [p for p in uow.people.all() if p.id != person.id and p.id in accounts and not p.is_disabled]
    if not any(_gives_roles(other.roles) for other in others):
        raise BadForm({field_: "Nobody else could give roles then. Make somebody else an administrator first."})


def _gives_roles(roles: Sequence[str]) -> bool:
    return can(roles, Action.EDIT, Data.PEOPLE)


def _one_time_password(services: Services) -> str:
    """80 bits, in groups that can be read out on the telephone."""
    letters = base64.b32encode(sha256(services.token().encode()).digest()).decode().lower()
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))

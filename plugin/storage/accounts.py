"""Local accounts: who signs in with a name, a password and a second factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, select, update

from plugin.domain.account import LOCAL, Account
from plugin.domain.audit import AuditEntry
from plugin.domain.errors import BadInput
from plugin.domain.person import Person
from plugin.storage.account_tables import account, recovery_code
from plugin.storage.audit import SqlAudit
from plugin.storage.people import SqlPeople
from plugin.storage.people_tables import person
from plugin.storage.transaction import Transaction, Value
from plugin.storage.written import Answer, Written

_NAMES = tuple(field.name for field in fields(Account))
_OF_PERSON = Written(
    select(*(account.c[name] for name in _NAMES)).where(
        account.c.practice_id == bindparam("of_practice"), account.c.person_id == bindparam("of_person")
    )
)
"""Every request of the admin pages asks."""


class SqlAccounts:
    """The port ``Accounts``. A second factor's secret is bound to its person: in another row it does not open."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(
        self, new: Account, person_name: str, now: datetime, by: str, *, told: Mapping[str, object] | None = None
    ) -> Person:
        """See the port."""
        practice = self._transaction.practice_id
        row = (LOCAL, new.name, person_name, None, False)
        names = ("oidc_issuer", "subject", "name", "fhir_user", "is_disabled")
        key = ("practice_id", "oidc_issuer", "subject")
        if not self._transaction.put(person, names, [row], key=key):
            raise BadInput(f"There is an account with the name {new.name} already.")
        ours = and_(person.c.practice_id == practice, person.c.oidc_issuer == LOCAL, person.c.subject == new.name)
        (id_,) = self._transaction.column(select(person.c.id).where(ours))
        values = {"practice_id": practice, **self._values(replace(new, person_id=id_))}
        self._transaction.run(insert(account).values(values))
        detail = {"account": new.name, **(told or {})}
        entry = AuditEntry(at=now, who=by, action="add-account", record=f"person/{id_}", detail=detail)
        SqlAudit(self._transaction).write([entry])
        return SqlPeople(self._transaction).get(id_)

    def by_name(self, name: str, *, lock: bool = False) -> Account | None:
        """See the port."""
        return self._one(account.c.name == name, lock=lock)

    def of_person(self, person_id: int, *, lock: bool = False) -> Account | None:
        """See the port."""
        if lock:
            return self._one(account.c.person_id == person_id, lock=True)
        rows = self._transaction.answers(_OF_PERSON, of_practice=self._transaction.practice_id, of_person=person_id)
        return next(map(self._account, rows), None)

    def all(self) -> Mapping[int, Account]:
        """See the port."""
        found = self._find(account.c.person_id.is_not(None))
        return {each.person_id: each for each in found}

    def update(self, changed: Account) -> None:
        """See the port."""
        of_person = and_(
            account.c.practice_id == self._transaction.practice_id, account.c.person_id == changed.person_id
        )
        self._transaction.run(update(account).where(of_person).values(self._values(changed)))

    def keep_recovery(self, person_id: int, hashes: Sequence[str]) -> None:
        """See the port."""
        self._transaction.run(delete(recovery_code).where(self._recovery_of(person_id)))
        self._transaction.put(recovery_code, ("person_id", "hash"), [(person_id, hash_) for hash_ in hashes])

    def take_recovery(self, person_id: int, hash_: str) -> bool:
        """See the port."""
        this = and_(self._recovery_of(person_id), recovery_code.c.hash == hash_)
        return bool(self._transaction.run(delete(recovery_code).where(this)).rowcount)

    def recovery_left(self, person_id: int) -> int:
        """See the port."""
        query = select(func.count()).select_from(recovery_code).where(self._recovery_of(person_id))
        return int(self._transaction.column(query)[0])

    def _recovery_of(self, person_id: int) -> ColumnElement[bool]:
        ours = self._transaction.practice_id
        return and_(recovery_code.c.practice_id == ours, recovery_code.c.person_id == person_id)

    def _one(self, which: ColumnElement[bool], *, lock: bool) -> Account | None:
        return next(iter(self._find(which, lock=lock)), None)

    def _find(self, which: ColumnElement[bool], *, lock: bool = False) -> list[Account]:
        query = select(*(account.c[name] for name in _NAMES))
        query = query.where(account.c.practice_id == self._transaction.practice_id, which)
        return [self._account(row) for row in self._transaction.rows(query.with_for_update() if lock else query)]

    def _account(self, row: Answer) -> Account:
        found = Account(**dict(zip(_NAMES, row, strict=True)))
        if found.totp_secret is None:
            return found
        return replace(found, totp_secret=self._transaction.cipher.decrypt(found.totp_secret, _owner(found)))

    def _values(self, of: Account) -> dict[str, Value]:
        values = {name: getattr(of, name) for name in _NAMES}
        if of.totp_secret is not None:
            values["totp_secret"] = self._transaction.cipher.encrypt(of.totp_secret, _owner(of))
        return values


def _owner(of: Account) -> str:
    """To whom a secret belongs."""
    return f"account/{of.person_id}"

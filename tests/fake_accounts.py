"""The port ``Accounts`` in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from plugin.domain.account import LOCAL, Account
from plugin.domain.audit import AuditEntry
from plugin.domain.errors import BadInput
from plugin.domain.person import Person
from tests.fake_tables import Part, Tables


class _People(Protocol):
    def get(self, id_: int) -> Person: ...


class _Audit(Protocol):
    def write(self, entries: Sequence[AuditEntry]) -> None: ...


class FakeAccounts(Part):
    """The port ``Accounts``. There is one writer, so nothing has to be locked."""

    def __init__(self, tables: Tables, people: _People, audit: _Audit) -> None:
        super().__init__(tables)
        self._people, self._audit = people, audit

    def add(
        self, account: Account, person_name: str, now: datetime, by: str, *, told: Mapping[str, object] | None = None
    ) -> Person:
        if self.by_name(account.name) is not None:
            raise BadInput(f"There is an account with the name {account.name} already.")
        id_ = len(self._tables.people) + 1
        self._tables.people[id_] = Person(id=id_, oidc_issuer=LOCAL, subject=account.name, name=person_name)
        self._tables.accounts[id_] = replace(account, person_id=id_)
        detail = {"account": account.name, **(told or {})}
        self._audit.write([AuditEntry(at=now, who=by, action="add-account", record=f"person/{id_}", detail=detail)])
        return self._people.get(id_)

    def by_name(self, name: str, *, lock: bool = False) -> Account | None:
        return next((account for account in self._tables.accounts.values() if account.name == name), None)

    def of_person(self, person_id: int, *, lock: bool = False) -> Account | None:
        return self._tables.accounts.get(person_id)

    def all(self) -> Mapping[int, Account]:
        return dict(self._tables.accounts)

    def update(self, account: Account) -> None:
        self._tables.accounts[account.person_id] = account

    def keep_recovery(self, person_id: int, hashes: Sequence[str]) -> None:
        kept = {key: True for key in self._tables.recovery if key[0] != person_id}
        self._tables.recovery = kept | {(person_id, hash_): True for hash_ in hashes}

    def take_recovery(self, person_id: int, hash_: str) -> bool:
        return self._tables.recovery.pop((person_id, hash_), False)

    def recovery_left(self, person_id: int) -> int:
        return sum(1 for key in self._tables.recovery if key[0] == person_id)

"""Issuers: the authorization servers from which Milepost may be launched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, exists, insert, or_, select, update

from plugin.domain.audit import AuditEntry
from plugin.domain.errors import BadInput, UnknownName
from plugin.domain.issuer import ClientAuth, Issuer
from plugin.storage import people_tables
from plugin.storage.audit import SqlAudit
from plugin.storage.codec import decode_strings, encode_json
from plugin.storage.sources import SqlSources
from plugin.storage.tables import source
from plugin.storage.transaction import AnyRow, Transaction, Value
from plugin.storage.written import Written

_TABLE = people_tables.issuer
_PERSON = people_tables.person
_OWNER = people_tables.person.alias("owner")
_NAMES = tuple(field.name for field in fields(Issuer))
_LISTS = ("ehr_origins", "allowed_hosts", "scopes")
_LETS_IN = Written(
    select(_TABLE.c.ehr_origins).where(
        _TABLE.c.practice_id == bindparam("of_practice"),
        _TABLE.c.slug == bindparam("of_issuer"),
        _TABLE.c.is_active,
        exists().where(
            _PERSON.c.practice_id == _TABLE.c.practice_id,
            _PERSON.c.id == bindparam("of_person"),
            ~_PERSON.c.is_disabled,
            ~exists().where(_OWNER.c.id == _PERSON.c.belongs_to, _OWNER.c.is_disabled),
        ),
    )
)


class SqlIssuers:
    """The port ``Issuers``. A secret is bound to its slug: copied into another issuer's row, it does not open."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(
        self, issuer: Issuer, now: datetime, *, by: str = "milepost", told: Mapping[str, object] | None = None
    ) -> Issuer:
        """See the port."""
        self._refuse_taken(issuer)
        values = {"practice_id": self._transaction.practice_id, **self._values(issuer)}
        self._transaction.run(insert(_TABLE).values(values))
        added = self.get(issuer.slug)
        detail = {"fhir_base": added.fhir_base, "source": added.source, "client_auth": added.client_auth.value}
        self._audit("add-issuer", added, {**(told or {}), **detail}, now, by)
        return added

    def all(self) -> Sequence[Issuer]:
        """See the port."""
        return self._find(_TABLE.c.id.is_not(None))

    def get(self, slug: str) -> Issuer:
        """See the port."""
        found = self._find(_TABLE.c.slug == slug)
        if not found:
            known = ", ".join(issuer.slug for issuer in self.all()) or "none yet"
            raise UnknownName(f"no issuer {slug}; there is: {known}")
        return found[0]

    def by_base(self, fhir_base: str) -> Issuer | None:
        """See the port."""
        return next(iter(self._find(and_(_TABLE.c.fhir_base == fhir_base, _TABLE.c.is_active))), None)

    def lets_in(self, slug: str, person_id: int) -> tuple[str, ...] | None:
        """See the port. In one query: every request of a panel asks."""
        ours = self._transaction.practice_id
        found = self._transaction.answers(_LETS_IN, of_practice=ours, of_issuer=slug, of_person=person_id)
        return decode_strings(found[0][0]) if found else None

    def update(
        self, issuer: Issuer, now: datetime, *, by: str = "milepost", told: Mapping[str, object] | None = None
    ) -> None:
        """See the port. The slug is given once: it stands in the redirect address that the EHR knows."""
        found = self._find(_TABLE.c.id == issuer.id)
        if not found:
            raise UnknownName(f"no issuer with the number {issuer.id}")
        before = found[0]
        changed = sorted(name for name in _NAMES if getattr(before, name) != getattr(issuer, name))
        if "slug" in changed:
            raise BadInput(f"issuer {before.slug}: a slug is given once, the EHR knows it")
        if not changed:
            return
        self._refuse_taken(issuer)
        self._transaction.run(update(_TABLE).where(_TABLE.c.id == issuer.id).values(self._values(issuer)))
        self._audit("change-issuer", issuer, {**(told or {}), "changed": changed}, now, by)

    def _refuse_taken(self, issuer: Issuer) -> None:
        same = or_(_TABLE.c.slug == issuer.slug, _TABLE.c.fhir_base == issuer.fhir_base)
        for other in self._find(and_(same, _TABLE.c.id != issuer.id)):
            what = "slug" if other.slug == issuer.slug else "FHIR base"
            raise BadInput(f"issuer {issuer.slug}: another issuer, {other.slug}, has the same {what}")

    def _find(self, which: ColumnElement[bool]) -> list[Issuer]:
        of_source = (source.c.slug.label("source"),)
        columns = (*(_TABLE.c[name] for name in _NAMES if name != "source"), *of_source)
        query = select(*columns).join(source, source.c.id == _TABLE.c.source_id)
        query = query.where(_TABLE.c.practice_id == self._transaction.practice_id, which)
        return [self._issuer(row) for row in self._transaction.rows(query.order_by(_TABLE.c.slug))]

    def _issuer(self, row: AnyRow) -> Issuer:
        values = dict(row._mapping)
        values["client_auth"] = ClientAuth(values["client_auth"])
        for name in _LISTS:
            values[name] = decode_strings(values[name])
        if values["client_secret"] is not None:
            values["client_secret"] = self._transaction.cipher.decrypt(values["client_secret"], _owner(values["slug"]))
        return Issuer(**values)

    def _values(self, issuer: Issuer) -> dict[str, Value]:
        values = {name: getattr(issuer, name) for name in _NAMES if name not in ("id", "source")}
        values["source_id"] = SqlSources(self._transaction).get(issuer.source).id
        values["client_auth"] = issuer.client_auth.value
        for name in _LISTS:
            values[name] = encode_json(values[name])
        if issuer.client_secret is not None:
            values["client_secret"] = self._transaction.cipher.encrypt(issuer.client_secret, _owner(issuer.slug))
        return values

    def _audit(self, action: str, issuer: Issuer, detail: Mapping[str, object], now: datetime, by: str) -> None:
        entry = AuditEntry(at=now, who=by, action=action, record=_owner(issuer.slug), detail=detail)
        SqlAudit(self._transaction).write([entry])


def _owner(slug: str) -> str:
    """To whom a secret belongs, and what the audit calls the record."""
    return f"issuer/{slug}"

"""People who use Milepost: who they are, which roles they were given, and which patients' panels they opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update

from plugin.domain.audit import AuditEntry
from plugin.domain.errors import UnknownName
from plugin.domain.launch import Identity, PanelSession
from plugin.domain.person import Person
from plugin.domain.source import Source
from plugin.storage.audit import SqlAudit
from plugin.storage.issuers import SqlIssuers
from plugin.storage.people_tables import issuer, launch, person, role_grant
from plugin.storage.sources import SqlSources
from plugin.storage.transaction import Transaction

_KEY = ("practice_id", "oidc_issuer", "subject")
_NEW = ("oidc_issuer", "subject", "name", "fhir_user", "is_disabled")
_GRANT = ("person_id", "role", "by", "at")
_LAUNCH = ("id", "issuer_id", "person_id", "source_id", "patient_ref", "opened_at")
_COLUMNS = (person.c.id, *(person.c[name] for name in _NEW))


class SqlPeople:
    """The port ``People``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def seen(self, identity: Identity, now: datetime) -> Person:
        """See the port. Two launches of a new person at once make one row."""
        row = (identity.oidc_issuer, identity.subject, identity.name, identity.fhir_user, False)
        is_new = self._transaction.put(person, _NEW, [row], key=_KEY)
        of_identity = and_(person.c.oidc_issuer == identity.oidc_issuer, person.c.subject == identity.subject)
        (known,) = self._find(of_identity)
        if is_new:
            self._audit("add-person", known, "milepost", now, {"oidc_issuer": known.oidc_issuer})
            return known
        told = {"name": identity.name, "fhir_user": identity.fhir_user}
        new = {name: value for name, value in told.items() if value is not None and value != getattr(known, name)}
        if not new:
            return known
        self._transaction.run(update(person).where(person.c.id == known.id).values(new))
        self._audit("change-person", known, "milepost", now, {"changed": sorted(new)})
        return self.get(known.id)

    def get(self, id_: int) -> Person:
        """See the port."""
        found = self._find(person.c.id == id_)
        if not found:
            raise UnknownName(f"no person with the number {id_}")
        return found[0]

    def all(self) -> Sequence[Person]:
        """See the port."""
        return self._find(person.c.id.is_not(None))

    def names(self, source: Source, who: Sequence[str]) -> Mapping[str, str]:
        """See the port."""
        ids = [int(one.removeprefix("user:")) for one in who if one.removeprefix("user:").isdigit()]
        issuers = select(issuer.c.oidc_issuer).where(issuer.c.source_id == source.id)
        by_number = self._transaction.among(person.c.id, ids)
        by_ref = and_(self._transaction.among(person.c.fhir_user, who), person.c.oidc_issuer.in_(issuers))
        ref = case((by_ref, person.c.fhir_user))
        query = select(person.c.id, ref, person.c.name).where(or_(by_number, by_ref), person.c.name.is_not(None))
        rows = self._transaction.rows(query.order_by(person.c.id))
        return {key: name for id_, ref, name in rows for key in (f"user:{id_}", ref) if key in who}

    def grant(self, who: Person, roles: Sequence[str], now: datetime, by: str) -> Person:
        """See the port. The row is locked, so that two who grant at once leave the roles of one of them."""
        known = self._locked(who)
        taken, given = set(known.roles) - set(roles), set(roles) - set(known.roles)
        if not taken and not given:
            return known
        gone = and_(role_grant.c.person_id == known.id, self._transaction.among(role_grant.c.role, sorted(taken)))
        self._transaction.run(delete(role_grant).where(gone))
        self._transaction.put(role_grant, _GRANT, [(known.id, role, by, now) for role in sorted(given)])
        self._audit("grant", known, by, now, {"roles": sorted(set(roles)), "before": sorted(known.roles)})
        return self.get(known.id)

    def disable(self, who: Person, is_disabled: bool, now: datetime, by: str) -> Person:
        """See the port."""
        known = self._locked(who)
        if known.is_disabled != is_disabled:
            changed = update(person).where(person.c.id == known.id).values(is_disabled=is_disabled)
            self._transaction.run(changed)
            self._audit("disable-person" if is_disabled else "enable-person", known, by, now, {})
        return self.get(known.id)

    def launched(self, session: PanelSession, now: datetime) -> None:
        """See the port."""
        issuer = SqlIssuers(self._transaction).get(session.issuer)
        source = SqlSources(self._transaction).by_id(session.source_id)
        row = (session.launch, issuer.id, session.person_id, source.id, session.patient, session.opened_at)
        self._transaction.put(launch, _LAUNCH, [row])
        entry = AuditEntry(
            at=now,
            who=session.who,
            action="launch",
            record=f"{source.slug}/{session.patient}",
            detail={"issuer": issuer.slug, "person": session.person_id, "roles": list(session.roles)},
        )
        SqlAudit(self._transaction).write([entry])

    def last_launches(self) -> Mapping[int, datetime]:
        """See the port."""
        of_practice = launch.c.practice_id == self._transaction.practice_id
        query = select(launch.c.person_id, func.max(launch.c.opened_at)).where(of_practice)
        return self._transaction.pairs(query.group_by(launch.c.person_id))

    def _locked(self, who: Person) -> Person:
        """As stored; until the transaction ends nobody else changes it."""
        self._transaction.run(select(person.c.id).where(person.c.id == who.id).with_for_update())
        return self.get(who.id)

    def _find(self, which: ColumnElement[bool]) -> list[Person]:
        query = select(*_COLUMNS).where(person.c.practice_id == self._transaction.practice_id, which)
        by_name = (person.c.name.asc().nulls_last(), person.c.oidc_issuer, person.c.subject)
        rows = self._transaction.rows(query.order_by(*by_name))
        roles = self._roles([row.id for row in rows])
        return [Person(**row._mapping, roles=tuple(roles[row.id])) for row in rows]

    def _roles(self, ids: Sequence[int]) -> Mapping[int, Iterable[str]]:
        query = select(role_grant.c.person_id, role_grant.c.role)
        query = query.where(self._transaction.among(role_grant.c.person_id, ids)).order_by(role_grant.c.role)
        found: dict[int, list[str]] = defaultdict(list)
        for person_id, role in self._transaction.rows(query):
            found[person_id].append(role)
        return found

    def _audit(self, action: str, whom: Person, by: str, now: datetime, detail: Mapping[str, object]) -> None:
        entry = AuditEntry(at=now, who=by, action=action, record=f"person/{whom.id}", detail=detail)
        SqlAudit(self._transaction).write([entry])

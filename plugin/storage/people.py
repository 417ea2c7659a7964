"""People who use Milepost: who they are, which roles they were given, and which patients' panels they opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Text, and_, bindparam, case, delete, func, or_, select, update

from plugin.domain.account import LOCAL
from plugin.domain.audit import AuditEntry
from plugin.domain.errors import BadInput, UnknownName
from plugin.domain.launch import Identity, PanelSession
from plugin.domain.person import Person
from plugin.domain.source import Source
from plugin.storage.audit import SqlAudit
from plugin.storage.issuers import SqlIssuers
from plugin.storage.people_tables import issuer, launch, person, role_grant
from plugin.storage.sources import SqlSources
from plugin.storage.transaction import Transaction, is_among
from plugin.storage.written import Answer, Written

_KEY = ("practice_id", "oidc_issuer", "subject")
_NEW = ("oidc_issuer", "subject", "name", "fhir_user", "is_disabled")
_GRANT = ("person_id", "role", "by", "at")
_LAUNCH = ("id", "issuer_id", "person_id", "source_id", "patient_ref", "opened_at")
_OWNER = person.alias("owner")
_IS_OUT = or_(person.c.is_disabled, func.coalesce(_OWNER.c.is_disabled, False))
_NAMES = ("id", "oidc_issuer", "subject", "name", "fhir_user", "belongs_to", "is_disabled")
_KNOWN = select(*(person.c[name] for name in _NAMES[:-1]), _IS_OUT.label("is_disabled")).outerjoin(
    _OWNER, _OWNER.c.id == person.c.belongs_to
)
_BY_ID = Written(_KNOWN.where(person.c.practice_id == bindparam("of_practice"), person.c.id == bindparam("wanted")))


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
        found = self._people(self._transaction.answers(_BY_ID, of_practice=self._transaction.practice_id, wanted=id_))
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

    def grant(
        self, who: Person, roles: Sequence[str], now: datetime, by: str, *, told: Mapping[str, object] | None = None
    ) -> Person:
        """See the port. The row is locked, so that two who grant at once leave the roles of one of them."""
        known = self._locked(who)
        if known.belongs_to is not None:
            raise BadInput(f"Person {known.id} has the roles of person {known.belongs_to}: give them there.")
        taken, given = set(known.roles) - set(roles), set(roles) - set(known.roles)
        if not taken and not given:
            return known
        gone = and_(role_grant.c.person_id == known.id, self._transaction.among(role_grant.c.role, sorted(taken)))
        self._transaction.run(delete(role_grant).where(gone))
        self._transaction.put(role_grant, _GRANT, [(known.id, role, by, now) for role in sorted(given)])
        detail = {"roles": sorted(set(roles)), "before": sorted(known.roles), **(told or {})}
        self._audit("grant", known, by, now, detail)
        return self.get(known.id)

    def disable(
        self, who: Person, is_disabled: bool, now: datetime, by: str, *, told: Mapping[str, object] | None = None
    ) -> Person:
        """See the port. Whether the person to whom this one belongs is out is another matter."""
        known = self._locked(who)
        other = and_(person.c.id == known.id, person.c.is_disabled.is_not(is_disabled))
        if self._transaction.run(update(person).where(other).values(is_disabled=is_disabled)).rowcount:
            self._audit("disable-person" if is_disabled else "enable-person", known, by, now, told or {})
        return self.get(known.id)

    def belong(
        self, who: Person, to: Person | None, now: datetime, by: str, *, told: Mapping[str, object] | None = None
    ) -> Person:
        """See the port."""
        known = self._locked(who)
        owner = None if to is None else self._locked(to)
        if known.belongs_to == (owner and owner.id):
            return known
        if owner is not None:
            self._refuse_third(known, owner)
        before = {"before": known.belongs_to, "roles_before": sorted(known.roles)}
        self._transaction.run(delete(role_grant).where(role_grant.c.person_id == known.id))
        self._transaction.run(update(person).where(person.c.id == known.id).values(belongs_to=owner and owner.id))
        self._audit("map-person", known, by, now, {"to": owner and owner.id, **before, **(told or {})})
        return self.get(known.id)

    def _refuse_third(self, who: Person, owner: Person) -> None:
        """One step only: nobody has to look along a chain to know whose roles count."""
        if who.oidc_issuer == LOCAL:
            raise BadInput("A local account is nobody else's way in: map the EHR user to it instead.")
        if owner.belongs_to is not None or owner.id == who.id:
            raise BadInput(f"Person {owner.id} is a way in of somebody else: map to that person instead.")
        if self._find(person.c.belongs_to == who.id):
            raise BadInput(f"Others belong to person {who.id}: map those first.")

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
            detail={
                "issuer": issuer.slug,
                "launch": session.launch,
                "person": session.person_id,
                "roles": list(session.roles),
            },
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
        by_name = (person.c.name.asc().nulls_last(), person.c.oidc_issuer, person.c.subject)
        query = _KNOWN.where(person.c.practice_id == self._transaction.practice_id, which)
        return self._people(self._transaction.rows(query.order_by(*by_name)))

    def _people(self, rows: Sequence[Answer]) -> list[Person]:
        known = [dict(zip(_NAMES, row, strict=True)) for row in rows]
        roles = self._roles(sorted({one["belongs_to"] or one["id"] for one in known}))
        return [Person(**one, roles=tuple(roles[one["belongs_to"] or one["id"]])) for one in known]

    def _roles(self, ids: Sequence[int]) -> Mapping[int, Iterable[str]]:
        query = _granted(is_postgres=self._transaction.is_postgres)
        found: dict[int, list[str]] = defaultdict(list)
        for person_id, role in self._transaction.answers(query, listed=self._transaction.listed(ids)):
            found[person_id].append(role)
        return found

    def _audit(self, action: str, whom: Person, by: str, now: datetime, detail: Mapping[str, object]) -> None:
        entry = AuditEntry(at=now, who=by, action=action, record=f"person/{whom.id}", detail=detail)
        SqlAudit(self._transaction).write([entry])


@cache
def _granted(*, is_postgres: bool) -> Written:
    theirs = is_among(role_grant.c.person_id, bindparam("listed", type_=Text), is_postgres=is_postgres)
    return Written(select(role_grant.c.person_id, role_grant.c.role).where(theirs).order_by(role_grant.c.role))

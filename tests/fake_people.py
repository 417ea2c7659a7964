"""The ports ``Issuers`` and ``People`` in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Protocol

from plugin.domain.account import LOCAL
from plugin.domain.audit import AuditEntry
from plugin.domain.errors import BadInput, UnknownName
from plugin.domain.issuer import Issuer
from plugin.domain.launch import Identity, PanelSession
from plugin.domain.person import Person
from plugin.domain.source import Source
from tests.fake_tables import Part, Tables


class _Sources(Protocol):
    def get(self, slug: str) -> Source: ...

    def by_id(self, id_: int) -> Source: ...


class _Audit(Protocol):
    def write(self, entries: Sequence[AuditEntry]) -> None: ...


def effective(tables: Tables, person: Person) -> Person:
    """With the roles of the person to whom they belong, and out when that one is."""
    if person.belongs_to is None:
        return person
    owner = tables.people[person.belongs_to]
    return replace(person, roles=owner.roles, is_disabled=person.is_disabled or owner.is_disabled)


class FakeIssuers(Part):
    """The port ``Issuers``."""

    def __init__(self, tables: Tables, sources: _Sources, audit: _Audit) -> None:
        super().__init__(tables)
        self._sources, self._audit = sources, audit

    def add(
        self, issuer: Issuer, now: datetime, *, by: str = "milepost", told: Mapping[str, object] | None = None
    ) -> Issuer:
        self._refuse_taken(issuer)
        self._sources.get(issuer.source)
        added = replace(issuer, id=len(self._tables.issuers) + 1)
        self._tables.issuers[added.id] = added
        detail = {"fhir_base": added.fhir_base, "source": added.source, "client_auth": added.client_auth.value}
        self._write("add-issuer", added, {**(told or {}), **detail}, now, by)
        return added

    def all(self) -> Sequence[Issuer]:
        return sorted(self._tables.issuers.values(), key=lambda issuer: issuer.slug)

    def get(self, slug: str) -> Issuer:
        for issuer in self.all():
            if issuer.slug == slug:
                return issuer
        known = ", ".join(issuer.slug for issuer in self.all()) or "none yet"
        raise UnknownName(f"no issuer {slug}; there is: {known}")

    def by_base(self, fhir_base: str) -> Issuer | None:
        return next((i for i in self.all() if i.fhir_base == fhir_base and i.is_active), None)

    def lets_in(self, slug: str, person_id: int) -> tuple[str, ...] | None:
        known = self._tables.people.get(person_id)
        person = known and effective(self._tables, known)
        origins = (i.ehr_origins for i in self.all() if i.slug == slug and i.is_active)
        return None if person is None or person.is_disabled else next(origins, None)

    def update(
        self, issuer: Issuer, now: datetime, *, by: str = "milepost", told: Mapping[str, object] | None = None
    ) -> None:
        before = self._tables.issuers.get(issuer.id)
        if before is None:
            raise UnknownName(f"no issuer with the number {issuer.id}")
        names = (field.name for field in fields(Issuer))
        changed = sorted(name for name in names if getattr(before, name) != getattr(issuer, name))
        if "slug" in changed:
            raise BadInput(f"issuer {before.slug}: a slug is given once, the EHR knows it")
        self._refuse_taken(issuer)
        self._sources.get(issuer.source)
        if changed:
            self._tables.issuers[issuer.id] = issuer
            self._write("change-issuer", issuer, {**(told or {}), "changed": changed}, now, by)

    def _refuse_taken(self, issuer: Issuer) -> None:
        for other in self.all():
            for name, what in (("slug", "slug"), ("fhir_base", "FHIR base")):
                if other.id != issuer.id and getattr(other, name) == getattr(issuer, name):
                    raise BadInput(f"issuer {issuer.slug}: another issuer, {other.slug}, has the same {what}")

    def _write(self, action: str, issuer: Issuer, detail: Mapping[str, object], now: datetime, by: str) -> None:
        record = f"issuer/{issuer.slug}"
        self._audit.write([AuditEntry(at=now, who=by, action=action, record=record, detail=detail)])


class FakePeople(Part):
    """The port ``People``."""

    def __init__(self, tables: Tables, issuers: FakeIssuers, sources: _Sources, audit: _Audit) -> None:
        super().__init__(tables)
        self._issuers, self._sources, self._audit = issuers, sources, audit

    def seen(self, identity: Identity, now: datetime) -> Person:
        key = (identity.oidc_issuer, identity.subject)
        known = next((p for p in self._tables.people.values() if (p.oidc_issuer, p.subject) == key), None)
        if known is None:
            number = len(self._tables.people) + 1
            made = Person(
                id=number, oidc_issuer=key[0], subject=key[1], name=identity.name, fhir_user=identity.fhir_user
            )
            self._write("add-person", made, "milepost", now, {"oidc_issuer": made.oidc_issuer})
            return self._put(made)
        name, fhir_user = identity.name or known.name, identity.fhir_user or known.fhir_user
        changed = [what for what, new in (("name", name), ("fhir_user", fhir_user)) if new != getattr(known, what)]
        if changed:
            self._write("change-person", known, "milepost", now, {"changed": sorted(changed)})
        return self._put(replace(self._tables.people[known.id], name=name, fhir_user=fhir_user))

    def get(self, id_: int) -> Person:
        if id_ not in self._tables.people:
            raise UnknownName(f"no person with the number {id_}")
        return effective(self._tables, self._tables.people[id_])

    def all(self) -> Sequence[Person]:
        found = [effective(self._tables, person) for person in self._tables.people.values()]
        return sorted(found, key=lambda p: (p.name is None, p.name, p.oidc_issuer, p.subject))

    def names(self, source: Source, who: Sequence[str]) -> Mapping[str, str]:
        issuers = {i.oidc_issuer for i in self._tables.issuers.values() if i.source == source.slug}
        named = [p for p in self._tables.people.values() if p.name]
        mine = {p.fhir_user: p.name for p in named if p.fhir_user and p.oidc_issuer in issuers}
        known = {**mine, **{f"user:{p.id}": p.name for p in named}}
        return {key: name for key in who if (name := known.get(key))}

    def grant(
        self, who: Person, roles: Sequence[str], now: datetime, by: str, *, told: Mapping[str, object] | None = None
    ) -> Person:
        known = self.get(who.id)
        if known.belongs_to is not None:
            raise BadInput(f"Person {known.id} has the roles of person {known.belongs_to}: give them there.")
        if set(known.roles) != set(roles):
            detail = {"roles": sorted(set(roles)), "before": sorted(known.roles), **(told or {})}
            self._write("grant", known, by, now, detail)
        return self._put(replace(known, roles=tuple(sorted(set(roles)))))

    def disable(
        self, who: Person, is_disabled: bool, now: datetime, by: str, *, told: Mapping[str, object] | None = None
    ) -> Person:
        known = self._tables.people[self.get(who.id).id]
        if known.is_disabled != is_disabled:
            self._write("disable-person" if is_disabled else "enable-person", known, by, now, told or {})
        return self._put(replace(known, is_disabled=is_disabled))

    def belong(
        self, who: Person, to: Person | None, now: datetime, by: str, *, told: Mapping[str, object] | None = None
    ) -> Person:
        known, owner = self.get(who.id), None if to is None else self.get(to.id)
        if known.belongs_to == (owner and owner.id):
            return known
        if owner is not None:
            self._refuse_third(known, owner)
        before = {"before": known.belongs_to, "roles_before": list(known.roles)}
        self._write("map-person", known, by, now, {"to": owner and owner.id, **before, **(told or {})})
        raw = self._tables.people[known.id]
        return self._put(replace(raw, roles=(), belongs_to=None if owner is None else owner.id))

    def _refuse_third(self, who: Person, owner: Person) -> None:
        if who.oidc_issuer == LOCAL:
            raise BadInput("A local account is nobody else's way in: map the EHR user to it instead.")
        if owner.belongs_to is not None or owner.id == who.id:
            raise BadInput(f"Person {owner.id} is a way in of somebody else: map to that person instead.")
        if any(person.belongs_to == who.id for person in self._tables.people.values()):
            raise BadInput(f"Others belong to person {who.id}: map those first.")

    def launched(self, session: PanelSession, now: datetime) -> None:
        issuer, source = self._issuers.get(session.issuer), self._sources.by_id(session.source_id)
        self._tables.launches[session.launch] = session
        told = {"issuer": issuer.slug, "launch": session.launch}
        detail = {**told, "person": session.person_id, "roles": list(session.roles)}
        record = f"{source.slug}/{session.patient}"
        self._audit.write([AuditEntry(at=now, who=session.who, action="launch", record=record, detail=detail)])

    def last_launches(self) -> Mapping[int, datetime]:
        found: dict[int, datetime] = {}
        for session in sorted(self._tables.launches.values(), key=lambda session: session.opened_at):
            found[session.person_id] = session.opened_at
        return found

    def _put(self, person: Person) -> Person:
        self._tables.people[person.id] = person
        return effective(self._tables, person)

    def _write(self, action: str, whom: Person, by: str, now: datetime, detail: Mapping[str, object]) -> None:
        record = f"person/{whom.id}"
        self._audit.write([AuditEntry(at=now, who=by, action=action, record=record, detail=detail)])

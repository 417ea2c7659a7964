"""Versioned configuration of the practice: what was published under a version stays as it was, and when it was in
force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select, update

from plugin.domain.audit import AuditEntry
from plugin.domain.configuration import ConfigVersion, Enactment, body_hash, stacked
from plugin.domain.errors import BadInput, Stale, UnknownName
from plugin.storage.audit import SqlAudit
from plugin.storage.codec import decode_object, encode_json
from plugin.storage.tables import config_version
from plugin.storage.transaction import AnyRow, Transaction
from plugin.storage.version_tables import enactment
from plugin.storage.written import Answer, Written

_ONE_AT_A_TIME = 0x6D70636F6E66  # the number of PostgreSQL's advisory lock for those who publish
_VERSION = ("kind", "code", "version", "state", "published_from", "by", "why", "stored_at", "body")
_ENACTMENT = (
    *("kind", "code", "version_id", "published_from", "decided_at", "by", "why", "approved_by", "applied_at"),
    "plans_from",
)
_OF_PRACTICE = enactment.c.practice_id == bindparam("of_practice")
_STANDS = enactment.c.taken_back_at.is_(None)
_HAS_COME = or_(enactment.c.published_from.is_(None), enactment.c.published_from <= bindparam("at_moment"))
_BY_MOMENT = (enactment.c.published_from.desc().nulls_last(), enactment.c.id.desc())


def _holding(*when: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    """The newest enactments of each kind and code, down to the first for everybody, with their versions; none where that
    says that it was retired."""
    of_code = (enactment.c.kind, enactment.c.code)
    for_everybody = func.sum(case((enactment.c.plans_from.is_(None), 1), else_=0))
    newer = func.coalesce(for_everybody.over(partition_by=of_code, order_by=_BY_MOMENT, rows=(None, -1)), 0)
    place = func.row_number().over(partition_by=of_code, order_by=_BY_MOMENT)
    names = ("version_id", "published_from", "by", "why", "approved_by", "plans_from")
    ordered = select(*(enactment.c[name] for name in names), place.label("place"), newer.label("newer"))
    held = ordered.where(_OF_PRACTICE, _STANDS, *when).subquery()
    version = (config_version.c[name] for name in ("kind", "code", "version", "state"))
    return (
        select(*version, *(held.c[name] for name in names[1:]), config_version.c.body)
        .join(held, held.c.version_id == config_version.c.id)
        .where(held.c.newer == 0)
        .order_by(config_version.c.kind, config_version.c.code, held.c.place)
    )


_CURRENT = Written(_holding(or_(_HAS_COME, enactment.c.applied_at.is_not(None))))
_IN_FORCE_AT = Written(_holding(_HAS_COME))
_COMING = (
    select(enactment.c.id)
    .where(_OF_PRACTICE, _STANDS, enactment.c.applied_at.is_(None), _HAS_COME)
    .order_by(enactment.c.published_from, enactment.c.id)
)
_TOLD = (
    select(
        *(enactment.c[name] for name in ("id", "kind", "code")),
        config_version.c.version,
        *(enactment.c[name] for name in ("published_from", "decided_at", "by", "why", "approved_by")),
        *(enactment.c[name] for name in ("applied_at", "taken_back_at", "taken_back_by", "plans_from")),
    )
    .join(config_version, config_version.c.id == enactment.c.version_id, isouter=True)
    .where(_OF_PRACTICE)
)


class SqlConfigurations:
    """The port ``Configurations``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    # ----------------------------------------------------------------------------------------------------- versions
    def store(self, version: ConfigVersion, now: datetime) -> bool:
        """See the port."""
        body = encode_json(version.body)
        row = (version.kind, version.code, version.version, version.state, version.published_from)
        key = ("practice_id", *_VERSION[:3])
        if self._transaction.put(config_version, _VERSION, [(*row, version.by, version.why, now, body)], key=key):
            return True
        query = select(config_version.c.state, config_version.c.body)
        ((state, standing),) = self._transaction.rows(query.where(self._named(*row[:3])))
        if standing == body:
            return False
        what = f"{version.kind} {version.code} {version.version}"
        raise BadInput(f"{what} is {state} already, with another content; give what changed a new version")

    def publish(self, version: ConfigVersion, now: datetime, told: Mapping[str, object] | None = None) -> bool:
        """See the port."""
        if not self.store(version, now):
            return False
        is_first = not self.history(version.kind, version.code)
        made = Enactment(
            kind=version.kind,
            code=version.code,
            version=version.version,
            from_=version.published_from or (None if is_first else now),
            decided_at=now,
            by=version.by,
            why=version.why,
            approved_by=version.approved_by,
        )
        self.enact(made, {**(told or {}), "body_sha256": body_hash(version.body)})
        return True

    def versions(self, kind: str, code: str) -> Sequence[ConfigVersion]:
        """See the port."""
        query = select(*(config_version.c[name] for name in ("id", *_VERSION)))
        of_code = and_(self._ours(), config_version.c.kind == kind, config_version.c.code == code)
        rows = self._transaction.rows(query.where(of_code).order_by(config_version.c.id))
        first: dict[str | None, Enactment] = {}
        for made in self.history(kind, code)[::-1]:
            first.setdefault(made.version, made)
        return [_stored(row, first.get(row.version)) for row in rows]

    def codes(self, kind: str) -> Sequence[str]:
        """See the port."""
        query = select(config_version.c.code).where(self._ours(), config_version.c.kind == kind)
        return self._transaction.column(query.distinct().order_by(config_version.c.code))

    # --------------------------------------------------------------------------------------------------- enactments
    def enact(self, made: Enactment, told: Mapping[str, object] | None = None) -> Enactment:
        """See the port. What has come is applied: the caller marks the patients."""
        version_id = None if made.version is None else self._id_of(made.kind, made.code, made.version)
        has_come = made.from_ is None or made.from_ <= made.decided_at
        applied = replace(made, applied_at=made.decided_at if has_come else None)
        row = (made.kind, made.code, version_id, made.from_, made.decided_at, made.by, made.why, made.approved_by)
        self._transaction.put(enactment, _ENACTMENT, [(*row, applied.applied_at, made.plans_from)])
        self._audit("configure:published" if made.version else "configure:retired", applied, made.decided_at, told)
        return self.history(made.kind, made.code, newest=True)[0]

    def current(self, now: datetime) -> Sequence[ConfigVersion]:
        """See the port."""
        return self._holding(_CURRENT, now)

    def in_force_at(self, moment: datetime) -> Sequence[ConfigVersion]:
        """See the port."""
        return self._holding(_IN_FORCE_AT, moment)

    def history(self, kind: str, code: str, *, newest: bool = False) -> Sequence[Enactment]:
        """See the port."""
        query = _TOLD.where(enactment.c.kind == kind, enactment.c.code == code)
        ordered = query.order_by(enactment.c.id.desc()).limit(1) if newest else query.order_by(*_BY_MOMENT)
        return self._told(ordered)

    def enactment(self, id_: int) -> Enactment:
        """See the port."""
        found = self._told(_TOLD.where(enactment.c.id == id_))
        if not found:
            raise UnknownName(f"no enactment with the number {id_}")
        return found[0]

    def scheduled(self, now: datetime) -> Sequence[Enactment]:
        """See the port."""
        later = and_(_STANDS, enactment.c.published_from > now, enactment.c.applied_at.is_(None))
        return self._told(_TOLD.where(later).order_by(enactment.c.published_from, enactment.c.id))

    def come(self, now: datetime) -> Sequence[Enactment]:
        """See the port."""
        ids = self._transaction.column(_COMING, of_practice=self._transaction.practice_id, at_moment=now)
        return [self.enactment(id_) for id_ in ids]

    def applied(self, made: Sequence[Enactment], now: datetime) -> None:
        """See the port."""
        for one in made:
            self._transaction.run(update(enactment).where(enactment.c.id == one.id).values(applied_at=now))
            self._audit("configure:in-force", replace(one, by="milepost", why=""), now, {"enactment": one.id})

    def take_back(
        self, id_: int, *, by: str, why: str, now: datetime, told: Mapping[str, object] | None = None
    ) -> Enactment:
        """See the port."""
        c = enactment.c
        is_ahead = and_(c.id == id_, _STANDS, c.applied_at.is_(None), c.published_from > now)
        done = self._transaction.run(update(enactment).where(is_ahead).values(taken_back_at=now, taken_back_by=by))
        if not done.rowcount:
            raise Stale("It has come into force, or was taken back, meanwhile.")
        taken = self.enactment(id_)
        self._audit("configure:taken-back", replace(taken, by=by, why=why), now, {**(told or {}), "enactment": id_})
        return taken

    def lock(self) -> None:
        """See the port. A lock of its own: patients are locked under it, and nobody who holds a patient takes it."""
        if self._transaction.is_postgres:
            self._transaction.run(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME + self._transaction.practice_id)))
        else:
            nobody = update(enactment).where(enactment.c.id < 0).values(why="")
            self._transaction.run(nobody)  # the one writer from here on

    def last_decided(self) -> datetime | None:
        """See the port."""
        ours = enactment.c.practice_id == self._transaction.practice_id
        newest = func.max(func.coalesce(enactment.c.taken_back_at, enactment.c.decided_at))
        found: datetime | None = self._transaction.column(select(newest).where(ours))[0]
        return found

    # ------------------------------------------------------------------------------------------------------- pieces
    def _ours(self) -> ColumnElement[bool]:
        return config_version.c.practice_id == self._transaction.practice_id

    def _named(self, kind: str, code: str, version: str) -> ColumnElement[bool]:
        c = config_version.c
        return and_(self._ours(), c.kind == kind, c.code == code, c.version == version)

    def _id_of(self, kind: str, code: str, version: str) -> int:
        ids = self._transaction.column(select(config_version.c.id).where(self._named(kind, code, version)))
        if not ids:
            raise UnknownName(f"no version {version} of {kind} {code}")
        self._transaction.run(update(config_version).where(config_version.c.id == ids[0]).values(state="published"))
        return int(ids[0])

    def _holding(self, query: Written, moment: datetime) -> list[ConfigVersion]:
        rows = self._transaction.answers(query, of_practice=self._transaction.practice_id, at_moment=moment)
        by_code = groupby((_version(row) for row in rows), key=attrgetter("kind", "code"))
        return [stacked(standing) for _, standing in by_code]

    def _told(self, query: Select[tuple[object, ...]]) -> list[Enactment]:
        rows = self._transaction.rows(query, of_practice=self._transaction.practice_id)
        return [_enactment(row) for row in rows]

    def _audit(self, action: str, made: Enactment, now: datetime, told: Mapping[str, object] | None) -> None:
        detail = {
            "version": made.version,
            "in_force_from": made.from_.isoformat() if made.from_ else None,
            **(told or {}),
        }
        if made.approved_by is not None:
            detail["approved_by"] = made.approved_by
        if made.plans_from is not None:
            detail["plans_from"] = made.plans_from.isoformat()
        record = f"{made.kind}/{made.code}"
        entry = AuditEntry(at=now, who=made.by, action=action, record=record, why=made.why, detail=detail)
        SqlAudit(self._transaction).write([entry])


def _version(row: Answer) -> ConfigVersion:
    kind, code, version, state, published_from, by, why, approved_by, plans_from, body = row
    return ConfigVersion(
        kind=kind,
        code=code,
        version=version,
        body=decode_object(body),
        state=state,
        published_from=published_from,
        by=by,
        why=why,
        approved_by=approved_by,
        plans_from=plans_from,
    )


def _stored(row: AnyRow, first: Enactment | None) -> ConfigVersion:
    """As it was published first."""
    return ConfigVersion(
        kind=row.kind,
        code=row.code,
        version=row.version,
        body=decode_object(row.body),
        state=row.state,
        published_from=first.from_ if first else None,
        by=row.by,
        why=row.why,
        approved_by=first.approved_by if first else None,
    )


def _enactment(row: AnyRow) -> Enactment:
    names = ("id", "kind", "code", "version", "from_", "decided_at", "by", "why", "approved_by")
    told = ("applied_at", "taken_back_at", "taken_back_by", "plans_from")
    return Enactment(**dict(zip((*names, *told), row, strict=True)))

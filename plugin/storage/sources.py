"""Sources, where their feeds stand, how they are, and which of their records were set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, func, insert, or_, select, update

from plugin.domain.audit import AuditEntry
from plugin.domain.errors import BadInput, CannotDo, UnknownName
from plugin.domain.ledger import EffectState
from plugin.domain.source import Cursor, SetAside, Source
from plugin.storage import sink_tables, tables
from plugin.storage.audit import SqlAudit
from plugin.storage.codec import decode_object, decode_strings, decode_texts, encode_json
from plugin.storage.column_types import is_of_type
from plugin.storage.people_tables import issuer
from plugin.storage.reading_tables import on_file, reading_cost
from plugin.storage.transaction import AnyRow, Transaction, Value
from plugin.storage.work_items import SqlWorkItems
from plugin.storage.written import Answer, Written

_FIELDS = (
    "slug",
    "base_url",
    "kind",
    "search_filter",
    "link_aliases",
    "capability",
    "paused",
    "hook_path",
    "client_id",
    "auth_scopes",
    "auth_hosts",
    "leaving",
    "use",
    "sink",
    "companion",
    "zone",
    "inbox",
    "systems",
    "staff_client",
)
_HEALTH = ("last_read_at", "last_error", "last_error_at")
_TEXTS = ("auth_scopes", "auth_hosts")
_SECRETS = ("token", "hook_secret", "staff_secret")
_CURSOR = ("source_id", "type", "watermark", "taken", "complete", "moved_at")
_ASIDE = ("source_id", "ref", "version", "reason", "since")
_ENDED = frozenset({"completed", "revoked"})
"""States in which a CarePlan is over (https://hl7.org/fhir/R4/valueset-request-status.html)."""

_TABLE = tables.source
_NAMES = ("id", *_FIELDS, *_HEALTH, *_SECRETS)
_COLUMNS = tuple(_TABLE.c[name] for name in _NAMES)
_IS_THERE = _TABLE.c.removed_at.is_(None)
_OF_READING = (
    tables.fact,
    tables.fact_history,
    tables.cursor,
    tables.set_aside,
    tables.named_code,
    tables.sent,
    tables.sent_body,
    on_file,
    reading_cost,
    sink_tables.companion_link,
    sink_tables.staff_message,
    sink_tables.staff_account,
)
"""What was read of a source, and what is known of our resources there, and of how we get there."""
_OPEN_EFFECTS = (EffectState.PLANNED.value, EffectState.CLAIMED.value, EffectState.FAILED.value)
_BY_ID = Written(
    select(*_COLUMNS).where(_TABLE.c.practice_id == bindparam("of_practice"), _TABLE.c.id == bindparam("wanted"))
)


class SqlSources:
    """The port ``Sources``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(
        self, source: Source, now: datetime, *, by: str = "milepost", told: Mapping[str, object] | None = None
    ) -> Source:
        """See the port. Two sources on one server are told apart by their search filters."""
        values = self._values(source)
        same_server = and_(_TABLE.c.base_url == source.base_url, _TABLE.c.search_filter == values["search_filter"])
        either = or_(_TABLE.c.slug == source.slug, same_server)
        for other in self._find(either, _IS_THERE):
            what = "slug" if other.slug == source.slug else "base URL and search filter"
            raise BadInput(f"source {source.slug}: another source, {other.slug}, has the same {what}")
        if before := self._find(either, ~_IS_THERE):
            self._come_back(source, before, values)
        else:
            self._transaction.run(insert(_TABLE).values(practice_id=self._transaction.practice_id, **values))
        added = self.get(source.slug)
        detail = {**(told or {}), "base_url": added.base_url, "kind": added.kind}
        self._audit("add-source", added, detail, now, by=by)
        return added

    def get(self, slug: str) -> Source:
        """See the port."""
        found = self._find(_TABLE.c.slug == slug, _IS_THERE)
        if not found:
            known = ", ".join(source.slug for source in self.all()) or "none yet"
            raise UnknownName(f"no source {slug}; there is: {known}")
        return found[0]

    def by_id(self, id_: int) -> Source:
        """See the port. UnknownName when there is none."""
        found = self._transaction.answers(_BY_ID, of_practice=self._transaction.practice_id, wanted=id_)
        if not found:
            raise UnknownName(f"no source with the number {id_}")
        return self._source(found[0])

    def by_hook(self, path: str) -> Source | None:
        """See the port."""
        return next(iter(self._find(_TABLE.c.hook_path == path)), None)

    def all(self) -> Sequence[Source]:
        """See the port."""
        return self._find(_IS_THERE)

    def update(
        self, source: Source, now: datetime, *, by: str = "milepost", told: Mapping[str, object] | None = None
    ) -> None:
        """See the port. The slug is given once; health is not touched."""
        before = self.by_id(source.id)
        changed = [name for name in (*_FIELDS, *_SECRETS) if getattr(before, name) != getattr(source, name)]
        if "slug" in changed:
            raise BadInput(f"source {before.slug}: a slug is given once, it is part of every key")
        if not changed:
            return
        values = self._values(source)
        new = {name: values[name] for name in changed}
        self._transaction.run(update(_TABLE).where(_TABLE.c.id == source.id).values(new))
        self._audit("change-source", source, {**(told or {}), "changed": sorted(changed)}, now, by=by)

    def lock(self, source: Source) -> None:
        """See the port. Rows that refer to the source may still come: a person's statement waits for no page."""
        for leaving, removed_at in self._locked(source):
            if leaving is not None or removed_at is not None:
                raise CannotDo(f"Source {source.slug}: it is being removed, nothing is read there any more.")

    def _locked(self, source: Source) -> Sequence[AnyRow]:
        one = select(_TABLE.c.leaving, _TABLE.c.removed_at).where(_TABLE.c.id == source.id)
        return self._transaction.rows(one.with_for_update(key_share=True))

    def cursor(self, source: Source, type_: str) -> Cursor:
        """See the port."""
        return self.cursors(source, [type_])[type_]

    def cursors(self, source: Source, types: Sequence[str]) -> Mapping[str, Cursor]:
        """See the port."""
        columns = (tables.cursor.c.type, tables.cursor.c.watermark, tables.cursor.c.taken, tables.cursor.c.complete)
        of_types = and_(tables.cursor.c.source_id == source.id, self._transaction.among(tables.cursor.c.type, types))
        rows = self._transaction.rows(select(*columns).where(of_types))
        found = {type_: Cursor(watermark, decode_strings(taken), done) for type_, watermark, taken, done in rows}
        return {type_: found.get(type_, Cursor()) for type_ in types}

    def begun(self, source: Source) -> frozenset[str]:
        """See the port."""
        has_moved = or_(tables.cursor.c.complete, tables.cursor.c.watermark.is_not(None))
        query = select(tables.cursor.c.type).where(tables.cursor.c.source_id == source.id, has_moved)
        return frozenset(self._transaction.column(query))

    def move(self, source: Source, type_: str, cursor: Cursor, now: datetime) -> None:
        """See the port."""
        row = (source.id, type_, cursor.watermark, encode_json(cursor.taken), cursor.complete, now)
        self._transaction.put(tables.cursor, _CURSOR, [row], key=_CURSOR[:2], replace=_CURSOR[2:])

    def moved(self, source: Source) -> Mapping[str, datetime]:
        """See the port."""
        was_read = and_(tables.cursor.c.source_id == source.id, tables.cursor.c.watermark.is_not(None))
        return self._transaction.pairs(select(tables.cursor.c.type, tables.cursor.c.moved_at).where(was_read))

    def read_ok(self, source: Source, now: datetime) -> None:
        """See the port."""
        self._set_health(source, {"last_read_at": now, "last_error": None, "last_error_at": None})

    def read_failed(self, source: Source, now: datetime, error: str) -> None:
        """See the port."""
        self._set_health(source, {"last_error": error, "last_error_at": now})

    def await_codes(self, source: Source, now: datetime) -> None:
        """See the port."""
        self._set_health(source, {"awaits_since": now})

    def codes_read(self, source: Source, began: datetime) -> None:
        """See the port."""
        c = tables.source.c
        was_awaited = and_(c.id == source.id, c.awaits_since <= began)
        self._transaction.run(update(tables.source).where(was_awaited).values(awaits_since=None))

    def set_aside(self, source: Source, records: Sequence[SetAside], now: datetime) -> None:
        """See the port."""
        rows = {record.ref: (source.id, *record, now) for record in records}
        in_order = [rows[ref] for ref in sorted(rows)]
        self._transaction.put(tables.set_aside, _ASIDE, in_order, key=_ASIDE[:2], replace=_ASIDE[2:])

    def clear_aside(self, source: Source, refs: Sequence[str]) -> None:
        """See the port."""
        good = self._transaction.among(tables.set_aside.c.ref, refs)
        self._transaction.run(delete(tables.set_aside).where(tables.set_aside.c.source_id == source.id, good))

    def aside(self, source: Source, type_: str | None = None) -> Sequence[SetAside]:
        """See the port. By reference."""
        columns = (tables.set_aside.c.ref, tables.set_aside.c.version, tables.set_aside.c.reason)
        query = select(*columns).where(tables.set_aside.c.source_id == source.id).order_by(tables.set_aside.c.ref)
        if type_ is not None:
            query = query.where(is_of_type(tables.set_aside.c.ref, type_))
        return [SetAside(*row) for row in self._transaction.rows(query)]

    def care_plans(self, source: Source) -> Mapping[str, int]:
        """See the port. A plan that was good once and is set aside now counts as set aside."""
        counts = Counter(record.reason for record in self.aside(source, "CarePlan"))
        is_aside = and_(
            tables.set_aside.c.source_id == tables.fact.c.source_id, tables.set_aside.c.ref == tables.fact.c.ref
        )
        plans = (
            select(tables.fact.c.status, func.count(tables.fact.c.ref.distinct()))
            .where(tables.fact.c.source_id == source.id, is_of_type(tables.fact.c.ref, "CarePlan"))
            .where(~select(tables.set_aside.c.ref).where(is_aside).exists())
            .group_by(tables.fact.c.status)
        )
        for status, count in self._transaction.rows(plans):
            counts[_standing(status)] += count
        return counts

    def forget(self, source: Source, now: datetime, *, by: str, told: Mapping[str, object]) -> None:
        """See the port. A page that is just being stored is waited for, and forgotten with the rest."""
        self._locked(source)
        for table in _OF_READING:
            self._transaction.run(delete(table).where(table.c.source_id == source.id))
        untracked = dict.fromkeys(("tracked_at", "next_change_at", "waits_since", "found_by"))
        self._set_where(tables.patient, source, untracked)
        theirs = select(tables.patient.c.id).where(tables.patient.c.source_id == source.id)
        self._transaction.run(delete(tables.patient_word).where(tables.patient_word.c.patient_id.in_(theirs)))
        for table in (tables.plan, tables.milestone):
            self._set_where(table, source, {"gone_at": now}, table.c.gone_at.is_(None))
        self._set_where(tables.milestone, source, {"rank": None})
        over = {"state": EffectState.WITHDRAWN.value, "ready_at": None, "withdrawn_at": now, "changed_at": now}
        self._set_where(tables.effect, source, over, tables.effect.c.state.in_(_OPEN_EFFECTS))
        SqlWorkItems(self._transaction).withdraw_source(source.id, now)
        self._set_where(issuer, source, {"is_active": False})
        gone = {"removed_at": now, "leaving": None, "paused": True, "hook_path": None, **dict.fromkeys(_SECRETS)}
        self._transaction.run(update(_TABLE).where(_TABLE.c.id == source.id).values(gone))
        self._audit("remove-source", source, told, now, by=by)

    def _come_back(self, source: Source, before: Sequence[Source], values: Mapping[str, Value]) -> None:
        """A server that was removed is added again: under its own slug, since that is part of every key."""
        if [other.slug for other in before] != [source.slug] or before[0].base_url != source.base_url:
            known = ", ".join(f"{other.slug} ({other.base_url})" for other in before)
            raise BadInput(f"source {source.slug}: was here before: {known}; slug and server stay together")
        new = {**values, "removed_at": None, "last_read_at": None, "last_error": None, "last_error_at": None}
        self._transaction.run(update(_TABLE).where(_TABLE.c.id == before[0].id).values(new))

    def _set_where(self, table: Table, source: Source, values: Mapping[str, Value], *more: ColumnElement[bool]) -> None:
        self._transaction.run(update(table).where(table.c.source_id == source.id, *more).values(values))

    def _find(self, *which: ColumnElement[bool]) -> list[Source]:
        query = select(*_COLUMNS).where(_TABLE.c.practice_id == self._transaction.practice_id, *which)
        return [self._source(row) for row in self._transaction.rows(query.order_by(_TABLE.c.slug))]

    def _source(self, row: Answer) -> Source:
        values = dict(zip(_NAMES, row, strict=True))
        for name in _SECRETS:
            values[name] = None if values[name] is None else self._transaction.cipher.decrypt(values[name])
        values["search_filter"] = decode_texts(values["search_filter"])
        values["link_aliases"] = decode_strings(values["link_aliases"])
        values["inbox"] = decode_texts(values["inbox"])
        values["systems"] = decode_texts(values["systems"])
        values["capability"] = None if values["capability"] is None else decode_object(values["capability"])
        for name in _TEXTS:
            values[name] = () if values[name] is None else decode_strings(values[name])
        return Source(**values)

    def _values(self, source: Source) -> dict[str, Value]:
        values = {name: getattr(source, name) for name in (*_FIELDS, *_SECRETS)}
        for name in _SECRETS:
            values[name] = None if values[name] is None else self._transaction.cipher.encrypt(values[name])
        for name in ("search_filter", "link_aliases", "inbox", "systems"):
            values[name] = encode_json(values[name])
        values["capability"] = None if source.capability is None else encode_json(source.capability)
        for name in _TEXTS:
            values[name] = encode_json(values[name]) if values[name] else None
        return values

    def _set_health(self, source: Source, values: Mapping[str, Value]) -> None:
        self._transaction.run(update(_TABLE).where(_TABLE.c.id == source.id).values(values))

    def _audit(
        self, action: str, source: Source, detail: Mapping[str, object], now: datetime, *, by: str = "milepost"
    ) -> None:
        entry = AuditEntry(at=now, who=by, action=action, record=f"source/{source.slug}", detail=detail)
        SqlAudit(self._transaction).write([entry])


def _standing(status: str | None) -> str:
    """What a plan counts as; a status that nobody knows is tracked, and flagged."""
    if status == "entered-in-error":
        return status
    return "ended" if status in _ENDED else "tracked"

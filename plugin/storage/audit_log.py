"""The audit log as it is read: a page at a time, newest first, by who, what, which record and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, tuple_

from plugin.domain.audit import AuditFilter, AuditRow
from plugin.domain.errors import UnknownName
from plugin.storage.audit_tables import audit_seal
from plugin.storage.codec import decode_audit_entry
from plugin.storage.tables import audit
from plugin.storage.transaction import Transaction, Value

_PLACE = tuple_(audit.c.at, audit.c.id)
"""Each filter has an index that ends so: a page is a piece of one, however long the log is."""
_EXACT = ("who", "action", "record")


class SqlAuditLog:
    """The port ``AuditLog``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @cached_property
    def _of_practice(self) -> ColumnElement[bool]:
        return audit.c.practice_id == self._transaction.practice_id

    def older(self, of: AuditFilter, *, than: int | None, limit: int) -> Sequence[AuditRow]:
        """See the port."""
        query = self._matching(of).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit)
        return self._rows(query if than is None else query.where(self._place_of(than) > _PLACE))

    def newer(self, of: AuditFilter, *, than: int, limit: int) -> Sequence[AuditRow]:
        """See the port."""
        query = self._matching(of).where(self._place_of(than) < _PLACE)
        return self._rows(query.order_by(audit.c.at, audit.c.id).limit(limit))[::-1]

    def get(self, id_: int) -> AuditRow:
        """See the port."""
        found = self._rows(
            select(audit.c.id, audit.c.content, audit.c.hash).where(self._of_practice, audit.c.id == id_)
        )
        if not found:
            raise UnknownName(f"The audit log has no row {id_}.")
        return found[0]

    def actions(self) -> Sequence[str]:
        """See the port. From one to the next by the index, so it takes as long as there are actions, not rows."""
        first = select(func.min(audit.c.action).label("action")).where(self._of_practice).cte("action", recursive=True)
        next_ = select(func.min(audit.c.action)).where(self._of_practice, audit.c.action > first.c.action)
        found = first.union_all(select(next_.scalar_subquery()).where(first.c.action.is_not(None)))
        return [action for action in self._transaction.column(select(found.c.action)) if action is not None]

    def last_act(self, names: Sequence[str], begins: Sequence[str], *, since: datetime) -> int | None:
        """See the port."""
        is_theirs = or_(*(audit.c.who == name for name in names))
        is_meant = or_(*(audit.c.action.startswith(words, autoescape=True) for words in begins))
        theirs = select(audit.c.id).where(self._of_practice, is_theirs, audit.c.at >= since, is_meant)
        found = self._transaction.column(theirs.order_by(audit.c.at.desc(), audit.c.id.desc()).limit(1))
        return found[0] if found else None

    def _matching(self, of: AuditFilter) -> Select[*tuple[Value, ...]]:
        query = select(audit.c.id, audit.c.content, audit.c.hash).where(self._of_practice)
        for name in _EXACT:
            if (wanted := getattr(of, name)) is not None:
                query = query.where(audit.c[name] == wanted)
        if of.since is not None:
            query = query.where(audit.c.at >= of.since)
        return query if of.until is None else query.where(audit.c.at < of.until)

    def _place_of(self, id_: int) -> Value:
        found = self._transaction.column(select(audit.c.at).where(self._of_practice, audit.c.id == id_))
        if not found:
            raise UnknownName(f"The audit log has no row {id_}.")
        return tuple_(literal(found[0], audit.c.at.type), literal(id_))

    def _rows(self, query: Select[*tuple[Value, ...]]) -> list[AuditRow]:
        rows = self._transaction.rows(query)
        among = self._transaction.among(audit_seal.c.audit_id, [id_ for id_, _, _ in rows])
        seals = self._transaction.pairs(select(audit_seal.c.audit_id, audit_seal.c.number).where(among))
        return [
            AuditRow(id=id_, entry=decode_audit_entry(content), hash=hash_, seal=seals.get(id_))
            for id_, content, hash_ in rows
        ]

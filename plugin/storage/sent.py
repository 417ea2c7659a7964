"""What we sent to a source: every body by its digests, and which of them stands there as far as we know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, case, delete, or_, select

from plugin.domain.source import Draft, Source, Standing, Written
from plugin.storage.tables import sent, sent_body
from plugin.storage.transaction import Transaction

_BODY = ("source_id", "ref", "digest", "owned", "sent_at")
_SENT = ("source_id", "ref", "pending", "changed_at")
_ADOPTED = ("source_id", "ref", "pending", "digest", "version", "changed_at")


class SqlSent:
    """The port ``Sent``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def remember(self, source: Source, drafts: Sequence[Draft], now: datetime) -> None:
        """See the port."""
        last = {draft.ref: draft for draft in drafts}
        bodies = {(source.id, draft.ref, draft.digest, draft.owned, now) for draft in drafts}
        self._transaction.put(sent_body, _BODY, sorted(bodies), key=_BODY[:4], replace=_BODY[4:])
        pending = [(source.id, ref, last[ref].digest, now) for ref in sorted(last)]
        self._transaction.put(sent, _SENT, pending, key=_SENT[:2], replace=_SENT[2:])

    def written(self, source: Source, written: Sequence[Written], now: datetime) -> None:
        """See the port. What failed changes nothing: whether the server took it will be seen."""
        answered = sorted((answer.ref, answer.version) for answer in written if answer.version and not answer.error)
        if not answered:
            return
        stands = case((sent.c.pending.is_not(None), sent.c.pending), else_=sent.c.digest)
        self._transaction.change(
            sent,
            ("ref", "version"),
            answered,
            lambda given: {"digest": stands, "version": given["version"], "pending": None, "changed_at": now},
            of=sent.c.source_id == source.id,
        )

    def versions(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        """See the port."""
        known = and_(self._of(sent, source, refs), sent.c.version != "")
        return self._transaction.pairs(select(sent.c.ref, sent.c.version).where(known))

    def last_digests(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        """See the port."""
        known = and_(self._of(sent, source, refs), sent.c.digest != "")
        return self._transaction.pairs(select(sent.c.ref, sent.c.digest).where(known))

    def unsettled(self, source: Source, refs: Sequence[str]) -> frozenset[str]:
        """See the port."""
        unknown = or_(sent.c.pending.is_not(None), sent.c.digest.is_(None), sent.c.digest == "")
        return frozenset(self._transaction.column(select(sent.c.ref).where(self._of(sent, source, refs), unknown)))

    def owned(self, source: Source, refs: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """See the port."""
        found: dict[str, set[str]] = defaultdict(set)
        query = select(sent_body.c.ref, sent_body.c.owned).where(self._of(sent_body, source, refs))
        for ref, owned in self._transaction.rows(query):
            found[ref].add(owned)
        return {ref: frozenset(digests) for ref, digests in found.items()}

    def settled(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        """See the port. Of several bodies of one digest (only versions were adopted) the one seen last."""
        same = and_(
            sent.c.source_id == sent_body.c.source_id,
            sent.c.ref == sent_body.c.ref,
            sent.c.digest == sent_body.c.digest,
        )
        query = select(sent_body.c.ref, sent_body.c.owned).join_from(sent_body, sent, same)
        query = query.where(self._of(sent_body, source, refs), sent.c.pending.is_(None))
        return self._transaction.pairs(query.order_by(sent_body.c.sent_at))

    def adopt(self, source: Source, standing: Standing, now: datetime) -> None:
        """See the port. Its body counts as one of ours from now on, so it is not taken for an edit again."""
        ref, version, digest, owned = standing
        if owned:
            self._transaction.put(
                sent_body, _BODY, [(source.id, ref, digest, owned, now)], key=_BODY[:4], replace=_BODY[4:]
            )
        stands = [(source.id, ref, None, digest, version, now)]
        self._transaction.put(sent, _ADOPTED, stands, key=_ADOPTED[:2], replace=_ADOPTED[2:])

    def start_over(self, source: Source) -> None:
        """See the port."""
        self._transaction.run(delete(sent).where(sent.c.source_id == source.id))

    def _of(self, table: Table, source: Source, refs: Sequence[str]) -> ColumnElement[bool]:
        return and_(table.c.source_id == source.id, self._transaction.among(table.c.ref, refs))

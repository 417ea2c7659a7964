"""Drafts with every revision that was ever saved, and what of them waits for a second person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Table, and_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from plugin.domain.configuration import Aside, ConfigDraft, ConfigVersion, DraftOf, Publication
from plugin.domain.errors import BadInput, Stale, StaleDraft, UnknownName
from plugin.storage.codec import decode_object, encode_json
from plugin.storage.transaction import AnyRow, Transaction, Value
from plugin.storage.version_tables import config_aside, config_draft, config_revision
from plugin.storage.version_tables import publication as asked

_DRAFT = ("kind", "code", "sort", "base", "state", "revision", "changed_at")
_REVISION = ("draft_id", "revision", "by", "person_id", "at", "body")
_ASIDE = ("draft_id", "seen", "by", "at", "body")
_ASKED = (
    "kind",
    "code",
    "draft_id",
    "revision",
    "published_from",
    "by",
    "by_id",
    "why",
    "preview_id",
    "asked_at",
    "state",
    "decided_at",
    "decided_by",
    "decided_why",
    "plans_from",
)
_OPEN = config_draft.c.state == "open"
_NEWEST = and_(config_revision.c.draft_id == config_draft.c.id, config_revision.c.revision == config_draft.c.revision)


class SqlDrafts:
    """The port ``Drafts``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    # ------------------------------------------------------------------------------------------------------- drafts
    def open(
        self,
        kind: str,
        code: str,
        *,
        base: ConfigVersion | None,
        body: Mapping[str, object],
        by: str,
        now: datetime,
        person_id: int | None = None,
        of: DraftOf = "change",
    ) -> ConfigDraft:
        """See the port. Of two who begin at once, the second gets the first one's draft."""
        row = (kind, code, of, base.version if base else None, "open", 1, now)
        id_ = self._added(config_draft, dict(zip(_DRAFT, row, strict=True)))
        if id_ is None:
            standing = self.of(kind, code)
            if standing is None:
                raise Stale(f"The draft of {kind} {code} has just ended; begin again.")
            return standing
        self._transaction.put(config_revision, _REVISION, [(id_, 1, by, person_id, now, encode_json(body))])
        return self.get(id_)

    def get(self, id_: int) -> ConfigDraft:
        """See the port."""
        return self._one(id_)

    def of(self, kind: str, code: str) -> ConfigDraft | None:
        """See the port."""
        which = and_(config_draft.c.kind == kind, config_draft.c.code == code, config_draft.c.sort == "change")
        return next(iter(self._find(which)), None)

    def all(self) -> Sequence[ConfigDraft]:
        """See the port."""
        return self._find(config_draft.c.sort == "change")

    def begun(self) -> Sequence[ConfigDraft]:
        """See the port."""
        return self._find(config_draft.c.sort != "change")

    def revision(self, id_: int, revision: int) -> tuple[Mapping[str, object], str, datetime]:
        """See the port."""
        c = config_revision.c
        query = select(c.body, c.by, c.at).where(self._ours(config_revision), c.draft_id == id_, c.revision == revision)
        for body, by, at in self._transaction.rows(query):
            return decode_object(body), by, at
        raise UnknownName(f"draft {id_} has no revision {revision}")

    def save(
        self,
        id_: int,
        body: Mapping[str, object],
        *,
        seen: int,
        by: str,
        now: datetime,
        person_id: int | None = None,
    ) -> ConfigDraft:
        """See the port. The draft's row is the lock: of two who save at once, one finds another revision."""
        self._transaction.run(select(config_draft.c.id).where(config_draft.c.id == id_).with_for_update())
        standing = self._one(id_)
        if standing.of != "change":
            raise BadInput(f"Draft {id_} is a {standing.of}: its content is not edited.")
        if standing.revision != seen:
            raise StaleDraft(
                f"Draft {id_}: revision {standing.revision} stands, {seen} was seen.",
                newest=standing,
                yours=body,
                seen=seen,
            )
        text = encode_json(body)
        if text == encode_json(standing.body):
            return standing
        self._transaction.put(config_revision, _REVISION, [(id_, seen + 1, by, person_id, now, text)])
        newer = update(config_draft).where(config_draft.c.id == id_).values(revision=seen + 1, changed_at=now)
        self._transaction.run(newer)
        return self._one(id_)

    def keep_aside(self, id_: int, body: Mapping[str, object], *, seen: int, by: str, now: datetime) -> None:
        """See the port."""
        self._transaction.put(config_aside, _ASIDE, [(id_, seen, by, now, encode_json(body))])

    def aside(self, id_: int) -> Sequence[Aside]:
        """See the port."""
        c = config_aside.c
        waits = and_(self._ours(config_aside), c.draft_id == id_, c.settled_at.is_(None))
        rows = self._transaction.rows(select(c.seen, c.body, c.by, c.at, c.id).where(waits).order_by(c.id.desc()))
        return [Aside(seen, decode_object(body), by, at, number) for seen, body, by, at, number in rows]

    def settle_aside(self, id_: int, aside_id: int, *, by: str, now: datetime) -> None:
        """See the port."""
        c = config_aside.c
        waits = and_(self._ours(config_aside), c.draft_id == id_, c.id == aside_id, c.settled_at.is_(None))
        done = self._transaction.run(update(config_aside).where(waits).values(settled_at=now, settled_by=by))
        if not done.rowcount:
            raise UnknownName(f"nothing with the number {aside_id} is kept aside of draft {id_}")

    def end(self, id_: int, *, revision: int | None, became: Literal["published", "discarded"], now: datetime) -> None:
        """See the port."""
        which = and_(self._ours(config_draft), config_draft.c.id == id_, _OPEN)
        if revision is not None:
            which = and_(which, config_draft.c.revision == revision)
        done = self._transaction.run(update(config_draft).where(which).values(state=became, changed_at=now))
        if not done.rowcount:
            raise Stale(f"Draft {id_} was changed or has ended meanwhile.")
        if became == "discarded":
            self._replace_waiting(id_, now)

    # ------------------------------------------------------------------------------------------------- publications
    def ask(self, publication: Publication) -> Publication:
        """See the port. Of two who ask at once, one is told."""
        self._replace_waiting(publication.draft_id, publication.asked_at)
        values = publication._asdict()
        values["published_from"] = values.pop("from_")
        del values["id"]
        id_ = self._added(asked, values)
        if id_ is None:
            raise Stale(f"Somebody else has just asked for draft {publication.draft_id} to be published.")
        return publication._replace(id=id_)

    def publication(self, id_: int) -> Publication:
        """See the port."""
        found = self._asked(asked.c.id == id_)
        if not found:
            raise UnknownName(f"no publication with the number {id_}")
        return found[0]

    def waiting(self) -> Sequence[Publication]:
        """See the port."""
        return self._asked(asked.c.state == "waiting")

    def asked(self, draft_id: int) -> Sequence[Publication]:
        """See the port."""
        return self._asked(asked.c.draft_id == draft_id)[::-1]

    def decide(
        self, id_: int, state: Literal["approved", "refused"], *, by: str, why: str, now: datetime
    ) -> Publication:
        """See the port."""
        waits = and_(self._ours(asked), asked.c.id == id_, asked.c.state == "waiting")
        values = {"state": state, "decided_at": now, "decided_by": by, "decided_why": why}
        if not self._transaction.run(update(asked).where(waits).values(values)).rowcount:
            raise Stale("Somebody else has decided meanwhile, or it was asked for anew.")
        return self.publication(id_)

    # ------------------------------------------------------------------------------------------------------- pieces
    def _ours(self, table: Table) -> ColumnElement[bool]:
        return table.c.practice_id == self._transaction.practice_id

    def _added(self, table: Table, values: Mapping[str, Value]) -> int | None:
        """The number of a new row; None where one stands in its place."""
        insert = postgresql.insert if self._transaction.is_postgres else sqlite.insert
        statement = insert(table).values(practice_id=self._transaction.practice_id, **values)
        found = self._transaction.run(statement.on_conflict_do_nothing().returning(table.c.id)).all()
        return int(found[0][0]) if found else None

    def _one(self, id_: int) -> ConfigDraft:
        found = self._find(config_draft.c.id == id_)
        if not found:
            raise UnknownName(f"There is no draft with the number {id_} any more.")
        return found[0]

    def _find(self, which: ColumnElement[bool]) -> list[ConfigDraft]:
        query = (
            select(*(config_draft.c[name] for name in ("id", *_DRAFT)), config_revision.c.by, config_revision.c.body)
            .join(config_revision, _NEWEST)
            .where(self._ours(config_draft), _OPEN, which)
            .order_by(config_draft.c.changed_at.desc(), config_draft.c.id.desc())
        )
        rows = self._transaction.rows(query)
        authors = self._authors([row.id for row in rows])
        return [_draft(row, authors[row.id]) for row in rows]

    def _authors(self, ids: Sequence[int]) -> Mapping[int, set[tuple[str, int | None]]]:
        c = config_revision.c
        query = select(c.draft_id, c.by, c.person_id).where(self._transaction.among(c.draft_id, ids))
        found: dict[int, set[tuple[str, int | None]]] = defaultdict(set)
        for id_, by, person_id in self._transaction.rows(query):
            found[id_].add((by, person_id))
        return found

    def _replace_waiting(self, draft_id: int, now: datetime) -> None:
        waits = and_(self._ours(asked), asked.c.draft_id == draft_id, asked.c.state == "waiting")
        self._transaction.run(update(asked).where(waits).values(state="replaced", decided_at=now))

    def _asked(self, which: ColumnElement[bool]) -> list[Publication]:
        query = select(asked.c.id, *(asked.c[name] for name in _ASKED)).where(self._ours(asked), which)
        rows = self._transaction.rows(query.order_by(asked.c.asked_at, asked.c.id))
        return [Publication(*row) for row in rows]


def _draft(row: AnyRow, authors: set[tuple[str, int | None]]) -> ConfigDraft:
    return ConfigDraft(
        id=row.id,
        kind=row.kind,
        code=row.code,
        base=row.base,
        body=decode_object(row.body),
        revision=row.revision,
        by=row.by,
        changed_at=row.changed_at,
        authors=frozenset(by for by, _ in authors),
        author_ids=frozenset(id_ for _, id_ in authors if id_ is not None),
        of=row.sort,
    )

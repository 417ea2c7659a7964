"""Versioned configuration of the practice: what was published under a version stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, or_, select

from plugin.domain.audit import AuditEntry, content_hash
from plugin.domain.configuration import ConfigVersion
from plugin.domain.errors import BadInput
from plugin.storage.audit import SqlAudit
from plugin.storage.codec import decode_object, encode_json
from plugin.storage.tables import config_version
from plugin.storage.transaction import AnyRow, Transaction

_COLUMNS = ("kind", "code", "version", "state", "published_from", "by", "why", "stored_at", "body")
_IN_FORCE = (
    select(*(config_version.c[name] for name in _COLUMNS))
    .where(config_version.c.practice_id == bindparam("of_practice"), config_version.c.state == "published")
    .where(or_(config_version.c.published_from.is_(None), config_version.c.published_from <= bindparam("at_moment")))
    .order_by(config_version.c.published_from.asc().nulls_first(), config_version.c.id)
)
"""The newest of each code comes last."""


class SqlConfigurations:
    """The port ``Configurations``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def publish(self, version: ConfigVersion, now: datetime) -> bool:
        """See the port. BadInput when the version is out already with another body."""
        body = encode_json(version.body)
        if not self._store(version, body, now):
            return False
        from_ = version.published_from.isoformat() if version.published_from else None
        entry = AuditEntry(
            at=now,
            who=version.by,
            action=f"configure:{version.state}",
            record=f"{version.kind}/{version.code}",
            why=version.why,
            detail={"version": version.version, "from": from_, "body_sha256": content_hash(body)},
        )
        SqlAudit(self._transaction).write([entry])
        return True

    def current(self, now: datetime) -> Sequence[ConfigVersion]:
        """See the port."""
        rows = self._transaction.rows(_IN_FORCE, of_practice=self._transaction.practice_id, at_moment=now)
        newest = {(row.kind, row.code): row for row in rows}
        return [_version(newest[of]) for of in sorted(newest)]

    def _store(self, version: ConfigVersion, body: str, now: datetime) -> bool:
        """A draft may change; what was published may only be retired or published again, as it is."""
        row = (version.kind, version.code, version.version, version.state, version.published_from)
        rest = (version.by, version.why, now, body)
        key = ("practice_id", *_COLUMNS[:3])
        if self._transaction.put(config_version, _COLUMNS, [(*row, *rest)], key=key):
            return True
        same = (getattr(config_version.c, name) == value for name, value in zip(_COLUMNS, row[:3], strict=False))
        standing = and_(config_version.c.practice_id == self._transaction.practice_id, *same)
        ((state, body_before),) = self._transaction.rows(
            select(config_version.c.state, config_version.c.body).where(standing).with_for_update()
        )
        if body_before == body and state == version.state:
            return False
        if body_before != body and state != "draft":
            what = f"{version.kind} {version.code} {version.version}"
            raise BadInput(f"{what} is {state} already, with another content; give what changed a new version")
        self._transaction.put(config_version, _COLUMNS, [(*row, *rest)], key=key, replace=_COLUMNS[3:])
        return True


def _version(row: AnyRow) -> ConfigVersion:
    kind, code, version, state, published_from, by, why, _, body = row
    return ConfigVersion(
        kind=kind,
        code=code,
        version=version,
        body=decode_object(body),
        state=state,
        published_from=published_from,
        by=by,
        why=why,
    )

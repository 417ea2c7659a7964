"""Staff accounts of sources; their tokens lie encrypted, each bound to its source: elsewhere they do not open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, update

from plugin.domain.launch import Tokens
from plugin.domain.source import Source
from plugin.domain.staff_account import StaffAccount
from plugin.storage.sink_tables import staff_account
from plugin.storage.transaction import AnyRow, Transaction, Value

_TABLE = staff_account
_TOKENS = ("access", "refresh", "expires_at", "scope")
_REST = ("who", "since", "got_at", "ended", "why", "renewing", "until")
_COLUMNS = ("source_id", *_TOKENS, *_REST)


class SqlStaffAccounts:
    """The port ``StaffAccounts``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self, source: Source) -> StaffAccount | None:
        """See the port."""
        query = select(*(_TABLE.c[name] for name in _COLUMNS)).where(_TABLE.c.source_id == source.id)
        return next((self._account(row) for row in self._transaction.rows(query)), None)

    def keep(self, account: StaffAccount) -> None:
        """See the port."""
        rest = {name: getattr(account, name) for name in _REST}
        values = {"source_id": account.source_id, **self._sealed(account), **rest}
        row = [values[name] for name in _COLUMNS]
        self._transaction.put(_TABLE, _COLUMNS, [row], key=_COLUMNS[:1], replace=_COLUMNS[1:])

    def take_turn(self, account: StaffAccount, worker: str, until: datetime, now: datetime) -> bool:
        """See the port."""
        is_free = or_(_TABLE.c.renewing.is_(None), _TABLE.c.until <= now)
        return self._set(and_(self._still(account), is_free), {"renewing": worker, "until": until})

    def renewed(self, account: StaffAccount, worker: str) -> bool:
        """See the port."""
        new = {**self._sealed(account), "got_at": account.got_at, "renewing": None, "until": None}
        return self._set(and_(self._is_running(account), _TABLE.c.renewing == worker), new)

    def give_up_turn(self, account: StaffAccount, worker: str) -> None:
        """See the port."""
        mine = and_(_TABLE.c.source_id == account.source_id, _TABLE.c.renewing == worker)
        self._set(mine, {"renewing": None, "until": None})

    def end(self, account: StaffAccount, why: str, now: datetime) -> bool:
        """See the port."""
        gone = {"access": None, "refresh": None, "renewing": None, "until": None, "ended": now, "why": why}
        return self._set(self._still(account), gone)

    def _is_running(self, account: StaffAccount) -> ColumnElement[bool]:
        return and_(_TABLE.c.source_id == account.source_id, _TABLE.c.ended.is_(None))

    def _still(self, account: StaffAccount) -> ColumnElement[bool]:
        """It has not ended, and its tokens are those that the caller has seen: two never come at one moment."""
        return and_(self._is_running(account), _TABLE.c.got_at == account.got_at)

    def _set(self, which: ColumnElement[bool], values: Mapping[str, Value]) -> bool:
        return self._transaction.run(update(_TABLE).where(which).values(values)).rowcount == 1

    def _sealed(self, account: StaffAccount) -> dict[str, Value]:
        tokens = account.tokens
        return {
            "access": self._seal(tokens.access, account.source_id),
            "refresh": self._seal(tokens.refresh, account.source_id),
            "expires_at": tokens.expires_at,
            "scope": " ".join(tokens.scopes),
        }

    def _seal(self, token: str | None, source_id: int) -> str | None:
        return None if not token else self._transaction.cipher.encrypt(token, _owner(source_id))

    def _open(self, sealed: str | None, source_id: int) -> str | None:
        return None if sealed is None else self._transaction.cipher.decrypt(sealed, _owner(source_id))

    def _account(self, row: AnyRow) -> StaffAccount:
        values = dict(row._mapping)
        tokens = Tokens(
            access=self._open(values["access"], values["source_id"]) or "",
            refresh=self._open(values["refresh"], values["source_id"]),
            expires_at=values["expires_at"],
            scopes=tuple(values["scope"].split()),
        )
        rest = {name: values[name] for name in _REST}
        return StaffAccount(source_id=values["source_id"], tokens=tokens, **rest)


def _owner(source_id: int) -> str:
    """To whom a token belongs."""
    return f"staff-account/{source_id}"

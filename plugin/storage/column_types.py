"""Column types that mean the same on SQLite and PostgreSQL: instants in UTC, references in byte order, whole
numbers."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, ColumnElement, Dialect, Integer, Text, TypeDecorator, and_, literal
from sqlalchemy.dialects.postgresql import TEXT, TIMESTAMP
from sqlalchemy.types import TypeEngine

Number = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers a row by itself only where its key is called INTEGER."""

Name = Text().with_variant(TEXT(collation="C"), "postgresql")
"""References, keys, codes: compared byte by byte, the same everywhere and faster than by a language's rules."""


def is_of_type(ref: ColumnElement[str], type_: str) -> ColumnElement[bool]:
    """Whether a reference (``Type/id``) is of a type: a range of the index that begins with references."""
    return and_(ref > f"{type_}/", ref < f"{type_}0")  # 0 is the character after the slash


class Instant(TypeDecorator[datetime]):
    """An aware moment in UTC. SQLite keeps it as text of one fixed width, which sorts as the moments do."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[str]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without an offset was to be stored")
        in_utc = value.astimezone(UTC)
        return in_utc if dialect.name == "postgresql" else in_utc.isoformat(timespec="microseconds")

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(UTC)


def moment(value: datetime | None) -> ColumnElement[datetime]:
    """A moment inside an expression (``case``), where no column tells its type."""
    return literal(value, Instant())

"""The port Configurations, and the audit log that stands beside every change."""

from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.domain.audit import AuditEntry, content_hash
from plugin.domain.configuration import ConfigVersion
from plugin.domain.errors import BadInput
from plugin.storage import tables
from plugin.usecases.ports import Database
from tests.contract.storage.databases import Rows
from tests.contract.storage.given import LATER, NOW

FIRST = ConfigVersion(kind="program", code="chronic-care", version="1", body={"title": "Chronic care"}, why="shipped")


def test_published_once(database: Database) -> None:
    """The same body under the same version is nothing new."""
    with database.begin() as unit:
        assert unit.configurations.publish(FIRST, NOW) is True
        assert unit.configurations.publish(FIRST, LATER) is False

        assert unit.configurations.current(NOW) == [FIRST]
        assert [(entry.action, entry.record, entry.why) for entry in unit.audit.entries()] == [
            ("configure:published", "program/chronic-care", "shipped")
        ]


def test_published_version_does_not_change(database: Database) -> None:
    """Yesterday's decision can still be explained: what changed gets a new version."""
    with database.begin() as unit:
        unit.configurations.publish(FIRST, NOW)

        with pytest.raises(BadInput, match="program chronic-care 1 is published already"):
            unit.configurations.publish(replace(FIRST, body={"title": "Other"}), LATER)


def test_in_force_from_its_day(database: Database) -> None:
    """Of one program the version counts that came into force last; a draft or a retired one does not."""
    second = replace(FIRST, version="2", published_from=LATER)
    draft = replace(FIRST, version="3", state="draft")

    with database.begin() as unit:
        for version in (second, FIRST, draft):
            unit.configurations.publish(version, NOW)

        assert unit.configurations.current(LATER - timedelta(seconds=1)) == [FIRST]
        assert unit.configurations.current(LATER) == [second]

        unit.configurations.publish(replace(second, state="retired"), LATER)
        assert unit.configurations.current(LATER) == [FIRST]

        unit.configurations.publish(
            replace(draft, state="published", body={"title": "New"}, published_from=LATER), LATER
        )
        assert [version.version for version in unit.configurations.current(LATER)] == ["3"]


def test_kinds_do_not_meet(database: Database) -> None:
    """A ladder may have a program's code."""
    ladder = replace(FIRST, kind="ladder")

    with database.begin() as unit:
        for version in (FIRST, ladder):
            unit.configurations.publish(version, NOW)

        assert unit.configurations.current(NOW) == [ladder, FIRST]


def test_audit_rows_carry_their_hash(database: Database, rows: Rows) -> None:
    """The hash is of the canonical content, so a changed row gives itself away."""
    entries = [AuditEntry(at=NOW, who="Ana", action="test", record=f"r/{n}", why="ä", detail={"n": n}) for n in (1, 2)]

    with database.begin() as unit:
        unit.audit.write(entries)
        unit.commit()
        assert unit.audit.entries() == entries[::-1]
        assert unit.audit.entries(limit=1) == entries[1:]

    for row, entry in zip(rows(tables.audit), entries, strict=True):
        assert row["content"] == entry.canonical
        assert row["hash"] == content_hash(entry.canonical)

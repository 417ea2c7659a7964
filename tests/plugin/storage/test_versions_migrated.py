"""Versions that were published before there were enactments hold from when they did."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from plugin.storage.engine import connect_engine
from plugin.storage.schema import upgrade
from plugin.storage.tables import config_version
from plugin.storage.unit_of_work import SqlDatabase
from tests.contract.storage.databases import ReadableCipher

NOW = datetime(2026, 6, 16, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def _row(
    version: str, stored_at: datetime, *, state: str = "published", from_: datetime | None = None
) -> dict[str, object]:
    return {
        "practice_id": 1,
        "kind": "program",
        "code": "chronic-care",
        "version": version,
        "state": state,
        "published_from": from_,
        "by": "milepost",
        "why": "",
        "stored_at": stored_at,
        "body": "{}",
    }


def test_each_holds_from_when_it_did(tmp_path: Path) -> None:
    """The first since ever, the next since it was stored, one with a day from that day on; a draft never did."""
    url = f"sqlite:///{tmp_path / 'milepost.db'}"
    upgrade(url, "0005")
    engine = connect_engine(url)
    rows = [
        _row("1", NOW),
        _row("2", NOW + DAY),
        _row("3", NOW + DAY, from_=NOW + 3 * DAY),
        _row("4", NOW + DAY, state="draft"),
    ]
    with engine.begin() as connection:
        connection.execute(insert(config_version), rows)
    engine.dispose()

    upgrade(url)

    database = SqlDatabase(url, ReadableCipher())
    with database.begin(reading=True) as unit:
        found = [unit.configurations.in_force_at(NOW + days * DAY) for days in (-9, 0, 1, 2, 3)]
        assert [[version.version for version in then] for then in found] == [["1"], ["1"], ["2"], ["2"], ["3"]]
        assert [version.version for version in unit.configurations.current(NOW + 2 * DAY)] == ["2"]
        assert [made.version for made in unit.configurations.come(NOW + 3 * DAY)] == ["3"]
    database.close()

"""A machine that is lost: its backup, put back into an empty place, goes on where it was and writes nothing a second
time. (Both kinds of database, without a FHIR server: tests/contract/storage/test_backup.py.)"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.outcome import differences, of_database, of_server
from tests.faults.practice import Milepost, closing
from tests.faults.site import Site

pytestmark = [pytest.mark.live, pytest.mark.fault]


def test_a_backup_put_back_goes_on(site: Site, tmp_path: Path) -> None:
    """Every version on the server is what it was, the database is as it was, and the audit log is whole."""
    file, new = tmp_path / "backup.tar", tmp_path / "new"
    with site.watched() as lost:
        milepost = replace(lost.milepost, changes={"MILEPOST_AUDIT_HEADS": str(tmp_path / "heads.log")})
        assert milepost.run("sweep").code == 0
        assert milepost.run("backup", str(file)).code == 0
        before = of_server(lost.practice), of_database(milepost.database_url, lost.practice)

    with site.postgres.database() as url, closing(Milepost(url, new, site.zone)) as found:
        restored = found.run("restore", str(file))
        swept = found.run("sweep", "--format", "json")
        verified = found.run("audit", "verify", "--format", "json")

        assert (restored.code, swept.code, verified.code) == (0, 0, 0), (restored, swept, verified)
        assert json.loads(swept.out)["delivered"]["claimed"] == 0
        assert json.loads(verified.out)["unsealed"] == 0
        assert differences(of_server(lost.practice), before[0]) == []
        assert differences(of_database(url, lost.practice), before[1]) == []

"""`python -m deploy.demo.openemr.sign_in SOURCE OPENEMR USER CLIENT SECRET_FILE`: the staff account that writes
messages is signed in, as an administrator does it from the source's page: by OpenEMR's own login and consent."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from deploy.openemr.recorded.staff import Staff
from plugin import bootstrap, config
from plugin.domain.account import SignedIn
from plugin.domain.staff_account import StaffAccount
from plugin.usecases.services import Services
from plugin.usecases.sources import source_named
from plugin.usecases.staff_sign_in import begin_staff_sign_in, finish_staff_sign_in, name_staff_client

BY = "the demo"


def main(arguments: list[str]) -> int:
    """Says as whom."""
    slug, openemr, username, client, secret_file = arguments
    secret = Path(secret_file).read_text(encoding="utf-8")
    staff = Staff(openemr, username)
    print(signed_in(bootstrap.connected(config.settings()), slug, staff, client=client, secret=secret).who)
    return 0


def signed_in(built: Services, slug: str, staff: Staff, *, client: str, secret: str) -> StaffAccount:
    """``staff`` logs in and agrees, as the browser that an administrator sends there."""
    source = name_staff_client(built, source_named(built, slug), client, secret, by=BY)
    me = _administrator(built)
    back = staff.let_in(begin_staff_sign_in(built, source, me))
    said = parse_qs(urlsplit(back).query)
    return finish_staff_sign_in(built, source, me, code=said["code"][0], state=said["state"][0])


def _administrator(built: Services) -> SignedIn:
    """Whoever sits at this terminal may do it; at the pages it is an administrator's session."""
    now = built.clock()
    return SignedIn(
        session=built.token(),
        person_id=0,
        who=BY,
        name=BY,
        roles=("administrator",),
        origin="terminal",
        signed_in_at=now,
        proven_at=now,
        ends_at=now + timedelta(hours=1),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

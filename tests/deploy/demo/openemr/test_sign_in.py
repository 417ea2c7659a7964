"""The demo signs the staff account in as an administrator does: through OpenEMR's own login and consent."""

from dataclasses import replace
from pathlib import Path

from deploy.demo.openemr.sign_in import signed_in
from deploy.demo.openemr.staff import MESSENGER
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.pages import with_pages
from deploy.openemr.recorded.server import recorded_openemr
from deploy.openemr.recorded.staff import Staff
from fhir_adapters.smart import Keys, StaffAccount, StaffClient
from plugin.domain.rights import FOR_STAFF
from plugin.domain.source import Source
from plugin.usecases.staff_account import account_of
from tests.builders import World

BACK = "https://milepost.test/admin/sources/demo/staff-account/back"


def test_the_account_is_kept_with_what_messages_need(tmp_path: Path) -> None:
    """It is OpenEMR's user of that name, whose tokens may write messages and be renewed."""
    world = World()
    clinic = Clinic(clock=world.clock)
    clinic.furnish()
    user = clinic.add_user(MESSENGER, fname="Milepost", lname="Messages", group="Clinicians")
    client = clinic.register_client("Milepost messages", " ".join(FOR_STAFF), redirect_uris=[BACK])
    with recorded_openemr(clinic, dress=with_pages) as openemr:
        base = openemr.fhir_base

        def staff(source: Source) -> StaffAccount:
            known = StaffClient(
                fhir_base=base, client_id=client.id, client_secret=source.staff_secret, redirect_uri=BACK
            )
            return StaffAccount(known, keys=Keys(tmp_path / "keys", world.clock), clock=world.clock)

        built = replace(world.services, staff=staff)
        messenger = Staff(openemr.base_url, MESSENGER)
        account = signed_in(built, world.source.slug, messenger, client=client.id, secret=client.secret)

    kept = account_of(built, world.source)
    assert kept is not None
    assert (kept.who, kept.ended) == (account.who, None)
    assert user.uuid in account.who
    assert "user/message.write" in account.tokens.scopes
    assert account.tokens.refresh

"""An OpenEMR is connected as its administrators do it: registered from the texts, read, told where Tasks go, and a
staff account signed in at OpenEMR's own pages, which lie on another site."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests
from playwright.sync_api import Page, expect

from deploy.demo.generator.fhir import TAG_SYSTEM
from deploy.openemr.recorded.__main__ import small_clinic
from deploy.openemr.recorded.pages import with_pages
from deploy.openemr.recorded.server import RecordedOpenEmr, recorded_openemr
from plugin import bootstrap, config
from plugin.domain.companion import LinkState, PatientLink, Why
from plugin.domain.record import Identifier, Moment, Patient
from plugin.domain.source import Source
from tests.live.browser.colleague import Colleague, fill, heading, press, seen
from tests.live.browser.conftest import Staff, Stage
from tests.live.browser.visitor import picture

pytestmark = pytest.mark.live

WIDE, NARROWEST, HEIGHT = 1200, 320, 900
_IS_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def openemr() -> Iterator[RecordedOpenEmr]:
    """At 127.0.0.1: for a browser another site than Milepost, which is at localhost."""
    with recorded_openemr(small_clinic(), dress=with_pages) as running:
        yield running


@pytest.fixture
def admin(staff: Staff, openemr: RecordedOpenEmr) -> Iterator[Colleague]:
    """The administrator; nobody but Milepost, the EHR and this OpenEMR is asked."""
    found = staff("admin")
    yield found
    foreign = found.visitor.strangers
    foreign[:] = [url for url in foreign if not url.startswith(openemr.base_url)]


def test_an_openemr_is_connected_and_its_staff_account_signed_in(admin: Colleague, openemr: RecordedOpenEmr) -> None:
    """From the empty form to an account that may write messages; refused once on the way."""
    slug = f"clinic-{uuid.uuid4().hex[:6]}"
    page = _connected(admin, openemr, slug)
    _chosen(page)
    _named(page, openemr, slug)

    _sent_away(page, "Refuse", "staff-begin")
    expect(page.get_by_role("alert")).to_contain_text("Consent was refused there")
    _sent_away(page, "Allow")

    expect(page.get_by_role("status")).to_contain_text("The staff account is signed in")
    expect(page.get_by_role("region", name="Staff account")).to_contain_text("since")
    assert "code=" not in page.url
    _looked_at(page, "openemr-source")
    press(page, "Test it")
    expect(page.get_by_role("table", name="What was tried")).to_contain_text("works")
    picture(page, "admin-openemr-tested")
    press(page, "Sign out, and forget it")
    expect(page.get_by_role("status")).to_contain_text("its tokens are forgotten")
    press(page, "Pause")


def test_patients_are_linked_by_a_coordinator(staff: Staff, stage: Stage) -> None:
    """From the home page on: both records side by side, linked, found again, and taken back."""
    slug = _waiting(stage)
    page = staff("coordinator").goes_to("/admin")
    page.get_by_role("link", name="1 patient waits to be linked").click()
    heading(page, "Patients to be linked")
    if slug not in page.url:  # an earlier run left its own
        page.goto(f"{stage.site.web}/admin/sources/{slug}/links")
    page.locator("summary", has_text="They are one person all the same").click()
    _looked_at(page, "links-differ")
    page.get_by_role("button", name="Yes, they are one person").click()
    expect(page.get_by_role("status")).to_contain_text("They are linked")

    fill(page, q="Demo-Waiting")
    press(page, "Search")
    row = page.get_by_role("table", name="Linked patients that were found").get_by_role("row").last
    expect(row).to_contain_text("a person")
    _looked_at(page, "links-decided")
    row.locator("summary").click()
    row.get_by_role("button", name="Yes, undo it").click()
    expect(page.get_by_role("status")).to_contain_text("The link is undone")
    page.get_by_role("button", name="Nobody in the store is this patient").click()

    expect(page.locator("main")).to_contain_text("Nobody waits to be linked")


def _waiting(stage: Stage) -> str:
    """An OpenEMR (nobody reads it) with the EHR as its companion store, and somebody in both whose names differ."""
    services = bootstrap.connected(config.settings(stage.site.command.environment))
    now, slug, theirs = services.clock(), f"linked-{uuid.uuid4().hex[:6]}", f"Patient/{stage.practice.showcase}"
    number = Identifier("urn:example:mrn", "SYN-77")
    ours = Patient(
        ref="Patient/waits", name="Demo-Waiting, Wren", family="Demo-Waiting", birth_date=Moment("1961-04-02"),
        identifiers=(number,),
    )  # fmt: skip
    waits = PatientLink(patient=ours.ref, state=LinkState.TO_DO, candidates=(theirs,), why=Why.NAME_DIFFERS, at=now)
    by_tag = {"_tag": f"{TAG_SYSTEM}|{stage.practice.tag}"}
    base = f"https://{slug}.example/apis/default/fhir"
    with services.database.begin() as uow:
        store = Source(id=0, slug=f"store-{slug}", base_url=stage.site.behind, use="store", search_filter=by_tag)
        uow.sources.add(store, now)
        wanted = Source(id=0, slug=slug, base_url=base, kind="openemr", paused=True, sink="companion")
        source = uow.sources.add(replace(wanted, companion=store.slug), now)
        uow.facts.store(source, [(ours, (ours.ref,))], now)
        uow.companion_links.save(source, [waits])
        uow.commit()
    services.database.close()
    return slug


def _connected(admin: Colleague, openemr: RecordedOpenEmr, slug: str) -> Page:
    page = admin.goes_to("/admin/sources/new")
    admin.visitor.expect_complaint("status of 422")
    press(page, "connect an OpenEMR")
    fill(page, slug=slug, base_url=openemr.fhir_base)
    press(page, "Show what is to be registered")
    for each in page.locator(".mp-steps details > summary").all():
        each.click()
    _looked_at(page, "openemr-registration")
    fill(page, client_id=_registered(page, openemr, "reading")["client_id"], zone="America/New_York")
    press(page, "Ask it and connect")
    expect(page.get_by_role("status")).to_contain_text("The EHR is connected")
    expect(page.get_by_role("region", name="Where milestone Tasks go")).to_contain_text("nowhere yet")
    return page


def _chosen(page: Page) -> None:
    """Messages need somebody for whom nobody else is there."""
    press(page, "Change where they go, and whose inbox")
    page.get_by_label("as staff messages in OpenEMR").check()
    press(page, "Keep it")
    expect(page.locator("#inbox-1-wrong")).to_contain_text("it is needed")
    _looked_at(page, "openemr-settings")
    page.get_by_label("Coordinator").fill("desk")
    press(page, "Keep it")
    expect(page.get_by_role("region", name="Where milestone Tasks go")).to_contain_text("Coordinator: desk")


def _named(page: Page, openemr: RecordedOpenEmr, slug: str) -> None:
    """The client for messages, from the text on the page of what is registered."""
    press(page, "What is registered there")
    client = _registered(page, openemr, "messages")
    press(page, "Back to the source")
    fill(page, staff_client=client["client_id"], staff_secret=client["client_secret"])
    page.get_by_role("region", name="Staff account").get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("status")).to_contain_text("The client is kept")


def _sent_away(page: Page, answer: str, name: str = "") -> None:
    """To OpenEMR's login and consent, and back; with a name, the page before that is looked at."""
    page.get_by_role("button", name="Sign a staff account in").click()
    heading(page, "Sign a staff account in")
    if name:
        _looked_at(page, name)
    press(page, "Go to OpenEMR")
    fill(page, username="desk", password="pass")
    press(page, "Log in")
    press(page, answer)
    heading(page, "Source")


def _registered(page: Page, openemr: RecordedOpenEmr, name: str) -> dict[str, str]:
    """As the text says, and let in by OpenEMR's administrator."""
    text = page.locator(f"#body-{name}").input_value()
    url = f"{openemr.base_url}/oauth2/default/registration"
    client: dict[str, str] = requests.post(url, json=json.loads(text), timeout=20).json()
    openemr.clinic.clients.change(client["client_id"], is_enabled=True)
    return client


def _looked_at(page: Page, name: str) -> None:
    """A picture, wide and narrow; axe finds nothing grave, and nothing has to be moved sideways."""
    seen(page, name)
    page.set_viewport_size({"width": NARROWEST, "height": HEIGHT})
    picture(page, f"admin-{name}-{NARROWEST}")
    assert not page.evaluate(_IS_TOO_WIDE), name
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})

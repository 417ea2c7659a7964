"""An OpenEMR as an administrator connects it: what is registered there, where its Tasks go, whose inbox, its zone."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.domain.companion import OPENEMR_NUMBERS
from plugin.domain.record import Other
from plugin.domain.source import ReadingCost, Source
from plugin.usecases.keeping import NOBODY
from tests.admin import AdminClient, signed_in_client
from tests.builders import World
from tests.fakes import FEED, FakeEhr

BASE = "https://openemr.test/apis/default/fhir"
NEW = {"kind": "openemr", "proof": "client", "slug": "clinic", "base_url": BASE, "client_id": "reading-client"}
SETTINGS = "/admin/sources/clinic/settings"
JWKS = {"keys": [{"kty": "RSA", "kid": "k1", "alg": "RS384", "use": "sig", "n": "AQAB", "e": "AQAB"}]}


@pytest.fixture
def world() -> World:
    """A practice with an OpenEMR, and somebody who works there."""
    made = World()
    ehr = FakeEhr(made.server, types=(*FEED, "DetectedIssue"))
    made.services = replace(
        made.services, public_url="https://milepost.test", jwks=lambda: JWKS, ehr=lambda source: ehr
    )
    wanted = Source(id=0, slug="clinic", base_url=BASE, kind="openemr", client_id="reading-client")
    with made.database.begin() as uow:
        clinic = uow.sources.add(wanted, made.clock())
        somebody = Other(ref="Practitioner/u1", name="Demo-Okafor, Ada", version="1")
        uow.facts.store(clinic, [(somebody, (NOBODY,))], made.clock())
        uow.commit()
    return made


@pytest.fixture
def admin(world: World) -> AdminClient:
    """An administrator."""
    return signed_in_client(world)


def clinic(world: World) -> Source:
    """As it is stored."""
    with world.look() as uow:
        return uow.sources.get("clinic")


def test_what_is_registered_there_can_be_copied(admin: AdminClient) -> None:
    """As soon as it is known where it is: three clients with our addresses and keys, the steps, and who does each."""
    page = html.unescape(admin.get(f"/admin/sources/new?kind=openemr&slug=second&base_url={BASE}/").text)

    assert "https://openemr.test/oauth2/default/registration" in page
    assert '"redirect_uris"' in page
    assert "https://milepost.test/admin/sources/second/staff-account/back" in page
    assert "OpenEMR's administrator" in page
    assert "3. Connect it" in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Base address of its FHIR API"),
        ("&slug=second&base_url=https://openemr.test/fhir", "/apis/default/fhir"),
        (f"&slug=Not a slug&base_url={BASE}", "is no slug"),
    ],
)
def test_first_it_is_asked_where_it_is(admin: AdminClient, query: str, words: str) -> None:
    """What is no OpenEMR's address is said in words; nothing can be connected before."""
    page = admin.get(f"/admin/sources/new?kind=openemr{query}").text

    assert words in html.unescape(page)
    assert "3. Connect it" not in page


def test_a_zone_that_is_none_is_not_taken(world: World, admin: AdminClient) -> None:
    """What was typed stays, with the steps around it."""
    answer = admin.post("/admin/sources/new", {**NEW, "slug": "second", "zone": "Chicago"})

    assert answer.status_code == 422
    assert "Chicago is no time zone" in answer.text
    assert 'value="reading-client"' in answer.text


def test_its_page_says_that_nothing_goes_anywhere_yet(admin: AdminClient) -> None:
    """And leads to where that is chosen, and to what is registered there."""
    page = html.unescape(admin.get("/admin/sources/clinic").text)

    assert "nowhere yet" in page
    assert SETTINGS in page
    assert "Practice's" not in page
    assert "milepost-reading.json" in admin.get("/admin/sources/clinic/registration").text


def test_messages_go_to_inboxes(world: World, admin: AdminClient) -> None:
    """Of people and of roles; whoever has none is left out."""
    form = {
        "sink": "message",
        "zone": "America/Denver",
        "owner": ["coordinator", "provider", "Practitioner/u1"],
        "user": ["front", "", " okafor "],
    }

    answer = admin.post(SETTINGS, form)

    kept = clinic(world)
    assert answer.status_code == 303
    assert (kept.sink, kept.zone, kept.inbox) == (
        "message",
        "America/Denver",
        {"coordinator": "front", "Practitioner/u1": "okafor"},
    )
    page = html.unescape(admin.get("/admin/sources/clinic").text)
    assert "Demo-Okafor, Ada: <bdi>okafor</bdi>" in page
    assert 'value="okafor"' in admin.get(SETTINGS).text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"sink": "own"}, "Please choose where milestone Tasks go"),
        ({"sink": "message"}, "takes what is nobody else's: it is needed"),
        ({"sink": "companion", "companion": "clinic"}, "choose one of the companion stores"),
        ({"sink": "message", "zone": "../etc", "owner": "coordinator", "user": "x"}, "This is no time zone"),
        ({"sink": "message", "owner": ["coordinator", "Patient/1"], "user": ["x", "y"]}, "nobody who works there"),
        ({"sink": "message", "owner": "coordinator", "user": "two words"}, "A user name has no blanks"),
        ({"sink": "message", "numbers": "our numbers"}, "This is no identifier system"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    world: World, admin: AdminClient, form: dict[str, object], words: str
) -> None:
    """And nothing is stored."""
    before = clinic(world)

    answer = admin.post(SETTINGS, form)

    assert answer.status_code == 422
    assert words in html.unescape(answer.text)
    assert clinic(world) == before


def test_a_companion_store_is_added_and_chosen(world: World, admin: AdminClient) -> None:
    """It is asked, added as a store that nobody reads, and chosen on the form that follows."""
    store = {"slug": "store", "base_url": "http://127.0.0.1/store", "kind": "hapi", "proof": "none"}

    added = admin.post("/admin/sources/clinic/store", store)
    form = admin.get(added.headers["Location"]).text
    kept = admin.post(SETTINGS, {"sink": "companion", "companion": "store", "numbers": " https://example.org/mrn "})

    assert (added.status_code, kept.status_code) == (303, 303)
    assert '<option value="store" selected>' in form
    assert clinic(world).companion == "store"
    assert clinic(world).systems == {OPENEMR_NUMBERS: "https://example.org/mrn"}
    assert 'value="https://example.org/mrn"' in admin.get(SETTINGS).text
    assert not any("poll" in asked for asked in world.jobs.asked)
    assert "takes milestone Tasks of clinic" in admin.get("/admin/sources/store").text
    listed = admin.get("/admin/sources").text
    assert "Companion stores" in listed


def test_a_store_that_does_not_answer_is_not_added(world: World, admin: AdminClient) -> None:
    """It is said in words, and what was typed stays, but no token."""
    world.server.down = True
    store = {"slug": "store", "base_url": "http://127.0.0.1/store", "kind": "hapi", "proof": "token", "token": "s3cret"}

    answer = admin.post("/admin/sources/clinic/store", store)

    assert answer.status_code == 422
    assert 'value="http://127.0.0.1/store"' in answer.text
    assert "s3cret" not in answer.text


def test_the_panels_record_is_filled_in_beforehand(admin: AdminClient) -> None:
    """From the source's page: who signs there, which pages may frame it, and that it has a secret."""
    page = html.unescape(admin.get("/admin/sources/clinic").text)
    way = re.findall(r'href="(/admin/issuers/new[^"]+)"', page)[0]

    form = html.unescape(admin.get(way).text)

    assert 'value="https://openemr.test/oauth2/default"' in form
    assert 'value="https://openemr.test"' in form
    assert '<option value="client_secret" selected>' in form
    assert '<option value="clinic" selected>' in form


def test_its_rights_are_told_one_by_one(world: World, admin: AdminClient) -> None:
    """What was not granted is said first, with what cannot be done."""
    lacking = ["cannot read care plans: system/CarePlan.read was not granted"]
    with world.database.begin() as uow:
        uow.sources.update(replace(clinic(world), capability={"lacking": lacking}), world.clock())
        uow.commit()

    page = admin.get("/admin/sources/clinic").text

    assert "Milepost cannot read care plans." in page
    assert page.count('mp-chip-bad">no<') == 1


def test_what_reading_costs_is_told(world: World, admin: AdminClient) -> None:
    """Today, and in a day of the last week, with the bound and the index to hand on."""
    today = world.clock().date()
    with world.database.begin() as uow:
        source = replace(clinic(world), capability={"bytes_per_day": 60_000_000})
        uow.sources.update(source, world.clock())
        uow.reading_costs.add(source, ReadingCost(today, 1_234, 5_600_000, 9.0))
        uow.reading_costs.add(source, ReadingCost(today - timedelta(days=1), 2_000, 40_000_000, 9.0))
        uow.commit()

    page = admin.get("/admin/sources/clinic").text

    for words in ("1,234", "5.6", "2,000", "40.0", "below 60 MB a day", "CREATE INDEX milepost_plan"):
        assert words in page, words

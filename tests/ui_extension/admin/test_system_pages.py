"""Sources, issuers and the system, as an administrator sees and changes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from fhir_adapters.ehr import FhirEhr
from fhir_adapters.http import FhirHttp
from plugin.domain.errors import Unauthorized
from plugin.domain.permissions import Role
from plugin.domain.source import Source
from tests.admin import AdminClient, signed_in_client
from tests.builders import World, a_patient, a_plan, a_result
from tests.fakes import FakeEhr
from tests.tabs import an_issuer

NEW = {"slug": "second", "base_url": "http://127.0.0.1/second", "kind": "r4", "proof": "token", "token": "t0ken-secret"}
ISSUER = {
    "slug": "ehr",
    "source": "main",
    "fhir_base": "https://ehr.test/fhir",
    "client_id": "milepost",
    "client_auth": "client_secret",
    "client_secret": "s3cret-value",
    "algorithm": "RS384",
    "ehr_origins": "https://chart.ehr.test https://shell.ehr.test",
    "is_active": "yes",
}


@pytest.fixture
def world() -> World:
    """A practice with a chart, and a result that was set aside."""
    world = World()
    world.server.put(a_patient(), a_plan(), a_result())
    world.server.broken.add(a_result().ref)
    world.sweep()
    return world


@pytest.fixture
def admin(world: World) -> AdminClient:
    """An administrator."""
    return signed_in_client(world)


def audit(world: World) -> list[tuple[str, str, str]]:
    """Action, who and record of every row."""
    with world.look() as uow:
        return [(entry.action, entry.who, entry.record) for entry in uow.audit.entries()]


def test_an_ehr_is_connected(world: World, admin: AdminClient) -> None:
    """It is asked who it is, added, and read; its token is stored and shown nowhere (row 23)."""
    answer = admin.post("/admin/sources/new", NEW)

    assert answer.status_code == 303
    with world.look() as uow:
        assert uow.sources.get("second").token == "t0ken-secret"
    assert world.jobs.asked[-1].startswith("poll")
    for path in ("/admin/sources", "/admin/sources/second"):
        page = admin.get(path)
        assert "second" in page.text
        assert "t0ken" not in page.text


def test_one_that_is_not_right_is_said_in_words(world: World, admin: AdminClient) -> None:
    """The form keeps what was typed, but no secret (row 23)."""
    world.server.down = True

    answer = admin.post("/admin/sources/new", NEW)

    assert answer.status_code == 422
    assert 'value="http://127.0.0.1/second"' in answer.text
    assert "t0ken" not in answer.text


class Stranger(FakeEhr):
    """A server that says that it is at another address; or that says nothing without a token."""

    def __init__(self, world: World, address: str | None) -> None:
        super().__init__(world.server)
        self._address = address
        self.shown: list[str | None] = []
        """The token of each question; None: it was asked without one."""

    def of(self, source: Source) -> Stranger:
        """As this source asks it."""
        self.shown.append(source.token or source.client_id)
        return self

    def probe(self) -> Mapping[str, object]:
        if self._address is None and self.shown[-1] is None:
            raise Unauthorized("This server says nothing without a token.")
        return {**super().probe(), "address": self._address or ""}


@pytest.mark.parametrize(
    ("address", "words"),
    [("https://evil.example/fhir", "It got no token."), (None, "before a token is shown, so none was shown")],
)
@pytest.mark.parametrize("proof", ["token", "client"])
def test_a_stranger_is_shown_no_token(world: World, address: str | None, words: str, proof: str) -> None:
    """Who is not who the address says, or does not say who it is, is refused before any token goes there; somebody who
    knows the second server may vouch for it (row 2)."""
    stranger = Stranger(world, address)
    world.services = replace(world.services, ehr=stranger.of)
    admin = signed_in_client(world)
    new = {**NEW, "proof": proof, "client_id": "milepost"}

    answer = admin.post("/admin/sources/new", new)

    assert answer.status_code == 422
    assert words in answer.text
    assert stranger.shown == [None]
    vouched = admin.post("/admin/sources/new", {**new, "vouched": "yes"})
    assert vouched.status_code == (303 if address is None else 422)


@pytest.mark.parametrize(
    ("address", "had_one", "is_taken"),
    [
        ("https://evil.example/fhir", True, False),
        ("https://evil.example/fhir", False, False),
        (None, False, False),
        (None, True, True),
    ],
)
def test_a_new_token_is_shown_to_no_stranger(world: World, address: str | None, had_one: bool, is_taken: bool) -> None:
    """Also a source that is connected is asked first who it is: one that has become another server, or was added without a
    token and does not say who it is, gets none. A silent one that had a token was vouched for then."""
    with world.database.begin() as uow:
        uow.sources.update(replace(world.now_source(), token="old" if had_one else None), world.clock(), by="the test")
        uow.commit()
    stranger = Stranger(world, address)
    world.services = replace(world.services, ehr=stranger.of)

    answer = signed_in_client(world).post("/admin/sources/main/token", {"token": "a-new-token"})

    assert answer.status_code == (303 if is_taken else 422)
    assert (world.now_source().token == "a-new-token") is is_taken
    assert set(stranger.shown) == {None}


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/fhir",
        "https://user:pw@ehr.example/fhir",
        "https://ehr.example/fhir#x",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "",
    ],
)
def test_an_address_that_leads_elsewhere_is_not_asked(world: World, url: str) -> None:
    """What is no FHIR base, or a cloud's own, is refused in words before anything is sent (row 2)."""
    world.services = replace(world.services, ehr=lambda source: FhirEhr(FhirHttp(source.base_url), source))
    admin = signed_in_client(world)

    answer = admin.post("/admin/sources/new", {**NEW, "base_url": url})

    assert answer.status_code == 422
    assert "The address of a source" in answer.text
    with world.look() as uow:
        assert [source.slug for source in uow.sources.all()] == ["main"]


def test_a_source_is_tested_in_words(world: World, admin: AdminClient) -> None:
    """What works, what does not, and what that means for people; one that shows nobody does not simply work."""
    answer = admin.post("/admin/sources/main/test")
    world.server.facts.clear()
    empty = admin.post("/admin/sources/main/test")

    assert "What was tried just now" in answer.text
    assert "noticed with the next poll" in answer.text
    nobody = "0: nobody is there yet, or Milepost is let see nobody"
    assert (nobody in answer.text, nobody in empty.text) == (False, True)


def test_pausing_and_resuming(world: World, admin: AdminClient) -> None:
    """Who did it is on record."""
    admin.post("/admin/sources/main/pause", {"paused": "yes"})
    assert world.now_source().paused
    assert audit(world)[0] == ("change-source", admin.who, "source/main")
    admin.post("/admin/sources/main/pause", {"paused": ""})

    assert not world.now_source().paused


def test_what_was_set_aside_is_read_again(world: World, admin: AdminClient) -> None:
    """It is listed with its reason until it is right."""
    assert a_result().ref in admin.get("/admin/sources/main").text
    world.server.broken.clear()

    admin.post("/admin/sources/main/aside", {"ref": a_result().ref})

    assert a_result().ref not in admin.get("/admin/sources/main").text
    assert ("retry-aside", admin.who, "source/main") in audit(world)


def test_removing_asks_twice(world: World, admin: AdminClient) -> None:
    """What is there is listed; without the source's name nothing happens; then a worker is asked, and one can think again."""
    assert "Task" in admin.get("/admin/sources/main/remove").text

    assert admin.post("/admin/sources/main/remove", {"how": "delete", "slug": "mian"}).status_code == 422
    assert world.now_source().leaving is None
    admin.post("/admin/sources/main/remove", {"how": "delete", "slug": "main"})
    assert world.now_source().leaving == "delete"
    admin.post("/admin/sources/main/stay")

    assert world.now_source().leaving is None


def test_an_issuer_is_registered_and_changed(world: World, admin: AdminClient) -> None:
    """The secret is kept when the field is left empty, and shown nowhere; what to copy into the EHR is there."""
    assert admin.post("/admin/issuers/new", ISSUER).status_code == 303
    changed = {name: value for name, value in ISSUER.items() if name != "client_secret"}
    assert admin.post("/admin/issuers/ehr/change", {**changed, "least_role": "coordinator"}).status_code == 303

    with world.look() as uow:
        stored = uow.issuers.get("ehr")
    assert (stored.client_secret, stored.least_role) == ("s3cret-value", "coordinator")
    page = admin.get("/admin/issuers/ehr").text
    assert "https://milepost.test/callback/ehr" in page
    assert "s3cret" not in page
    assert "s3cret" not in admin.get("/admin/issuers/ehr/change").text


def test_a_stored_secret_goes_to_no_other_server(world: World, admin: AdminClient) -> None:
    """Whoever changes the address types the secret of that server, or none is kept; the stored one is not sent (row 2,
    row 23)."""
    admin.post("/admin/issuers/new", ISSUER)
    elsewhere = {**ISSUER, "client_secret": "", "oidc_issuer": "https://evil.example"}

    answer = admin.post("/admin/issuers/ehr/change", elsewhere)

    assert answer.status_code == 422
    assert "The stored secret is not sent to evil.example: type the secret of that server." in answer.text
    with world.look() as uow:
        assert uow.issuers.get("ehr").oidc_issuer == "https://ehr.test"
    assert admin.post("/admin/issuers/ehr/change", {**elsewhere, "client_secret": "another"}).status_code == 303


def test_a_wrong_issuer_is_said_in_words(admin: AdminClient) -> None:
    """At the form, with what was typed."""
    answer = admin.post("/admin/issuers/new", {**ISSUER, "fhir_base": "ftp://ehr.test"})

    assert answer.status_code == 422
    assert "ftp://ehr.test" in answer.text


def test_an_issuer_is_tested(world: World, admin: AdminClient) -> None:
    """What is missing, and what that means."""
    with world.database.begin() as uow:
        uow.issuers.add(replace(an_issuer(), source="main"), world.clock())
        uow.commit()

    assert "What was tried just now" in admin.post("/admin/issuers/ehr/test").text


def test_the_system_page(world: World, admin: AdminClient) -> None:
    """Is all well, what runs by itself, which versions; and one job now."""
    page = admin.get("/admin/system").text
    assert "Look at who is due" in page
    assert "Versions" in page

    assert admin.post("/admin/system/run", {"job": "milepost.tick"}).status_code == 303
    assert world.jobs.asked[-1] == "run milepost.tick"
    assert audit(world)[0] == ("run-job", admin.who, "job/milepost.tick")
    assert admin.post("/admin/system/run", {"job": "milepost.source.leave"}).status_code == 404


@pytest.mark.parametrize("path", ["/admin/sources", "/admin/sources/main", "/admin/issuers", "/admin/system"])
def test_who_only_reads_has_no_button_that_changes(world: World, path: str) -> None:
    """An auditor."""
    auditor = signed_in_client(world, roles=(Role.AUDITOR.value,))

    page = auditor.get(path)

    assert page.status_code == 200
    assert "Run now" not in page.text
    assert "Pause" not in page.text
    assert auditor.post("/admin/sources/main/pause", {"paused": "yes"}).status_code == 403


def test_a_coordinator_sees_none_of_it(world: World) -> None:
    """No right to it."""
    coordinator = signed_in_client(world, roles=(Role.COORDINATOR.value,))

    assert {coordinator.get(f"/admin/{page}").status_code for page in ("sources", "issuers", "system")} == {403}

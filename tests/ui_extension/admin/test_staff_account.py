"""A staff account of an OpenEMR is signed in from the source's page: what comes back is ours, this session's, and once
(row 34)."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from plugin.domain.errors import TemporaryFailure
from plugin.domain.source import Source
from plugin.domain.staff_account import EndedBecause, StaffAccount
from plugin.usecases.staff_account import account_of
from tests.admin import OURS, AdminClient, signed_in_client
from tests.builders import World
from tests.fake_staff import RIGHT_CODE, TOKENS
from ui_extension.admin.source_page import ENDED

PLACE = "/admin/sources/clinic/staff-account"


@pytest.fixture
def world() -> World:
    """A practice with two OpenEMRs."""
    made = World()
    with made.database.begin() as uow:
        for slug in ("clinic", "other"):
            base = f"https://{slug}.test/apis/default/fhir"
            wanted = Source(id=0, slug=slug, base_url=base, kind="openemr", staff_client="m", staff_secret="s")
            uow.sources.add(wanted, made.clock())
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


def account(world: World) -> StaffAccount | None:
    """As the page sees it."""
    return account_of(world.services, clinic(world))


def begun(admin: AdminClient) -> str:
    """The state with which the browser was sent away."""
    page = html.unescape(admin.post(f"{PLACE}/begin").text)
    away = re.findall(r'href="(https://openemr\.test/[^"]+)"', page)[0]
    return str(parse_qs(urlsplit(away).query)["state"][0])


def back(admin: AdminClient, query: str) -> str:
    """What a browser shows that comes from another site: without the cookie."""
    stranger = admin.client.application.test_client()
    answer = stranger.get(f"{PLACE}/back?{query}", base_url=OURS, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    return html.unescape(answer.text)


def sent(admin: AdminClient, form: Mapping[str, str]) -> int:
    """The form of that page, as a browser sends it: with the cookie, from our own site, without a form token."""
    answer = admin.client.post(PLACE, data=form, headers={"Origin": OURS}, base_url=OURS)
    return answer.status_code


def test_somebody_signs_in(world: World, admin: AdminClient) -> None:
    """By a link to the EHR, and back by a page that needs no session and holds nothing; the tokens are on no page."""
    state = begun(admin)
    page = back(admin, f"code={RIGHT_CODE}&state={state}")

    status = sent(admin, {"code": RIGHT_CODE, "state": state})

    assert f'name="state" value="{state}"' in page
    assert "Demo-" not in page
    kept = account(world)
    assert status == 303
    assert kept is not None
    assert (kept.who, kept.ended) == ("Demo-Messenger, Mo", None)
    shown = admin.get("/admin/sources/clinic").text
    assert "as <bdi>Demo-Messenger, Mo</bdi>, since" in shown
    assert TOKENS.access not in shown
    assert "deliver" in world.jobs.asked


def test_state_and_code_are_good_once(world: World, admin: AdminClient) -> None:
    """The same form again is told that it is over."""
    form = {"code": RIGHT_CODE, "state": begun(admin)}

    assert [sent(admin, form) for _ in range(2)] == [303, 422]


def test_what_another_session_began_is_not_taken(world: World, admin: AdminClient) -> None:
    """Nor what was begun for another source, nor an invented state: nobody is signed in."""
    other = signed_in_client(world, name="demo-kim", client=admin.client.application.test_client())
    state = begun(other)
    elsewhere = begun(admin)

    answers = [
        sent(admin, {"code": RIGHT_CODE, "state": state}),
        sent(admin, {"code": RIGHT_CODE, "state": "x" * 43}),
        admin.client.post(
            PLACE.replace("clinic", "other"),
            data={"code": RIGHT_CODE, "state": elsewhere},
            headers={"Origin": OURS},
            base_url=OURS,
        ).status_code,
    ]

    assert answers == [422, 422, 422]
    assert account(world) is None


@pytest.mark.parametrize("origin", ["https://openemr.test", "null", None])
def test_a_form_of_another_site_is_refused(world: World, admin: AdminClient, origin: str | None) -> None:
    """Even with the right state."""
    form = {"code": RIGHT_CODE, "state": begun(admin)}
    headers = {"Origin": origin} if origin else {}

    answer = admin.client.post(PLACE, data=form, headers=headers, base_url=OURS)

    assert answer.status_code == 403
    assert account(world) is None


def test_nobody_is_signed_in_here_any_more(world: World, admin: AdminClient) -> None:
    """Whose session has ended meanwhile has to begin again; the code was not redeemed."""
    form = {"code": RIGHT_CODE, "state": begun(admin)}
    admin.post("/admin/sign-out")

    assert sent(admin, form) == 401
    assert account(world) is None


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("error=access_denied", "Consent was refused in OpenEMR."),
        ("error=invalid_scope&error_description=<b>x</b>", "does not know one of the rights"),
        ("error=whatever", "did not let this account sign in"),
        ("code=only", "did not let this account sign in"),
        ("code=a&code=b&state=c", "did not let this account sign in"),
    ],
)
def test_a_no_comes_without_a_state(admin: AdminClient, query: str, words: str) -> None:
    """It is said in our words, and nothing of what came is repeated."""
    page = back(admin, query)

    assert words in page
    assert "<b>x" not in page
    assert "data-go-on" not in page


def test_a_refused_consent_comes_with_a_code(world: World, admin: AdminClient) -> None:
    """Only the exchange says no (OpenEMR 8.2): the source's page tells it, and nobody is signed in."""
    form = {"code": "of-a-refusal", "state": begun(admin)}

    answer = admin.client.post(PLACE, data=form, headers={"Origin": OURS}, base_url=OURS)

    assert answer.status_code == 422
    assert "The staff account is not signed in." in answer.text
    assert "Consent was refused there" in answer.text
    assert "of-a-refusal" not in answer.text


def test_an_ehr_that_does_not_answer_is_said(world: World, admin: AdminClient) -> None:
    """Before anybody is sent there, and when they come back: in words, without addresses."""
    state = begun(admin)
    world.staff.failure = TemporaryFailure("GET https://openemr.test/…: nobody answers.")

    answers = [
        admin.post(f"{PLACE}/begin"),
        admin.client.post(PLACE, data={"code": RIGHT_CODE, "state": state}, headers={"Origin": OURS}, base_url=OURS),
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert all("OpenEMR did not answer" in answer.text and "nobody answers" not in answer.text for answer in answers)


def test_it_is_signed_out_here(world: World, admin: AdminClient) -> None:
    """Its tokens are forgotten, and the page says why it is signed in no more."""
    sent(admin, {"code": RIGHT_CODE, "state": begun(admin)})

    admin.post(f"{PLACE}/forget")

    kept = account(world)
    assert kept is not None
    assert kept.why == EndedBecause.SIGNED_OUT
    assert ENDED[EndedBecause.SIGNED_OUT] in admin.get("/admin/sources/clinic").text


def test_each_end_has_its_words() -> None:
    """So that an administrator knows what to do."""
    assert ENDED.keys() == set(EndedBecause)


@pytest.mark.parametrize(
    ("client", "secret", "status", "kept"),
    [
        ("m", "", 303, ("m", "s")),
        ("m", "new", 303, ("m", "new")),
        ("another", "its-own", 303, ("another", "its-own")),
        ("another", "", 422, ("m", "s")),
        ("two words", "x", 422, ("m", "s")),
        ("", "x", 422, ("m", "s")),
    ],
)
def test_its_client_is_named(
    world: World, admin: AdminClient, client: str, secret: str, status: int, kept: tuple[str, str]
) -> None:
    """A stored secret goes with its client and no other; it is never shown."""
    answer = admin.post(f"{PLACE}/client", {"staff_client": client, "staff_secret": secret})

    stored = clinic(world)
    assert answer.status_code == status
    assert (stored.staff_client, stored.staff_secret) == kept


def test_another_client_signs_the_account_out(world: World, admin: AdminClient) -> None:
    """Its tokens are good for nothing with the new one."""
    sent(admin, {"code": RIGHT_CODE, "state": begun(admin)})

    admin.post(f"{PLACE}/client", {"staff_client": "another", "staff_secret": "its-own"})

    kept = account(world)
    assert kept is not None
    assert kept.ended is not None


def test_without_a_client_nobody_is_sent_anywhere(world: World, admin: AdminClient) -> None:
    """The button is not there before it is named."""
    with world.database.begin() as uow:
        uow.sources.update(replace(clinic(world), staff_client=None, staff_secret=None), world.clock())
        uow.commit()

    assert f"{PLACE}/begin" not in admin.get("/admin/sources/clinic").text


def test_the_home_page_says_that_messages_wait(world: World, admin: AdminClient) -> None:
    """Before somebody is signed in, and after it has ended; to nobody whose EHR gets no messages."""
    words = "Staff messages to 1 EHR wait"
    seen = [words in admin.get("/admin").text]
    with world.database.begin() as uow:
        uow.sources.update(replace(clinic(world), sink="message"), world.clock())
        uow.commit()

    seen.append(words in admin.get("/admin").text)
    sent(admin, {"code": RIGHT_CODE, "state": begun(admin)})
    seen.append(words in admin.get("/admin").text)
    admin.post(f"{PLACE}/forget")
    seen.append(words in admin.get("/admin").text)

    assert seen == [False, True, False, True]

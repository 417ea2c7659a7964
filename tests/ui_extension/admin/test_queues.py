"""The lists of work, gaps and patients, and what is done with work, as a browser meets them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from plugin.domain.audit import AuditEntry
from plugin.domain.launch import Identity
from plugin.domain.record import Link, Moment
from plugin.domain.work import WorkItem
from plugin.usecases.deliver import deliver
from plugin.usecases.tick import tick
from tests.admin import AdminClient, signed_in_client
from tests.builders import World, a_patient, a_plan
from tests.tabs import an_issuer

NAMES = ("Test-Rivera, Ana", "Sample-Ito, Ken", "Demo-Novak, Eva")
LISTS = ("work", "gaps", "patients")


@pytest.fixture
def world() -> World:
    """Three patients whose HbA1c is eight days late: three calls for the coordinator since this morning."""
    world = World()
    world.sweep()
    for number, name in enumerate(NAMES, 1):
        who = replace(a_patient(number), name=name, mrn=f"DEMO-0{number}", birth_date=Moment("1961-04-02"))
        world.server.put(who, a_plan(number, due="2026-06-16"))
    world.sweep()
    world.clock.forward(days=9, hours=3)
    tick(world.services)
    deliver(world.services)
    return world


@pytest.fixture
def nurse(world: World) -> AdminClient:
    """A coordinator."""
    return signed_in_client(world, roles=["coordinator"], name="demo-cho", person_name="Demo-Cho, Mia")


def another(world: World, *roles: str) -> AdminClient:
    """Somebody else."""
    return signed_in_client(world, roles=roles, name="demo-lee", person_name="Demo-Lee, Robin")


def items(world: World) -> list[WorkItem]:
    """All work, in the order in which it came."""
    with world.look() as uow:
        return list(uow.work_items.by_number(range(1, 10)).values())


def rows_of(world: World, action: str) -> list[AuditEntry]:
    """An action's audit rows, newest first."""
    with world.look() as uow:
        return [entry for entry in uow.audit.entries(100) if entry.action == action]


def sent(nurse: AdminClient, item: WorkItem, act: str, **form: str) -> str:
    """Sends an act; the page that follows."""
    answer = nurse.post(f"/admin/work/{item.id}/{act}", {"back": "whose=all", "seen": str(item.revision), **form})
    assert answer.status_code == 303, answer.text
    return nurse.get(answer.headers["Location"].partition("#")[0]).text


def searched(nurse: AdminClient, listing: str, text: str) -> str:
    """Where a search leads."""
    answer = nurse.post(f"/admin/{listing}/search", {"q": text, "whose": "all"})
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_one_line_is_one_decision(world: World, nurse: AdminClient) -> None:
    """Who, how late, and the way on; one audit row says which list, how it was narrowed, and whom it showed."""
    pages = {listing: nurse.get(f"/admin/{listing}").text for listing in LISTS}

    for page in pages.values():
        assert len(re.findall(r"data-row", page)) == 3
        assert "65 years · <bdi>DEMO-01</bdi>" in page
        assert "<b>8 days</b> · tier 2" in page
    rows = rows_of(world, "read:list")
    assert [row.record for row in reversed(rows)] == [f"list/{listing}" for listing in LISTS]
    assert {(row.detail["rows"], row.detail["searched"], row.detail["from"]) for row in rows} == {
        (3, False, "127.0.0.1")
    }
    assert {str(row.detail["patients"]) for row in rows} == {"[1, 2, 3]"}


def test_a_search_stands_in_no_address(world: World, nurse: AdminClient) -> None:
    """What was typed is sealed there, for whoever typed it; the field has it again, and no audit row names it."""
    for listing in LISTS:
        address = searched(nurse, listing, "riv ana")
        page = nurse.get(address).text

        assert "riv" not in address
        assert re.findall(r'name="q" value="([^"]*)"', page) == ["riv ana"]
        assert len(re.findall(r"data-row", page)) == 1
        assert rows_of(world, "read:list")[0].detail["searched"] is True
        assert "riv" not in str(rows_of(world, "read:list")[0].detail)

    others = another(world, "coordinator").get(searched(nurse, "work", "riv ana")).text
    assert re.findall(r'name="q" value="([^"]*)"', others) == [""]


def test_nothing_found_is_said_in_words(nurse: AdminClient) -> None:
    """An empty list says why it is empty, and leads on."""
    words = {"work": "No work fits what you chose", "gaps": "No gap fits", "patients": "Nobody fits what you chose"}

    assert all(said in nurse.get(searched(nurse, listing, "nobody")).text for listing, said in words.items())


def test_an_address_that_was_cut_shows_more(nurse: AdminClient) -> None:
    """What cannot be read in it is left out."""
    cut = ["show=nonsense&tier=x&at=b1.2.zz", "at=a5.1&told=claim:", "whose=', s=%00", "s=x", "owner=99999"]

    answers = {
        (listing, query): nurse.get(f"/admin/{listing}?{query}").status_code for listing in LISTS for query in cut
    }

    assert {asked: status for asked, status in answers.items() if status != 200} == {}


def test_claimed_and_who_was_slower_is_told(world: World, nurse: AdminClient) -> None:
    """The first has it; the second learns from whom, and since when."""
    (item, *_) = items(world)

    mine = sent(nurse, item, "claim")
    theirs = sent(another(world, "coordinator"), item, "claim")

    assert "Yours now" in mine
    assert "<bdi>Demo-Cho, Mia</bdi> has it since 10:00" in theirs
    assert items(world)[0].owner == nurse.who


def test_done_goes_on_to_the_list_and_can_be_taken_back(world: World, nurse: AdminClient) -> None:
    """A call is said of the step; undone, it no longer stands, and the work is in hand again."""
    item = items(world)[0]

    page = sent(nurse, item, "done", outcome="reached-barrier:transport", note="No car.")
    after = nurse.get(f"/admin/work/{item.id}").text
    sent(nurse, items(world)[0], "undo")

    assert f'action="/admin/work/{item.id}/undo"' in page
    assert "Reached, something is in the way: getting there" in after
    assert (items(world)[0].state, items(world)[0].owner) == ("claimed", nurse.who)
    assert [row.action for row in rows_of(world, "say:contact") + rows_of(world, "say:undo")] == [
        "say:contact",
        "say:undo",
    ]


def test_what_is_missing_stands_at_its_field(world: World, nurse: AdminClient) -> None:
    """Nothing is saved, and what is wrong is said in words."""
    item = items(world)[0]
    wrong: list[tuple[str, Mapping[str, str], str]] = [
        ("done", {"outcome": "reached-declined"}, "Please say in a few words what was said or found."),
        ("done", {"outcome": ""}, "Please choose what came of it."),
        ("snooze", {"until": "2026-06-24", "reason": "away"}, "Please give a day after today."),
        ("reassign", {"to": "user:99"}, "Please choose a role, or somebody who may do this."),
    ]

    for act, form, words in wrong:
        answer = nurse.post(f"/admin/work/{item.id}/{act}", {"seen": "0", "note": "", **form})

        assert answer.status_code == 422
        assert words in answer.text
    assert items(world)[0] == item


def test_an_open_form_that_is_stale(world: World, nurse: AdminClient) -> None:
    """Somebody else has it by now: said in words, with what was typed still in the form of who may go on."""
    item = items(world)[0]
    other = another(world, "coordinator")
    sent(other, item, "claim")
    sent(other, items(world)[0], "release")

    answer = nurse.post(f"/admin/work/{item.id}/done", {"seen": "0", "outcome": "no-answer", "note": "Rang twice."})

    assert answer.status_code == 409
    assert "It has changed since the page was drawn" in answer.text
    assert "Rang twice." in answer.text


def test_several_at_once(world: World, nurse: AdminClient) -> None:
    """Each on its own: what could not be done is told line by line."""
    first, second, third = items(world)
    sent(another(world, "coordinator"), second, "claim")

    answer = nurse.post(
        "/admin/work/selected",
        {"ids": [str(one.id) for one in (first, second, third)], "act": "claim", "back": "whose=all"},
    )
    page = nurse.get(answer.headers["Location"]).text

    assert parse_qs(urlsplit(answer.headers["Location"]).query)["told"] == [f"claim:{first.id}.{second.id}.{third.id}"]
    assert "This one could not be changed" in page
    assert [one.owner for one in items(world)].count(nurse.who) == 2


def test_withdrawn_work_says_why(world: World, nurse: AdminClient) -> None:
    """Its own page stays, and says that its cause is gone; it can be claimed no more."""
    item = items(world)[0]
    with world.database.begin() as uow:
        uow.work_items.withdraw_step(item.patient_id, item.milestones[0][0], ["overdue"], world.clock())
        uow.commit()

    page = nurse.get(f"/admin/work/{item.id}").text
    listed = sent(nurse, item, "claim")

    assert "Its cause is gone" in page
    assert f'action="/admin/work/{item.id}/claim"' not in page
    assert "Its cause is gone" in listed


def test_counts_and_tabs(world: World, nurse: AdminClient) -> None:
    """The sums lead to what they count, and say whose it is; what was just done is in them."""
    nurse.get("/admin/work")
    sent(nurse, items(world)[0], "claim")

    page = nurse.get("/admin/work?whose=all").text

    tabs = re.findall(r"(Mine|My roles&#39;|Everybody&#39;s) <b>(\d+)</b>", page)
    assert tabs == [("Mine", "1"), ("My roles&#39;", "3"), ("Everybody&#39;s", "3")]
    assert re.search(r'href="/admin/work\?whose=all&amp;tier=2"[^>]*>tier 2 <b>3</b>', page)


def test_what_the_chart_gives_to_somebody_is_theirs(world: World, nurse: AdminClient) -> None:
    """Who signs in here by an account has what the chart gives to the EHR user who is the same person; and is offered once,
    by the name under which they see it."""
    world.server.put(replace(a_plan(1, due="2026-06-16"), author=Link("Practitioner/9", "Demo-Cho, Mia")))
    world.sweep()
    with world.database.begin() as uow:
        uow.issuers.add(an_issuer(), world.clock())
        known = Identity(
            oidc_issuer="https://ehr.test", subject="cho", fhir_user="Practitioner/9", name="Demo-Cho, Mia"
        )
        in_ehr = uow.people.seen(known, world.clock())
        uow.people.grant(in_ehr, ["coordinator"], world.clock(), "the test")
        uow.commit()
    before = nurse.get("/admin/gaps").text
    with world.database.begin() as uow:
        uow.people.belong(in_ehr, uow.people.get(nurse.person_id), world.clock(), "the test")
        uow.commit()

    after = nurse.get("/admin/gaps?whose=mine").text
    owned = nurse.get(f"/admin/gaps?owner={nurse.person_id}").text

    mine = [re.findall(r"Mine <b>(\d+)</b>", page) for page in (before, after, owned)]
    assert mine == [["0"], ["1"], ["1"]]
    assert [page.count("<tr data-row") for page in (after, owned)] == [1, 1]
    assert [page.count(">Demo-Cho, Mia</option>") for page in (before, after)] == [2, 1]
    assert nurse.get(f"/admin/work/{items(world)[0].id}").text.count("Demo-Cho, Mia</option>") <= 1


def test_news_says_only_how_many(world: World, nurse: AdminClient) -> None:
    """A page that asks by itself gets a number, and leaves no audit row."""
    answer = nurse.get("/admin/work/news?whose=all&idle=1")

    assert answer.json == {"total": 3}
    assert rows_of(world, "read:list") == []


def test_who_may_not(world: World) -> None:
    """Without a right to work: no list of it, no item, no act. The front desk sees all, and takes what is about
    appointments; an auditor reads, without a button."""
    billing = another(world, "billing")
    desk = signed_in_client(world, roles=["scheduler"], name="demo-desk")
    auditor = signed_in_client(world, roles=["auditor"], name="demo-audit")

    refused = [billing.get("/admin/work"), billing.get("/admin/work/1"), billing.post("/admin/work/1/claim")]
    refused += [desk.post("/admin/work/1/claim"), auditor.post("/admin/work/1/release")]

    assert {answer.status_code for answer in refused} == {403}
    assert items(world)[0].state == "open"
    assert desk.get("/admin/work?whose=all").text.count("not yours to do") == 3
    assert "data-claim" not in auditor.get("/admin/work?whose=all").text + auditor.get("/admin/work/1").text


def test_pages_of_fifty(world: World, nurse: AdminClient) -> None:
    """Forward and back by links that hold no name and no reference."""
    for number in range(10, 62):
        world.server.put(a_patient(number), a_plan(number, due="2026-06-22"))
    world.sweep()

    first = nurse.get("/admin/patients").text
    later = re.findall(r'rel="next" href="([^"]+)"', first)[0].replace("&amp;", "&")
    second = nurse.get(later).text
    earlier = re.findall(r'rel="prev" href="([^"]+)"', second)[0].replace("&amp;", "&")
    gaps = nurse.get(re.findall(r'rel="next" href="([^"]+)"', nurse.get("/admin/gaps").text)[0].replace("&amp;", "&"))

    assert (first.count("data-row"), second.count("data-row")) == (50, 5)
    assert nurse.get(earlier).text.count("data-row") == 50
    assert gaps.text.count("data-row") == 5
    assert re.fullmatch(r"/admin/patients\?at=a\d+\.\d+", later)

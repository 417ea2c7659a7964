"""The panel's pages as they are sent: what stands in them, in which order, and what never does."""

import gzip
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.app import create_app
from tests.builders import World
from tests.charts import Json, booking, concept, inline, order, plan, step
from tests.fake_launch import TOKENS
from tests.fake_storage import ForgetfulDatabase
from tests.full_chart import STARTED, a_session, a_world, chart, crisis, facts_of, full_world, stored
from tests.tabs import shown

TOKEN = "t" * 43
MOST_BYTES = 30_000
"""Of a typical panel, compressed: issue 5."""
MARKUP = "<img src=x onerror=alert(1)> & \"Test' -->"
_CLIENTS: dict[int, tuple[World, FlaskClient]] = {}
RAW = re.compile(
    r"\b(?:in-review|on-hold|loose-evidence|outcome-not-recorded|reached-barrier|not-applicable|noshow|None|"
    r"(?:Practitioner|Observation|ServiceRequest|Appointment|CarePlan)/\w+|fallback|practice-lead)\b"
)
"""What must not be read by anybody: codes, ids, Python."""


class Page(HTMLParser):
    """A page as it is read: tags with their attributes, headings, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.headings: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if re.fullmatch(r"h\d", tag):
            self.headings.append((tag, ""))
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._open:
            tag, words = self.headings[-1]
            self.headings[-1] = (tag, " ".join(f"{words} {data}".split()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every tag of a kind."""
        return [attributes for name, attributes in self.tags if name == tag]


def ask(world: World, path: str = "/panel", role: str = "provider", patient: str = "Patient/p1") -> TestResponse:
    """What a person of that role is answered."""
    world.launches.open(TOKEN, a_session(world, patient, role), TOKENS)
    return client_of(world).get(path, headers=shown(TOKEN))


def client_of(world: World) -> FlaskClient:
    """One web process for each world: it reads its templates once."""
    if id(world) not in _CLIENTS:
        _CLIENTS[id(world)] = (world, create_app(world.services).test_client())
    return _CLIENTS[id(world)][1]


def page(world: World, role: str = "provider") -> Page:
    """The whole panel."""
    answer = ask(world, role=role)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


@pytest.fixture(scope="module")
def lived() -> World:
    """The chart that has everything."""
    return full_world()


@pytest.fixture(scope="module")
def whole(lived: World) -> Page:
    """Its panel, as a provider sees it."""
    return page(lived)


def a_long_chart() -> list[Json]:
    """A plan of 200 steps, half of them late."""
    steps = [inline(concept(str(n), f"Step number {n}"), due=f"2026-0{5 + n % 4}-{1 + n % 28:02d}") for n in range(200)]
    return [*chart()[:1], plan(*steps, start=STARTED, title="A long plan")]


def test_order_of_the_sections(whole: Page) -> None:
    """In the order of what a provider needs. The one h1 is the page's around it; below an h2 only h3."""
    assert [words for tag, words in whole.headings if tag == "h2"] == [
        "In short",
        "Needs attention",
        "Plan: Type 2 diabetes, chronic care version 3",
        "Patient still has to",
        "Missed",
        "Scores",
        "Open referrals",
        "Team",
        "Lately",
    ]
    assert {tag for tag, _ in whole.headings} == {"h2", "h3"}
    assert [words for tag, words in whole.headings if tag == "h3"][:5] == [
        "6-week HbA1c",
        "Ophthalmology referral",
        "Assessment 2 of 2",
        "Treatment 0 of 3",
        "Review 2 of 4",
    ]


def test_one_glance(whole: Page) -> None:
    """Strip and first line say who, how far, what slipped, what next."""
    text = " ".join(whole.text.split())

    assert "Test-Rivera, Ana Born 2 Apr 1961 (65) MRN DEMO-00412 Speaks Spanish, interpreter" in text
    assert "4 of 9 done, 1 overdue by 12 days, 1 to look at" in text
    assert "Next: Physical therapy, Thu 25 June, 10:30, R. Sample Osei" in text
    assert "No change over three measurements" in text
    assert "9 Jun 0" in text, "a score of 0 is a score"


def test_no_raw_codes(whole: Page) -> None:
    """Never a code or an id where a name exists, and no sign of Python."""
    assert RAW.findall(whole.text) == []


def test_nothing_that_the_policy_forbids(whole: Page) -> None:
    """No style, no script, no handler, no foreign picture: style-src and script-src are 'self'."""
    for tag, attributes in whole.tags:
        assert tag not in ("script", "style", "iframe", "object", "img", "form", "base", "meta")
        assert not [name for name in attributes if name == "style" or name.startswith(("on", "hx-on"))]


def test_for_a_screen_reader(whole: Page) -> None:
    """Every region has a name that is there, every picture its words or is hidden, every table its headers; ids are
    given once."""
    ids = [attributes["id"] for _, attributes in whole.tags if "id" in attributes]
    named = [a["aria-labelledby"] for _, a in whole.tags if "aria-labelledby" in a]
    pictures = [a for a in whole.all("svg") if "aria-label" not in a and a.get("aria-hidden") != "true"]
    headers = [a for a in whole.all("th") if a.get("scope") not in ("col", "row")]

    assert [one for one, count in Counter(ids).items() if count > 1] == []
    assert set(named) <= set(ids)
    assert (pictures, headers) == ([], [])
    assert whole.all("table")
    assert [a for a in whole.all("button") if a.get("type") != "button"] == []


def test_whose_it_is(whole: Page) -> None:
    """Threat row 24: everything about a patient says whose it is, so that the script can tell two apart."""
    assert {a["data-patient"] for _, a in whole.tags if "data-patient" in a} == {"Patient/p1"}


def test_one_primary_button_in_a_card(lived: World) -> None:
    """The likely next act; the rest are outlined."""
    html = ask(lived).text

    cards = re.findall(r"<article.*?</article>", html, re.DOTALL)

    assert [card.count("btn-primary") for card in cards] == [1, 1]


@pytest.mark.parametrize("path", ["/panel", "/panel/why/azE"])
def test_nothing_is_shown_unrecorded(path: str) -> None:
    """Threat row 30: where the look cannot be written down, the answer is that it cannot be read now, and no patient."""
    answer = ask(full_world(database=ForgetfulDatabase()), path)

    assert answer.status_code == 503
    assert "Rivera" not in answer.text
    assert "HbA1c" not in answer.text


def test_markup_is_text() -> None:
    """Threat row 8: names and texts with markup in them are shown as they are, wherever they come from."""
    resources = chart(MARKUP)
    for resource in resources:
        if resource["resourceType"] in ("Practitioner", "CarePlan", "Goal"):
            resource |= {"title": MARKUP} if "activity" in resource else {}
            resource |= {"name": [{"text": MARKUP}]} if resource["resourceType"] == "Practitioner" else {}
            resource |= {"description": {"text": MARKUP}} if resource["resourceType"] == "Goal" else {}
        if resource["resourceType"] == "ServiceRequest":
            resource["code"] = {**resource["code"], "text": MARKUP}
    world = full_world(resources)

    found = page(world)

    assert found.all("img") == []
    assert found.text.count(MARKUP) > 5
    key = re.search(r'hx-get="(/panel/why/[^"]+)"', ask(world).text)
    assert key is not None
    assert Page(ask(world, key[1]).text).all("img") == []


@pytest.mark.parametrize("name", ["محمد اختبار", "測試 花子", "Тест-Иванова Анна", "O'Test-Ünal, Zoë", "नमूना"])
def test_names_of_every_script(name: str) -> None:
    """Shown right, in their own direction."""
    world = a_world()
    stored(world, facts_of(chart(name)[:1]))

    html = ask(world).text

    assert f"<bdi>{name.replace(chr(39), '&#39;')}</bdi>" in html


def test_why(lived: World) -> None:
    """Facts with links into the chart, dates in words, program and version; a fragment, with the version's patient."""
    html = ask(lived).text
    address = re.search(r'hx-get="(/panel/why/[^"]+)"', html)
    assert address is not None

    found = Page(ask(lived, address[1]).text)
    text = " ".join(found.text.split())

    assert "Type 2 diabetes, chronic care, version 3" in text
    assert "10 June, by the program's rule" in text
    assert "No evidence since 13 May" in text
    assert RAW.findall(found.text) == []
    assert {a["href"] for a in found.all("a")} == {"http://127.0.0.1/fhir/CarePlan/cp1"}
    assert {a["rel"] for a in found.all("a")} == {"noopener noreferrer"}


@pytest.mark.parametrize("path", ["/panel/why/bm8", "/panel/why/%%%", "/panel/why/_w", "/panel/why/" + "a" * 4000])
def test_a_milestone_that_is_not_there(lived: World, path: str) -> None:
    """Threat row 10: another patient's, one that never was, or no key at all: 404 in plain words."""
    answer = ask(lived, path)

    assert answer.status_code == 404
    assert "data-fault" in answer.text
    assert "p1" not in answer.text


@pytest.mark.parametrize(
    ("role", "sees", "does_not_see"),
    [
        ("provider", ("PHQ-9", "take the bus", "8.4", "Log a contact"), ("Not shown",)),
        ("medical-assistant", ("PHQ-9", "take the bus"), ("Not shown",)),
        ("scheduler", ("take the bus", "Not shown to your role: results and scores."), ("PHQ-9", "8.4")),
        ("billing", ("6-week HbA1c", "results and scores, notes"), ("PHQ-9", "take the bus", "8.4", "Log a contact")),
        ("auditor", ("PHQ-9", "take the bus"), ("Log a contact",)),
        ("administrator", ("You may not do this",), ("Test-Rivera", "HbA1c", "PHQ-9", "Cho")),
    ],
)
def test_roles(lived: World, role: str, sees: tuple[str, ...], does_not_see: tuple[str, ...]) -> None:
    """What a role may not read is not in the bytes that it is sent, and the page says so."""
    html = ask(lived, role=role).text

    assert [words for words in sees if words not in html] == []
    assert [words for words in does_not_see if words in html] == []


def test_no_plan() -> None:
    """Empty is a state: what it means, and what will make it otherwise."""
    world = a_world()
    stored(world, facts_of(chart()[:1]))

    found = page(world)

    assert "No care plan yet" in found.text
    assert [words for tag, words in found.headings if tag == "h2"] == ["In short"]


def test_nothing_is_late() -> None:
    """It says so, and what comes next."""
    resources = [*chart()[:1], plan(inline(concept("1", "Blood pressure"), due="2026-07-15"), start=STARTED)]

    text = " ".join(page(full_world(resources)).text.split())

    assert "Nothing is late, and nothing waits for a look. Next: Blood pressure, by 15 July." in text


def test_a_gap_says_that_a_visit_was_missed() -> None:
    """Not only that nothing is booked; and without a day where the chart has none."""
    eye = order("eye", concept("308479007", "Eye clinic"), occurrencePeriod={"end": "2026-06-10"})
    resources = [*chart()[:1], eye, booking("2026-06-08T09:00:00-05:00", "noshow", on="ServiceRequest/eye")]

    text = " ".join(page(full_world([*resources, plan(step("ServiceRequest/eye"), start=STARTED)])).text.split())

    assert re.search(r"Nothing booked, no result[^.]*\. Did not come on Mon 8 June\.", text)


def test_a_visit_that_may_be_the_step_stands_beside_its_gap() -> None:
    """Not "nothing booked" beside a booking that stands; nor "booked", which nothing says."""
    pressure = inline(concept("1", "Blood pressure"), due="2026-06-10")
    booked = booking("2026-06-25T10:00:00-05:00", on=None)

    text = " ".join(page(full_world([*chart()[:1], booked, plan(pressure, start=STARTED)])).text.split())

    assert "A visit is booked for Thu 25 June, 10:00, which may be this step; nothing says so." in text
    assert "a visit Thu 25 June, 10:00 may be this step" in text
    assert "Nothing booked" not in text


@pytest.mark.parametrize(("due", "words"), [("2026-06-10", "the provider is told on"), ("2026-06-21", "goes through")])
def test_what_was_late_from_the_beginning_keeps_messages_back_and_nothing_else(due: str, words: str) -> None:
    """The staff's steps go on as they stand in the ladder; nobody reads that nothing will happen."""
    world = full_world([*chart()[:1], plan(inline(concept("1", "Blood pressure"), due=due), start=STARTED)])
    tables = world.database.tables  # type: ignore[attr-defined]  # of the fake
    tables.patients[1, "Patient/p1"] = replace(tables.patients[1, "Patient/p1"], backlog=True)

    text = " ".join(page(world).text.split())

    assert "No message goes out by itself until somebody has gone through it." in text
    assert words in text


def test_what_comes_after_a_short_plan_stands_below_it() -> None:
    """And beside a long one: in the same order."""
    short = [*chart()[:1], plan(inline(concept("1", "Blood pressure"), due="2026-07-15"), start=STARTED)]

    shown = [ask(full_world(chart_)).text for chart_ in (short, a_long_chart())]

    assert [html.count("mp-short") for html in shown] == [1, 0]


def test_who_has_died() -> None:
    """Said in the strip and above everything; nothing needs attention, nothing is to be done."""
    resources = chart()
    resources[0]["deceasedDateTime"] = "2026-06-20"

    text = " ".join(page(full_world(resources)).text.split())

    assert "(died 20 Jun 2026)" in text
    assert "The chart says that this patient has died." in text
    assert "Nothing else is open any more." in text


def test_a_chart_that_was_not_read() -> None:
    """A banner since when, and what it means."""
    world = full_world()
    world.clock.forward(hours=5)

    assert "The chart was last read Mon 22 June, 08:29." in page(world).text


def test_an_assessment_that_failed() -> None:
    """What is shown is older, and says so."""
    world = full_world()
    tables = world.database.tables  # type: ignore[attr-defined]  # of the fake
    tables.patients[1, "Patient/p1"] = replace(tables.patients[1, "Patient/p1"], failed="ValueError")

    assert "The plan could not be worked out the last time." in page(world).text


def test_a_word_of_distress() -> None:
    """It stands above everything else, for who may see results."""
    world = full_world([*chart(), crisis()])

    assert "thoughts of death or self-harm were answered with 1 of 3" in page(world).text
    assert "self-harm" not in page(world, role="billing").text


def test_a_long_plan() -> None:
    """200 steps: a page like any other, and not a heavy one; six cards, the others as a list."""
    answer = ask(full_world(a_long_chart()))
    found = Page(answer.text)

    assert answer.status_code == 200
    assert len(found.all("article")) == 6
    assert "more that need attention" in found.text
    assert len(gzip.compress(answer.data, 5)) < MOST_BYTES


def test_bytes(lived: World) -> None:
    """A typical panel is small on the wire."""
    assert len(gzip.compress(ask(lived).data, 5)) < MOST_BYTES


def test_version_of_the_page(lived: World) -> None:
    """The page's version is the pulse's."""
    answer = ask(lived)
    beat = ask(lived, "/panel/pulse").get_json()

    assert answer.headers["X-Panel-Version"] == beat["version"]


def test_without_a_session(lived: World) -> None:
    """Nothing of a patient without a token."""
    client = client_of(lived)

    assert client.get("/panel").status_code == 401
    assert client.get("/panel/why/bm8").status_code == 401

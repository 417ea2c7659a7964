"""The acts in the panel: forms in their place, the panel as it stands afterwards, and everything that is refused in
words."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.domain.act import ActKind
from plugin.domain.errors import RecordBusy
from plugin.domain.permissions import Role
from plugin.domain.record import CareTeam, Coding, Member
from tests.builders import World, a_patient, a_plan, a_result
from tests.fake_storage import FakePatients
from tests.tabs import Browser, shown
from ui_extension.panel.act_words import ACTS
from ui_extension.panel.keys import KeyConverter

NURSE = "Practitioner/nurse"


class Fields(HTMLParser):
    """What a form would send: the value of each field."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.options: dict[str, list[str]] = {}
        self.labels: set[str] = set()
        self.ids: dict[str, str] = {}
        self._choice = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if tag == "label":
            self.labels.add(of["for"])
        if tag == "option":
            self.options[self._choice].append(of["value"])
            if "selected" in of:
                self.values[self._choice] = of["value"]
        elif "name" in of:
            self.values[of["name"]] = of.get("value", "")
            if of.get("type") != "hidden":
                self.ids[of["name"]] = of["id"]
            self._choice = of["name"]
            self.options[self._choice] = []


class Tab:
    """A person's panel of the first patient, as the test's browser has it."""

    def __init__(self, world: World, browser: Browser) -> None:
        self.world, self.client = world, browser.client
        self.token = browser.enter()["token"]

    @property
    def key(self) -> str:
        """The patient's one milestone."""
        return self.world.milestones("Patient/p1")[0].key

    def get(self, kind: str, key: str | None = None) -> TestResponse:
        """The form."""
        return self.client.get(self._path(kind, key), headers=shown(self.token))

    def form(self, kind: str) -> dict[str, str]:
        """What the form would send if nothing was filled in."""
        answer = self.get(kind)
        assert answer.status_code == 200, answer.text
        return Fields(answer.text).values

    def send(self, kind: str, key: str | None = None, **fields: str) -> TestResponse:
        """Sends a form."""
        return self.client.post(self._path(kind, key), data=fields, headers=shown(self.token))

    def do(self, kind: str, **fields: str) -> TestResponse:
        """Opens a form, fills it in and sends it."""
        return self.send(kind, **{**self.form(kind), **fields})

    def act_as(self, *roles: str) -> None:
        """From now on with these roles."""
        sessions = self.world.launches.open_sessions
        sessions[self.token] = replace(sessions[self.token], roles=roles)

    def _path(self, kind: str, key: str | None) -> str:
        return f"/panel/acts/{kind}/{KeyConverter.to_url(None, key or self.key)}"  # type: ignore[arg-type]  # needs no self


@pytest.fixture
def tab(world: World, browser: Browser) -> Tab:
    """The first patient is overdue by a week, and has a care team; a result of this month may be the step."""
    team = CareTeam(
        ref="CareTeam/t1",
        subject="Patient/p1",
        status="active",
        members=(Member("Practitioner/coach", (Coding("", "coach"),)),),
    )
    steps = (a_plan(1, due="2026-06-08", start="2026-06-05"), a_plan(2, patient=2))
    world.server.put(a_patient(1), *steps, a_result(1, on="2026-06"))
    world.sweep()
    with world.database.begin() as uow:
        uow.facts.store(world.source, [(team, ["Patient/p1"])], world.clock())
        uow.commit()
    opened = Tab(world, browser)
    opened.act_as(Role.COORDINATOR)
    world.jobs.asked.clear()
    return opened


FILLED: dict[str, dict[str, str]] = {
    "done": {"evidence": "Observation/o1"},
    "not-applicable": {"reason": "duplicate"},
    "hold": {"until": "2026-07-01", "reason": "away"},
    "reassign": {"owner": "Practitioner/coach"},
    "contact": {"outcome": "reached-barrier:transport", "note": "No car.", "next_on": "2026-06-20"},
    "confirm": {"evidence": "Observation/o1"},
    "refuse": {"evidence": "Observation/o1"},
    "note": {"note": "Prefers mornings."},
}
"""What a person fills in, for the acts that an open step in review offers."""
OTHERS = {"release", "reviewed"}


def nothing_was_written(tab: Tab) -> bool:
    """No statement, and nobody was asked for anything."""
    return (tab.world.statements(), tab.world.jobs.asked) == ([], [])


def test_every_act_is_tried_here() -> None:
    """A new one gets its line."""
    assert {*FILLED, *OTHERS} == {kind.value for kind in ActKind}


@pytest.mark.parametrize("kind", FILLED)
def test_an_act_is_sent_and_the_panel_shows_it(tab: Tab, kind: str) -> None:
    """Threat 30: one statement, one audit row of the person, the whole panel with the words of what was done."""
    answer = tab.do(kind, **FILLED[kind])

    assert answer.status_code == 200, answer.text
    assert ACTS[ActKind(kind)].said in answer.text
    assert 'role="status"' in answer.text
    assert [job.split()[0] for job in tab.world.jobs.asked] == ["deliver-now"]
    with tab.world.look() as uow:
        rows = [entry.action for entry in uow.audit.entries() if entry.action.startswith("say:")]
    assert len(rows) == len(tab.world.statements()) == 1


def test_what_was_put_on_hold_is_released(tab: Tab) -> None:
    """The form of a release is offered only then."""
    assert tab.get("release").status_code == 409

    tab.do("hold", **FILLED["hold"])
    tab.world.clock.forward(seconds=1)
    answer = tab.do("release")

    assert answer.status_code == 200
    assert [s.said.value for s in tab.world.statements()] == ["hold", "release"]


@pytest.mark.parametrize("kind", FILLED)
def test_every_field_has_its_label(tab: Tab, kind: str) -> None:
    """And says in words whether it has to be filled in; one button is the likely one, one leaves."""
    page = tab.get(kind).text

    fields = Fields(page)
    assert set(fields.ids.values()) == fields.labels != set()
    assert len(re.findall(r"\((?:required|optional|not required)[^)]*\)", page)) == len(fields.labels)
    assert (page.count("btn-primary"), page.count("data-cancel")) == (1, 1)


def test_what_is_wrong_stands_at_its_field(tab: Tab) -> None:
    """422, with what was given still there, and the same token: sent again it is the same act."""
    given = {**tab.form("hold"), "until": "2026-06-01", "reason": "", "note": "<b>At her sister's</b>"}

    answer = tab.send("hold", **given)

    assert answer.status_code == 422
    assert nothing_was_written(tab)
    fields = Fields(answer.text)
    assert fields.values["once"] == given["once"]
    assert "&lt;b&gt;At her sister" in answer.text
    for name in ("until", "reason"):
        assert f'aria-describedby="{fields.ids[name]}-wrong"' in answer.text
    assert answer.headers["HX-Retarget"] == "closest [data-slot]"


def test_a_stale_page_writes_nothing_and_says_so(tab: Tab) -> None:
    """Threat 20: 409, what happened, and the way to what stands now."""
    given = {**tab.form("done"), **FILLED["done"]}
    tab.do("hold", **FILLED["hold"])

    answer = tab.send("done", **given)

    assert answer.status_code == 409
    assert "Show what stands now" in answer.text
    assert [s.said.value for s in tab.world.statements()] == ["hold"]


def test_a_page_of_another_patient_writes_nothing(tab: Tab) -> None:
    """Threat 24: a frame that was drawn for somebody else gets 409; that one's step is not to be found."""
    given = {**tab.form("note"), **FILLED["note"]}
    other = tab.world.milestones("Patient/p2")[0].key

    assert tab.send("note", **{**given, "patient": "Patient/p2"}).status_code == 409
    assert tab.send("note", key=other, **given).status_code == 404
    assert tab.get("note", key=other).status_code == 404
    assert nothing_was_written(tab)
    assert tab.world.statements("Patient/p2") == []


@pytest.mark.parametrize("role", [Role.BILLING, Role.AUDITOR, "a role of the practice"])
def test_who_may_not_gets_no_form_and_writes_nothing(tab: Tab, role: str) -> None:
    """Threat 12: 403 in words, for the form and for what is sent without it."""
    given = {**tab.form("note"), **FILLED["note"]}
    tab.act_as(role)

    for answer in (tab.get("note"), tab.send("note", **given)):
        assert answer.status_code == 403
        assert "You may not do this" in answer.text
    assert nothing_was_written(tab)


def test_an_ended_session_writes_nothing(tab: Tab) -> None:
    """401 with the way back in."""
    given = {**tab.form("note"), **FILLED["note"]}
    tab.world.clock.forward(hours=1)

    assert tab.send("note", **given).status_code == 401
    assert nothing_was_written(tab)


@pytest.mark.parametrize(
    "path", ["/panel/acts/done/%21", "/panel/acts/done/_w", "/panel/acts/explode/YWJj", "/panel/undo/none"]
)
def test_what_does_not_exist_is_not_found(tab: Tab, path: str) -> None:
    """Nor does a key that is none, an act that is none, or a statement of nobody."""
    once, patient = tab.form("note")["once"], "Patient/p1"

    answer = tab.client.post(path, data={"patient": patient, "version": "x", "once": once}, headers=shown(tab.token))

    assert answer.status_code in (404, 405)
    assert nothing_was_written(tab)


def test_who_meets_somebody_at_work_keeps_the_form(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, nothing lost of what was typed."""
    given = {**tab.form("note"), **FILLED["note"]}

    def busy(*_: object) -> None:
        raise RecordBusy("busy")

    monkeypatch.setattr(FakePatients, "lock", busy)
    answer = tab.send("note", **given)

    assert answer.status_code == 503
    assert "Somebody else is just working on this patient" in answer.text
    assert "Prefers mornings." in answer.text


@pytest.mark.parametrize("later", [False, True])
def test_the_message_takes_it_back(tab: Tab, later: bool) -> None:
    """One button, with its own token: pressed twice it is one undo. So does the one under "Lately", at a later look."""
    done = tab.do("note", **FILLED["note"]).text
    done = tab.client.get("/panel", headers=shown(tab.token)).text if later else done
    path = re.search(r'hx-post="(/panel/undo/[^"]+)"', done)
    sent = re.search(r"hx-vals='{\"once\": \"([^\"]+)\"", done)
    assert path
    assert sent
    data = {"patient": "Patient/p1", "once": sent[1]}
    tab.world.clock.forward(seconds=1)

    answers = [tab.client.post(path[1], data=data, headers=shown(tab.token)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert "Taken back" in answers[0].text
    assert [s.said.value for s in tab.world.statements()] == ["note", "undo"]


def test_a_key_may_hold_any_character() -> None:
    """Slashes, blanks, letters of every script: there and back."""
    key = "main|CarePlan/cp 1|ключ/…?#%|1"

    coded = KeyConverter.to_url(None, key)  # type: ignore[arg-type]  # needs no self

    assert re.fullmatch(r"[A-Za-z0-9_-]+", coded)
    assert KeyConverter.to_python(None, coded) == key  # type: ignore[arg-type]  # needs no self


def test_nobody_acts_without_a_token(client: FlaskClient) -> None:
    """No cookie and no address opens a way."""
    for method in ("get", "post"):
        assert getattr(client, method)("/panel/acts/note/YWJj").status_code == 401
    assert client.post("/panel/undo/say-1").status_code == 401

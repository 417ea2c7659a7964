"""The page of one patient: who may open it and what it leaves behind, what is done there with scripts and without, the
same page of a past day, and a draft tried. Nobody's page tells anything of somebody else."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, cast

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.app import create_app
from plugin.catalog.loader import FileCatalog
from plugin.domain.audit import AuditEntry
from plugin.domain.permissions import Role
from plugin.domain.record import Moment, Said, Statement
from tests.admin import AdminClient, signed_in_client, with_tokens
from tests.builders import World, a_patient, a_plan
from tests.fake_storage import FakeDatabase
from tests.fake_tables import Tables
from tests.fakes import FakeCatalog
from ui_extension.panel.keys import KeyConverter

ANA, BRUNO = "Patient/p1", "Patient/p2"
NO_ROLE = "no role"
LEAD = frozenset({Role.PRACTICE_LEAD.value})
CARERS = LEAD | {Role.PROVIDER, Role.COORDINATOR, Role.COACH, Role.MEDICAL_ASSISTANT}
STAFF = CARERS | {Role.SCHEDULER}
READERS = STAFF | {Role.PROGRAM_EDITOR, Role.BILLING, Role.AUDITOR}
SEES_DRAFTS = READERS - {Role.BILLING}
HTMX = {"HX-Request": "true"}


class Asked(NamedTuple):
    """A request, who may, and the audit rows that it leaves. ``{key}`` and ``{id}`` are Ana's."""

    path: str
    may: frozenset[str]
    rows: Sequence[str]
    form: Mapping[str, str] | None = None
    status: int = 200


PAGE = "/admin/patients/{id}"
MATRIX = [
    Asked(PAGE, READERS, ["read:patient"]),
    Asked(f"{PAGE}?as_of=2026-06-14", READERS, ["read:patient"]),
    Asked(f"{PAGE}/why/{{key}}", READERS, ["read:why"]),
    Asked(f"{PAGE}/why/{{key}}?as_of=2026-06-15T09:00", READERS, ["read:why"]),
    Asked(f"{PAGE}/acts/note/{{key}}", STAFF, ["read:form"]),
    Asked(f"{PAGE}/acts/done/{{key}}", CARERS, ["read:form"]),
    Asked(f"{PAGE}/acts/note/{{key}}", STAFF, ["say:note"], {"note": "Prefers mornings."}),
    Asked(f"{PAGE}/acts/done/{{key}}", CARERS, ["say:completed"], {"note": "Seen on paper."}),
    Asked(f"{PAGE}/undo/say-others", LEAD, ["say:undo"], {}),
    Asked(f"{PAGE}/read", READERS, ["read:chart"], {}, 303),
    Asked("/admin/drafts/{draft}/try?patient={id}", SEES_DRAFTS, ["read:trial"]),
    Asked("/admin/drafts/{draft}/try/why/{key}?patient={id}", SEES_DRAFTS, ["read:why"]),
    Asked("/admin/drafts/{draft}/try", SEES_DRAFTS, ["read:list"]),
    Asked("/admin/drafts/{draft}/try", SEES_DRAFTS, ["read:list"], {"q": "canary"}),
]


class Stage:
    """Two patients, each with a late step and a note; everybody is signed in at one web process."""

    def __init__(self) -> None:
        self.world = World(catalog=cast(FakeCatalog, FileCatalog()))
        self._fill()
        self.app = create_app(with_tokens(self.world))
        self.clients: dict[str, AdminClient] = {}
        for who in (*Role, NO_ROLE):
            self.clients[who] = self._client(who)
        self.keys = {patient: self.world.milestones(patient)[0].key for patient in (ANA, BRUNO)}
        self.ids = {patient: self._number(patient) for patient in (ANA, BRUNO)}
        self._database = cast(FakeDatabase, self.world.database)
        self.before = self._database.tables.copy()

    @property
    def tables(self) -> Tables:
        return self._database.tables

    def reset(self) -> None:
        """As if nobody had asked for anything."""
        self._database.tables = self.before.copy()
        self.world.jobs.asked.clear()

    @property
    def rows(self) -> list[AuditEntry]:
        """Audit rows since the last reset."""
        new = self.tables.audit.keys() - self.before.audit.keys()
        return [self.tables.audit[number] for number in sorted(new)]

    def form(self, patient: str = ANA) -> dict[str, str]:
        """What a form carries that was opened for the patient's step."""
        with self.world.look() as uow:
            version = uow.plans.versions(self.ids[patient])[self.keys[patient]]
        return {"patient": patient, "version": version, "once": secrets.token_urlsafe(32)}

    def path(self, pattern: str, patient: str = ANA) -> str:
        """With the patient's number and step in it."""
        return pattern.format(id=self.ids[patient], key=in_address(self.keys[patient]), draft=1)

    def send(self, who: str, asked: Asked, **more: str) -> TestResponse:
        """One request, as htmx sends it."""
        client, path = self.clients[who], self.path(asked.path)
        if asked.form is None:
            return client.get(path, headers=HTMX)
        return client.post(path, {**self.form(), **asked.form, **more}, headers=HTMX)

    def told_of(self, patient: str, answer: TestResponse) -> set[str]:
        """What in an answer is that patient's."""
        number, key = patient[-1], self.keys[patient]
        words = (patient, f"canary-{number}", f"CarePlan/cp{number}", f"Observation/o{number}", key, in_address(key))
        return {word for word in words if word in answer.text}

    def _client(self, who: str) -> AdminClient:
        roles = () if who == NO_ROLE else (who,)
        browser: FlaskClient = self.app.test_client()
        return signed_in_client(self.world, roles=roles, name=f"demo-{who}".replace(" ", "-"), client=browser)

    def _number(self, patient: str) -> int:
        with self.world.look() as uow:
            tracked = uow.patients.look(self.world.source, patient)
        assert tracked is not None
        return tracked.row.id

    def _fill(self) -> None:
        world = self.world
        world.sweep()
        world.clock.forward(hours=1)
        for number in (1, 2):
            name = f"canary-{number}"
            plan = replace(a_plan(number, due="2026-06-10", start="2026-06-05"), title=name)
            person = replace(a_patient(number), name=name, mrn=name, birth_date=Moment("1961-04-02"))
            world.server.put(person, plan)
        world.sweep()
        world.clock.forward(hours=1)
        ladder = next(v.body for v in FileCatalog().shipped() if v.kind == "ladder")
        world.clock.forward(days=1)
        with world.database.begin() as uow:
            for number, patient in enumerate((ANA, BRUNO), 1):
                step = world.milestones(patient)[0]
                said = Statement(
                    id="say-others" if number == 1 else "say-brunos",
                    said=Said.NOTE, by="Practitioner/other", at=world.clock(), milestone=step.key, plan=step.plan,
                    note=f"canary-{number}",
                )  # fmt: skip
                uow.statements.add(world.source, patient, said, world.clock())
            tiers = [{**t, "from_days": 3} if t["number"] == 2 else t for t in ladder["tiers"]]  # type: ignore[attr-defined]  # JSON
            new = {**ladder, "tiers": tiers}
            uow.drafts.open("ladder", "standard", base=None, body=new, by="user:1", now=world.clock(), person_id=1)
            wrong = {**ladder, "tiers": [{"number": 9}]}
            uow.drafts.open("ladder", "steep", base=None, body=wrong, by="user:1", now=world.clock(), person_id=1)
            uow.commit()
        world.clock.forward(minutes=1)
        world.sweep()


@pytest.fixture(scope="module")
def standing() -> Stage:
    """Made once."""
    return Stage()


@pytest.fixture
def stage(standing: Stage) -> Stage:
    """As it was made."""
    standing.reset()
    return standing


@pytest.fixture
def nurse(stage: Stage) -> AdminClient:
    """A coordinator."""
    return stage.clients[Role.COORDINATOR]


def in_address(key: str) -> str:
    """A key as it stands in a path."""
    return KeyConverter.to_url(None, key)  # type: ignore[arg-type]  # needs no self


# ------------------------------------------------------------------------------------------------------- who may what
@pytest.mark.parametrize("asked", MATRIX, ids=lambda asked: f"{'GET' if asked.form is None else 'POST'} {asked.path}")
def test_who_may(stage: Stage, asked: Asked) -> None:
    """Each role gets what the panel would give it, and leaves the audit row that says so, with session and address; who may
    not gets nothing, leaves nothing, learns nothing."""
    for who in (*Role, NO_ROLE):
        stage.reset()

        answer = stage.send(who, asked)

        may = who in asked.may
        assert answer.status_code == (asked.status if may else 403), (who, answer.text[:300])
        assert [row.action for row in stage.rows if row.who != "milepost"] == (asked.rows if may else []), who
        assert stage.told_of(BRUNO, answer) == set() or "/try" in asked.path, who
        if not may:
            assert stage.told_of(ANA, answer) == set(), who
        for row in (row for row in stage.rows if row.who != "milepost"):
            assert {"session", "from"} <= row.detail.keys()


def test_billing_sees_no_results(stage: Stage) -> None:
    """As in the panel: it is said what is left out."""
    page = stage.clients[Role.BILLING].get(stage.path(PAGE)).text

    assert "Not shown to your role: results and scores, notes." in page
    assert "/acts/" not in page


@pytest.mark.parametrize(
    "path",
    ["/admin/patients/999", "/admin/patients/0", "/admin/patients/99999999999999999999999", "/admin/patients/x"],
)
def test_no_such_patient(nurse: AdminClient, path: str) -> None:
    """There is nothing here, whatever was tried."""
    assert nurse.get(path).status_code == 404


def test_another_patients_ids(stage: Stage) -> None:
    """On Ana's page, Bruno's step, word or reference, one at a time: refused, and nothing of either is written (row 10)."""
    lead, bruno = stage.clients[Role.PRACTICE_LEAD], in_address(stage.keys[BRUNO])
    page = stage.path(PAGE)
    form = stage.form()
    tried = [
        lead.get(f"{page}/why/{bruno}", headers=HTMX),
        lead.get(f"{page}/why/{bruno}?as_of=2026-06-15T12:00", headers=HTMX),
        lead.get(f"{page}/acts/note/{bruno}", headers=HTMX),
        lead.post(f"{page}/acts/note/{bruno}", {**form, "note": "x"}, headers=HTMX),
        lead.post(
            f"{page}/acts/note/{in_address(stage.keys[ANA])}", {**form, "patient": BRUNO, "note": "x"}, headers=HTMX
        ),
        lead.post(f"{page}/undo/say-brunos", form, headers=HTMX),
        lead.post(f"{page}/undo/say-others", {**form, "patient": BRUNO}, headers=HTMX),
        lead.get(stage.path("/admin/drafts/1/try/why/") + f"{bruno}?patient={stage.ids[ANA]}", headers=HTMX),
    ]

    assert [answer.status_code for answer in tried] == [404, 404, 404, 404, 409, 404, 409, 404]
    assert all(stage.told_of(BRUNO, answer) == set() for answer in tried)
    assert {row.record for row in stage.rows} <= {f"main/{ANA}"}
    assert stage.tables.statements == stage.before.statements


# ------------------------------------------------------------------------------------------------------------- acting
def test_an_act_in_place(stage: Stage, nurse: AdminClient) -> None:
    """The panel comes back as it stands then, with what was done and how to take it back; the EHR is to be told."""
    asked = Asked(f"{PAGE}/acts/done/{{key}}", CARERS, [], {"note": "Seen on paper."})

    done = stage.send(Role.COORDINATOR, asked)

    assert done.status_code == 200
    assert "Marked done." in done.text
    assert "<html" not in done.text
    assert stage.world.milestones(ANA)[0].status == "completed"
    assert stage.world.jobs.asked == [f"deliver-now {stage.ids[ANA]}"]
    (undo,) = set(re.findall(r'action="(/admin/patients/\d+/undo/[\w-]+)"', done.text)) - {
        stage.path(f"{PAGE}/undo/say-others")
    }
    back = nurse.post(undo, stage.form(), headers=HTMX)
    assert "Taken back." in back.text
    assert stage.world.milestones(ANA)[0].status == "ready"


def test_what_was_seen_is_compared(stage: Stage, nurse: AdminClient) -> None:
    """Over another version nothing is saved, and it is said in its place; without scripts on a page."""
    path = stage.path(f"{PAGE}/acts/note/{{key}}")
    form = {**stage.form(), "version": "another", "note": "x"}

    in_place, page = nurse.post(path, form, headers=HTMX), nurse.post(path, form)

    assert (in_place.status_code, page.status_code) == (409, 409)
    assert "This has changed meanwhile" in in_place.text
    assert in_place.headers["HX-Retarget"] == "closest [data-slot]"
    assert "Somebody was faster" in page.text
    assert stage.tables.statements == stage.before.statements


def test_only_from_a_page_of_ours(stage: Stage, nurse: AdminClient) -> None:
    """Without the form's token, or from elsewhere, nothing is done."""
    path = stage.path(f"{PAGE}/acts/note/{{key}}")
    form = {**stage.form(), "note": "x"}

    answers = [
        nurse.post(path, {**form, "csrf": ""}),
        nurse.post(path, form, headers={"Origin": "https://elsewhere.test"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert stage.tables.statements == stage.before.statements


def test_without_scripts(stage: Stage, nurse: AdminClient) -> None:
    """The form is a page with the patient strip; what is wrong stands at its field; what was done is said on the page that
    follows, which is the patient's again."""
    path = stage.path(f"{PAGE}/acts/note/{{key}}")

    form = nurse.get(path)
    wrong = nurse.post(path, stage.form())
    sent = nurse.post(path, {**stage.form(), "note": "Prefers mornings."})

    for page in (form, wrong):
        assert page.text.count("<h1>") == 1
        assert 'class="mp-strip"' in page.text
        assert f'action="{path}"' in page.text
    assert (form.status_code, wrong.status_code) == (200, 422)
    assert 'aria-invalid="true"' in wrong.text
    assert (sent.status_code, sent.headers["Location"]) == (303, stage.path(f"{PAGE}?done=said-note"))
    assert "Note added." in nurse.get(sent.headers["Location"]).text


def test_each_link_of_the_page_leads_somewhere(stage: Stage, nurse: AdminClient) -> None:
    """Those to forms, reasons and other days are pages of their own, too."""
    page = nurse.get(stage.path(PAGE)).text
    links = set(re.findall(r'(?:href|hx-get)="(/admin/patients/\d+/[^"]+)"', page))

    assert {link.split("/")[4] for link in links} == {"acts", "why"}
    assert {nurse.get(link.replace("&amp;", "&")).status_code for link in links} == {200}


# ------------------------------------------------------------------------------------------------------ a fresh reading
def test_the_chart_is_read_when_somebody_asks(stage: Stage, nurse: AdminClient) -> None:
    """Without waiting for the next poll: what has changed there is on the page that follows."""
    plan = replace(a_plan(1, due="2026-07-20", start="2026-06-05"), title="canary-later")
    stage.world.server.put(plan)

    before = nurse.get(stage.path(PAGE)).text
    sent = nurse.post(stage.path(f"{PAGE}/read"))
    after = nurse.get(sent.headers["Location"]).text

    assert (sent.status_code, sent.headers["Location"]) == (303, stage.path(f"{PAGE}?done=chart-read"))
    assert "The chart was read just now." in after
    assert ("canary-later" in before, "canary-later" in after) == (False, True)


@pytest.mark.parametrize(
    ("state", "status", "words"), [("down", 503, "does not answer just now"), ("paused", 422, "is paused in Milepost")]
)
def test_a_chart_that_cannot_be_read(stage: Stage, nurse: AdminClient, state: str, status: int, words: str) -> None:
    """It is said why, and the page is as it was."""
    source = stage.world.now_source()
    stage.world.server.down = state == "down"
    with stage.world.database.begin() as uow:
        uow.sources.update(replace(source, paused=state == "paused"), stage.world.clock(), by="the test")
        uow.commit()

    answer = nurse.post(stage.path(f"{PAGE}/read"))
    stage.world.server.down = False

    assert answer.status_code == status
    assert "The chart was not read." in answer.text
    assert words in answer.text
    assert 'class="mp-strip"' in answer.text


# ----------------------------------------------------------------------------------------------------------- past days
def test_a_past_day(stage: Stage, nurse: AdminClient) -> None:
    """Says so plainly, offers nothing to do, and its reasons are of that day."""
    page = nurse.get(stage.path(f"{PAGE}?as_of=2026-06-15")).text

    assert "As it was seen on Monday 15 June 2026; computed, nothing can be done here." in page
    assert "/acts/" not in page
    assert "/undo/" not in page
    reasons = set(re.findall(r'hx-get="(/admin/patients/\d+/why/[^"]+)"', page))
    assert reasons
    assert all("as_of=2026-06-15" in link for link in reasons)
    why = nurse.get(reasons.pop().replace("&amp;", "&"), headers=HTMX).text
    assert "5 days late" in why
    assert "/acts/" not in why


def test_before_it_was_known(stage: Stage, nurse: AdminClient) -> None:
    """Whose page it is, and that nothing was known."""
    page = nurse.get(stage.path(f"{PAGE}?as_of=2026-06-14"))

    assert page.status_code == 200
    assert "This patient was not known yet on Sunday 14 June 2026." in page.text
    assert "canary-1" in page.text
    assert "CarePlan/cp1" not in page.text


@pytest.mark.parametrize("day", ["2027-01-01", "soon", "2026-02-30"])
def test_no_day_that_can_be_shown(stage: Stage, nurse: AdminClient, day: str) -> None:
    """It is said at the field, and what is shown is today."""
    page = nurse.get(stage.path(f"{PAGE}?as_of={day}"))

    assert page.status_code == 422
    assert 'aria-describedby="f-as_of-wrong"' in page.text
    assert "You see today." in page.text


def test_today_is_today(stage: Stage, nurse: AdminClient) -> None:
    """Asked for by its date it is the live page."""
    today = stage.world.clock().date().isoformat()

    assert "/acts/" in nurse.get(stage.path(f"{PAGE}?as_of={today}")).text


# -------------------------------------------------------------------------------------------------------------- trying
TRY = "/admin/drafts/{draft}/try"


def test_choosing_a_patient(stage: Stage, nurse: AdminClient) -> None:
    """Whom this person looked at lately comes first; a search finds by name or date of birth, and stands in no address."""
    nurse.get(stage.path(PAGE, BRUNO))

    first = nurse.get(stage.path(TRY)).text
    found = nurse.post(stage.path(TRY), {"q": "canary-2"})
    nobody = nurse.post(stage.path(TRY), {"q": "Nobody"})

    lately, others = first.index("whom you looked at lately"), first.index("the most urgent first")
    assert lately < first.index("canary-2") < others < first.index("canary-1")
    assert f"{stage.path(TRY)}?patient={stage.ids[BRUNO]}" in found.text
    assert "canary-1" not in found.text
    assert "No patient with a plan was found by this." in nobody.text


def test_a_trial(stage: Stage, nurse: AdminClient) -> None:
    """What would be different, in words; then the panel, with the draft and without it."""
    page = nurse.get(stage.path(f"{TRY}?patient={{id}}")).text
    without = nurse.get(stage.path(f"{TRY}?patient={{id}}&without=1")).text

    assert "Hemoglobin A1c: from tier 1 to tier 2" in page
    assert "New: work for the coordinator" in page
    assert "Computed by the draft, as if it were published for everybody; nothing can be done here." in page
    assert "mp-rung-now mp-tier-2" in page
    assert "mp-rung-now mp-tier-2" not in without
    assert "/acts/" not in page + without
    for text in (page, without):
        assert text.count('class="mp-strip"') == 1
        assert stage.path("/admin/drafts/{draft}") in text
    reasons = re.findall(r'hx-get="(/admin/drafts/1/try/why/[^"]+)"', without)
    assert all("without=1" in link for link in reasons)
    assert nurse.get(reasons[0].replace("&amp;", "&")).status_code == 200


def test_a_trial_of_a_past_day(stage: Stage, nurse: AdminClient) -> None:
    """By what was known then; of a day on which nothing was, it says so."""
    then = nurse.get(stage.path(f"{TRY}?patient={{id}}&as_of=2026-06-15"))
    before = nurse.get(stage.path(f"{TRY}?patient={{id}}&as_of=2026-06-14"))

    assert "As it was seen on Monday 15 June 2026, by the other rules of that day" in then.text
    assert before.status_code == 404
    assert "Nothing was known of this patient on Sunday 14 June 2026." in before.text


def test_a_draft_that_is_wrong(stage: Stage, nurse: AdminClient) -> None:
    """It says so, and leads to where it is corrected; one that is gone is no page."""
    for path in ("/admin/drafts/2/try", f"/admin/drafts/2/try?patient={stage.ids[ANA]}"):
        answer = nurse.get(path)
        assert answer.status_code == 409
        assert "This draft cannot be tried yet" in answer.text
        assert 'href="/admin/drafts/2"' in answer.text
    assert nurse.get("/admin/drafts/99/try").status_code == 404


@pytest.mark.parametrize("number", ["x", "-1", "99999999999999999999", "1.5", "999"])
def test_nobody_to_try_on(stage: Stage, nurse: AdminClient, number: str) -> None:
    """There is nothing here."""
    assert nurse.get(f"{stage.path(TRY)}?patient={number}").status_code == 404


def test_every_route_is_in_the_matrix(stage: Stage) -> None:
    """A new one of these pages gets its line."""
    ours = {
        (method, rule.rule)
        for rule in stage.app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in ("patient", "try")
        for method in (rule.methods or set()) - {"HEAD"}
    }
    adapter = stage.app.url_map.bind("own")
    tried = set()
    for asked, method in itertools.product(MATRIX, ("GET", "POST")):
        if (asked.form is None) == (method == "GET"):
            rule, _ = adapter.match(stage.path(asked.path).partition("?")[0], method=method, return_rule=True)
            tried.add((method, rule.rule))

    assert tried == ours

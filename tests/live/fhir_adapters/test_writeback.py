"""The write-back on a real HAPI: what it takes, keeps, refuses, and how conflicts and lost answers end."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from deploy.hapi.server import HapiServer
from fhir_adapters.http import FhirHttp
from fhir_adapters.mapping import Mapped, MappingRules, map_resource
from fhir_adapters.writeback import (
    Names,
    device_draft,
    digest_of,
    drafts_for,
    owned_of,
    send,
    subscribe,
    with_provenance,
)
from fhir_adapters.writeback.model import Body
from plugin.domain.assessment import Gap, Milestone, Owner, PlanState, Status
from plugin.domain.edit import Ours, statements_of_edit
from plugin.domain.errors import Refused
from plugin.domain.record import Order, Said
from plugin.domain.source import Draft
from plugin.domain.writes import (
    TaskContent,
    flag_content,
    gap_content,
    notice_content,
    task_content,
)
from plugin.outbound import Retries, Terms, Timing
from tests.fhir_adapters.writeback.contents import MORNING, NOON, Row, a_completed_milestone, a_milestone
from tests.rogue import Behaviour, Handler, Rogue, rogue_server
from tests.servers import FhirTag

pytestmark = pytest.mark.live


@dataclass(frozen=True)
class Chart:
    """One patient of this test, with a plan, an order and a doctor, and the client that writes into it."""

    http: FhirHttp
    names: Names
    code: str

    @property
    def patient(self) -> str:
        return f"Patient/p-{self.code}"

    @property
    def plan(self) -> PlanState:
        return PlanState(plan=f"CarePlan/cp-{self.code}", patient=self.patient, status="active", stage="follow-ups")

    def fill(self) -> None:
        """Writes what our resources refer to."""
        subject = {"subject": {"reference": self.patient}}
        self._put(self.patient, {})
        self._put(f"Practitioner/dr-{self.code}", {})
        self._put(self.plan.plan, {"status": "active", "intent": "plan", **subject})
        self._put(f"ServiceRequest/sr-{self.code}", {"status": "active", "intent": "order", **subject})
        assert [answer.error for answer in send(self.http, [device_draft(self.names)])] == [None]

    def milestone(self, number: int = 1, **changes: Any) -> Milestone:
        """The n-th step of the plan."""
        return replace(
            a_milestone(number),
            **{
                "key": f"main|{self.plan.plan}|hba1c|{number}",
                "plan": self.plan.plan,
                "refs": (f"ServiceRequest/sr-{self.code}",),
                "owner": Owner(f"Practitioner/dr-{self.code}", None, "ServiceRequest.performer"),
            }
            | changes,
        )

    def content(self, milestone: Milestone) -> TaskContent:
        """The content of its Task."""
        content = task_content(milestone, self.plan, self.patient)
        assert content is not None
        return content

    def tasks(self, *milestones: Milestone, versions: dict[str, str] | None = None) -> list[Draft]:
        """Drafts of the Tasks alone."""
        return drafts_for(
            [Row("task", self.content(milestone).as_json()) for milestone in milestones], self.names, versions or {}
        )

    def everything(self) -> list[Draft]:
        """One draft of every kind that we write, in each of its forms, with Provenance."""
        late = {
            "status": Status.COMPLETED,
            "gap": Gap.CLOSED,
            "tier": 0,
            "completed_on": a_completed_milestone().completed_on,
        }
        steps = [
            self.milestone(1, program_code="hba1c-6-weeks", due_precision="month"),
            self.milestone(2, owner=Owner(None, "coordinator", "fallback"), **late),
            self.milestone(3, status=Status.CANCELLED, reason="not-applicable"),
            self.milestone(4, status=Status.ON_HOLD, reason="held", booked_for="2026-07-20T09:00:00-05:00", tier=1),
            self.milestone(5, status=Status.UPCOMING, opens=None, due=None, gap=Gap.NONE, tier=0, refs=(), codes=()),
        ]
        rows = [Row("task", self.content(step).as_json()) for step in steps]
        gaps = [gap for step in steps if (gap := gap_content(step, self.patient)) is not None]
        rows += [Row("detected-issue", gap.as_json()) for gap in (*gaps[:-1], gaps[-1].withdrawn)]
        rows.append(Row("flag", flag_content("main", self.patient, steps[:1]).as_json()))
        rows += [Row("overdue", self._notice(recipient)) for recipient in (f"Practitioner/dr-{self.code}", "provider")]
        person = "https://sso.example/fhir/Practitioner/9"
        drafts = [replace(draft, by=person) for draft in drafts_for(rows, self.names, {})]
        return with_provenance(drafts, self.names, recorded=NOON)

    def standing(self, ref: str) -> dict[str, Any]:
        """What stands on the server now."""
        return self.http.get(ref)

    def edit(self, ref: str, **changes: Any) -> None:
        """Somebody changes a resource in the EHR."""
        self.http.put(ref, {**self.standing(ref), **changes})

    def _notice(self, recipient: str) -> dict[str, object]:
        key = f"{self.code}|{recipient}"
        return notice_content(key, self.milestone(), self.patient, recipient=recipient, sent=MORNING).as_json()

    def _put(self, ref: str, content: dict[str, Any]) -> None:
        type_, _, id_ = ref.partition("/")
        self.http.put(ref, {"resourceType": type_, "id": id_, "meta": self.names.meta, **content})


@pytest.fixture
def chart(hapi: HapiServer, fhir_tag: FhirTag) -> Iterator[Chart]:
    """A new patient's chart."""
    http = FhirHttp(hapi.base_url)
    chart = Chart(http, Names(tags=((fhir_tag.system, fhir_tag.code),)), fhir_tag.code)
    chart.fill()
    yield chart
    http.close()


def errors_of(chart: Chart, body: Body) -> list[str]:
    """What the server's `$validate` finds wrong with a body."""
    try:
        outcome = chart.http.post(f"{body['resourceType']}/$validate", body, repeatable=True).resource
    except Refused as refusal:
        return [str(refusal)]
    return [issue["diagnostics"] for issue in outcome["issue"] if issue["severity"] in ("error", "fatal")]


def test_every_kind_that_we_write_is_valid(chart: Chart) -> None:
    """By the server's own `$validate`. The one exception: R4's v3-ActCode does not have CAREGAP yet."""
    errors = {
        draft.ref: errors_of(chart, dict(draft.body)) for draft in [device_draft(chart.names), *chart.everything()]
    }

    wrong = {ref: [words for words in found if "CAREGAP" not in words] for ref, found in errors.items()}
    assert {ref: found for ref, found in wrong.items() if found} == {}
    assert {ref.partition("/")[0] for ref, found in errors.items() if found} == {"DetectedIssue"}


def test_what_we_write_stands_as_it_was_sent_and_a_second_time_changes_nothing(chart: Chart) -> None:
    """Same versions, same digests: an unchanged milestone makes no history."""
    drafts = chart.everything()

    first, second = send(chart.http, drafts), send(chart.http, drafts)

    assert [answer.error for answer in first] == [None] * len(drafts)
    assert [answer.version for answer in first] == ["1"] * len(drafts)
    assert second == first
    assert {draft.ref: digest_of(chart.standing(draft.ref)) for draft in drafts} == {
        draft.ref: draft.digest for draft in drafts
    }


def test_what_somebody_tags_is_still_what_we_sent(chart: Chart) -> None:
    """HAPI keeps every tag that anybody gave; a tag is no content."""
    (task,) = chart.tasks(chart.milestone())
    send(chart.http, [task])
    tag = {"system": "https://ehr.example/tag", "code": "seen"}
    chart.edit(task.ref, meta={"tag": [*chart.names.meta["tag"], tag]})  # type: ignore[misc]  # JSON

    send(chart.http, [task])

    standing = chart.standing(task.ref)
    assert tag["code"] in [kept["code"] for kept in standing["meta"]["tag"]]
    assert digest_of(standing) == task.digest


def test_a_nurses_edit_is_a_conflict_and_then_her_statement(chart: Chart) -> None:
    """What she did in the EHR wins: it is not written over, and is taken as her word."""
    milestone = chart.milestone()
    (sent,) = chart.tasks(milestone)
    (written,) = send(chart.http, [sent])
    chart.edit(sent.ref, status="completed")

    (mine,) = chart.tasks(chart.milestone(tier=4), versions={sent.ref: written.version or ""})
    (answer,) = send(chart.http, [mine])

    standing = chart.standing(sent.ref)
    mapped = map_resource(standing, MappingRules(), {})
    assert isinstance(mapped, Mapped)
    assert isinstance(mapped.fact, Order)
    ours = Ours(digests=frozenset({sent.owned, mine.owned}), content=chart.content(milestone))
    (statement,) = statements_of_edit(mapped.fact, ours, author=None, at=NOON)
    assert (answer.conflict, answer.version, standing["status"]) == (True, None, "completed")
    assert (statement.said, statement.milestone) == (Said.COMPLETED, milestone.key)


def test_our_own_task_comes_back_as_ours(chart: Chart) -> None:
    """After a crash between the server's commit and ours, nobody is made to have said what we wrote."""
    drafts = [draft for draft in chart.everything() if draft.ref.startswith("Task/")]
    send(chart.http, drafts)

    assert [owned_of(chart.standing(draft.ref)) for draft in drafts] == [draft.owned for draft in drafts]


def test_a_task_that_somebody_deleted_is_a_conflict(chart: Chart) -> None:
    """It does not come back by itself while we think that it stands."""
    (task,) = chart.tasks(chart.milestone())
    (written,) = send(chart.http, [task])
    chart.http.delete(task.ref)

    (answer,) = send(chart.http, [replace(task, if_match=written.version)])

    assert answer.conflict
    assert "deleted" in (answer.error or "")


def test_the_culprit_among_a_hundred_is_set_aside(chart: Chart) -> None:
    """An owner that the server does not have: the server's words for that one, and ninety-nine Tasks."""
    milestones = [chart.milestone(number) for number in range(1, 101)]
    milestones[36] = chart.milestone(37, owner=Owner("Practitioner/nobody", None, "Task.owner"))
    drafts = chart.tasks(*milestones)

    written = send(chart.http, drafts)

    assert [answer.ref for answer in written] == [draft.ref for draft in drafts]
    (failed,) = [answer for answer in written if answer.error is not None]
    assert failed.ref == drafts[36].ref
    assert "HAPI-1094" in (failed.error or "")
    assert not failed.conflict
    assert not failed.temporary


def test_several_conflicts_do_not_keep_the_rest_from_being_written(chart: Chart) -> None:
    """Ten people edited ten of fifty Tasks."""
    before = chart.tasks(*(chart.milestone(number) for number in range(1, 51)))
    versions = {answer.ref: answer.version or "" for answer in send(chart.http, before)}
    for draft in before[::5]:
        chart.edit(draft.ref, status="on-hold")

    written = send(chart.http, chart.tasks(*(chart.milestone(n, tier=4) for n in range(1, 51)), versions=versions))

    assert [answer.conflict for answer in written] == [number % 5 == 0 for number in range(50)]
    assert {answer.version for answer in written if not answer.conflict} == {"2"}


# ----------------------------------------------------------------------------------------------------- lost answers
def _forwarded(handler: Handler, rogue: Rogue, hapi: HapiServer) -> requests.Response:
    seen = rogue.seen[-1]
    url = hapi.base_url.removesuffix("/fhir") + seen.path
    return requests.request(
        seen.method, url, data=seen.body, headers={"Content-Type": "application/fhir+json"}, timeout=30
    )


def forwards(rogue: Rogue, hapi: HapiServer) -> Behaviour:
    """A proxy that does its work."""

    def behave(handler: Handler) -> None:
        answer = _forwarded(handler, rogue, hapi)
        handler.reply(answer.status_code, answer.content, {})

    return behave


def swallows(rogue: Rogue, hapi: HapiServer, *, silently: bool) -> Behaviour:
    """A proxy that lets the server write, and then hangs up or says nothing at all."""

    def behave(handler: Handler) -> None:
        _forwarded(handler, rogue, hapi)
        if silently:
            rogue.over.wait(60)
        handler.close_connection = True

    return behave


@pytest.mark.parametrize("attempts", [1, 2])
@pytest.mark.parametrize("silently", [True, False])
@pytest.mark.parametrize("guarded", [True, False])
def test_what_was_written_and_not_answered_is_known(
    chart: Chart, hapi: HapiServer, *, attempts: int, silently: bool, guarded: bool
) -> None:
    """With and without a second try, with and without `If-Match`: each draft is written once, and we know it."""
    versions = {answer.ref: answer.version or "" for answer in send(chart.http, chart.tasks(chart.milestone()))}
    mine = chart.tasks(chart.milestone(tier=4), chart.milestone(2), versions=versions if guarded else {})
    terms = Terms(read=timedelta(seconds=3 if silently else 30), retries=Retries(attempts=attempts))

    with rogue_server() as rogue:
        rogue.plays(swallows(rogue, hapi, silently=silently), forwards(rogue, hapi))
        http = FhirHttp(rogue.url, terms=terms, timing=Timing(sleep=lambda _seconds: None))
        written = send(http, mine)
        http.close()

    assert [(answer.version, answer.error) for answer in written] == [("2", None), ("1", None)]
    assert [chart.standing(draft.ref)["meta"]["versionId"] for draft in mine] == ["2", "1"]


# ------------------------------------------------------------------------------------------------------------- races
def test_of_two_writers_each_change_survives_or_is_told(chart: Chart) -> None:
    """Threat row 20: both have read version 1 and write at the same time; one wins, the other gets a visible conflict,
    reads again and writes over what it has seen."""
    (first,) = chart.tasks(chart.milestone())
    (written,) = send(chart.http, [first])
    rivals = [
        chart.tasks(chart.milestone(tier=tier), versions={first.ref: written.version or ""})[0] for tier in (1, 2)
    ]
    start = threading.Barrier(2)

    def write(draft: Draft) -> tuple[Draft, bool]:
        start.wait(60)
        (answer,) = send(chart.http, [draft])
        return draft, answer.conflict

    with ThreadPoolExecutor(2) as pool:
        outcome = list(pool.map(write, rivals))

    (winner,) = [draft for draft, conflict in outcome if not conflict]
    (loser,) = [draft for draft, conflict in outcome if conflict]
    standing = chart.standing(first.ref)
    assert digest_of(standing) == winner.digest
    (again,) = send(chart.http, [replace(loser, if_match=standing["meta"]["versionId"])])
    assert again.version == "3"


def test_two_workers_that_create_the_same_create_one(chart: Chart) -> None:
    """The same content by the same id: both are told that it stands, and there is one version of it."""
    drafts = chart.tasks(*(chart.milestone(number) for number in range(1, 21)))
    start = threading.Barrier(2)

    def write(_worker: int) -> list[str | None]:
        start.wait(60)
        return [answer.error for answer in send(chart.http, drafts)]

    with ThreadPoolExecutor(2) as pool:
        outcome = list(pool.map(write, range(2)))

    assert outcome == [[None] * 20] * 2
    assert {chart.standing(draft.ref)["meta"]["versionId"] for draft in drafts} == {"1"}


# ------------------------------------------------------------------------------------------------------ subscription
def test_a_hook_is_registered_once_and_calls_with_our_secret(chart: Chart) -> None:
    """Active within seconds; a change of a plan is a bare POST with the secret; registering again changes nothing."""
    with rogue_server() as rogue:
        rogue.plays(lambda handler: handler.reply(200, b"", {}))
        endpoint = f"{rogue.url}/hooks/{chart.code}"
        ref = subscribe(chart.http, chart.names, endpoint, secret="canary", types=["CarePlan", "Task"])
        assert ref is not None
        wait_for(lambda: chart.standing(ref)["status"] == "active")
        version = chart.standing(ref)["meta"]["versionId"]

        assert subscribe(chart.http, chart.names, endpoint, secret="canary", types=["CarePlan", "Task"]) == ref
        chart.edit(chart.plan.plan, title="changed")
        wait_for(lambda: bool(rogue.seen))

        call = rogue.seen[0]
        assert (call.method, call.body) == ("POST", b"")
        assert call.headers["Authorization"] == "Bearer canary"
        assert chart.standing(ref)["meta"]["versionId"] == version
        chart.http.delete(ref)


def wait_for(holds: Any, seconds: float = 60) -> None:
    """Until it holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.1)

"""The main job, whole: a no-show entered in HAPI is a missed step in Milepost, with beat and workers really running."""

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
import requests

from deploy.hapi.server import HapiServer
from plugin.storage.unit_of_work import SqlDatabase
from tests.live.installation import Installation, wait_for
from tests.servers import FhirTag

pytestmark = pytest.mark.live

WORKERS = ("reading worker", "acting worker", "beat")
LONGEST_S = 150.0
"""On a machine that is busy with other tests."""
STEP = "HbA1c check"
FAMILY, GIVEN = "Testfall", "Quentin"
EVENTS = 8

READERS: dict[str, Callable[[redis.Redis, str], object]] = {
    "string": lambda client, key: client.get(key),
    "hash": lambda client, key: client.hgetall(key),
    "list": lambda client, key: client.lrange(key, 0, -1),
    "set": lambda client, key: client.smembers(key),
    "zset": lambda client, key: client.zrange(key, 0, -1),
    "none": lambda client, key: None,  # it was taken since
}

Json = dict[str, Any]  # Any: FHIR's own JSON


class Chart:
    """Synthetic patients of one test in HAPI, each with a plan, an order, and a booking whose time has passed."""

    def __init__(self, base: str, tag: FhirTag) -> None:
        self.base, self.tag = base, tag
        self.session = requests.Session()
        self.session.trust_env = False

    def name(self, number: int) -> str:
        """A patient's id; the tag's code keeps tests apart."""
        return f"{self.tag.code[:12]}-{number}"

    def forget_hooks(self, address: str) -> None:
        """A server that goes on calling where nobody answers has less time for other tests' hooks."""
        found = self.session.get(f"{self.base}/Subscription", headers={"Cache-Control": "no-cache"}, timeout=30).json()
        for one in (entry["resource"] for entry in found.get("entry", ())):
            if one["channel"]["endpoint"].startswith(address):
                self.session.delete(f"{self.base}/Subscription/{one['id']}", timeout=30).raise_for_status()

    def enter(self, number: int) -> None:
        """Patient, CarePlan, ServiceRequest and a booked Appointment of an hour ago."""
        name, now = self.name(number), datetime.now(UTC)
        subject = {"reference": f"Patient/{name}"}
        hour_ago = now - timedelta(hours=1)
        self.put({"resourceType": "Patient", "id": name, "name": [{"family": FAMILY, "given": [GIVEN]}]})
        self.put(
            {
                "resourceType": "ServiceRequest",
                "id": name,
                "status": "active",
                "intent": "order",
                "subject": subject,
                "code": {"text": STEP, "coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
                "occurrencePeriod": {"end": (now + timedelta(days=5)).date().isoformat()},
            }
        )
        self.put(
            {
                "resourceType": "Appointment",
                "id": name,
                "status": "booked",
                "start": hour_ago.isoformat(timespec="seconds"),
                "end": (hour_ago + timedelta(minutes=20)).isoformat(timespec="seconds"),
                "basedOn": [{"reference": f"ServiceRequest/{name}"}],
                "participant": [{"actor": subject, "status": "accepted"}],
            }
        )
        self.put(
            {
                "resourceType": "CarePlan",
                "id": name,
                "status": "active",
                "intent": "plan",
                "subject": subject,
                "period": {"start": (now - timedelta(days=30)).date().isoformat()},
                "activity": [{"reference": {"reference": f"ServiceRequest/{name}"}}],
            }
        )

    def miss(self, number: int) -> float:
        """The front desk enters the no-show; when that was."""
        url = f"{self.base}/Appointment/{self.name(number)}"
        booking: Json = self.session.get(url, timeout=30).json()
        entered = time.monotonic()
        self.put({**booking, "status": "noshow"})
        return entered

    def tasks(self, number: int) -> list[Json]:
        """The milestone Tasks that stand in HAPI for a patient."""
        params = {"patient": self.name(number), "_tag": "https://milepost.example/tag|milepost"}
        answer = self.session.get(
            f"{self.base}/Task", params=params, headers={"Cache-Control": "no-cache"}, timeout=30
        ).json()
        return [entry["resource"] for entry in answer.get("entry", [])]

    def put(self, resource: Json) -> None:
        """As an EHR writes."""
        tagged = {**resource, "meta": {"tag": [self.tag.coding]}}
        answer = self.session.put(f"{self.base}/{resource['resourceType']}/{resource['id']}", json=tagged, timeout=30)
        assert answer.ok, answer.text


@pytest.fixture
def chart(hapi: HapiServer, fhir_tag: FhirTag) -> Iterator[Chart]:
    """Empty."""
    made = Chart(hapi.base_url, fhir_tag)
    yield made
    made.session.close()


def add_source(made: Installation, chart: Chart) -> None:
    """As the person who installs Milepost does."""
    made.milepost("source", "add", "hapi", chart.base, "--filter", f"_tag={chart.tag.system}|{chart.tag.code}")


def is_missed(database: SqlDatabase, chart: Chart, number: int) -> bool:
    """Whether the stored milestone says so: read where the worker has written it."""
    with database.begin(reading=True) as uow:
        source = uow.sources.get("hapi")
        plans = uow.plans.of_patient(source, f"Patient/{chart.name(number)}", datetime.now(UTC).date())
    wanted = f"Appointment/{chart.name(number)}"
    return any(missed.resource == wanted for plan in plans for step in plan.milestones for missed in step.missed)


def wait_for_tasks(chart: Chart, *numbers: int) -> None:
    """Until every one of these patients has the milestone's Task in HAPI."""
    for number in numbers:
        wait_for("the milestone's Task stands in HAPI", partial(chart.tasks, number), LONGEST_S, 0.5)


def wait_for_miss(database: SqlDatabase, chart: Chart, number: int) -> float:
    """Enters the no-show; how many seconds later the missed step was stored."""
    entered = chart.miss(number)
    wait_for("the step is missed", partial(is_missed, database, chart, number), LONGEST_S, 0.05)
    return time.monotonic() - entered


def leaks(made: Installation, redis_url: str, database: SqlDatabase) -> list[str]:
    """Where a patient's name or the hook's secrets stand and must not: in Redis, in a message or in a log."""
    with database.begin(reading=True) as uow:
        source = uow.sources.get("hapi")
    told = [(log.name, log.read_bytes()) for log in made.folder.glob("*.log")]
    with contextlib.closing(redis.Redis.from_url(redis_url, decode_responses=True)) as client:
        told += [
            (key, str([key, READERS[str(client.type(key))](client, key)]).encode())
            for key in map(str, client.scan_iter())
        ]
    canaries = [FAMILY, GIVEN, str(source.hook_path), str(source.hook_secret)]
    return [f"{canary} in {place}" for canary in canaries for place, text in told if canary.encode() in text]


def test_a_no_show_is_a_missed_step_with_the_next_poll(
    tmp_path: Path, postgres_url: str, redis_url: str, chart: Chart, tell: Callable[[str], None]
) -> None:
    """With the default intervals and no Subscription: the plan's Task appears in HAPI by itself, the no-show is entered
    there, and Milepost knows."""
    made = Installation.at(tmp_path, postgres_url, redis_url)
    chart.enter(1)
    add_source(made, chart)

    with made.running(*WORKERS), made.database() as database:
        wait_for_tasks(chart, 1)
        took = wait_for_miss(database, chart, 1)

    (plan,) = made.explained(chart.name(1))["plans"]
    (milestone,) = plan["milestones"]
    assert milestone["missed"] == [{"resource": f"Appointment/{chart.name(1)}", "kind": "noshow"}]
    tell(f"no-show entered in HAPI -> missed step stored: {took:.1f} s, polling every 30 s")


def test_with_the_subscription_it_takes_moments(
    tmp_path: Path, postgres_url: str, redis_url: str, chart: Chart, tell: Callable[[str], None]
) -> None:
    """Polling is set to once a day: what arrives here came by the hook that Milepost itself has registered in HAPI."""
    made = Installation.at(tmp_path, postgres_url, redis_url, poll_seconds="86400")
    made = Installation(made.folder, {**made.settings, "MILEPOST_PUBLIC_URL": f"http://{made.bind}"})
    with made.running("web", *WORKERS), made.database() as database:
        add_source(made, chart)
        for number in range(EVENTS):
            chart.enter(number)
        wait_for_tasks(chart, *range(EVENTS))
        times = sorted(wait_for_miss(database, chart, number) for number in range(EVENTS))
        assert leaks(made, redis_url, database) == []
        chart.forget_hooks(f"http://{made.bind}")

    tell(f"event -> effect stored, with the Subscription: median {times[EVENTS // 2]:.2f} s, slowest {times[-1]:.2f} s")


@pytest.mark.fault
def test_work_goes_on_after_the_workers_are_killed(
    tmp_path: Path, postgres_url: str, redis_url: str, chart: Chart
) -> None:
    """kill -9 of both workers, with all their processes, in the middle of the first reading: workers that are started
    afterwards finish it, and every milestone has its one Task."""
    patients = range(12)
    made = Installation.at(tmp_path, postgres_url, redis_url, poll_seconds="2", tick_seconds="2", overlap_seconds="2")
    for number in patients:
        chart.enter(number)
    add_source(made, chart)

    with made.running("beat"):
        with made.running(*WORKERS[:2]) as workers, made.database() as database:
            wait_for("something was read", partial(tracked, database), 150, 0.01)
            for worker in workers.values():
                worker.kill()
        with made.running(*WORKERS[:2]):
            wait_for_tasks(chart, *patients)

    assert {number: len(chart.tasks(number)) for number in patients} == dict.fromkeys(patients, 1)


def tracked(database: SqlDatabase) -> int:
    """How many CarePlans are known."""
    with database.begin(reading=True) as uow:
        return sum(uow.sources.care_plans(uow.sources.get("hapi")).values())

"""From an event in the EHR to its effect: a no-show is entered there, and Milepost has stored the missed step."""

import math
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from deploy.bench.bare import BareClient
from deploy.bench.chart import A1C
from deploy.bench.installation import BenchFailure, Installation, Milepost
from deploy.bench.stopwatch import median
from deploy.bench.sweep import swept
from deploy.demo.generator.fhir import TAG_SYSTEM, Json, coding, reference
from deploy.services.process import folder_of, free_port, running
from deploy.services.redis import redis_server
from plugin.config import child_environment
from plugin.run import parts
from plugin.usecases.sources import subscribe

TAG = "events"
"""A practice of its own on the same server."""
PARTS = ("web", "reading worker", "acting worker", "beat")
"""What an installation runs, without the workers for people at a screen."""
LOOK_EVERY_S = 0.02
LONGEST_S = 90.0


@dataclass(frozen=True)
class EventFigures:
    """Seconds from the EHR's answer to whoever entered it until the effect is stored."""

    p95_s: float
    median_s: float
    events: int


def measure_events(installation: Installation, count: int) -> EventFigures:
    """One after the other. The first one is not counted: it waits for workers that are just being started."""
    client = BareClient(installation.hapi_url)
    bookings = _enter_bookings(client, count + 1)
    with _running(installation) as milepost:
        _missed_after_s(client, milepost, bookings[0])
        took = [_missed_after_s(client, milepost, booking) for booking in bookings[1:]]
    return EventFigures(percentile(took, 95), median(took), count)


def percentile(values: Sequence[float], share: int) -> float:
    """The smallest of these that so many in a hundred do not exceed (nearest rank)."""
    return sorted(values)[math.ceil(len(values) * share / 100) - 1]


# ------------------------------------------------------------------------------------------------------- the practice
def _enter_bookings(client: BareClient, count: int) -> Sequence[Json]:
    """So many patients, each with a plan of one ordered test and a booking for it, whose time has just passed."""
    now = datetime.now(UTC)  # noqa: TID251 - a booking has passed by the clock of those who look at it
    resources = [_resources(f"{TAG}-{number}", now) for number in range(count)]
    entries = [
        {"resource": resource, "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}}
        for of_one in resources
        for resource in of_one
    ]
    client.post(orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
    return [of_one[-1] for of_one in resources]


def _resources(name: str, now: datetime) -> Sequence[Json]:
    subject, order = reference(f"Patient/{name}"), reference(f"ServiceRequest/{name}")
    start, due = now - timedelta(days=30), now + timedelta(days=5)
    begun = (now - timedelta(hours=1)).isoformat(timespec="seconds")
    common = {"id": name, "meta": {"tag": [coding(TAG_SYSTEM, TAG)]}}
    request = {**common, "status": "active", "subject": subject}
    return (
        {"resourceType": "Patient", **common, "name": [{"family": "Benchmark", "given": ["Sample"]}]},
        {
            "resourceType": "ServiceRequest",
            **request,
            "intent": "order",
            "code": A1C,
            "occurrencePeriod": {"end": due.date().isoformat()},
        },
        {
            "resourceType": "CarePlan",
            **request,
            "intent": "plan",
            "period": {"start": start.date().isoformat()},
            "activity": [{"reference": order}],
        },
        {
            "resourceType": "Appointment",
            **common,
            "status": "booked",
            "start": begun,
            "end": now.isoformat(timespec="seconds"),
            "basedOn": [order],
            "participant": [{"actor": subject, "status": "accepted"}],
        },
    )


# ------------------------------------------------------------------------------------------------------- the processes
@contextmanager
def _running(installation: Installation) -> Iterator[Milepost]:
    """A whole Milepost that has read the practice, with its Subscription; ended with the block."""
    bind = f"127.0.0.1:{free_port()}"
    with redis_server() as redis, folder_of(None) as folder:
        reached = {
            "MILEPOST_REDIS_URL": redis.url(),
            "MILEPOST_BIND": bind,
            "MILEPOST_PUBLIC_URL": f"http://{bind}",
        }
        whole = replace(installation, more=reached)
        with whole.fresh("events", tag=TAG) as milepost, _processes(bind, whole, folder):
            swept(milepost)
            if subscribe(milepost.services, milepost.source) is None:
                raise BenchFailure("The server takes no Subscription.")
            yield milepost


@contextmanager
def _processes(bind: str, installation: Installation, folder: Path) -> Iterator[None]:
    environment = child_environment(installation.variables(installation.url))
    commands = {part.name: part.command for part in parts(bind)}
    with ExitStack() as stack:
        for name in PARTS:
            log = folder / f"{name}.log"
            stack.enter_context(running(commands[name], log=log, stop_with=signal.SIGTERM, environment=environment))
        yield


# ----------------------------------------------------------------------------------------------------------- the event
def _missed_after_s(client: BareClient, milepost: Milepost, booking: Json) -> float:
    client.put({**booking, "status": "noshow"})
    entered = time.perf_counter()
    while not _is_missed(milepost, booking["id"]):
        if time.perf_counter() - entered > LONGEST_S:
            raise BenchFailure("A no-show did not become a missed step.")
        time.sleep(LOOK_EVERY_S)
    return time.perf_counter() - entered


def _is_missed(milepost: Milepost, name: str) -> bool:
    """As the worker has stored it."""
    with milepost.services.database.begin(reading=True) as uow:
        plans = uow.plans.of_patient(milepost.source, f"Patient/{name}", milepost.services.clock().date())
    return any(step.missed for plan in plans for step in plan.milestones)

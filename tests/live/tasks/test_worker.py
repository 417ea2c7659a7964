"""A real worker on a real Redis: refuses what is not JSON, says why it cannot start, and ends when it is asked to."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import requests

from plugin.run import WORKERS
from tasks.dispatch import sender
from tasks.routes import ACTING, DELIVER, TICK, TICK_ROUTE
from tests.live.installation import Installation, wait_for
from tests.servers import RedisServer

pytestmark = pytest.mark.live

COMMAND = (
    *(sys.executable, "-m", "celery", "--app", "tasks.worker", "--quiet", "worker"),
    *("--queues", ",".join(ACTING), "--concurrency", "1"),
)


class Harmful:
    """What a pickle can do: run any code when it is unpacked. Here it only makes a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.file), "w")


@pytest.fixture(scope="module")
def redis_url(redis_process: RedisServer, redis_numbers: Iterator[int]) -> str:
    """One numbered database for this module, whose tests share a worker."""
    return redis_process.url(next(redis_numbers))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Installation:
    """An installation on SQLite, without sources."""
    folder = tmp_path_factory.mktemp("installation")
    return Installation.at(folder, f"sqlite:///{folder / 'm.db'}", redis_url)


@pytest.fixture(scope="module")
def worker_log(made: Installation) -> Iterator[Path]:
    """The log of a worker that is ready."""
    with made.process("worker", *COMMAND) as worker:
        wait_for("the worker is ready", lambda: "worker_ready" in worker.said(), 90)
        yield worker.log


def done(url: str, task: str) -> float:
    """How many runs of a task were measured as done."""
    with redis.Redis.from_url(url, decode_responses=True) as client:
        return sum(
            float(number)
            for name, number in client.hgetall("milepost.metrics").items()
            if f'"{task}","done"' in name and '"sum"' not in name
        )


def test_a_pickle_is_refused_and_harms_nothing(worker_log: Path, tmp_path: Path, redis_url: str) -> None:
    """It is not unpacked, its content is in no log, and the worker goes on with the next message (threat row 17)."""
    file = tmp_path / "harmed"
    sender(redis_url).send_task(TICK, args=[Harmful(file), "canary-4711"], serializer="pickle")

    before = done(redis_url, TICK)
    sender(redis_url).send_task(TICK)
    wait_for("the next message is worked on", lambda: done(redis_url, TICK) > before, 60)

    said = worker_log.read_text()
    assert "ContentDisallowed" in said
    assert "canary-4711" not in said
    assert not file.exists()


@pytest.mark.parametrize("name", ["milepost.no.such.task", "os.system", "celery.chord"])
def test_a_task_that_is_not_ours_is_refused(worker_log: Path, redis_url: str, name: str) -> None:
    """Whoever can write to Redis can start our own tasks with ids, and nothing else."""
    app = sender(redis_url)
    app.send_task(name, args=["canary-4711"], queue=TICK_ROUTE)

    before = done(redis_url, DELIVER)
    app.send_task(DELIVER)
    wait_for("the next message is worked on", lambda: done(redis_url, DELIVER) > before, 60)

    assert "canary-4711" not in worker_log.read_text()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"MILEPOST_ZONE": "Mars/Olympus"}, "milepost: MILEPOST_ZONE: There is no zone 'Mars/Olympus'"),
        (
            {"MILEPOST_REDIS_URL": "redis://cache.example/0"},
            "milepost: MILEPOST_REDIS_URL cannot be used: a Redis on another",
        ),
        ({"MILEPOST_KEY_FILE": "/nowhere/key"}, "milepost init"),
    ],
)
def test_a_worker_that_cannot_work_does_not_start(made: Installation, change: dict[str, str], words: str) -> None:
    """A line that says what to do, no trace, and an exit that is not zero (threats: an open Redis)."""
    broken = Installation(made.folder, {**made.settings, **change})

    with broken.process("worker", *COMMAND) as worker:
        code = worker.child.wait(90)

    assert code != 0
    assert words in worker.said()
    assert "Traceback" not in worker.said()


def test_milepost_run_runs_all_of_it(made: Installation) -> None:
    """Web, every worker and beat; a tick comes by itself; SIGTERM ends everything."""
    redis_url = made.settings["MILEPOST_REDIS_URL"]
    quick = Installation(made.folder, {**made.settings, "MILEPOST_TICK_SECONDS": "1"})
    before = done(redis_url, TICK)

    with quick.process("run", sys.executable, "-c", "from plugin.cli import main; main()", "run") as running:
        wait_for("the workers are ready", lambda: running.said().count("worker_ready") == 2 * len(WORKERS), 120)
        wait_for("a tick was done", lambda: done(redis_url, TICK) > before, 60)
        wait_for("the web process is ready", lambda: is_ready(made.bind), 60)
        running.child.terminate()
        code = running.child.wait(60)

    assert code == 0, running.said()
    assert not is_ready(made.bind)


def is_ready(bind: str) -> bool:
    """Whether `/readyz` says so."""
    try:
        return requests.get(f"http://{bind}/readyz", timeout=30).ok
    except requests.RequestException:
        return False

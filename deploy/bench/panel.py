"""The panel, as somebody in a chart meets it: how soon it is painted, how long it and an act take to be answered, and
how long an act is on its way to the EHR. Web process, workers and beat run as they are installed.
"""

import html
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import psycopg
import requests
from playwright.sync_api import Browser
from werkzeug.routing import Map

from deploy.bench.bare import BareClient
from deploy.bench.chromium import Opened, Wire, chromium, desk
from deploy.bench.events import percentile
from deploy.bench.extent import Extent
from deploy.bench.installation import BenchFailure, Installation
from deploy.bench.stopwatch import timed
from deploy.demo import site as demo_site
from deploy.demo.children import Child, child
from deploy.demo.command import MILEPOST, Command
from deploy.demo.site import Site
from deploy.services.process import folder_of
from deploy.services.redis import redis_server
from plugin.domain.assessment import Status
from plugin.domain.writes import task_ref
from ui_extension.panel.keys import KeyConverter

TAG = "panel"
"""A practice of its own on the same server."""
SWEPT = "swept"
"""The source that is swept while somebody acts: everything on the server, for the first time."""
DATABASE = "milepost_panel"
RHYTHM = {"MILEPOST_POLL_SECONDS": "3600", "MILEPOST_TICK_SECONDS": "60"}
"""So that no reading but the one that is meant disturbs; what somebody acts on does not wait for a rhythm."""
WARMING = 15
"""Looks at each chart that are not counted: as many as a JVM needs for the search, where no stage has run before this one."""
ACTS_EACH = 5
"""In one chart; so many steps that can be marked done an ordinary plan has."""
LEAST_BESIDE = 10
LOOK_EVERY_S = 0.02
LONGEST_S = 60.0
OK = 200
_BUTTON = re.compile(r'hx-get="/panel/acts/done/([A-Za-z0-9_-]+)"')
_HIDDEN = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')


@dataclass(frozen=True)
class PanelFigures:
    """Percentiles over all charts that were opened. ``to_ehr_ms`` begins where ``act_ms`` ends."""

    panel_ms: Sequence[float]
    search_ms: Sequence[float]
    launch_ms: Sequence[float]
    click_ms: Sequence[float]
    launch: Wire
    next_kb: float
    act_ms: Sequence[float]
    to_ehr_ms: Sequence[float]
    """With nothing else under way."""
    act_beside_ms: Sequence[float]
    to_ehr_beside_ms: Sequence[float]
    """While a sweep runs."""

    @property
    def requests(self) -> int:
        """Of the panel's own first load, which begins where the EHR has let somebody in."""
        return self.launch.since("/callback/").requests

    @property
    def over_search(self) -> float:
        """The 95th percentile of the panel's HTML to that of a search for the patient's Tasks."""
        return percentile(self.panel_ms, 95) / percentile(self.search_ms, 95)


def measure_panel(installation: Installation, extent: Extent) -> PanelFigures:
    """Half of the charts are acted on with nothing else under way, the others while a sweep runs."""
    client = BareClient(installation.hapi_url)
    with _site(installation) as site:
        tasks = _with_tasks(installation)
        patients = list(tasks)[: extent.charts]
        with chromium() as browser:
            with desk(browser, site) as first:
                wire = first.wire(patients[0])
            opened = [_open(browser, site, patient) for patient in patients]
        charts = [_Chart(site.web, client, one, tasks[one.patient]) for one in opened]
        looks = _looks(charts, client, extent.looks)
        half = len(charts) // 2
        alone = [step.done() for step in _steps(charts[:half])]
        with _sweeping(site, installation) as sweep:
            beside = _while_running(sweep, _steps(charts[half:]))
    return PanelFigures(
        panel_ms=[look.panel_ms for look in looks],
        search_ms=[look.search_ms for look in looks],
        launch_ms=[one.launch_ms for one in opened],
        click_ms=[one.click_ms for one in opened],
        launch=wire,
        next_kb=max(look.bytes for look in looks) / 1000,
        act_ms=[one.answer_ms for one in alone],
        to_ehr_ms=[one.way_ms for one in alone],
        act_beside_ms=[one.answer_ms for one in beside],
        to_ehr_beside_ms=[one.way_ms for one in beside],
    )


# ----------------------------------------------------------------------------------------------------- what is running
@contextmanager
def _site(installation: Installation) -> Iterator[Site]:
    """The demo's EHR in front of HAPI, and a whole Milepost that has read the practice through it."""
    installation.postgres.execute(f"CREATE DATABASE {DATABASE}")
    database = installation.variables(installation.postgres.url(DATABASE))["MILEPOST_DATABASE_URL"]
    with ExitStack() as held:
        held.callback(installation.postgres.execute, f"DROP DATABASE {DATABASE} WITH (FORCE)")
        redis, folder = held.enter_context(redis_server()), held.enter_context(folder_of(None))
        settings = {"MILEPOST_DATABASE_URL": database, **RHYTHM}
        made = demo_site.prepared(folder, installation.hapi_url, redis.url(), tag=TAG, settings=settings)
        held.enter_context(made.ehr_running())
        made.introduce()
        held.enter_context(made.milepost_running())
        yield made


def _with_tasks(installation: Installation) -> Mapping[str, frozenset[str]]:
    """The ids of patients, those with the most steps first; and the open steps of each for which a Task of ours stands in the
    EHR. For an order that has a Task of its own there is none."""
    found = defaultdict[str, set[str]](set)
    with psycopg.connect(installation.postgres.dsn(DATABASE)) as connection:
        standing = {ref for (ref,) in connection.execute("SELECT ref FROM sent WHERE version IS NOT NULL")}
        steps = connection.execute(
            "SELECT ref, key, status FROM milestone JOIN patient ON patient.id = patient_id WHERE milestone.gone_at IS NULL"
        )
        for patient, key, status in steps:
            if not Status(status).is_final and task_ref(key) in standing:
                found[patient.removeprefix("Patient/")].add(key)
    by_steps = sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))
    return {patient: frozenset(keys) for patient, keys in by_steps}


@contextmanager
def _sweeping(site: Site, installation: Installation) -> Iterator[Child]:
    """A first sweep of everything on the server, written back as well; cut off at the end of the block."""
    quiet = Command({**site.command.environment, "MILEPOST_PUBLIC_URL": ""}, site.command.log)
    quiet.run("source", "add", SWEPT, installation.hapi_url)
    words = [str(MILEPOST), "sweep", SWEPT]
    log = site.place.folder / "sweep.log"
    with (
        psycopg.connect(installation.postgres.dsn(DATABASE), autocommit=True) as connection,
        child("the sweep", words, log=log, environment=quiet.environment) as sweep,
    ):
        sweep.wait_until(lambda: _has_begun(connection), LONGEST_S)
        yield sweep


def _has_begun(connection: psycopg.Connection) -> bool:
    """Something of the new source is stored."""
    query = "SELECT EXISTS (SELECT FROM cursor JOIN source ON source.id = source_id WHERE slug = %s)"
    row = connection.execute(query, (SWEPT,)).fetchone()
    return bool(row and row[0])


def _open(browser: Browser, site: Site, patient: str) -> Opened:
    with desk(browser, site) as nurse:
        return nurse.opens(patient)


# ------------------------------------------------------------------------------------------------------------ the looks
@dataclass(frozen=True)
class _Look:
    panel_ms: float
    bytes: int
    search_ms: float


@dataclass(frozen=True)
class _Chart:
    """An open panel, asked by its own token over a connection of its own."""

    web: str
    client: BareClient
    opened: Opened
    tasks: frozenset[str]
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {self.opened.token}"
        self.session.headers["Accept-Encoding"] = "gzip"

    def panel(self) -> requests.Response:
        """The whole of it."""
        return self.asked("GET", "/panel")

    def asked(self, method: str, path: str, **given: str) -> requests.Response:
        """One answer, read to its end."""
        answer = self.session.request(method, f"{self.web}{path}", data=given or None, timeout=LONGEST_S)
        if answer.status_code != OK:
            raise BenchFailure(f"Milepost answered {method} with {answer.status_code}.")
        return answer

    def look(self) -> _Look:
        """The panel, and right after it the search."""
        took, page = timed(self.panel)
        searched, _ = timed(lambda: self.client.search("Task", patient=self.opened.patient))
        return _Look(1000 * took, _on_wire(page), 1000 * searched)


def _on_wire(answer: requests.Response) -> int:
    """Bytes of an answer with its headers."""
    heads = sum(len(name) + len(value) + 4 for name, value in answer.headers.items())
    return heads + int(answer.headers["Content-Length"])


def _looks(charts: Sequence[_Chart], client: BareClient, count: int) -> Sequence[_Look]:
    """One chart after the other, again and again. The first of each are not counted."""
    for chart in charts:
        for _ in range(WARMING):
            chart.look()
    return [charts[number % len(charts)].look() for number in range(count)]


# ------------------------------------------------------------------------------------------------------------- the acts
@dataclass(frozen=True)
class _Acted:
    answer_ms: float
    way_ms: float


@dataclass(frozen=True)
class _Step:
    """A step that the panel offers to mark done, by its key in an address."""

    chart: _Chart
    key: str

    @property
    def task(self) -> str:
        """Our Task of it in the EHR."""
        return task_ref(key_of(self.key))

    def is_done(self) -> bool:
        """As the EHR says."""
        return bool(self.chart.client.resource(self.task)["status"] == "completed")

    def done(self) -> _Acted:
        """Opens the form, says how it is known, sends it, and waits until the EHR has it."""
        address = f"/panel/acts/done/{self.key}"
        form = self.chart.asked("GET", address).text
        hidden = {name: html.unescape(value) for name, value in _HIDDEN.findall(form)}
        took, _ = timed(lambda: self.chart.asked("POST", address, **hidden, note="Seen."))
        way, _ = timed(self._wait)
        return _Acted(1000 * took, 1000 * way)

    def _wait(self) -> None:
        deadline = time.monotonic() + LONGEST_S
        while not self.is_done():
            if time.monotonic() > deadline:
                raise BenchFailure("An act did not reach the EHR.")
            time.sleep(LOOK_EVERY_S)


def _steps(charts: Sequence[_Chart]) -> Sequence[_Step]:
    """Of these charts, one chart after the other."""
    return [_Step(chart, key) for chart in charts for key in _keys(chart)]


def _keys(chart: _Chart) -> Sequence[str]:
    """Each once, in the order of the page."""
    offered = dict.fromkeys(_BUTTON.findall(chart.panel().text))
    return [key for key in offered if key_of(key) in chart.tasks][:ACTS_EACH]


def key_of(in_address: str) -> str:
    """A milestone's key, from its form in an address."""
    return KeyConverter(Map()).to_python(in_address)


def _while_running(sweep: Child, steps: Sequence[_Step]) -> Sequence[_Acted]:
    """As many of these as there is a sweep for."""
    acted = []
    for step in steps:
        one = step.done()
        if sweep.process.poll() is not None:
            break
        acted.append(one)
    if len(acted) < LEAST_BESIDE:
        raise BenchFailure(f"The sweep was over after {len(acted)} acts.")
    return acted

"""One EHR with one Milepost in it, and one Chromium, for all tests of this folder."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
from playwright.sync_api import Browser, Playwright, ViewportSize, sync_playwright

from deploy.demo import accounts
from deploy.demo.generator.__main__ import this_day
from deploy.demo.site import Site, prepared
from deploy.hapi.server import HapiServer
from deploy.services.chromium import options
from deploy.services.process import binary
from tests.live.browser.colleague import Colleague
from tests.live.browser.practice import Practice, entered
from tests.live.browser.visitor import Visitor
from tests.servers import RedisServer

ALLOWED, BLOCKED = 0, 1
"""Third-party cookies, as Chromium's own setting has them."""
START_MS = 180_000
DESK: ViewportSize = {"width": 1200, "height": 900}

PARTS = ("web", "people worker", "previewing worker")
"""Of Milepost: what shows, what reads for a launch and carries out an act, and what works out a preview."""


@dataclass
class Stage:
    """All that runs."""

    site: Site
    practice: Practice
    redis: redis.Redis
    _ehr: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def open(self) -> None:
        """The EHR answers."""
        self._ehr.enter_context(self.site.ehr_running())

    def close(self) -> None:
        """The EHR is gone."""
        self._ehr.close()

    def statements(self) -> list[tuple[str, str]]:
        """Everything that anybody said so far: of whom, and what."""
        with contextlib.closing(sqlite3.connect(f"file:{self.site.place.database}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT patient_ref, said FROM statement ORDER BY stored_at")
            return [(str(ref), str(said)) for ref, said in found]


@pytest.fixture(scope="session")
def stage(
    hapi: HapiServer,
    redis_process: RedisServer,
    redis_numbers: Iterator[int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    """Started once. Milepost polls seldom: what is to be seen at once comes from the launch itself, and from acts."""
    tag, url = f"web-{uuid.uuid4().hex[:8]}", redis_process.url(next(redis_numbers))
    practice = entered(hapi.base_url, tag, this_day())
    folder = tmp_path_factory.mktemp("site")
    rhythm = {"MILEPOST_POLL_SECONDS": "60", "MILEPOST_TICK_SECONDS": "60"}
    site = prepared(folder, hapi.base_url, url, tag=tag, first=practice.showcase, settings=rhythm)
    with contextlib.closing(redis.Redis.from_url(url)) as sessions:
        sessions.flushdb()
        made = Stage(site, practice, sessions)
        with contextlib.ExitStack() as held:
            held.callback(made.close)
            made.open()
            site.introduce()
            held.enter_context(site.milepost_running(*PARTS))
            yield made


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Its driver."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The machine's own."""
    launch = playwright.chromium.launch
    with contextlib.closing(launch(executable_path=binary("chromium"), args=options(), timeout=START_MS)) as browser:
        yield browser


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(chromium: Browser, stage: Stage) -> Iterator[Visit]:
    """A new profile at each call. At the end nobody may have complained, and nobody else have been asked."""
    with contextlib.ExitStack() as held:
        visitors: list[Visitor] = []

        def begin(**options: object) -> Visitor:
            chosen: dict[str, Any] = {"reduced_motion": "reduce", **options}  # Any: whatever Chromium is asked for
            context = held.enter_context(contextlib.closing(chromium.new_context(**chosen)))
            visitors.append(Visitor(context, stage.site))
            return visitors[-1]

        yield begin
        _nothing_left_over(visitors)


@pytest.fixture(params=[ALLOWED, BLOCKED], ids=["third-party cookies allowed", "third-party cookies blocked"])
def cookies(request: pytest.FixtureRequest, playwright: Playwright, stage: Stage, tmp_path: Path) -> Iterator[Visitor]:
    """A profile whose setting for third-party cookies is certain."""
    settings = tmp_path / "profile" / "Default" / "Preferences"
    settings.parent.mkdir(parents=True)
    chosen = {"cookie_controls_mode": request.param, "block_third_party_cookies": request.param == BLOCKED}
    settings.write_text(json.dumps({"profile": chosen}))
    context = playwright.chromium.launch_persistent_context(
        settings.parents[1], executable_path=binary("chromium"), args=options(), timeout=START_MS
    )
    with contextlib.closing(context):
        visitor = Visitor(context, stage.site)
        visitor.has_foreign_cookies = request.param == ALLOWED
        yield visitor
        _nothing_left_over([visitor])


@dataclass
class Staff:
    """The practice's people at the admin pages, by their accounts; each sets up the sign-in when asked for first, and keeps
    one browser for all tests."""

    chromium: Browser
    site: Site
    held: contextlib.ExitStack
    known: dict[str, Colleague] = field(default_factory=dict)

    def __call__(self, account: str) -> Colleague:
        """Signed in."""
        if account not in self.known:
            made = self.newcomer(account)
            made.sets_up(accounts.first_password(self.site.place) or "")
            self.known[account] = made
        return self.known[account]

    def newcomer(self, account: str) -> Colleague:
        """A browser that Milepost has not seen."""
        wished: dict[str, Any] = {"reduced_motion": "reduce", "viewport": DESK}  # Any: as above
        context = self.held.enter_context(contextlib.closing(self.chromium.new_context(**wished)))
        visitor = Visitor(context, self.site)
        return Colleague(visitor, account, context.new_page())


@pytest.fixture(scope="session")
def accounts_made(stage: Stage) -> None:
    """Those of the demo."""
    accounts.invite(stage.site.command, stage.site.place)


@pytest.fixture(scope="session")
def everybody(chromium: Browser, stage: Stage, accounts_made: None) -> Iterator[Staff]:
    """Nobody is signed in before they are asked for."""
    with contextlib.ExitStack() as held:
        yield Staff(chromium, stage.site, held)


@pytest.fixture
def staff(everybody: Staff) -> Iterator[Staff]:
    """At the end of each test none of their browsers may have complained."""
    yield everybody
    visitors = [one.visitor for one in everybody.known.values()]
    try:
        _nothing_left_over(visitors)
    finally:
        for visitor in visitors:
            visitor.forget()


def _nothing_left_over(visitors: list[Visitor]) -> None:
    for visitor in visitors:
        assert not visitor.left_over()
        assert not visitor.strangers

"""The panel in Chromium: opened from a chart of the demo EHR, timed until it is painted, and what that is on the
wire."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Frame, Page, Request, sync_playwright
from playwright.sync_api import Error as BrowserError

from deploy.bench.installation import BenchFailure
from deploy.demo.site import Site
from deploy.services.chromium import Fetched, options
from deploy.services.process import binary

LOGIN = "stubbins"
"""A coordinator, who may do everything with a plan."""
WITHIN_MS = 30_000
FOUND = 302
_PAINTED = "#panel[aria-busy=false] #strip"
_NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(Date.now()), 0)))"
_TOKEN = "sessionStorage.getItem('p:' + document.body.dataset.launch)"


@dataclass(frozen=True)
class Opened:
    """A panel that somebody has open. ``launch_ms`` runs from the first request to Milepost until the panel is painted;
    ``click_ms`` from the click on the chart, so that the EHR's own page is in it."""

    patient: str
    token: str
    launch_ms: float
    click_ms: float


@dataclass(frozen=True)
class Wire:
    """What came from Milepost, headers and all: bytes by address, from the launch to the painted panel."""

    fetched: Mapping[str, int]

    @property
    def kb(self) -> float:
        """A thousand bytes each."""
        return sum(self.fetched.values()) / 1000

    @property
    def requests(self) -> int:
        """That were sent."""
        return len(self.fetched)

    def since(self, path: str) -> "Wire":
        """From the first address with that path on."""
        addresses = list(self.fetched)
        first = next(place for place, address in enumerate(addresses) if path in address)
        return Wire({address: self.fetched[address] for address in addresses[first:]})


@dataclass(frozen=True)
class Desk:
    """Somebody who has logged in to the EHR, at a browser that has seen nothing yet."""

    context: BrowserContext
    site: Site

    def opens(self, patient: str) -> Opened:
        """Clicks on a chart, and waits for the panel in it. Nothing is in the browser's cache."""
        page = self.context.new_page()
        launches: list[Request] = []
        page.on("request", lambda request: launches.append(request) if self._is_launch(request) else None)
        page.goto(f"{self.site.ehr.url}/patients")
        clicked = page.evaluate("address => { location.href = address; return Date.now(); }", self.site.chart(patient))
        frame = self._painted(page)
        painted = float(frame.evaluate(_NEXT_FRAME))
        launch_ms = painted - launches[0].timing["startTime"]
        opened = Opened(patient, str(frame.evaluate(_TOKEN)), launch_ms, painted - float(clicked))
        page.goto("about:blank")
        return opened

    def wire(self, patient: str) -> Wire:
        """The same launch in a window of its own, where the browser tells of every byte."""
        asked = self.context.request.get(self.site.chart(patient)).text()
        address = asked.partition('<iframe class="panel" src="')[2].partition('"')[0].replace("&amp;", "&")
        page = self.context.new_page()
        fetched = Fetched(page)
        page.goto(address)
        page.wait_for_selector(_PAINTED)
        page.evaluate(_NEXT_FRAME)
        return Wire(fetched.of(self.site.web))

    def _is_launch(self, request: Request) -> bool:
        return request.url.startswith(f"{self.site.web}/launch?")

    def _painted(self, page: Page) -> Frame:
        handle = page.wait_for_selector("iframe.panel", state="attached")
        frame = handle.content_frame() if handle else None
        if frame is None:
            raise BenchFailure("The chart has no panel.")
        frame.wait_for_selector(_PAINTED)
        return frame


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=binary("chromium"), args=options())
        try:
            yield browser
        except BrowserError as failure:
            raise BenchFailure(f"The panel did not open: {failure.message.splitlines()[0]}") from failure
        finally:
            browser.close()


@contextmanager
def desk(browser: Browser, site: Site) -> Iterator[Desk]:
    """A profile of its own, logged in, while the block runs."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    try:
        context.set_default_timeout(WITHIN_MS)
        answer = context.request.post(f"{site.ehr.url}/login", form={"login": LOGIN}, max_redirects=0)
        if answer.status != FOUND:
            raise BenchFailure(f"The EHR let nobody in ({answer.status}).")
        yield Desk(context, site)
    finally:
        context.close()

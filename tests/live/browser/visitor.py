"""Somebody at a browser: logs in to the EHR, opens charts, and keeps an eye on everything that the browser complains
of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it brings no types
from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Error, Frame, Page, Request, Response, expect

from deploy.demo.site import Site
from tests.architecture.house import ROOT

SCREENSHOTS = ROOT / "build" / "screenshots"
SCHEMES: Sequence[Literal["light", "dark"]] = ("light", "dark")
WITHIN_MS = 60_000
FOUND = 302
_GRAVE = ("serious", "critical")
_AXE = {"resultTypes": ["violations"], "iframes": False}

_STATE = """() => [innerWidth, innerHeight, document.visibilityState, document.body.innerText.slice(0, 300),
    [...document.querySelectorAll("#panel, #cover, #strip")].map((part) =>
        [part.id, part.hidden, part.getAttribute("aria-busy"), part.getBoundingClientRect().width])]"""

expect.set_options(timeout=WITHIN_MS)


class Visitor:
    """One browser profile. What goes wrong in it is collected, and asked for at the end (``complaints``)."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        context.set_default_timeout(WITHIN_MS)
        self.context, self.site = context, site
        self.has_foreign_cookies: bool | None = None
        """Where the profile's setting was made, not left to the browser."""
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        """Requests to anybody but the EHR and Milepost."""
        self._known = {urlsplit(url).netloc for url in (site.ehr.url, site.web)}
        self._expected: list[str] = []
        self._answers: list[Response] = []
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        context.on("dialog", self._on_dialog)
        context.on("request", self._on_request)
        context.on("response", self._on_response)

    def expect_complaint(self, *words: str) -> None:
        """The browser itself complains of a refusal that a test provokes."""
        self._expected += words

    def left_over(self) -> Sequence[str]:
        """What nobody expected."""
        return [one for one in self.complaints if not any(words in one for words in self._expected)]

    def forget(self) -> None:
        """What happened so far, for a browser that is used by several tests."""
        for told in (self.complaints, self.strangers, self._expected, self._answers):
            told.clear()

    # ------------------------------------------------------------------------------------------------ the EHR
    def logs_in(self, login: str = "stubbins") -> None:
        """As one of the EHR's four people, without looking at its pages."""
        answer = self.context.request.post(f"{self.site.ehr.url}/login", form={"login": login}, max_redirects=0)
        assert answer.status == FOUND

    def chart(self, patient: str, page: Page | None = None) -> tuple[Page, Frame]:
        """The EHR's chart, and the panel in it, painted."""
        page = page or self.context.new_page()
        page.goto(self.site.chart(patient))
        return page, self.panel_in(page)

    def launch_of(self, patient: str) -> str:
        """The address with which the EHR opens Milepost in a chart."""
        asked = self.context.request.get(self.site.chart(patient)).text()
        address = asked.partition('<iframe class="panel" src="')[2].partition('"')[0]
        assert address.startswith(self.site.web), asked[:500]
        return address.replace("&amp;", "&")

    # --------------------------------------------------------------------------------------------- the panel
    def panel_in(self, page: Page, place: int = 0) -> Frame:
        """The frame of that place, when its panel is painted."""
        page.bring_to_front()  # what lies behind need not be laid out
        frame = page.locator("iframe.panel").nth(place).element_handle().content_frame()
        assert frame is not None
        return painted(frame)

    def alone(self, patient: str, page: Page | None = None) -> Page:
        """The same launch in a window of its own: easier to look at, and to measure."""
        page = page or self.context.new_page()
        page.goto(self.launch_of(patient))
        painted(page.main_frame)
        return page

    def said_to(self, frame: Frame, ours: str = "") -> str:
        """Everything that Milepost answered in this frame: every body, every address."""
        heard: list[str] = []
        for answer in self._answers:
            with _gone_pages():
                if answer.frame == frame and answer.url.startswith(ours or self.site.web):
                    heard.append(answer.url)
                    heard.append(answer.text())
        return "\n".join(heard)

    # --------------------------------------------------------------------------------------------- what went wrong
    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _on_response(self, answer: Response) -> None:
        self._answers.append(answer)

    def _on_dialog(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc not in self._known:
            self.strangers.append(request.url)


@contextmanager
def _gone_pages() -> Iterator[None]:
    """A page that was left has no body any more; what stood in it was read before, or held nothing."""
    try:
        yield
    except Error:
        return


def painted(frame: Frame) -> Frame:
    """When the panel is there; whose it is stands on top."""
    try:
        frame.wait_for_selector("#panel[aria-busy=false] #strip", state="attached")
        frame.page.screenshot()  # Chromium may leave another site's frame without a layout until somebody looks
        frame.wait_for_selector("#panel[aria-busy=false] #strip")
    except Error as error:
        raise AssertionError(f"The panel was not painted. {frame.url} has {frame.evaluate(_STATE)}") from error
    return frame


def token_of(frame: Frame) -> str:
    """The panel's token, which only this tab has."""
    found = frame.evaluate("sessionStorage.getItem('p:' + document.body.dataset.launch)")
    assert isinstance(found, str)
    return found


def keys_of(frame: Frame) -> Mapping[str, str]:
    """Where Redis keeps this panel's session."""
    token, launch = token_of(frame), str(frame.evaluate("document.body.dataset.launch"))
    secrets = {"session": token, "tokens": token, "launch": launch}
    return {
        kind: f"milepost.panel.{kind}.{hashlib.sha256(secret.encode()).hexdigest()}" for kind, secret in secrets.items()
    }


def findings(page: Page, *, where: str, within: str | None = None, rules: Sequence[str] = ()) -> list[str]:
    """What axe finds that keeps somebody out, on the whole page or within one part of it; by these rules, else by all."""
    found = Axe().run(page, context=within, options={**_AXE, **({"runOnly": list(rules)} if rules else {})})
    return [
        f"{where}: {one['id']} ({one['impact']}) at {node['target']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found.response["violations"]
        if one["impact"] in _GRAVE
        for node in one["nodes"]
    ]


def by_day_and_by_night(page: Page, *, where: str) -> list[str]:
    """What axe finds on the whole page in light, and of its colours in the dark, too."""
    found = findings(page, where=f"{where}, light")
    page.emulate_media(color_scheme="dark")
    found += findings(page, where=f"{where}, dark", rules=["color-contrast"])
    page.emulate_media(color_scheme="light")
    return found


def open_all(page: Page, which: str = "details") -> None:
    """Everything that can be unfolded, when what is fetched for it has come."""
    page.evaluate("(which) => document.querySelectorAll(which).forEach((part) => { part.open = true; })", which)
    expect(page.locator(".mp-why[open] .mp-slow")).to_have_count(0)


def picture(page: Page, name: str, selector: str | None = None) -> Path:
    """Kept for whoever looks at the run: the whole page, or one part of it."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    if selector is None:
        page.screenshot(path=path, full_page=True)
    else:
        page.locator(selector).first.screenshot(path=path)
    return path

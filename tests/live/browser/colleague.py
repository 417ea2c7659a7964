"""Somebody at the admin pages: an account of the practice, an authenticator app, and a browser of their own."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urljoin

import pyotp
from playwright.sync_api import APIResponse, Locator, Page, expect

from tests.live.browser.visitor import Visitor, by_day_and_by_night, picture

PASSWORD = "four plain synthetic words"
STEP_S = 30


@dataclass
class Authenticator:
    """The app on the telephone. A code is good once, and one step of tolerance is given to either side: so there are two in
    a row before anybody has to wait."""

    secret: str
    _last: int = 0

    def code(self) -> str:
        """The next one that is good."""
        step = max(self._last + 1, self._now())
        while step > self._now() + 1:
            time.sleep(0.2)
        self._last = step
        return pyotp.TOTP(self.secret).generate_otp(step)

    @staticmethod
    def _now() -> int:
        return int(time.time()) // STEP_S


@dataclass
class Colleague:
    """``account`` is what is typed at the sign-in. One page, which is used for everything."""

    visitor: Visitor
    account: str
    page: Page
    app: Authenticator = field(default_factory=lambda: Authenticator(""))

    @property
    def site(self) -> str:
        """The origin of Milepost's pages."""
        return self.visitor.site.web

    def goes_to(self, path: str) -> Page:
        """A page by its address."""
        self.page.goto(urljoin(self.site, path))
        return self.page

    def sets_up(self, first_password: str) -> None:
        """The first sign-in and all that it asks for, without looking at the pages."""
        self._sent("/admin/sign-in", name=self.account, password=first_password, code="")
        self.goes_to("/admin/sign-in/set-up")
        self.app = Authenticator(key_on(self.page))
        csrf = self.page.locator("form [name=csrf]").first.input_value()
        wanted = {"csrf": csrf, "password": PASSWORD, "again": PASSWORD, "code": self.app.code()}
        assert "recovery" in self._sent("/admin/sign-in/set-up", **wanted).text()

    def signs_in(self, code: str | None = None) -> None:
        """As on any other day, or with a recovery code."""
        fill(self.goes_to("/admin/sign-in"), name=self.account, password=PASSWORD, code=code or self.app.code())
        press(self.page, "Sign in")

    def tries(self, password: str, code: str) -> int:
        """A sign-in beside the browser's pages; the status of its answer."""
        return self._answer("/admin/sign-in", name=self.account, password=password, code=code).status

    def proves(self) -> None:
        """Password and code once more, on the page that asks for them."""
        expect(self.page.locator("h1")).to_have_text("Password and code once more")
        fill(self.page, proof_password=PASSWORD, proof_code=self.app.code())
        press(self.page, "Go on")

    def _sent(self, path: str, **form: str) -> APIResponse:
        answer = self._answer(path, **form)
        assert answer.status in (HTTPStatus.OK, HTTPStatus.SEE_OTHER), answer.text()
        return answer

    def _answer(self, path: str, **form: str) -> APIResponse:
        sent: dict[str, str | float | bool] = {**form}
        headers, request = {"Origin": self.site}, self.visitor.context.request
        return request.post(urljoin(self.site, path), form=sent, headers=headers, max_redirects=0)


def key_on(page: Page) -> str:
    """What is typed into an authenticator app where there is no camera."""
    return str(page.locator("code.mp-key").text_content()).strip()


def seen(page: Page, name: str) -> None:
    """A picture of the page, in which nothing keeps anybody out."""
    picture(page, f"admin-{name}")
    assert by_day_and_by_night(page, where=name) == []


def fill(page: Page | Locator, **fields: str) -> None:
    """Text into fields, by their names."""
    for name, value in fields.items():
        page.locator(f"[name='{name}']").fill(value)


def press(page: Page | Locator, words: str) -> None:
    """The button or link that says this."""
    page.get_by_role("button", name=words, exact=True).or_(page.get_by_role("link", name=words, exact=True)).click()


def heading(page: Page, words: str) -> None:
    """The page is the one with this title."""
    expect(page.locator("h1")).to_contain_text(words)

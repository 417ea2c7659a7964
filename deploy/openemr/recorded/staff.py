"""Somebody at the recorded OpenEMR's pages, from Python: logs in, opens charts, launches an app and lets it in."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from http.cookies import SimpleCookie
from urllib.parse import urljoin

import requests

from deploy.openemr.recorded.pages_login import CHART

ANSWER_S = 30.0
MOST_STEPS = 12
_FORM = re.compile(r'<form method="post"[^>]* action="([^"]+)"')
_FIELD = re.compile(r'<input[^>]* name="([^"]+)"(?:[^>]* value="([^"]*)")?')
_SCOPE = re.compile(r'data-scope="([^"]+)"')
Fields = Mapping[str, str | Sequence[str]]


class NotThere(Exception):
    """The page has not what was looked for."""


class Staff:
    """A browser of its own. OpenEMR's cookies are Secure, also over http, which requests would not send back to this
    machine as a browser does; so they are kept here."""

    def __init__(self, base_url: str, username: str, password: str = "pass") -> None:  # nosec B107  # the demonstration's
        self.base_url = base_url
        self._who = {"username": username, "password": password}
        self._session = requests.Session()
        self._session.trust_env = False
        self._cookies: dict[str, str] = {}

    def log_in(self) -> None:
        """To OpenEMR's own pages."""
        form = {"authUser": self._who["username"], "clearPass": self._who["password"]}
        self.post("/interface/main/main_screen.php?auth=login&site=default", form)

    def open_chart(self, pid: int) -> str:
        """The chart's page; it is the session's patient from now on."""
        return self.get(f"{CHART}?set_pid={pid}").text

    def launch(self, app: str, chart: str) -> str:
        """Clicks "Launch" in a chart that was opened before: the app's own launch address, or the login's."""
        found = re.search(rf'data-launch="{re.escape(html.escape(app))}" href="([^"]+)"', chart)
        if found is None:
            raise NotThere(f"no button for {app}")
        return self.get(html.unescape(found[1])).headers["Location"]

    def let_in(self, authorize: str, *, patient: str | None = None, refuse: bool = False) -> str:
        """Follows an app's question to its end, with login, picker and consent where they are asked for: the address at the
        app that the browser is sent to."""
        answer = self.get(authorize)
        for _ in range(MOST_STEPS):
            location = answer.headers.get("Location")
            if location is None:
                answer = self._filled_in(answer.text, patient, refuse=refuse)
            elif not urljoin(self.base_url, location).startswith(f"{self.base_url}/"):
                return location
            else:
                answer = self.get(location)
        raise NotThere("an end of the login")

    def get(self, address: str) -> requests.Response:
        """One request; nothing is followed."""
        return self._asked("GET", address, {})

    def post(self, address: str, form: Fields) -> requests.Response:
        """One request; nothing is followed."""
        return self._asked("POST", address, form)

    def _filled_in(self, page: str, patient: str | None, *, refuse: bool) -> requests.Response:
        """The page's last form, filled in and sent."""
        actions = _FORM.findall(page)
        if not actions:
            raise NotThere("a form, or the end of the login")
        fields: dict[str, str] = {html.unescape(name): html.unescape(value) for name, value in _FIELD.findall(page)}
        fields = {name: value for name, value in fields.items() if not name.startswith("search[")}
        if "username" in fields:
            fields |= {**self._who, "user_role": "api"}
        elif "patient_id" in fields:
            fields["patient_id"] = patient or fields["patient_id"]
        elif fields:
            fields |= {f"scope[{scope}]": scope for scope in map(html.unescape, _SCOPE.findall(page))}
            fields["deny" if refuse else "proceed"] = "1"
        return self.post(html.unescape(actions[-1]), fields)

    def _asked(self, method: str, address: str, form: Fields) -> requests.Response:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        response = self._session.request(
            method,
            urljoin(f"{self.base_url}/", address),
            data=form,
            headers={"Cookie": cookies},
            timeout=ANSWER_S,
            allow_redirects=False,
        )
        self._session.cookies.clear()
        for line in response.raw.headers.getlist("Set-Cookie"):
            self._cookies |= {name: one.value for name, one in SimpleCookie(line).items()}
        return response

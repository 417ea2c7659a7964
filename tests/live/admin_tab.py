"""A browser at the admin pages of a running installation: the requests that it sends, with the cookie that it was
given."""

import re
from html import unescape

import pyotp
import requests

from plugin.domain.account import Account
from plugin.usecases.services import Services


def with_account(services: Services, name: str, password: str, secret: str, *roles: str) -> None:
    """A local account that is set up."""
    new = Account(
        person_id=0,
        name=name,
        password_hash=services.passwords.hash(password),
        totp_secret=secret,
        must_change=False,
    )
    now = services.clock()
    with services.database.begin() as uow:
        person = uow.accounts.add(new, "Demo-Canary, Ada", now, "the test")
        uow.people.grant(person, list(roles), now, "the test")
        uow.commit()


class AdminTab:
    """One browser. Its cookie is sent by hand: a `Secure` one does not go over plain HTTP by itself."""

    def __init__(self, web: str) -> None:
        self._web = web
        self._session = requests.Session()
        self._session.trust_env = False
        self.cookie = self.csrf = ""

    def sign_in(self, name: str, password: str, secret: str) -> requests.Response:
        """By name, password and the code of now."""
        form = {"name": name, "password": password, "code": pyotp.TOTP(secret).now()}
        answer = self._send("POST", "/admin/sign-in", form)
        found = re.search(r"__Host-milepost=([^;]+)", answer.headers.get("Set-Cookie", ""))
        if found:
            self.cookie = found[1]
            token = re.search(r'name="csrf" (?:value|content)="([^"]+)"', self.get("/admin/me").text)
            assert token is not None
            self.csrf = unescape(token[1])
        return answer

    def get(self, path: str) -> requests.Response:
        """A page."""
        return self._send("GET", path)

    def post(self, path: str, **form: str) -> requests.Response:
        """A form of the session."""
        return self._send("POST", path, {"csrf": self.csrf, **form})

    def _send(self, method: str, path: str, form: dict[str, str] | None = None) -> requests.Response:
        headers = {"Origin": self._web, **({"Cookie": f"__Host-milepost={self.cookie}"} if self.cookie else {})}
        return self._session.request(
            method, f"{self._web}{path}", data=form, headers=headers, timeout=60, allow_redirects=False
        )

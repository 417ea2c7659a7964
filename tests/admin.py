"""The admin pages as a browser uses them: signed in through the real sign-in, with the cookie and the form token."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import Any, cast

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.app import create_app
from plugin.domain.account import Account
from plugin.domain.permissions import Role
from plugin.usecases.services import Services
from tests.builders import World
from tests.fake_sign_in import FakeCodes
from tests.fakes import FakeClock

OURS = "https://milepost.test"
PASSWORD = "four plain synthetic words"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_CSRF = re.compile(r'name="csrf" (?:value|content)="([^"]+)"')


@dataclass
class AdminClient:
    """A browser at the admin pages. ``get`` and ``post`` as Flask's client has them; ``post`` adds the session's form token
    and the headers that a browser sets, unless they are given."""

    client: FlaskClient
    services: Services
    name: str
    person_id: int
    form_token: str = ""
    """What ``post`` sends without looking at a page first; empty: it looks."""

    def get(self, path: str, **options: Any) -> TestResponse:  # Any: what Flask's client takes
        return self.client.get(path, base_url=OURS, **options)

    def post(
        self, path: str, data: Mapping[str, object] | None = None, **options: Any
    ) -> TestResponse:  # Any: as above
        headers = {"Origin": OURS, **options.pop("headers", {})}
        form = {"csrf": self.form_token or self.csrf, **(data or {})}
        return self.client.post(path, data=form, headers=headers, base_url=OURS, **options)

    @property
    def csrf(self) -> str:
        """Of the session, as a page of it shows it."""
        found = _CSRF.search(self.get("/admin/me").text)
        return unescape(found[1]) if found else ""

    @property
    def who(self) -> str:
        """As audit rows name this person."""
        return f"user:{self.person_id}"

    def code(self) -> str:
        """What the authenticator app shows now."""
        return code_now(self.services)

    def prove(self) -> None:
        """Password and code once more, half a minute later: a code is good once."""
        cast(FakeClock, self.services.clock).forward(seconds=30)
        answer = self.post("/admin/prove", {"proof_password": PASSWORD, "proof_code": self.code()})
        assert answer.status_code == 303, answer.text


def code_now(services: Services, secret: str = SECRET) -> str:
    """What an authenticator app with this secret shows now."""
    return cast(FakeCodes, services.one_time_codes).code(secret, services.clock())


def with_tokens(world: World) -> Services:
    """The world's services, with tokens that differ."""
    if world.services.token() == world.services.token():
        world.services = replace(world.services, token=lambda: secrets.token_urlsafe(32))
    return world.services


def an_account(
    services: Services, name: str = "demo-lee", *, roles: Sequence[str] = (), person_name: str = "Demo-Lee, Robin"
) -> int:
    """The person's id of an account that is set up."""
    new = Account(
        person_id=0,
        name=name,
        password_hash=services.passwords.hash(PASSWORD),
        totp_secret=SECRET,
        must_change=False,
    )
    with services.database.begin() as uow:
        person = uow.accounts.add(new, person_name, services.clock(), "the test")
        uow.people.grant(person, list(roles), services.clock(), "the test")
        uow.commit()
    return person.id


def signed_in_client(
    world: World,
    *,
    roles: Sequence[str] = (Role.ADMINISTRATOR.value,),
    name: str = "demo-lee",
    person_name: str = "Demo-Lee, Robin",
    client: FlaskClient | None = None,
) -> AdminClient:
    """Somebody with these roles, signed in by name, password and code; a person of their own for each ``name``. With
    ``client`` in that browser, else in a new one of an app of its own."""
    services = with_tokens(world)
    with services.database.begin(reading=True) as uow:
        known = uow.accounts.by_name(name)
    person_id = known.person_id if known else an_account(services, name, roles=roles, person_name=person_name)
    browser = client or create_app(services).test_client()
    form = {"name": name, "password": PASSWORD, "code": code_now(services)}
    answer = browser.post("/admin/sign-in", data=form, headers={"Origin": OURS}, base_url=OURS)
    assert answer.status_code == 303, answer.text
    return AdminClient(browser, services, name, person_id)

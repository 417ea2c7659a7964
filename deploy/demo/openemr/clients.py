"""Milepost at OpenEMR's door: registered by its own texts, and let in by OpenEMR's administrator on the page for
that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from deploy.demo.command import Command
from deploy.demo.screen import StepFailed
from deploy.openemr.recorded.pages_admin import API_CLIENTS
from deploy.openemr.recorded.staff import Staff

ADMINISTRATOR = "admin"
ANSWER_S = 30.0
OK = 200
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True)
class Client:
    """What a registration was answered with."""

    id: str
    secret: str = field(repr=False)


def registered(command: Command, source: str, fhir_base: str) -> Mapping[str, Client]:
    """The three clients, by what `milepost source registration` calls them: ``panel``, ``reading``, ``messages``."""
    said = command.answer("source", "registration", source, fhir_base)
    return {one["name"]: _register(said["endpoint"], one["body"]) for one in said["clients"]}


def let_in(base_url: str, clients: Mapping[str, Client]) -> None:
    """As its administrator does it: each is enabled, and the panel's launch asks nobody to log in once more."""
    admin = Staff(base_url, ADMINISTRATOR)
    admin.log_in()
    word = _CSRF.search(admin.get(API_CLIENTS).text)
    if word is None:
        raise StepFailed("OpenEMR's page for API clients did not open.")
    for name, one in clients.items():
        ticked = {"is_enabled": "on", **({"skips_login": "on"} if name == "panel" else {})}
        admin.post(f"{API_CLIENTS}/{one.id}", {"csrf": word[1], **ticked})


def _register(endpoint: str, body: str) -> Client:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(
            endpoint, data=body, headers={"Content-Type": "application/json"}, timeout=ANSWER_S, allow_redirects=False
        )
    if answer.status_code != OK:
        raise StepFailed(f"OpenEMR did not register Milepost (status {answer.status_code}).")
    said: dict[str, Any] = answer.json()  # Any: JSON
    return Client(said["client_id"], said.get("client_secret", ""))

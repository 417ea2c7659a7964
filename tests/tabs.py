"""Browsers that launch a panel as its pages' scripts do, and the EHRs that they come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.domain.issuer import ClientAuth, Issuer

OURS = "https://milepost.test"
BASE = "https://ehr.test/fhir"


def an_issuer(slug: str = "ehr", **changes: object) -> Issuer:
    """An EHR at ``https://<slug>.test``, whose people are coordinators at least."""
    issuer = Issuer(
        id=0,
        slug=slug,
        fhir_base=f"https://{slug}.test/fhir",
        source="main",
        client_id="milepost",
        client_auth=ClientAuth.PUBLIC,
        oidc_issuer=f"https://{slug}.test",
        ehr_origins=(f"https://chart.{slug}.test", f"https://shell.{slug}.test"),
        allowed_hosts=(f"{slug}.test",),
        least_role="coordinator",
    )
    return replace(issuer, **changes)  # type: ignore[arg-type]  # keywords of an Issuer


@dataclass
class Browser:
    """One browser's tab: what its scripts keep, and what they send."""

    client: FlaskClient
    kept: dict[str, str] = field(default_factory=dict)

    def open(self, path: str = f"/launch?iss={BASE}&launch=xyz") -> TestResponse:
        """Follows a launch up to the EHR."""
        answer = self.client.get(path)
        told = {name: unescape(value) for name, value in re.findall(r'data-(\w+)="([^"]*)"', answer.text)}
        if "state" in told:
            self.kept[told["state"]] = told["secret"]
        return answer

    @property
    def state(self) -> str:
        """Of the newest launch."""
        return list(self.kept)[-1]

    def come_back(self, *, origin: str | None = OURS, **told: str) -> TestResponse:
        """What the callback's script sends; a keyword changes or adds a field."""
        body = {"issuer": "ehr", "state": self.state, "secret": self.kept[self.state], "code": "a-code", **told}
        headers = {} if origin is None else {"Origin": origin}
        return self.client.post("/session", json=body, headers=headers)

    def enter(self, path: str = f"/launch?iss={BASE}&launch=xyz", issuer: str = "ehr") -> Mapping[str, str]:
        """All the way: the token, and the launch's id."""
        self.open(path)
        answer = self.come_back(issuer=issuer)
        assert answer.status_code == 200, answer.text
        opened: Mapping[str, str] = answer.get_json()
        return opened


def shown(token: str) -> dict[str, str]:
    """The header that the panel's script sets."""
    return {"Authorization": f"Bearer {token}"}

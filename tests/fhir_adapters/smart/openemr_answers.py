"""An OpenEMR in `responses` that answers from the recordings: its discovery as it was, and to each form what a test
names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import requests
import responses
from joserfc import jwt

from tests.fakes import START
from tests.fhir_adapters.smart.authority import rsa

SITE = "http://localhost:8080"
BASE = f"{SITE}/apis/default/fhir"
OAUTH = f"{SITE}/oauth2/default"
PATIENT = "a3485482-24af-481b-bf44-53d5f3d8918c"

_FIXTURES = Path(__file__).parents[2] / "fixtures" / "openemr"

Json = dict[str, Any]  # Any: JSON at the edge


@cache
def _file(number: int) -> str:
    return next(_FIXTURES.glob(f"{number:03}-*.json")).read_text()


def recorded(number: int) -> tuple[int, Any]:  # Any: a body
    """Status and body of a recording."""
    answer = json.loads(_file(number))["response"]
    return answer["status"], answer["body"]


@dataclass
class OpenEmrAnswers:
    """``answers`` are numbers of recordings, for one form each, in order; the last one stays. ``claims`` change what its
    id_token holds; ``patient`` is what a read of the patient gets."""

    answers: list[int]
    claims: Json = field(default_factory=dict)
    patient: tuple[int, object] = field(default_factory=lambda: recorded(83))
    forms: list[Mapping[str, str]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def id_token(self, client_id: str, nonce: str) -> str:
        """As recording 295: no ``kid``, an absolute ``fhirUser``, a Person for somebody without an NPI."""
        now = int(START.timestamp())
        as_recorded = json.loads(_file(295))["id_token_claims"]
        times = {"iat": now, "exp": now + 3600, "aud": client_id, "nonce": nonce}
        claims = {**as_recorded, **times, **self.claims}
        return jwt.encode({"typ": "JWT", "alg": "RS256"}, claims, rsa(), algorithms=["RS256"])


@contextmanager
def answering(openemr: OpenEmrAnswers, client_id: str = "panel", nonce: str = "the-nonce") -> Iterator[OpenEmrAnswers]:
    """While the block runs."""
    public = rsa().as_dict(private=False)
    keys = {"keys": [{"kty": "RSA", "n": public["n"], "e": public["e"], "use": "sig"}]}

    def token(request: requests.PreparedRequest) -> tuple[int, Json, str]:
        body = request.body or b""
        openemr.forms.append(dict(parse_qsl(body.decode() if isinstance(body, bytes) else body)))
        openemr.headers.append(dict(request.headers))
        number = openemr.answers.pop(0) if len(openemr.answers) > 1 else openemr.answers[0]
        status, said = recorded(number)
        placed = {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}"}
        placed["id_token"] = openemr.id_token(client_id, nonce)
        return status, {}, json.dumps({name: placed.get(name, value) for name, value in said.items()})

    def patient(request: requests.PreparedRequest) -> tuple[int, Json, str]:
        status, said = openemr.patient
        return status, {"Content-Type": "application/json"}, said if isinstance(said, str) else json.dumps(said)

    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{BASE}/.well-known/smart-configuration", json=recorded(2)[1])
        mock.get(f"{OAUTH}/.well-known/openid-configuration", json=recorded(3)[1])
        mock.get(f"{OAUTH}/jwk", json=keys)
        mock.add_callback("POST", f"{OAUTH}/token", token)
        mock.add_callback("GET", f"{BASE}/Patient/{PATIENT}", patient)
        yield openemr
        openemr.asked.extend(str(call.request.url) for call in mock.calls)

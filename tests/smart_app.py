"""An app of the demo EHR, as its tests play one: registrations, PKCE, assertions, launches and what is said to them."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from werkzeug.test import TestResponse

from deploy.demo.ehr.app import create_app
from deploy.demo.ehr.clients import Client, Proof
from deploy.demo.ehr.parts import Parts

EHR = "http://127.0.0.1:18800"
TOKEN = f"{EHR}/auth/token"
BACK = "http://localhost:18790/callback/demo"
NOW = 1_795_600_000.0
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPES = ("launch", "launch/patient", "openid", "fhirUser", "online_access", "offline_access", "patient/*.rs")
KEY = ECKey.generate_key("P-384", {"kid": "es", "use": "sig", "alg": "ES384"}, auto_kid=False)
RSA = RSAKey.generate_key(2048, {"kid": "rs", "use": "sig", "alg": "RS384"}, auto_kid=False)
PUBLIC = {"keys": [KEY.as_dict(private=False), RSA.as_dict(private=False)]}
VERIFIER = "v" * 64
Said = dict[str, Any]  # JSON


@dataclass
class Clock:
    """Seconds since 1970, as a test turns them."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


def challenge(verifier: str = VERIFIER) -> str:
    """RFC 7636, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def registered(proof: Proof, **other: Any) -> Client:  # Any: whatever field of Client
    """A client by that proof."""
    proofs: Mapping[Proof, Said] = {
        Proof.PUBLIC: {},
        Proof.SECRET: {"secret": "p:w%d/1"},
        Proof.KEY: {"jwks": PUBLIC},
    }
    known: Said = {
        "id": f"app-{proof.value}",
        "name": "An app",
        "proof": proof,
        "scopes": (*SCOPES, "system/*.rs", "system/Task.cruds"),
        "redirect_uris": (BACK,),
        "launch_url": "http://localhost:18790/launch",
        "standalone_url": "http://localhost:18790/standalone/demo",
    }
    return Client(**{**known, **proofs[proof], **other})


def assertion(
    client: str,
    other: Mapping[str, object] | None = None,
    *,
    key: ECKey | RSAKey = KEY,
    alg: str = "ES384",
    kid: str = "es",
) -> str:
    """A client assertion; ``other`` replaces claims, and None leaves one out."""
    usual: Said = {"iss": client, "sub": client, "aud": TOKEN, "exp": NOW + 240, "jti": secrets.token_urlsafe(8)}
    claims = {name: value for name, value in {**usual, **(other or {})}.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": kid, "typ": "JWT"}, claims, key, algorithms=[alg])


def query_of(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def browser(ehr: Parts) -> FlaskClient:
    """A browser that knows the EHR under its own name."""
    app = create_app(ehr)
    app.testing = True
    app.config["SERVER_NAME"] = EHR.removeprefix("http://")
    return app.test_client()


@dataclass
class App:
    """One client at work, in a browser (``web``) and from its own server (which keeps no cookies)."""

    ehr: Parts
    web: FlaskClient
    client: Client
    asks: Said = field(default_factory=dict)
    """Parameters of the authorization request that are other than usual; None leaves one out."""

    def proof(self) -> tuple[Said, dict[str, str]]:
        """Form and headers by which it shows who it is."""
        if self.client.proof is Proof.KEY:
            return {
                "client_assertion_type": ASSERTION,
                "client_assertion": assertion(self.client.id, {"exp": self.ehr.clock() + 240}),
            }, {}
        if self.client.proof is Proof.SECRET:
            pair = base64.b64encode(f"{self.client.id}:p%3Aw%25d%2F1".encode()).decode()
            return {}, {"Authorization": f"Basic {pair}"}
        return {"client_id": self.client.id}, {}

    def token(self, **form: object) -> TestResponse:
        """One request to the token endpoint."""
        proof, headers = self.proof()
        with self.ehr_client() as server:
            return server.post("/auth/token", data={**proof, **form}, headers=headers)

    def ehr_client(self) -> FlaskClient:
        """The app's own server: no cookies."""
        return self.web.application.test_client(use_cookies=False)

    def authorize(self, launch: str | None = None) -> TestResponse:
        """One question to the authorization endpoint, in the browser."""
        usual: Said = {
            "response_type": "code",
            "client_id": self.client.id,
            "redirect_uri": BACK,
            "scope": "launch openid fhirUser online_access patient/*.rs",
            "state": "s" * 43,
            "aud": f"{EHR}/fhir",
            "code_challenge": challenge(),
            "code_challenge_method": "S256",
            "nonce": "n-1",
            "launch": launch,
        }
        asked = {name: value for name, value in {**usual, **self.asks}.items() if value is not None}
        return self.web.get("/auth/authorize", query_string=asked)

    def code(self, patient: str = "a") -> str:
        """The code that comes of a launch in that patient's chart."""
        return query_of(self.authorize(self.launch(patient)).location)["code"]

    def launch(self, patient: str = "a", login: str = "samplewright") -> str:
        """The launch word of a chart that somebody opens."""
        person = self.ehr.person(self._cookie())
        if person is None or person.login != login:
            self.log_in(login)
            person = self.ehr.person(self._cookie())
        assert person is not None
        return query_of(self.ehr.launch(self.client, patient, self._cookie(), person))["launch"]

    def _cookie(self) -> str:
        found = self.web.get_cookie(self.ehr.cookie, domain="127.0.0.1")
        return found.value if found else ""

    def log_in(self, login: str = "samplewright") -> None:
        """As one of the four."""
        assert self.web.post("/login", data={"login": login}).status_code == 302

    def redeem(self, code: str, **other: object) -> TestResponse:
        """The code for tokens."""
        usual = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        return self.token(**{**usual, **other})

    def tokens(self, patient: str = "a") -> Said:
        """A whole launch."""
        answer = self.redeem(self.code(patient))
        assert answer.status_code == 200, answer.text
        said: Said = json.loads(answer.data)
        return said

    def refresh(self, word: str) -> TestResponse:
        """New tokens for a refresh token."""
        return self.token(grant_type="refresh_token", refresh_token=word)

    def fhir(
        self, token: str | None, path: str, method: str = "GET", **more: Any
    ) -> TestResponse:  # Any: of the client
        """One request to the proxy."""
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **more.pop("headers", {})}
        with self.ehr_client() as server:
            return server.open(f"/fhir/{path}", method=method, headers=headers, **more)

    def system(self, scope: str = "system/*.rs system/Task.cruds") -> str:
        """A token of Backend Services."""
        answer = self.token(grant_type="client_credentials", scope=scope)
        assert answer.status_code == 200, answer.text
        return str(json.loads(answer.data)["access_token"])

"""An authorization server in `responses`: it says what a test wants it to say, and nobody else is ever answered."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import requests
import responses
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from plugin.domain.issuer import ClientAuth, Issuer
from plugin.domain.launch import PendingLaunch, Tokens
from tests.fakes import START

BASE = "https://ehr.test/fhir"
AUTH = "https://auth.test"
TOKEN = f"{AUTH}/token"
REDIRECT_URI = "https://milepost.test/callback/main"
EVIL = "https://evil.test"

Json = dict[str, Any]  # Any: JSON at the edge
Key = RSAKey | ECKey


@cache
def rsa(name: str = "r1") -> RSAKey:
    """Made once for each name: it takes a moment."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"})


@cache
def elliptic(name: str = "e1") -> ECKey:
    return ECKey.generate_key("P-384", {"kid": name, "use": "sig"})


def an_issuer(**changes: Any) -> Issuer:  # Any: fields of an issuer
    fields: Json = {
        "id": 1,
        "slug": "main",
        "fhir_base": BASE,
        "source": "main",
        "client_id": "milepost",
        "client_auth": ClientAuth.PUBLIC,
        "oidc_issuer": AUTH,
        "ehr_origins": ("https://ehr.test",),
        "allowed_hosts": ("auth.test",),
    }
    return Issuer(**{**fields, **changes})


PENDING = PendingLaunch(issuer="main", verifier="v" * 64, nonce="the-nonce", secret_hash="0" * 64, begun_at=START)
TOKENS = Tokens(access="old-access", refresh="old-refresh", expires_at=START, scopes=("patient/Patient.r",))


@dataclass
class Authority:
    """What it says: ``smart`` and ``openid`` are its discovery, ``keys`` its JWKS, ``answer`` and ``status`` what a form
    gets, ``claims`` what its id_token holds. ``asked`` has every request: method, address, form."""

    smart: Json = field(
        default_factory=lambda: {
            "authorization_endpoint": f"{AUTH}/authorize",
            "token_endpoint": TOKEN,
            "revocation_endpoint": f"{AUTH}/revoke",
            "code_challenge_methods_supported": ["S256"],
            "capabilities": ["launch-ehr", "permission-v2"],
        }
    )
    openid: Json = field(default_factory=lambda: {"issuer": AUTH, "jwks_uri": f"{AUTH}/keys"})
    keys: list[Json] = field(default_factory=lambda: [public(rsa())])
    claims: Json = field(
        default_factory=lambda: {
            "iss": AUTH,
            "aud": "milepost",
            "sub": "sub-1",
            "nonce": PENDING.nonce,
            "iat": int(START.timestamp()),
            "exp": int(START.timestamp()) + 300,
            "fhirUser": "Practitioner/nurse-1",
            "name": "Demo-Nurse, Nora",
        }
    )
    answer: Json = field(
        default_factory=lambda: {
            "access_token": "new-access",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "launch openid fhirUser patient/Patient.r",
            "patient": "p1",
        }
    )
    status: int = 200
    id_token: str | None = None
    """In place of the one that its own key signs."""
    resources: dict[str, Json] = field(default_factory=dict)
    refuses: int | None = None
    """With which status it refuses to show resources."""
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    mock: Any = None  # Any: `responses` has no types; to add answers of other addresses

    def signed(self, key: Key | None = None, algorithm: str = "RS256", **header: str) -> str:
        """An id_token of the present claims."""
        using = key or rsa()
        return jwt.encode({"alg": algorithm, "kid": using.kid, **header}, self.claims, using, algorithms=[algorithm])

    def posted(self) -> list[Mapping[str, str]]:
        """The forms that it got."""
        return [form for method, _, form in self.asked if method == "POST"]

    def places(self) -> list[str]:
        return [address for _, address, _ in self.asked]


def public(key: Key) -> Json:
    return dict(key.as_dict(private=False))


@contextmanager
def answering(authority: Authority) -> Iterator[Authority]:
    """While the block runs. What is asked of any other address is a ConnectionError."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        authority.mock = mock

        def says(document: Callable[[], object]) -> Callable[[requests.PreparedRequest], tuple[int, Json, str]]:
            def answer(request: requests.PreparedRequest) -> tuple[int, Json, str]:
                _note(authority, request)
                said = document()
                return (200 if said is not None else 404), {}, json.dumps(said)

            return answer

        mock.add_callback("GET", f"{BASE}/.well-known/smart-configuration", says(lambda: authority.smart))
        mock.add_callback("GET", f"{AUTH}/.well-known/openid-configuration", says(lambda: authority.openid))
        mock.add_callback("GET", f"{AUTH}/keys", says(lambda: {"keys": authority.keys}))

        def patient(request: requests.PreparedRequest) -> tuple[int, Json, str]:
            _note(authority, request)
            found = authority.resources.get("Patient/p1")
            return authority.refuses or (200 if found else 404), {}, json.dumps(found)

        mock.add_callback("GET", f"{BASE}/Patient/p1", patient)

        def token(request: requests.PreparedRequest) -> tuple[int, Json, str]:
            _note(authority, request)
            id_token = authority.id_token or authority.signed()
            said = {"id_token": id_token, **authority.answer} if authority.status == 200 else authority.answer
            return authority.status, {}, json.dumps({name: value for name, value in said.items() if value is not None})

        mock.add_callback("POST", TOKEN, token)
        mock.add_callback("POST", f"{AUTH}/revoke", token)
        yield authority


def _note(authority: Authority, request: requests.PreparedRequest) -> None:
    body = request.body or ""
    form = dict(parse_qsl(body.decode() if isinstance(body, bytes) else str(body)))
    authority.asked.append((str(request.method), str(request.url), form))
    authority.headers.append(dict(request.headers))

"""What the authorization server says of itself: SMART's configuration, OpenID's, and its keys."""

from __future__ import annotations

from flask import Blueprint, Response

from deploy.demo.ehr.outcome import json_answer
from deploy.demo.ehr.parts import Parts
from deploy.demo.ehr.proving import ALGORITHMS
from deploy.demo.ehr.scopes import PLAIN
from deploy.demo.ehr.signing import ALGORITHM

CAPABILITIES = (
    "authorize-post",
    "client-confidential-asymmetric",
    "client-confidential-symmetric",
    "client-public",
    "context-banner",
    "context-ehr-patient",
    "context-standalone-patient",
    "launch-ehr",
    "launch-standalone",
    "permission-offline",
    "permission-online",
    "permission-patient",
    "permission-v2",
    "sso-openid-connect",
)


def discovery_pages(ehr: Parts) -> Blueprint:
    """Public, like the authorization server's address."""
    pages = Blueprint("discovery", __name__)

    @pages.get("/fhir/.well-known/smart-configuration")
    def smart_configuration() -> Response:
        return json_answer(smart(ehr))

    @pages.get("/.well-known/openid-configuration")
    def openid_configuration() -> Response:
        return json_answer(openid(ehr))

    @pages.get("/auth/jwks")
    def jwks() -> Response:
        return json_answer(ehr.signer.jwks())

    return pages


def smart(ehr: Parts) -> dict[str, object]:
    """https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html"""
    return {**_both(ehr), "capabilities": list(CAPABILITIES)}


def openid(ehr: Parts) -> dict[str, object]:
    """OpenID Connect Discovery 1.0, §3."""
    return {**_both(ehr), "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": [ALGORITHM]}


def _both(ehr: Parts) -> dict[str, object]:
    return {
        "issuer": ehr.url,
        "jwks_uri": f"{ehr.url}/auth/jwks",
        "authorization_endpoint": f"{ehr.url}/auth/authorize",
        "token_endpoint": f"{ehr.url}/auth/token",
        "revocation_endpoint": f"{ehr.url}/auth/revoke",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "scopes_supported": [*PLAIN, "patient/*.rs", "system/*.cruds"],
    }

"""The token endpoint: codes, refresh tokens and clients on their own; and the end of tokens.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html, …/backend-services.html, RFC 6749, RFC 7009
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from flask import Blueprint, Response, request

from deploy.demo.ehr.clients import Client, Proof
from deploy.demo.ehr.grants import Code, Grant, Issued
from deploy.demo.ehr.outcome import json_answer
from deploy.demo.ehr.parts import Parts
from deploy.demo.ehr.proving import NotProven
from deploy.demo.ehr.scopes import granted

ID_TOKEN_S = 300
Form = Mapping[str, str]


class NotIssued(Exception):
    """No tokens; the code is OAuth's."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


def token_pages(ehr: Parts) -> Blueprint:
    """``/auth/token`` and ``/auth/revoke``."""
    pages = Blueprint("tokens", __name__)
    kinds = {"authorization_code": _by_code, "refresh_token": _by_refresh, "client_credentials": _by_itself}

    @pages.post("/auth/token")
    def token() -> Response:
        try:
            client = _client(ehr)
            kind = kinds.get(request.form.get("grant_type", ""))
            if kind is None:
                raise NotIssued("unsupported_grant_type", "codes, refresh tokens and client credentials are taken")
            return json_answer(_said(ehr, kind(ehr, client, request.form)))
        except NotProven as failure:
            return _error("invalid_client", str(failure), 401)
        except NotIssued as failure:
            return _error(failure.code, str(failure), 400)

    @pages.post("/auth/revoke")
    def revoke() -> Response:
        try:
            ehr.grants.revoke(request.form.get("token", ""), _client(ehr).id)
        except NotProven as failure:
            return _error("invalid_client", str(failure), 401)
        return json_answer({})

    return pages


def _client(ehr: Parts) -> Client:
    if any(len(request.form.getlist(name)) > 1 for name in request.form):
        raise NotProven("a parameter stands there twice")
    return ehr.proving.client(request.form, request.headers.get("Authorization"))


def _by_code(ehr: Parts, client: Client, form: Form) -> Issued:
    found = ehr.grants.redeem(form.get("code", ""))
    if found is None or not _belongs(found, client, form):
        if found is not None:
            ehr.grants.end(found.grant.family)
        raise NotIssued("invalid_grant", "this code is not good, or not for this")
    return ehr.grants.issue(found.grant)


def _belongs(code: Code, client: Client, form: Form) -> bool:
    """The same client, the same address, and the verifier behind the challenge (RFC 7636)."""
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=")
    is_same = code.grant.client == client.id and code.redirect_uri == form.get("redirect_uri")
    return is_same and hmac.compare_digest(challenge, code.challenge.encode())


def _by_refresh(ehr: Parts, client: Client, form: Form) -> Issued:
    issued = ehr.grants.refreshed(form.get("refresh_token", ""), client.id)
    if issued is None:
        raise NotIssued("invalid_grant", "this refresh token is not good any more")
    return issued


def _by_itself(ehr: Parts, client: Client, form: Form) -> Issued:
    """Backend Services: only by an assertion, only system scopes, never a refresh token."""
    if client.proof is not Proof.KEY:
        raise NotIssued("unauthorized_client", "only a client with keys of its own may ask for itself")
    scopes = granted(form.get("scope", ""), client.scopes, "system")
    if not scopes:
        raise NotIssued("invalid_scope", "none of these scopes may be had")
    return ehr.grants.issue(Grant(client=client.id, scopes=scopes, family=ehr.grants.family()))


def _said(ehr: Parts, issued: Issued) -> dict[str, object]:
    grant = issued.grant
    answer: dict[str, object] = {
        "access_token": issued.access,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": " ".join(grant.scopes),
    }
    if issued.refresh:
        answer["refresh_token"] = issued.refresh
    if grant.patient is not None:
        answer |= {"patient": grant.patient, "need_patient_banner": not grant.is_framed}
    if grant.person is not None and "openid" in grant.scopes:
        answer["id_token"] = _id_token(ehr, grant)
    return answer


def _id_token(ehr: Parts, grant: Grant) -> str:
    assert grant.person is not None
    now = int(ehr.clock())
    claims: dict[str, object] = {
        "iss": ehr.url,
        "sub": grant.person.login,
        "aud": grant.client,
        "iat": now,
        "exp": now + ID_TOKEN_S,
        "name": grant.person.name,
    }
    practitioner = grant.person.practitioner(ehr.practice.tag)
    if "fhirUser" in grant.scopes and practitioner:
        claims["fhirUser"] = f"{ehr.fhir}/{practitioner}"
    return ehr.signer.sign({**claims, "nonce": grant.nonce} if grant.nonce else claims)


def _error(code: str, words: str, status: int) -> Response:
    challenge = {"WWW-Authenticate": 'Basic realm="demo EHR"'} if request.authorization else {}
    return json_answer({"error": code, "error_description": words}, status, challenge)

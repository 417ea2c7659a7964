"""The two halves of OpenEMR 8.2's discovery. Neither is whole: smart-configuration has no ``registration_endpoint``, no
``system/`` scopes and a list inside a list; openid-configuration has no ``client_credentials`` and advertises a PKCE
method that is refused (recordings 002 and 003)."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.openemr.recorded.auth_scopes import KnownScopes

CAPABILITIES = (
    "launch-ehr",
    "launch-standalone",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "client-public",
    "context-banner",
    "context-ehr-patient",
    "context-style",
    "context-standalone-patient",
    "sso-openid-connect",
    "permission-user",
    "permission-patient",
    "permission-offline",
    "permission-v1",
    "permission-v2",
    "authorize-post",
    "context-ehr-encounter",
)
RESPONSE_TYPES = (
    "code",
    "token",
    "id_token",
    "code token",
    "code id_token",
    "token id_token",
    "code token id_token",
)
CLAIMS = (
    "profile",
    "email",
    "email_verified",
    "phone",
    "phone_verified",
    "family_name",
    "given_name",
    "fhirUser",
    "locale",
    "api:oemr",
    "api:fhir",
    "api:port",
    "aud",
    "iat",
    "iss",
    "exp",
    "sub",
)


@dataclass(frozen=True)
class Site:
    """One OpenEMR's addresses; ``url`` is its ``site_addr_oath``, without a slash at the end."""

    url: str

    @property
    def oauth(self) -> str:
        """Of the authorization server, which is also the issuer of its id_tokens."""
        return f"{self.url}/oauth2/default"

    @property
    def fhir(self) -> str:
        """The FHIR base, ``iss`` and ``aud`` of a launch."""
        return f"{self.url}/apis/default/fhir"

    @property
    def token(self) -> str:
        """What an assertion's ``aud`` must be, at introspection too."""
        return f"{self.oauth}/token"


def smart_configuration(site: Site, scopes: KnownScopes) -> dict[str, object]:
    """Beside the FHIR API."""
    return {
        "issuer": site.fhir,
        "jwks_uri": f"{site.oauth}/jwk",
        "authorization_endpoint": f"{site.oauth}/authorize",
        "grant_types_supported": ["client_credentials", "authorization_code"],
        "token_endpoint": site.token,
        "capabilities": CAPABILITIES,
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": [scopes.without_system],
        "introspection_endpoint": f"{site.oauth}/introspect",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "response_types_supported": RESPONSE_TYPES,
    }


def openid_configuration(site: Site, scopes: KnownScopes) -> dict[str, object]:
    """Beside the authorization server; the issuer of id_tokens is the one that stands here."""
    return {
        "issuer": site.oauth,
        "authorization_endpoint": f"{site.oauth}/authorize",
        "token_endpoint": site.token,
        "jwks_uri": f"{site.oauth}/jwk",
        "userinfo_endpoint": f"{site.oauth}/userinfo",
        "registration_endpoint": f"{site.oauth}/registration",
        "end_session_endpoint": f"{site.oauth}/logout",
        "introspection_endpoint": f"{site.oauth}/introspect",
        "scopes_supported": scopes.all,
        "response_types_supported": RESPONSE_TYPES,
        "code_challenge_methods_supported": ["S256", "plain"],
        "grant_types_supported": ["authorization_code", "password", "refresh_token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["public"],
        "claims_supported": CLAIMS,
        "require_request_uri_registration": ["false"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "RS384"],
        "claims_locales_supported": ["en-US"],
        "ui_locales_supported": ["en-US"],
    }

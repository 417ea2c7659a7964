"""OpenEMR's authorization server: the parts that it is made of."""

from __future__ import annotations

import functools
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from joserfc import jwt
from joserfc.jwk import RSAKey

from deploy.openemr.recorded.access import SYSTEM_USER
from deploy.openemr.recorded.auth_assertion import Assertions
from deploy.openemr.recorded.auth_discovery import Site
from deploy.openemr.recorded.auth_sessions import Sessions
from deploy.openemr.recorded.auth_tokens import Grant, Tokens
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.rows import User

ALGORITHM = "RS256"


class Signer:
    """OpenEMR's own key. Neither its id_tokens nor its key set name it (OpenEMR 8.2: no ``kid``, recordings 004, 295)."""

    @functools.cached_property
    def _key(self) -> RSAKey:
        return RSAKey.generate_key(2048)

    def jwks(self) -> dict[str, object]:
        """The public half."""
        public = self._key.as_dict(private=False)
        return {"keys": [{"kty": "RSA", "n": public["n"], "e": public["e"], "use": "sig"}]}

    def sign(self, claims: Mapping[str, object]) -> str:
        """A JWT."""
        return jwt.encode({"typ": "JWT", "alg": ALGORITHM}, dict(claims), self._key, algorithms=[ALGORITHM])


@dataclass(frozen=True)
class OAuth:
    """What the endpoints and the pages share; what must be remembered stands in the clinic."""

    site: Site
    clinic: Clinic
    assertions: Assertions
    signer: Signer

    @property
    def tokens(self) -> Tokens:
        """The clinic's."""
        return self.clinic.oauth_tokens

    @property
    def sessions(self) -> Sessions:
        """The clinic's."""
        return self.clinic.sessions

    def logged_in(self, username: str, password: str) -> User | None:
        """None: nobody, or another password."""
        found = self.clinic.user_named(username)
        is_right = found is not None and hmac.compare_digest(found.password.encode(), password.encode())
        return found if is_right and found is not None and found.is_active else None

    def fhir_user(self, grant: Grant) -> str:
        """A user without an NPI is no Practitioner, but a Person (OpenEMR 8.2, recording 295)."""
        found = self.clinic.user_named(grant.user)
        kind = "Practitioner" if found is not None and found.npi else "Person"
        return f"{self.site.fhir}/{kind}/{grant.sub}"

    def grant_for_itself(self, client: str, scopes: tuple[str, ...]) -> Grant:
        """A client of its own acts as the user ``oe-system``."""
        found = self.clinic.user_named(SYSTEM_USER)
        return Grant(client=client, user=SYSTEM_USER, sub=found.uuid if found else SYSTEM_USER, scopes=scopes)


def authorization_server(url: str, clinic: Clinic, signer: Signer | None = None) -> OAuth:
    """That of the OpenEMR at ``url``, for one clinic."""
    site = Site(url)
    assertions = Assertions(clinic.clients, site.token, clinic.seconds)
    return OAuth(site=site, clinic=clinic, assertions=assertions, signer=signer or Signer())

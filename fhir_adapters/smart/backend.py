"""Our own access to a source: SMART Backend Services.

https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html
"""

from __future__ import annotations

from collections.abc import Sequence

from fhir_adapters.resources import Polled, polled
from fhir_adapters.smart import client_auth, openemr, scopes
from fhir_adapters.smart.answer import token_answer
from fhir_adapters.smart.calls import Calls, Clock, terms_for
from fhir_adapters.smart.discovery import Configuration, discovery
from fhir_adapters.smart.keys import Keys
from plugin.domain.errors import LaunchRefused, Unauthorized
from plugin.domain.launch import Tokens
from plugin.domain.rights import FOR_READING, READING
from plugin.domain.source import Source

_WRITTEN = ("Communication", "DetectedIssue", "Device", "Flag", "Provenance", "Subscription", "Task")


class BackendServices:
    """Gets tokens for one source with a ``client_id``; each with an assertion of its own."""

    def __init__(self, source: Source, *, keys: Keys, clock: Clock, ca_bundle: str | None = None) -> None:
        self._source = source
        self._keys = keys
        self._clock = clock
        self._calls = Calls(source.base_url, source.auth_hosts, terms=terms_for(ca_bundle))
        self._discovery = discovery(source.base_url, self._calls, clock)

    @property
    def key(self) -> str:
        """What a token of this source is remembered by: another client or other scopes need another token."""
        source = self._source
        return " ".join((source.base_url, source.client_id or "", *source.auth_scopes))

    def mint(self) -> Tokens:
        """A new token. Raises Unauthorized when we are refused, CannotDo when there is no way to ask."""
        known = self._discovery.get()
        now = self._clock()
        algorithm = client_auth.algorithm_for(known.signs, self._source.base_url)
        proof = client_auth.assertion(self._source.client_id or "", known.token_endpoint, algorithm, self._keys, now)
        form = {"grant_type": "client_credentials", "scope": " ".join(self._scopes(known)), **proof.form}
        answer = self._calls.post(known.token_endpoint, form)
        if not answer.is_good:
            raise Unauthorized(
                f"{answer.asked}: {answer.status_code}, {answer.error}; is our client registered and enabled there, with our "
                f"public keys as they are now (/.well-known/jwks.json)?",
                status_code=answer.status_code,
            )
        try:
            granted = token_answer(answer)
        except LaunchRefused as error:
            raise Unauthorized(str(error)) from error
        if granted.scopes == ():
            raise Unauthorized(
                f"{answer.asked}: answered with a token that allows nothing; is our client registered there with the "
                f"rights that Milepost asks for?"
            )
        return granted.tokens(now)

    def lacking(self) -> Sequence[str]:
        """What cannot be read because its right was not granted, in words; nothing where the server does not say what it
        grants. Asks for a token of its own, which is not kept."""
        known = self._discovery.get()
        granted = self.mint().scopes
        if not granted or not known.is_openemr:
            return ()
        return scopes.lacking(READING, granted)

    def _scopes(self, known: Configuration) -> Sequence[str]:
        if self._source.auth_scopes:
            return self._source.auth_scopes
        if known.is_openemr:
            return openemr.negotiated(FOR_READING, known.scopes)
        read = [row.name for row in polled(*Polled) if row.name not in _WRITTEN]
        rights = [("system", name, "rs") for name in read] + [("system", name, "cruds") for name in _WRITTEN]
        return scopes.spelled(rights, known)

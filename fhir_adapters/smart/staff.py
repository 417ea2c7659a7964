"""A staff account of an OpenEMR, by whose right staff messages are written: signed in once in a browser, then renewed.

No launch is needed for it, and no patient comes with it. OpenEMR 8.2 lets no ``system/`` token into its Standard API.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fhir_adapters.smart import client_auth, openemr, scopes
from fhir_adapters.smart.answer import TokenAnswer, token_answer
from fhir_adapters.smart.authorize import authorize_address
from fhir_adapters.smart.calls import Calls, Clock, FormAnswer, terms_for
from fhir_adapters.smart.client_auth import Client
from fhir_adapters.smart.discovery import Configuration, discovery
from fhir_adapters.smart.id_token import IdTokens
from fhir_adapters.smart.keys import Keys
from plugin.domain.errors import BadSettings, CannotDo, LaunchRefused, Unauthorized
from plugin.domain.issuer import ClientAuth
from plugin.domain.launch import Identity, Tokens
from plugin.domain.rights import FOR_STAFF, MESSAGING

_NO_CONSENT = "Consent was refused there, or it took longer than a minute. Begin the sign-in again, and say yes to all that is asked."
_NOT_LET_IN = (
    "Its client is not enabled there, or its secret is another. OpenEMR's administrator enables it (Admin, System, API "
    "Clients); its client ID and secret are kept on the source's page."
)
_ALL_OF_IT = (
    "Say yes to all that is asked; if not all of it was asked, register the client for staff messages anew, with the text of "
    "now."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffClient:
    """As what Milepost is registered there for it. Without a secret it proves itself with our keys. ``oidc_issuer`` is
    what the id_token's ``iss`` must be; None: what OpenEMR 8.2 signs, the address above its token endpoint."""

    fhir_base: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    redirect_uri: str | None
    allowed_hosts: tuple[str, ...] = ()
    oidc_issuer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who signed in, and with what. ``tokens.refresh`` is good once."""

    tokens: Tokens
    identity: Identity


class StaffAccount:
    """Everything that is asked of the authorization server for it. Stores nothing: whoever holds the tokens refreshes one
    at a time, and stores what came before using it."""

    def __init__(self, client: StaffClient, *, keys: Keys, clock: Clock, ca_bundle: str | None = None) -> None:
        self._client = client
        self._keys = keys
        self._clock = clock
        self._calls = Calls(client.fhir_base, client.allowed_hosts, terms=terms_for(ca_bundle))
        self._discovery = discovery(client.fhir_base, self._calls, clock)

    def authorize_url(self, *, state: str, verifier: str, nonce: str) -> str:
        """Where an administrator's browser is sent. Raises CannotDo where there is nothing of the kind."""
        known = self._discovery.get()
        if known.authorization_endpoint is None:
            raise CannotDo(f"{self._client.fhir_base} names no address at which an account could sign in.")
        return authorize_address(
            known.authorization_endpoint,
            client_id=self._client.client_id,
            redirect_uri=self._callback(),
            scopes=openemr.negotiated(FOR_STAFF, known.scopes),
            aud=self._client.fhir_base,
            state=state,
            verifier=verifier,
            nonce=nonce,
        )

    def exchange(self, *, code: str, verifier: str, nonce: str) -> SignedIn:
        """What the code is good for. Raises Unauthorized, in words for whoever signs in: a refused consent comes back with a
        code too (OpenEMR 8.2, recordings 321, 322), and only this call says no; so does an account that was let do less
        than is needed."""
        known = self._discovery.get()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback(),
            "code_verifier": verifier,
        }
        answered = self._granted(self._posted(known, form), _NO_CONSENT)
        if lacks := scopes.lacking(MESSAGING, answered.scopes or ()):
            raise Unauthorized(f"OpenEMR let the account in, but it {'; '.join(lacks)}. {_ALL_OF_IT}")
        if answered.refresh is None:
            raise Unauthorized(
                f"OpenEMR let the account in for an hour only: offline_access was not granted. {_ALL_OF_IT}"
            )
        return SignedIn(tokens=answered.tokens(self._clock()), identity=self._identity(known, answered, nonce))

    def refresh(self, tokens: Tokens) -> Tokens:
        """New tokens for old: the old ones are good for nothing afterwards, both (OpenEMR 8.2, recordings 274 to 276).
        Raises Unauthorized when the account has to sign in again. A refresh that succeeds proves nothing: after a logout
        it still does, and what it gives is refused (recordings 425, 436)."""
        if tokens.refresh is None:
            raise Unauthorized("The staff account has no refresh token: sign in again.")
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh}
        known = self._discovery.get()
        answered = self._granted(self._posted(known, form), "Its sign-in is over: sign in again.")
        return answered.tokens(self._clock(), tokens)

    def _callback(self) -> str:
        if self._client.redirect_uri is None:
            raise BadSettings("MILEPOST_PUBLIC_URL is not set: nobody could be sent back here.")
        return self._client.redirect_uri

    def _posted(self, known: Configuration, form: dict[str, str]) -> FormAnswer:
        secret = self._client.client_secret
        client = Client(
            id=self._client.client_id,
            auth=ClientAuth.SECRET if secret else ClientAuth.KEY,
            secret=secret,
            whose="The staff account",
        )
        proof = client_auth.proof(client, known, self._keys, self._clock())
        return self._calls.post(known.token_endpoint, {**form, **proof.form}, proof.headers)

    def _granted(self, answer: FormAnswer, words: str) -> TokenAnswer:
        if not answer.is_good:
            raise Unauthorized(
                _NOT_LET_IN if answer.error == "invalid_client" else words, status_code=answer.status_code
            )
        try:
            return token_answer(answer)
        except LaunchRefused as error:
            raise Unauthorized(str(error)) from error

    def _identity(self, known: Configuration, answered: TokenAnswer, nonce: str) -> Identity:
        issuer = self._client.oidc_issuer or openemr.openid_base(known.token_endpoint)
        if issuer is None:
            raise CannotDo(f"{self._client.fhir_base} does not say who signs its id_tokens.")
        checked = IdTokens(
            self._calls,
            oidc_issuer=issuer,
            client_id=self._client.client_id,
            fhir_base=self._client.fhir_base,
            clock=self._clock,
        )
        try:
            return checked.check(answered.id_token, nonce)
        except LaunchRefused as error:
            raise Unauthorized(str(error)) from error

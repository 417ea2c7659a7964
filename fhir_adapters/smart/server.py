"""One issuer's authorization server: the port ``SmartServer``, over SMART App Launch 2.2.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from fhir_adapters.smart import client_auth, scopes
from fhir_adapters.smart.answer import TokenAnswer, token_answer
from fhir_adapters.smart.authorize import METHOD, authorize_address
from fhir_adapters.smart.calls import Calls, Clock, FormAnswer, terms_for
from fhir_adapters.smart.discovery import Configuration, discovery
from fhir_adapters.smart.id_token import IdTokens
from fhir_adapters.smart.keys import Keys
from fhir_adapters.smart.patients import Patients
from plugin.domain.errors import (
    LaunchRefused,
    MilepostError,
    NotFhir,
    PermanentFailure,
    Refused,
)
from plugin.domain.issuer import ClientAuth, Issuer
from plugin.domain.launch import Granted, PendingLaunch, Refusal, Tokens
from plugin.domain.record import Patient
from plugin.outbound import Terms

_REASONS = {
    "access_denied": Refusal.DENIED,
    "invalid_client": Refusal.SERVER_SETUP,
    "invalid_scope": Refusal.MISSING_SCOPES,
    "unauthorized_client": Refusal.SERVER_SETUP,
}
_NO_MORE = ("invalid_grant", "invalid_request")
"""That the grant holds no more. The second is OpenEMR 8.2's: for a code after a refused consent (recordings 321, 322), for
one that is older than a minute (459), and for a refresh token that was used before (276)."""


class HttpSmartServer:
    """See plugin/usecases/panel_ports.py. ``redirect_uri`` is the callback that is registered there for us; None where
    this installation has no address of its own yet, and then nobody can launch."""

    def __init__(
        self, issuer: Issuer, *, redirect_uri: str | None, keys: Keys, clock: Clock, ca_bundle: str | None = None
    ) -> None:
        self._issuer = issuer
        self._redirect_uri = redirect_uri
        self._keys = keys
        self._clock = clock
        terms = terms_for(ca_bundle)
        fhir_terms = Terms(ca_bundle=ca_bundle, deadline=terms.deadline, retries=terms.retries)
        self._patients = Patients(issuer.fhir_base, fhir_terms)
        self._calls = Calls(issuer.fhir_base, issuer.allowed_hosts, terms=terms)
        self._discovery = discovery(issuer.fhir_base, self._calls, clock)
        self._id_tokens = IdTokens(
            self._calls,
            oidc_issuer=issuer.oidc_issuer,
            client_id=issuer.client_id,
            fhir_base=issuer.fhir_base,
            clock=clock,
        )

    def probe(self) -> Mapping[str, object]:
        """See the port. Asks anew. Raises BadSettings where we have no key to sign with."""
        if self._issuer.client_auth is ClientAuth.KEY:
            self._keys.signing(self._issuer.algorithm)
        known = self._discovery.again() or self._discovery.get()
        return {
            "token_endpoint": known.token_endpoint,
            "authorization_endpoint": known.authorization_endpoint,
            "revocation_endpoint": known.revocation_endpoint,
            "capabilities": sorted(known.capabilities),
            "scopes": list(self._asked(known, is_standalone=False)),
            "keys_at": self._id_tokens.provider.jwks_uri,
            "missing": list(self._missing(known)),
        }

    def authorize_url(self, pending: PendingLaunch, *, state: str, launch: str | None) -> str:
        """See the port."""
        known = self._known()
        if missing := self._missing(known):
            raise LaunchRefused(
                f"{self._name}: its server does not offer {', '.join(missing)}.", reason=Refusal.SERVER_SETUP
            )
        return authorize_address(
            str(known.authorization_endpoint),
            client_id=self._issuer.client_id,
            redirect_uri=self._callback(),
            scopes=self._asked(known, is_standalone=launch is None),
            aud=self._issuer.fhir_base,
            state=state,
            verifier=pending.verifier,
            nonce=pending.nonce,
            launch=launch,
        )

    def redeem(self, pending: PendingLaunch, *, code: str, iss: str | None) -> Granted:
        """See the port. The authorization server is checked before it gets the code; what it gives for the code, and is
        not good, is taken back."""
        known = self._known()
        self._check_server(known, iss)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback(),
            "code_verifier": pending.verifier,
        }
        answered = self._granted(self._posted(known, form), Refusal.CODE_REFUSED)
        tokens = answered.tokens(self._clock())
        with self._taken_back(tokens):
            return self._checked(answered, tokens, pending)

    def refresh(self, tokens: Tokens, patient: str) -> Tokens:
        """See the port. What the answer leaves out stays; an id_token in it is not looked at."""
        if tokens.refresh is None:
            raise LaunchRefused(f"{self._name}: there is no refresh token.", reason=Refusal.SESSION_REFUSED)
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh}
        answered = self._granted(self._posted(self._known(), form), Refusal.SESSION_REFUSED)
        renewed = answered.tokens(self._clock(), tokens)
        with self._taken_back(renewed):
            if answered.patient not in (None, patient):
                raise LaunchRefused(
                    f"{self._name}: its answer to a refresh names another patient.", reason=Refusal.ANOTHER_PATIENT
                )
            self._check_scopes(renewed.scopes)
        return renewed

    def revoke(self, tokens: Tokens) -> None:
        """See the port (RFC 7009). The refresh token goes first: with it go, at most servers, its access tokens."""
        held = {"refresh_token": tokens.refresh, "access_token": tokens.access}
        with suppress(MilepostError):
            known = self._known()
            for hint, token in held.items():
                if token and known.revocation_endpoint:
                    self._posted(known, {"token": token, "token_type_hint": hint}, to=known.revocation_endpoint)

    def patient(self, tokens: Tokens, ref: str) -> Patient | None:
        """See the port. None also for one whom this person may not see. A token that is refused although it is new belongs
        to somebody who was logged out meanwhile; OpenEMR 8.2 says so by 400 (recordings 420, 424)."""
        is_openemr = self._known().is_openemr
        try:
            return self._patients.seen(tokens, ref, is_openemr=is_openemr)
        except Refused as error:
            raise LaunchRefused(f"{self._name}: {error}", reason=Refusal.SESSION_REFUSED) from error
        except NotFhir as error:
            raise LaunchRefused(f"{self._name}: {error}", reason=Refusal.SERVER_ANSWER) from error

    @property
    def _name(self) -> str:
        return f"Issuer {self._issuer.slug}"

    def _known(self) -> Configuration:
        with self._set_up():
            return self._discovery.get()

    @contextmanager
    def _set_up(self) -> Iterator[None]:
        """What discovery finds wrong is no fault of the person who launches, and is told as such."""
        try:
            yield
        except LaunchRefused:
            raise
        except PermanentFailure as error:
            raise LaunchRefused(f"{self._name}: {error}", reason=Refusal.SERVER_SETUP) from error

    @contextmanager
    def _taken_back(self, tokens: Tokens) -> Iterator[None]:
        """Tokens that are not used are not left lying about."""
        try:
            yield
        except MilepostError:
            self.revoke(tokens)
            raise

    def _checked(self, answered: TokenAnswer, tokens: Tokens, pending: PendingLaunch) -> Granted:
        if answered.scopes is None:
            raise LaunchRefused(
                f"{self._name}: its token answer does not say what was granted.", reason=Refusal.SERVER_ANSWER
            )
        self._check_scopes(answered.scopes)
        if answered.patient is None:
            raise LaunchRefused(f"{self._name}: its token answer names no patient.", reason=Refusal.NO_PATIENT)
        with self._set_up():
            identity = self._id_tokens.check(answered.id_token, pending.nonce)
        return Granted(
            tokens=tokens,
            identity=identity,
            patient=answered.patient,
            encounter=answered.encounter,
            intent=answered.intent,
        )

    def _missing(self, known: Configuration) -> tuple[str, ...]:
        """What keeps anybody from launching here, in words."""
        lacks = []
        if known.authorization_endpoint is None:
            lacks.append("an authorization_endpoint")
        if METHOD not in known.challenges:
            lacks.append(f"PKCE with {METHOD}")
        if self._issuer.client_auth is ClientAuth.KEY and known.signs and self._issuer.algorithm not in known.signs:
            lacks.append(f"assertions signed with {self._issuer.algorithm}")
        return tuple(lacks)

    def _callback(self) -> str:
        if self._redirect_uri is None:
            raise LaunchRefused("MILEPOST_PUBLIC_URL is not set.", reason=Refusal.NO_ADDRESS)
        return self._redirect_uri

    def _asked(self, known: Configuration, *, is_standalone: bool) -> tuple[str, ...]:
        return scopes.for_launch(self._issuer.scopes, known, is_standalone=is_standalone)

    def _check_server(self, known: Configuration, iss: str | None) -> None:
        """RFC 9207: the code of one server is never shown to another. ``iss`` is the OIDC issuer, not the FHIR base."""
        with self._set_up():
            says_it = known.sends_iss or self._id_tokens.provider.sends_iss
        if iss != self._issuer.oidc_issuer and (iss is not None or says_it):
            raise LaunchRefused(f"{self._name}: the callback is not from its server.", reason=Refusal.WRONG_SERVER)

    def _check_scopes(self, granted: tuple[str, ...]) -> None:
        if missing := scopes.missing(granted):
            raise LaunchRefused(f"{self._name}: it did not grant {', '.join(missing)}.", reason=Refusal.MISSING_SCOPES)

    def _posted(self, known: Configuration, form: Mapping[str, str], *, to: str | None = None) -> FormAnswer:
        with self._set_up():
            proof = client_auth.proof(client_auth.client_of(self._issuer), known, self._keys, self._clock())
        return self._calls.post(to or known.token_endpoint, {**form, **proof.form}, proof.headers)

    def _granted(self, answer: FormAnswer, refused: Refusal) -> TokenAnswer:
        """Raises LaunchRefused for an answer that gives no token; ``refused`` says what it means that the grant holds no
        more."""
        if answer.is_good:
            return token_answer(answer)
        reason = {**_REASONS, **dict.fromkeys(_NO_MORE, refused)}.get(answer.error, Refusal.SERVER_ANSWER)
        raise LaunchRefused(f"{answer.asked}: {answer.status_code}, {answer.error}.", reason=reason)

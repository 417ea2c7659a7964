"""Whether an id_token holds: who signed in, by the word of the one OIDC issuer that is registered.

Keys come from that issuer's own ``.well-known/openid-configuration`` and from nowhere else; what a token's header says
of keys (``jku``, ``x5u``, ``jwk``) is not looked at, and ``kid`` only picks among the keys that are known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.jws import JWSRegistry

from fhir_adapters.smart.calls import Calls, Clock, Remembered, Said
from plugin.domain.errors import CannotDo, LaunchRefused
from plugin.domain.launch import Identity, Refusal
from plugin.outbound import within

ALGORITHMS = ("RS256", "RS384", "ES256", "ES384")
SKEW = timedelta(seconds=90)
_KEPT_FOR = timedelta(hours=1)
_PATH = ".well-known/openid-configuration"
_USER = re.compile(r"(Patient|Practitioner|PractitionerRole|RelatedPerson|Person)/[A-Za-z0-9\-.]{1,64}")
_LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, §2
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Provider:
    """An OIDC issuer's own description, as far as it is needed."""

    jwks_uri: str
    sends_iss: bool


class IdTokens:
    """The id_tokens of one issuer, for one client of ours."""

    def __init__(self, calls: Calls, *, oidc_issuer: str, client_id: str, fhir_base: str, clock: Clock) -> None:
        self._calls = calls
        self._oidc_issuer = oidc_issuer
        self._client_id = client_id
        self._fhir_base = fhir_base
        self._clock = clock
        self._provider = Remembered(self._read_provider, _KEPT_FOR, clock)
        self._keys = Remembered(self._read_keys, _KEPT_FOR, clock)

    @property
    def provider(self) -> Provider:
        return self._provider.get()

    def check(self, raw: str | None, nonce: str) -> Identity:
        """Who it is. LaunchRefused when anything is wrong with the token."""
        if raw is None:
            raise _refused("there is none")
        claims = self._decoded(raw)
        self._check_times_and_issuer(claims)
        self._check_audience(claims)
        if claims.get("nonce") != nonce:
            raise _refused("it is not for this launch")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
            raise _refused("its subject cannot be used")
        return Identity(
            oidc_issuer=self._oidc_issuer, subject=subject, fhir_user=self._fhir_user(claims), name=_name(claims)
        )

    def _decoded(self, raw: str) -> Said:
        """An unknown ``kid`` may be a key that is new: the keys are read once more, though not at every wrong token."""
        try:
            return _verified(raw, self._keys.get())
        except InvalidKeyIdError as error:
            fresh = self._keys.again()
            if fresh is None:
                raise _refused("its key is not known") from error
        except (JoseError, ValueError) as error:
            raise _refused("its signature does not hold") from error
        try:
            return _verified(raw, fresh)
        except (JoseError, ValueError) as error:
            raise _refused("its key is not known, or its signature does not hold") from error

    def _check_times_and_issuer(self, claims: Said) -> None:
        registry = jwt.JWTClaimsRegistry(
            now=int(self._clock().timestamp()),
            leeway=int(SKEW.total_seconds()),
            iss={"essential": True, "value": self._oidc_issuer},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            registry.validate(dict(claims))
        except JoseError as error:
            raise _refused("its issuer or its times do not hold") from error

    def _check_audience(self, claims: Said) -> None:
        """OpenID Connect Core 1.0, §3.1.3.7: several audiences need an ``azp``, and it is us."""
        audience, authorized = claims.get("aud"), claims.get("azp")
        audiences = audience if isinstance(audience, list) else [audience]
        if self._client_id not in audiences or (len(audiences) > 1 and authorized is None):
            raise _refused("it is not for us")
        if authorized is not None and authorized != self._client_id:
            raise _refused("it was given to another client")

    def _fhir_user(self, claims: Said) -> str | None:
        said = claims.get("fhirUser")
        if said is None:
            return None
        address = within(self._fhir_base, said) if isinstance(said, str) and said else None
        user = "" if address is None else address.removeprefix(f"{self._fhir_base.rstrip('/')}/")
        if not _USER.fullmatch(user):
            raise _refused("its fhirUser is none of this server")
        return user

    def _read_provider(self) -> Provider:
        said = self._calls.read(f"{self._oidc_issuer.rstrip('/')}/{_PATH}")
        keys_at = said.get("jwks_uri")
        if said.get("issuer") != self._oidc_issuer:
            raise CannotDo(f"The openid-configuration of {self._oidc_issuer} names another issuer.")
        if not isinstance(keys_at, str):
            raise CannotDo(f"The openid-configuration of {self._oidc_issuer} names no jwks_uri.")
        return Provider(
            self._calls.allowed(keys_at), said.get("authorization_response_iss_parameter_supported") is True
        )

    def _read_keys(self) -> KeySet:
        return _key_set(self._calls.read(self.provider.jwks_uri))


def _verified(raw: str, keys: KeySet) -> Said:
    """A header that we do not know is passed over, as RFC 7515 wants; one that is critical is not."""
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    return jwt.decode(raw, keys, algorithms=ALGORITHMS, registry=registry).claims


def _key_set(said: Said) -> KeySet:
    """The RSA and EC keys that sign; others, and those that cannot be read, are left out: a secret (``oct``) among
    public keys can be none of ours."""
    listed = said.get("keys")
    keys = [_key(entry) for entry in listed] if isinstance(listed, list) else []
    return KeySet([key for key in keys if key is not None])


def _key(entry: object) -> RSAKey | ECKey | None:
    if not isinstance(entry, Mapping) or entry.get("use", "sig") != "sig":
        return None
    members = cast("dict[str, str | list[str]]", dict(entry))
    try:
        match members.get("kty"):
            case "RSA":
                return RSAKey.import_key(members)
            case "EC":
                return ECKey.import_key(members)
            case _:
                return None
    except (JoseError, ValueError, TypeError):
        return None


def _name(claims: Said) -> str | None:
    name = claims.get("name")
    if not isinstance(name, str) or not name.strip():
        return None
    return "".join(character for character in name if character.isprintable())[:_LONGEST_NAME]


def _refused(words: str) -> LaunchRefused:
    return LaunchRefused(f"The id_token was refused: {words}.", reason=Refusal.BAD_TOKEN)

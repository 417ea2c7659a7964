"""Issuers: register an EHR's authorization server, list them, try one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from plugin.domain.errors import BadInput, MilepostError
from plugin.domain.issuer import ClientAuth, Issuer, checked
from plugin.usecases.services import Services
from plugin.usecases.sources import Check

_OPTIONAL_ENDPOINTS = {
    "revocation_endpoint": "a closed panel's token lives on there until it runs out by itself",
}
_OPTIONAL_CAPABILITIES = {
    "launch-ehr": "the panel may not open from the chart",
    "launch-standalone": "the panel may not open by itself, outside the chart",
    "sso-openid-connect": "people may not be known when they come; who is not known is refused",
}


class Addresses(NamedTuple):
    """What is to be registered at the EHR for us."""

    launch: str
    redirect: str


Told = Mapping[str, object] | None
"""What the audit row says beside its own: which session, from where."""


def add_issuer(services: Services, issuer: Issuer, *, by: str = "milepost", told: Told = None) -> Issuer:
    """Registers one, after its record was checked. Nothing is asked: `check_issuer` tries it."""
    good = checked(issuer)
    with services.database.begin() as uow:
        added = uow.issuers.add(good, services.clock(), by=by, told=told)
        uow.commit()
    return added


def change_issuer(services: Services, issuer: Issuer, *, by: str, told: Told = None) -> Issuer:
    """Stores a changed record, after it was checked; slug and source stay. Without a secret the stored one stays, but not
    where it could be sent to a server that it was not given for: BadInput."""
    with services.database.begin() as uow:
        before = uow.issuers.get(issuer.slug)
        good = checked(replace(issuer, id=before.id, source=before.source, client_secret=_secret(before, issuer)))
        uow.issuers.update(good, services.clock(), by=by, told=told)
        uow.commit()
    return good


def _secret(before: Issuer, issuer: Issuer) -> str | None:
    """What is kept with a changed record."""
    if issuer.client_secret or issuer.client_auth is not ClientAuth.SECRET:
        return issuer.client_secret
    new = sorted(set(issuer.allowed_hosts) - set(before.allowed_hosts))
    if new and before.client_secret:
        raise BadInput(f"The stored secret is not sent to {', '.join(new)}: type the secret of that server.")
    return before.client_secret


def every_issuer(services: Services) -> Sequence[Issuer]:
    """All, by slug."""
    with services.database.begin(reading=True) as uow:
        return uow.issuers.all()


def issuer_named(services: Services, slug: str) -> Issuer:
    """By slug. Raises UnknownName."""
    with services.database.begin(reading=True) as uow:
        return uow.issuers.get(slug)


def addresses_of(services: Services, issuer: Issuer) -> Addresses | None:
    """Where the EHR sends people to; None while we have no address of our own."""
    base = services.public_url
    return None if base is None else Addresses(f"{base}/launch", f"{base}/callback/{issuer.slug}")


def check_issuer(services: Services, issuer: Issuer) -> Sequence[Check]:
    """Asks the authorization server what it offers, and says what is missing and what that means for those who use the
    panel. What is not good keeps them out; the rest only explains. Nothing is stored."""
    return [*_of_the_server(services, issuer), *_of_the_record(services, issuer)]


def _of_the_server(services: Services, issuer: Issuer) -> Iterator[Check]:
    try:
        said = services.smart(issuer).probe()
    except MilepostError as error:
        yield Check("smart-configuration", is_good=False, words=f"{error} Nobody can open the panel.")
        return
    yield Check("smart-configuration", is_good=True, words=str(said.get("authorization_endpoint") or "read"))
    for what in _texts(said, "missing"):
        yield Check(what, is_good=False, words="missing: nobody can open the panel until the EHR offers it")
    if scopes := _texts(said, "scopes"):
        yield Check("scopes", is_good=True, words=" ".join(scopes))
    yield from (_optional(name, said.get(name), means) for name, means in _OPTIONAL_ENDPOINTS.items())
    offered = _texts(said, "capabilities")
    yield from (_optional(name, name in offered, means) for name, means in _OPTIONAL_CAPABILITIES.items())


def _of_the_record(services: Services, issuer: Issuer) -> Iterator[Check]:
    addresses = addresses_of(services, issuer)
    if addresses is None:
        words = "MILEPOST_PUBLIC_URL is not set: the EHR does not know where to send people"
        yield Check("our address", is_good=False, words=words)
    else:
        yield Check("our address", is_good=True, words=f"{addresses.redirect} must be registered at the EHR")
    if not issuer.ehr_origins:
        yield Check("origins", is_good=True, words="none: no page of the EHR may show the panel inside a chart")
    if issuer.least_role is None:
        yield Check("least role", is_good=True, words="none: only people with a role from `milepost user grant` get in")
    if not issuer.is_active:
        yield Check("state", is_good=False, words="not active: nobody can open the panel")


def _optional(name: str, is_offered: object, means: str) -> Check:
    return Check(name, is_good=True, words="offered" if is_offered else f"not offered: {means}")


def _texts(said: Mapping[str, object], name: str) -> Collection[str]:
    value = said.get(name)
    return [str(item) for item in value] if isinstance(value, list | tuple) else []

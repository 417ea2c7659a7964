"""A panel that is open: who looks at which patient, until it ends."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from plugin.domain.audit import AuditEntry
from plugin.domain.errors import MilepostError, PermanentFailure, SessionEnded, TemporaryFailure
from plugin.domain.issuer import Issuer
from plugin.domain.launch import PanelSession, Tokens
from plugin.usecases.services import Services

RENEWED_BEFORE = timedelta(minutes=1)
"""The EHR is asked for new tokens so long before the old ones run out."""

_ASKED_EVERY = timedelta(minutes=1)
"""At most, for one panel: an EHR that does not answer is waited for each time."""


@dataclass(frozen=True, slots=True)
class OpenPanel:
    """A live session, and the origins whose pages may frame it."""

    session: PanelSession
    framed_by: tuple[str, ...]


def open_panel(services: Services, token: str, *, is_active: bool = True) -> OpenPanel:
    """The session of a token. Raises SessionEnded when it is over or never was; who was shut out since the launch, or
    came from an EHR that is switched off, has none any more."""
    session = services.launches.session(token, services.clock(), is_active=is_active)
    if session is None:
        raise SessionEnded("This panel session has ended.")
    with services.database.begin(reading=True) as uow:
        framed_by = uow.issuers.lets_in(session.issuer, session.person_id)
    if framed_by is None:
        with services.database.begin(reading=True) as uow:
            issuer = uow.issuers.get(session.issuer)
        _close(services, token, issuer)
        raise SessionEnded("This person or this EHR was shut out.")
    return OpenPanel(session, framed_by)


def check_with_ehr(services: Services, token: str, session: PanelSession) -> None:
    """Has the person's tokens renewed when they are about to run out, and so learns whether the EHR still lets them in:
    who was logged out there, or whose launch is of another patient by now, has no panel any more. Raises SessionEnded. An EHR
    that does not answer ends nothing, and one that gave no refresh token is not asked."""
    tokens = services.launches.tokens(token)
    if tokens is None or tokens.refresh is None or tokens.expires_at - RENEWED_BEFORE > services.clock():
        return
    if not services.launches.allow("renewal", session.launch, 1, _ASKED_EVERY):
        return
    with services.database.begin(reading=True) as uow:
        issuer = uow.issuers.get(session.issuer)
    try:
        services.launches.refreshed(token, lambda held: services.smart(issuer).refresh(held, session.patient))
    except TemporaryFailure:
        return
    except PermanentFailure as error:
        with services.database.begin() as uow:
            source = uow.sources.by_id(session.source_id).slug
            uow.audit.write([_closing(session, source, services, "the EHR lets them in no more")])
            uow.commit()
        raise SessionEnded("The EHR has ended this session.") from error


def end(services: Services, token: str, why: str = "closed") -> None:
    """Closes a panel, and takes the EHR's tokens back where that can be done. Nothing when it has ended already."""
    session = services.launches.session(token, services.clock())
    if session is None:
        return
    with services.database.begin() as uow:
        issuer = uow.issuers.get(session.issuer)
        uow.audit.write([_closing(session, uow.sources.by_id(session.source_id).slug, services, why)])
        uow.commit()
    _close(services, token, issuer)


def revoke(services: Services, issuer: Issuer, tokens: Tokens) -> None:
    """Nobody waits for it, and they end by themselves: a server that cannot be reached is no reason to complain."""
    with suppress(MilepostError):
        services.smart(issuer).revoke(tokens)


def _close(services: Services, token: str, issuer: Issuer) -> None:
    tokens = services.launches.end(token)
    if tokens is not None:
        revoke(services, issuer, tokens)


def _closing(session: PanelSession, source: str, services: Services, why: str) -> AuditEntry:
    return AuditEntry(
        at=services.clock(),
        who=session.who,
        action="close-panel",
        record=f"{source}/{session.patient}",
        why=why,
        detail={"issuer": session.issuer, "launch": session.launch},
    )

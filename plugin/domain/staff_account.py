"""The staff account of a source: a person's sign-in, kept so that messages can go out when nobody is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from plugin.domain.launch import Tokens


class EndedBecause(StrEnum):
    """Why a staff account is signed in no more. The source's page has words for each."""

    SIGNED_OUT = "signed-out"
    """Somebody here signed it out."""
    REVOKED = "revoked"
    """The EHR says that the session was ended there: signed out, or its trust taken back."""
    REFUSED = "refused"
    """The EHR takes the refresh token no more: it ran out after three months, or was used by somebody else."""
    INTERRUPTED = "interrupted"
    """We broke off while we got new tokens: the old ones were used up, and the new ones lost."""
    SCOPE = "scope"
    """A new token came with less than the old one had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAccount:
    """Who signed in, since when, and the tokens; none of these in ``repr``. ``got_at`` is when the present tokens came.
    ``renewing`` is who gets new ones at the moment, ``until`` when others may take over."""

    source_id: int
    who: str
    tokens: Tokens = field(repr=False)
    since: datetime
    got_at: datetime
    ended: datetime | None = None
    why: str = ""
    renewing: str | None = None
    until: datetime | None = None

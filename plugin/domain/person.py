"""People who use Milepost, as we know them: (OIDC issuer, subject), and the roles that our own table gives them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user. The key is (``oidc_issuer``, ``subject``): names and ``fhir_user`` are for display and Provenance only."""

    id: int
    oidc_issuer: str
    subject: str
    name: str | None = None
    fhir_user: str | None = None
    roles: tuple[str, ...] = ()
    is_disabled: bool = False
    belongs_to: int | None = None
    """Another way in of that person: ``roles`` are theirs, and who shuts them out shuts this one out."""

    @property
    def who(self) -> str:
        """As audit rows and statements name them."""
        return self.fhir_user or f"user:{self.id}"

"""Who looks at which patient, wherever they do it: in a chart's panel, or on the patient's page of the admin site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from plugin.domain.account import SignedIn


class Reader(Protocol):
    """One person in front of one patient, until it ends. ``seat`` is the opaque id of the session that they sit at: a
    form's token is good there and nowhere else. ``told`` is what each audit row says of it beside its own, ``page`` what
    they have open."""

    @property
    def who(self) -> str: ...

    @property
    def roles(self) -> Sequence[str]: ...

    @property
    def source_id(self) -> int: ...

    @property
    def patient(self) -> str: ...

    @property
    def ends_at(self) -> datetime: ...

    @property
    def seat(self) -> str: ...

    @property
    def told(self) -> Mapping[str, str]: ...

    @property
    def page(self) -> str: ...


@dataclass(frozen=True, slots=True)
class PageReader:
    """Somebody who is signed in, on the page of one patient whom they chose by our number."""

    signed_in: SignedIn
    patient_id: int
    source_id: int
    patient: str

    @property
    def who(self) -> str:
        """As audit rows and statements name them."""
        return self.signed_in.who

    @property
    def roles(self) -> tuple[str, ...]:
        """Those of now."""
        return self.signed_in.roles

    @property
    def ends_at(self) -> datetime:
        """When they are signed out, whatever happens."""
        return self.signed_in.ends_at

    @property
    def seat(self) -> str:
        """The session."""
        return self.signed_in.session

    @property
    def told(self) -> Mapping[str, str]:
        """Which session, and from where."""
        return self.signed_in.told

    @property
    def page(self) -> str:
        """The patient's."""
        return "patient"

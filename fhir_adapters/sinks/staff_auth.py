"""How requests of a staff account prove who they are: by a token that is renewed for all workers at once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Protocol

from plugin.outbound import Auth


class StaffTokens(Protocol):
    """The access token of a source's staff account, as all workers share it."""

    def current(self) -> str:
        """The one that is good now, renewed where it is about to run out. Unauthorized when nobody is signed in."""

    def replaced(self, token: str) -> bool:
        """Told that this one was refused. True when there is another one now; False when a new one would be refused as
        well (this one is new), or nobody is signed in any more."""


class StaffAuth(Auth):
    """A bearer token, asked for anew with every request. One that is refused is replaced once."""

    def __init__(self, tokens: StaffTokens) -> None:
        self._tokens = tokens
        self._sent = threading.local()

    def secrets(self) -> tuple[str, ...]:
        token: str | None = getattr(self._sent, "token", None)
        return () if token is None else (token,)

    def headers(self) -> Mapping[str, str]:
        self._sent.token = self._tokens.current()
        return {"Authorization": f"Bearer {self._sent.token}"}

    def refused(self) -> bool:
        return any(self._tokens.replaced(token) for token in self.secrets())

    def __repr__(self) -> str:
        return "StaffAuth(***)"

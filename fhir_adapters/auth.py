"""How a source is asked to trust us: not at all, or by a token that was issued once."""

import re
from collections.abc import Mapping

from plugin.domain.errors import BadSettings
from plugin.outbound import Auth

_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # RFC 6750, b64token


class Bearer(Auth):
    """A static bearer token. It is nowhere shown: not in the repr, not in an error."""

    def __init__(self, token: str) -> None:
        if not _TOKEN.fullmatch(token):
            raise BadSettings("The token of a source may hold letters, digits and - . _ ~ + / = only.")
        self._token = token

    def secrets(self) -> tuple[str, ...]:
        return (self._token,)

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def __repr__(self) -> str:
        return "Bearer(***)"


def auth_for(token: str | None) -> Auth:
    """What a source's settings say: a token, or none."""
    return Bearer(token) if token else Auth()

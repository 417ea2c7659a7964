"""How requests of a staff account prove who they are."""

from dataclasses import dataclass

import pytest
import responses

from fhir_adapters.sinks import StaffAuth, StandardApi
from plugin.domain.errors import Unauthorized
from tests.fhir_adapters.sinks.inbox_world import DAY_UUID, ONCE

API = "https://openemr.example/apis/default/api"
REFUSED = {"error": "An error occurred", "message": "The resource owner or authorization server denied the request."}


@dataclass
class Tokens:
    """A token that is replaced once."""

    token: str = "old"

    def current(self) -> str:
        return self.token

    def replaced(self, token: str) -> bool:
        self.token = "new"
        return token == "old"


def test_a_token_that_is_refused_is_replaced_once() -> None:
    """The request is sent again with the new one; a new one that is refused is not replaced, so it ends."""
    with responses.RequestsMock() as server:
        server.get(f"{API}/patient/{DAY_UUID}", json=REFUSED, status=401)
        api = StandardApi(API, StaffAuth(Tokens()), ended=lambda: None, terms=ONCE)

        with pytest.raises(Unauthorized):
            api.chart_of(f"Patient/{DAY_UUID}")

        shown = [call.request.headers["Authorization"] for call in server.calls]
    assert shown == ["Bearer old", "Bearer new"]


def test_a_token_is_never_shown() -> None:
    """Not in the repr; and it is known as a secret, so that no error repeats it."""
    auth = StaffAuth(Tokens("secret-token"))
    auth.headers()

    assert "secret-token" not in repr(auth)
    assert auth.secrets() == ("secret-token",)

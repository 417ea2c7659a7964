"""Tests of fhir_adapters/auth.py."""

import pytest

from fhir_adapters.auth import Bearer, auth_for
from plugin.domain.errors import BadSettings


def test_a_token_is_sent_as_bearer() -> None:
    """RFC 6750's header, and nothing else."""
    assert auth_for("canary").headers() == {"Authorization": "Bearer canary"}


@pytest.mark.parametrize("token", [None, ""])
def test_no_token_is_no_header(token: str | None) -> None:
    """An open source gets no empty credential."""
    assert auth_for(token).headers() == {}


def test_a_token_is_not_shown() -> None:
    """What is printed by accident holds no secret."""
    assert "canary" not in repr(Bearer("canary"))


@pytest.mark.parametrize("token", ["canary\r\nX-Evil: 1", "canary canary", "", "cänary", "canary\x00"])
def test_what_is_no_token_is_refused_without_being_shown(token: str) -> None:
    """A pasted line break is found when the source is added, not at the first sweep."""
    with pytest.raises(BadSettings) as refused:
        Bearer(token)

    assert "canary" not in str(refused.value)

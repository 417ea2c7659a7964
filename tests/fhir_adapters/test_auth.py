"""Tests of fhir_adapters/auth.py."""

from datetime import timedelta

import pytest

from fhir_adapters.auth import Bearer, OwnCache, Renewed, auth_for
from plugin.domain.errors import BadSettings
from plugin.domain.launch import Tokens
from tests.fakes import FakeClock


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


@pytest.fixture
def renewed() -> Renewed:
    """Tokens of our own: canary-1, canary-2, …"""
    clock, made = FakeClock(), list[str]()

    def mint() -> Tokens:
        made.append(f"canary-{len(made) + 1}")
        return Tokens(access=made[-1], expires_at=clock() + timedelta(minutes=5))

    return Renewed("source", mint, OwnCache(clock))


def test_a_token_of_our_own_is_sent_until_it_is_refused(renewed: Renewed) -> None:
    """Then another one is; once more is for the session to decide."""
    before = [renewed.headers()["Authorization"] for _ in range(2)]
    is_worth_it = renewed.refused()

    assert before == ["Bearer canary-1"] * 2
    assert is_worth_it
    assert renewed.headers() == {"Authorization": "Bearer canary-2"}


def test_a_token_of_our_own_is_not_shown(renewed: Renewed) -> None:
    """Not by printing, and not by a server that repeats it."""
    assert renewed.secrets() == ()
    assert not renewed.refused()

    renewed.headers()

    assert renewed.secrets() == ("canary-1",)
    assert "canary" not in repr(renewed)

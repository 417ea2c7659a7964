"""Slugs."""

import pytest

from plugin.domain.errors import BadInput
from plugin.domain.slug import checked_slug


@pytest.mark.parametrize("text", ["a", "clinic", "north-2", "a" * 40])
def test_what_is_one(text: str) -> None:
    """Comes back as it is."""
    assert checked_slug(text) == text


@pytest.mark.parametrize("text", ["", "Clinic", "2nd", "-a", "a b", "a/b", "a\n", "ä", "a" * 41])
def test_what_is_none(text: str) -> None:
    """It stands in addresses and keys, so nothing in it is ever to be quoted."""
    with pytest.raises(BadInput, match="is no slug"):
        checked_slug(text)

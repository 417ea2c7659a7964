"""A milestone's key in an address."""

import pytest
from werkzeug.routing import Map, Rule, ValidationError

from ui_extension.panel.keys import KeyConverter


@pytest.fixture
def converter() -> KeyConverter:
    """As a route has it."""
    return KeyConverter(Map([Rule("/")]))


@pytest.mark.parametrize("key", ["main|CarePlan/cp1|x|1", "a/b?c#d%", "ключ", "", "../..", "x" * 1000])
def test_any_key_comes_back(converter: KeyConverter, key: str) -> None:
    """Whatever is in it, in letters that every address may hold."""
    shown = converter.to_url(key)

    assert shown.replace("-", "").replace("_", "").isalnum() or not key
    assert converter.to_python(shown) == key


@pytest.mark.parametrize("shown", ["_w", "a", "a" * 4000])
def test_what_is_no_key(converter: KeyConverter, shown: str) -> None:
    """Is no page: no fault, and nothing is looked for."""
    with pytest.raises(ValidationError):
        converter.to_python(shown)

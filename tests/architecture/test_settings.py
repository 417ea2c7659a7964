"""The settings that plugin/config.py reads are the settings that deploy/env.example explains."""

import re

from plugin import config
from tests.architecture.house import ROOT


def listed() -> list[tuple[str, str, str]]:
    """Comment, name and value of each setting in deploy/env.example, in order."""
    return re.findall(r"((?:^#.*\n)*)^([A-Z_]+)=(.*)$", (ROOT / "deploy" / "env.example").read_text(), re.MULTILINE)


def test_every_setting_is_listed_with_its_default() -> None:
    """Nobody has to read code to learn what can be set, and nothing is listed that has no effect."""
    assert {name: value for _, name, value in listed()} == dict(config.variables())


def test_every_setting_is_explained() -> None:
    """A line of words stands above each."""
    assert [name for comment, name, _ in listed() if len(comment) < 10] == []


def test_the_example_is_accepted_as_it_is() -> None:
    """Copying the file unchanged starts Milepost with its defaults."""
    example = {name: value for _, name, value in listed()}

    assert config.settings(example) == config.settings({})

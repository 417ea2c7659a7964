"""Somebody at the terminal: types a command, reads what it prints."""

import json
from typing import Any

import pytest

from plugin.cli.command import outcome


class Typed:
    """Types a command, reads what it prints."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def text(self, *words: str, code: int = 0) -> str:
        """Standard output, after the expected exit code."""
        self._capsys.readouterr()
        assert outcome(list(words)) == code
        return self._capsys.readouterr().out

    def json(self, *words: str, code: int = 0) -> Any:  # Any: JSON
        """The one document that it prints."""
        return json.loads(self.text(*words, "--format", "json", code=code))

    def wrong(self, *words: str) -> str:
        """The one line on standard error, with exit code 2 and nothing on standard output."""
        self._capsys.readouterr()
        assert outcome(list(words)) == 2
        printed = self._capsys.readouterr()
        assert (printed.out, len(printed.err.splitlines())) == ("", 1)
        return printed.err

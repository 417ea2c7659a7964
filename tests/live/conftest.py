"""What the live tests share."""

import sys
from collections.abc import Callable

import pytest


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Writes a measured figure into the run's output, whether or not output is captured."""

    def write(words: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n    {words}\n")

    return write

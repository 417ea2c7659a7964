"""What the reading of an OpenEMR has to be told and tells, from one poll to the next."""

from collections.abc import Sequence
from typing import Protocol


class Memory(Protocol):
    """Of one source. References are ``Patient/id``."""

    def patients(self) -> Sequence[str]:
        """All patients whom the server is known to have: `Page.on_file` of earlier pages."""

    def tracked(self) -> Sequence[str]:
        """Those of them whom Milepost tracks."""

    def spent(self, requests: int, bytes_: int, seconds: float) -> None:
        """Told of every answer: OpenEMR stores each one whole in its own log."""

    def settle(self) -> None:
        """Told at the end of a reading: what was spent is to be kept now."""

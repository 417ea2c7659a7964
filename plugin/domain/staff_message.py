"""A message to staff about a step of a care plan, in the inbox of an EHR that has no Task; and whose chart it hangs
on."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

COORDINATOR = "coordinator"
SENDER = "sender"
"""Who a message is from, in a source's inbox settings; without it, ``SENT_BY``."""
SENT_BY = "Milepost"


@dataclass(frozen=True, slots=True)
class ChartNumber:
    """The number of a patient's chart in OpenEMR (its ``pid``). Only a whole number can be one: OpenEMR 8.2 makes a number
    of whatever stands in its place in an address, so that an id that begins with digits is somebody else's chart
    (recordings 230, 257)."""

    value: int

    def __post_init__(self) -> None:
        if type(self.value) is not int or self.value < 1:
            raise TypeError("A chart number is a whole number, and nothing else.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMessage:
    """What is known of the message that stands for one write or notice (``ref``). ``mid`` is its number in the EHR.

    ``asked`` is the digest of what was sent last and not answered for: it may stand there, or not. It is stored before
    anything is sent. ``said`` is the digest of what was answered for last; while ``asked`` is the same, it has not been
    looked at once more whose chart that was. ``revision`` counts the answers."""

    ref: str
    patient: str
    step: str
    chart: ChartNumber | None = None
    mid: int | None = None
    to: str = ""
    is_open: bool = False
    said: str = ""
    asked: str = ""
    revision: int = 0
    at: datetime

    @property
    def is_unknown(self) -> bool:
        """Sent, and nobody knows whether it arrived: it has no number there."""
        return self.mid is None and self.asked != ""

    @property
    def is_unchecked(self) -> bool:
        """Answered for, but the chart was not asked for once more."""
        return self.mid is not None and self.asked != "" and self.asked == self.said

    @property
    def number(self) -> str:
        """Ours, short, in the title: the same for the same gap, so that a message that was sent twice, because nobody
        knew whether the first had arrived, is seen to be one."""
        digest = hashlib.sha256(self.ref.encode()).digest()
        return f"MP-{base64.b32encode(digest).decode()[:6]}"


def inbox_of(inbox: Mapping[str, str], owner: str | None, role: str | None) -> str | None:
    """The user name of whoever is to see it: the owner's, else the role's, else the coordinator's; None without any."""
    named = (inbox.get(key, "").strip() for key in (owner, role, COORDINATOR) if key)
    return next((name for name in named if name), None)

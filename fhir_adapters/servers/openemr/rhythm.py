"""When a part of an OpenEMR is read again: by what it cost the last time, and by whether people work there now.

OpenEMR 8.2 stores every answer whole in its own log, with a dozen rows beside it, and a search for plans goes through
the whole table. So what a day of reading may cost is bounded: each part has its share of the day's bytes and requests,
and waits as long as its last reading has used up of that share; and none keeps the server busy for more than a small
part of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fhir_adapters.servers.openemr.parts import Part

SPREAD = timedelta(hours=12)
"""Over which a day's share is spread: most of the reading falls in working hours."""
REST = 50
"""For each second that the server worked for us it has this many for others."""
LONGEST_RUN = timedelta(seconds=120)
"""A pass that takes longer is cut short, and goes on with the next poll; the first one of all is not."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one day of reading may cost: bytes, which OpenEMR stores, and requests."""

    bytes_per_day: int = 60_000_000
    requests_per_day: int = 20_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How the reading of one part stands. `requests`, `bytes` and `seconds` are those of its last run; `size` is how many
    patients were asked for at once, or how many resources of a page. Of a pass that was cut short, `after` is the last
    patient whom it has asked for. `since`: where the next question for changes begins. `proven`: a list of patients has
    brought something, so that an empty answer means that there is nothing."""

    at: datetime | None = None
    size: int = 0
    after: str = ""
    since: datetime | None = None
    proven: bool = False
    done: bool = False
    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0

    def begun(self, now: datetime) -> Pace:
        return replace(self, at=now, requests=0, bytes=0, seconds=0.0)

    def plus(self, bytes_: int, seconds: float) -> Pace:
        return replace(
            self, requests=self.requests + 1, bytes=self.bytes + bytes_, seconds=round(self.seconds + seconds, 3)
        )


def is_working_time(local: datetime) -> bool:
    """Monday to Friday, seven to seven."""
    return local.weekday() < 5 and 7 <= local.hour < 19


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`working` is asked with the clinic's own time. `always`: everything is due at every poll, whatever it costs."""

    zone: ZoneInfo
    allowance: Allowance = Allowance()
    working: Callable[[datetime], bool] = is_working_time
    always: bool = False

    def is_due(self, part: Part, pace: Pace, now: datetime) -> bool:
        if pace.at is None or self.always:
            return True
        least = part.by_day if self.working(now.astimezone(self.zone)) else part.by_night
        if least is None:
            return False
        pause = self.pause_after(part, pace)
        return now - pace.at >= (pause if pace.after else max(pause, least))

    def pause_after(self, part: Part, pace: Pace) -> timedelta:
        """How long what the last run has cost must do."""
        of_bytes = pace.bytes / (part.share * self.allowance.bytes_per_day)
        of_requests = pace.requests / (part.share * self.allowance.requests_per_day)
        return max(SPREAD * max(of_bytes, of_requests), timedelta(seconds=pace.seconds * REST))

    def is_enough(self, part: Part, pace: Pace) -> bool:
        """Whether a run that goes on is to be cut short here: half a day's share, or time."""
        if not pace.done or self.always:
            return False
        half = part.share / 2
        return (
            pace.bytes > half * self.allowance.bytes_per_day
            or pace.requests > half * self.allowance.requests_per_day
            or pace.seconds > LONGEST_RUN.total_seconds()
        )

"""One pass over a part of an OpenEMR: which questions it takes, how large they are, and what each answer is complete
about.

Answers are to stay far under 4 MB: a question whose answer was too large is halved at once, one that was cheap may
grow.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from fhir_adapters.resources import RESOURCES
from fhir_adapters.servers.openemr.answers import Resource
from fhir_adapters.servers.openemr.http import LARGEST_ANSWER, Found, OpenEmrHttp
from fhir_adapters.servers.openemr.mapping import subjects_of
from fhir_adapters.servers.openemr.memory import Memory
from fhir_adapters.servers.openemr.parts import DAYS_AHEAD, DAYS_BACK, MONTHS_AHEAD, Part, Way
from fhir_adapters.servers.openemr.requests import Question, from_day, from_instant, is_id, listed, uuids_of
from fhir_adapters.servers.openemr.rhythm import Pace, Rhythm
from plugin.domain.errors import NotFhir, TooLarge, TooSlow
from plugin.domain.source import Extent, SetAside

SMALL, LARGE = 1_000_000, 3_000_000
"""Bytes: an answer below the one lets the next question grow, one above the other makes it shrink."""
QUICK = 10.0
"""Seconds: likewise."""
MOST_PATIENTS = 400
MOST_OF_A_PAGE = 800
MOST_PAGES = 10_000
MOST_BEYOND = 3
"""So many patients in a row, of each of whom one answer does not hold all: then it is not the patients."""
OVERLAP = timedelta(minutes=15)
"""So far before the last question for changes the next one begins."""
FIRST_OVERLAP = timedelta(days=1)

BY_TIME = frozenset({Way.TODAY, Way.DAYS, Way.MONTHS})
_NO_ID = "it has no id by which it could be asked for"

_SURE_OF_LISTS = frozenset({"CarePlan", "Appointment"})
"""Seen to understand a list of patients (recordings 111, 182). Of the others this is believed once one has brought
something: until then an empty answer may as well mean that OpenEMR has not understood."""


class Step(NamedTuple):
    """One answer of a pass, and how the pass stands after it. `missed`: too much came to be read in this way; the others
    must bring it."""

    resources: Sequence[Resource]
    pace: Pace
    extent: Extent | None = None
    on_file: tuple[str, ...] = ()
    aside: tuple[SetAside, ...] = ()
    missed: bool = False


class _Span(NamedTuple):
    """A day or a month, which can be asked for by one word."""

    word: str
    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Passes:
    http: OpenEmrHttp
    memory: Memory
    rhythm: Rhythm
    clock: Callable[[], datetime]

    def over(self, type_: str, part: Part, pace: Pace, met: Sequence[str] = ()) -> Iterator[Step]:
        """`met`: patients who were found just now, and may not be in the memory yet."""
        begun = replace(pace.begun(self.clock()), size=pace.size or part.size)
        if part.way is Way.PAGED:
            return self._paged(type_, begun)
        if part.way is Way.CHANGED:
            return self._changed(type_, part, begun)
        if part.way is Way.WHOLE:
            return self._whole(type_, begun)
        if part.way in BY_TIME:
            return self._by_time(type_, self._spans(part.way), begun)
        patients = self.memory.tracked() if part.way is Way.TRACKED else [*self.memory.patients(), *met]
        return self._lists(type_, part, uuids_of(patients), begun, pace)

    def ask(self, type_: str, **params: str) -> Found:
        return _check_ids(type_, self.http.search(Question(type_, params)))

    # ---------------------------------------------------------------------------------------------- lists of patients
    def _lists(self, type_: str, part: Part, ids: Sequence[str], pace: Pace, before: Pace) -> Iterator[Step]:
        waiting = [id_ for id_ in ids if id_ > pace.after]
        beyond = 0
        if not waiting:
            yield Step((), replace(pace, after="", done=True))
        while waiting:
            asked = waiting[: pace.size]
            try:
                found = self._of_patients(type_, part, asked)
            except TooLarge:
                pace = pace.plus(LARGEST_ANSWER, 0.0)
                if len(asked) > 1:
                    pace = replace(pace, size=len(asked) // 2)
                    continue
                beyond += 1
                if beyond == MOST_BEYOND:
                    raise
                yield self._beyond(type_, asked[0], pace, waiting)
                waiting = waiting[1:]
                continue
            except TooSlow:
                if part.way is Way.TRACKED and len(asked) > 1:  # of plans, a smaller list would not be quicker
                    yield Step((), replace(before, size=len(asked) // 2))
                raise
            beyond = 0
            waiting = waiting[len(asked) :]
            pace = _after(
                _sized(pace.plus(found.bytes, found.seconds), found, len(asked), MOST_PATIENTS), asked, waiting
            )
            is_proven = pace.proven or type_ in _SURE_OF_LISTS or (len(asked) > 1 and bool(found.resources))
            pace = replace(pace, proven=is_proven)
            is_sure = (is_proven or bool(found.resources) or len(asked) == 1) and part.back is None
            yield Step(found.resources, pace, Extent(_refs(asked)) if is_sure else None)
            if waiting and self.rhythm.is_enough(part, pace):
                return

    def _of_patients(self, type_: str, part: Part, ids: Sequence[str]) -> Found:
        params = {"patient": listed(ids)}
        since = RESOURCES[type_].since_search
        if part.back is not None and since is not None:
            params[since] = from_day(self._today() - timedelta(days=part.back))
        return check_patients(type_, self.ask(type_, **params), ids)

    def _beyond(self, type_: str, id_: str, pace: Pace, waiting: Sequence[str]) -> Step:
        """One patient's are more than one answer holds: theirs stay unread, and are named; the others go on."""
        aside = SetAside(f"Patient/{id_}", "", f"has more {type_} than this OpenEMR can send in one answer")
        return Step((), _after(pace, [id_], waiting[1:]), aside=(aside,))

    # --------------------------------------------------------------------------------------------------- days and months
    def _by_time(self, type_: str, spans: Sequence[_Span], pace: Pace) -> Iterator[Step]:
        """As many days at once as an answer may hold; of a month that is too large, day by day. The busiest of them counts:
        only where all were cheap are more asked for at once the next time."""
        waiting, most, were_cheap = list(spans), sum(span.days for span in spans), True
        while waiting:
            asked, left = _next(waiting, pace.size)
            count = sum(span.days for span in asked)
            try:
                found = self.ask(type_, date=listed([span.word for span in asked]))
            except TooLarge:
                if count == 1:
                    words = f"The appointments of {asked[0].word} are more than this OpenEMR can send in one answer."
                    raise TooLarge(words) from None
                pace, were_cheap = replace(pace.plus(LARGEST_ANSWER, 0.0), size=count // 2), False
                continue
            first, last, waiting = asked[0].first, asked[-1].last, left
            _check_days(type_, found, first, last)
            were_cheap = were_cheap and _is_cheap(found)
            size = max(1, count // 2) if found.bytes > LARGE else pace.size
            size = min(most, size * 2) if were_cheap and not waiting else size
            pace = replace(pace.plus(found.bytes, found.seconds), size=size, done=pace.done or not waiting)
            yield Step(found.resources, pace, Extent(None, first, last))

    def _spans(self, way: Way) -> list[_Span]:
        if way is Way.MONTHS:
            return self._months()
        first, last = (-1, 0) if way is Way.TODAY else (-DAYS_BACK, DAYS_AHEAD)
        days = [self._today() + timedelta(days=count) for count in range(first, last + 1)]
        return [_day(day) for day in days]

    def _months(self) -> list[_Span]:
        today = self._today()
        numbers = [today.year * 12 + today.month - 1 + count for count in range(MONTHS_AHEAD + 1)]
        return [_month(*divmod(number, 12)) for number in numbers]

    # ------------------------------------------------------------------------------------------------- what has changed
    def _changed(self, type_: str, part: Part, pace: Pace) -> Iterator[Step]:
        """The first time, what stood before comes in the other ways."""
        now = self.clock()
        since = pace.since or now - FIRST_OVERLAP
        try:
            found = self.ask(type_, _lastUpdated=from_instant(since))
        except TooLarge:
            yield Step((), replace(pace, since=now - OVERLAP, done=True), missed=True)
            return
        overlap = OVERLAP if part.back is None else timedelta(days=part.back)
        pace = replace(pace.plus(found.bytes, found.seconds), since=_earlier(now, found.served_at) - overlap, done=True)
        yield Step(found.resources, pace)

    def _paged(self, type_: str, pace: Pace) -> Iterator[Step]:
        """`_count` and `_offset` work for Patient alone; `total` is the page's, and there is no link to a next one. Where
        nobody has come yet, the next pass begins at the beginning again."""
        params = {} if pace.since is None else {"_lastUpdated": from_instant(pace.since)}
        began: datetime | None = None
        offset, seen = 0, set[str]()
        for _ in range(MOST_PAGES):
            size = pace.size
            try:
                found = self.ask(type_, **params, _count=str(size), **({"_offset": str(offset)} if offset else {}))
            except TooLarge:
                if size == 1:
                    raise
                pace = replace(pace.plus(LARGEST_ANSWER, 0.0), size=size // 2)
                continue
            began = began or _earlier(self.clock(), found.served_at)
            refs = [f"{type_}/{item.get('id')}" for item in found.resources]
            if refs and seen.issuperset(refs):
                raise NotFhir(f"{type_} at {self.http.base_url}: one page comes again and again.")
            seen.update(refs)
            offset += len(refs)
            pace = _sized(pace.plus(found.bytes, found.seconds), found, size, MOST_OF_A_PAGE)
            is_last = len(refs) < size
            if is_last:
                pace = replace(pace, since=began - OVERLAP if seen else pace.since, done=True)
            good = [item for item in found.resources if is_id(str(item.get("id")))]
            aside = (SetAside(f"{type_}/", "", _NO_ID),) if len(good) < len(refs) else ()
            yield Step(good, pace, on_file=tuple(f"{type_}/{item['id']}" for item in good), aside=aside)
            if is_last:
                return
        raise TooLarge(f"The pages of {type_} at {self.http.base_url} do not end.")

    def _whole(self, type_: str, pace: Pace) -> Iterator[Step]:
        """Who works there: with an NPI as Practitioner, and everybody as Person."""
        listed_first = self.ask(type_)
        rest = self.ask("Person")
        known = {item.get("id") for item in listed_first.resources}
        resources = [*listed_first.resources, *(item for item in rest.resources if item.get("id") not in known)]
        pace = pace.plus(listed_first.bytes, listed_first.seconds).plus(rest.bytes, rest.seconds)
        yield Step(resources, replace(pace, done=True), Extent())

    def _today(self) -> date:
        return self.clock().astimezone(self.rhythm.zone).date()


def _check_ids(type_: str, found: Found) -> Found:
    """Raises when one id comes as two patients': whose it is, nobody could say."""
    whose: dict[object, list[str]] = {}
    if any(whose.setdefault(item.get("id"), refs := patient_refs(item)) != refs for item in found.resources):
        raise NotFhir(f"{type_}: the answer has one id for things of different patients.")
    return found


def check_patients(type_: str, found: Found, ids: Sequence[str]) -> Found:
    """Raises when the answer holds somebody who was not asked for: then the question was not understood."""
    asked = _refs(ids)
    for item in found.resources:
        refs = patient_refs(item)
        if refs and asked.isdisjoint(refs):
            raise NotFhir(f"{type_}: the answer is about patients who were not asked for.")
    return found


def patient_refs(item: Mapping[str, object]) -> list[str]:
    return [ref for ref in subjects_of(item) if ref.startswith("Patient/")]


def _check_days(type_: str, found: Found, first: date, last: date) -> None:
    """Likewise of days. By the clock on the wall: its date is what OpenEMR has compared."""
    low, high = first.isoformat(), last.isoformat()
    if any(not low <= str(item.get("start"))[: len(low)] <= high for item in found.resources):
        raise NotFhir(f"{type_}: the answer is about days that were not asked for.")


def _earlier(ours: datetime, theirs: datetime | None) -> datetime:
    """Of both clocks: a question that begins too early costs a little, one that begins too late loses something."""
    return ours if theirs is None else min(ours, theirs)


def _refs(ids: Sequence[str]) -> frozenset[str]:
    return frozenset(f"Patient/{id_}" for id_ in ids)


def _after(pace: Pace, asked: Sequence[str], waiting: Sequence[str]) -> Pace:
    return replace(pace, after=asked[-1] if waiting else "", done=pace.done or not waiting)


def _sized(pace: Pace, found: Found, asked: int, most: int) -> Pace:
    if found.bytes > LARGE:
        return replace(pace, size=max(1, asked // 2))
    return replace(pace, size=min(most, pace.size * 2)) if _is_cheap(found) and asked == pace.size else pace


def _is_cheap(found: Found) -> bool:
    return found.bytes < SMALL and found.seconds < QUICK


def _next(waiting: Sequence[_Span], most: int) -> tuple[list[_Span], list[_Span]]:
    """What is asked for now, no more days than that, and what waits: whole months, or days where one month is more already.
    The two never stand in one question: that was not seen to be understood."""
    head, *rest = waiting
    spans = [*(_days_of(head) if head.days > most else [head]), *rest]
    totals = accumulate(span.days for span in spans)
    asked = [
        span
        for span, total in zip(spans, totals, strict=True)
        if total <= most and len(span.word) == len(spans[0].word)
    ]
    return asked, spans[len(asked) :]


def _days_of(span: _Span) -> list[_Span]:
    return [_day(span.first + timedelta(days=number)) for number in range(span.days)]


def _day(day: date) -> _Span:
    return _Span(day.isoformat(), day, day)


def _month(year: int, month: int) -> _Span:
    first = date(year, month + 1, 1)
    return _Span(f"{year:04}-{month + 1:02}", first, first.replace(day=monthrange(year, month + 1)[1]))

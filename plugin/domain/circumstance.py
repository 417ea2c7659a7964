"""Whether a condition holds for a patient, since when, and on which days that can change by itself.

A condition is asked of a local day: what is dated counts from the beginning of its day, and what is unknown does not
hold. The appointments are taken as they stand at the moment that is being assessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import NamedTuple

from plugin.domain.appointment import MISSED, Outcome, Visit, is_rebooked
from plugin.domain.calendar import ONE_DAY, Practice
from plugin.domain.condition import Condition, VisitState, What
from plugin.domain.link import Steps
from plugin.domain.measurement import Candidate, Measurement, Result, numbers_in, one_a_day, results_of
from plugin.domain.moment import Days, days, plus_days, plus_months
from plugin.domain.origin import appointment_codes
from plugin.domain.piece import pairs
from plugin.domain.record import Coding, Event, Moment, Other, Patient, Record, Said
from plugin.domain.step import Step
from plugin.domain.unit import is_same_unit

_INACTIVE = {"inactive", "remission", "resolved", "entered-in-error", "refuted"}
REACHED = "reached-"
"""How the coded outcomes begin of a contact in which the patient was spoken to (DESIGN §7)."""


Codes = tuple[Coding, ...]


class Dated(NamedTuple):
    """A Condition or Flag, with the days on which it began and ended, as far as it says."""

    fact: Other
    start: Days | None
    end: Days | None


@dataclass(slots=True, kw_only=True)
class Circumstances:
    """One patient's chart as the conditions of one plan see it. What they ask for is looked up once."""

    record: Record
    practice: Practice
    patient: Patient | None
    steps: list[Step] = field(default_factory=list)
    visits: Mapping[str, Visit] = field(default_factory=dict)
    linked: Mapping[str, Steps] = field(default_factory=dict)
    """Appointment -> the steps of the plan to which it belongs by a reference."""
    linked_anywhere: frozenset[str] = frozenset()
    """The appointments that belong to a step of any plan by a reference (A3: its code says nothing more then)."""
    plan_start: date | None = None
    in_programs: frozenset[str] = frozenset()
    encounters_tell: bool = True
    """False where the source calls every Encounter finished (E12)."""
    _results: list[Result] | None = field(default=None, init=False)
    _numbers: dict[tuple[Codes, str | None], tuple[Measurement, ...]] = field(default_factory=dict, init=False)
    _known: dict[tuple[str, Codes], list[Dated]] = field(default_factory=dict, init=False)
    _of_plan: list[tuple[Visit, Steps]] | None = field(default=None, init=False)
    _spoken: list[date] | None = field(default=None, init=False)

    def birthday(self, years: int) -> date | None:
        """The day on which the patient comes to be so many years old."""
        born = self._days(self.patient.birth_date) if self.patient else None
        return plus_months(born.first, 12 * years) if born else None

    def known(self, type_: str, condition: Condition) -> list[Dated]:
        """The Conditions or Flags with one of its codes that count, each with its beginning and its end."""
        key = (type_, condition.codes)
        if key not in self._known:
            wanted = condition.pairs
            self._known[key] = [
                Dated(fact, self._days(fact.start), self._days(fact.end))
                for fact in self.record.facts.values()
                if isinstance(fact, Other) and fact.type == type_ and _counts(fact) and _codes(fact) & wanted
            ]
        return self._known[key]

    def numbers(self, condition: Condition) -> tuple[Measurement, ...]:
        """The numbers under its codes, in its unit where it names one: one for each day, oldest first."""
        key = (condition.codes, condition.unit)
        if key not in self._numbers:
            if self._results is None:
                self._results = results_of(self.record, self.practice.zone)
            found = (Candidate(r, m) for r in self._results for m in numbers_in(r, condition.pairs))
            self._numbers[key] = one_a_day(c for c in found if _is_in(condition.unit, c.measurement.unit))
        return self._numbers[key]

    def visits_of_plan(self) -> list[tuple[Visit, Steps]]:
        """The appointments of the plan's steps: linked by a reference, or of an equal code."""
        if self._of_plan is None:
            found = ((visit, self._steps_of(visit)) for visit in self.visits.values())
            self._of_plan = [(visit, steps) for visit, steps in found if steps]
        return self._of_plan

    def misses(self) -> Iterator[Visit]:
        """Of the plan's appointments those that were missed and not made good (A4)."""
        of_plan = self.visits_of_plan()
        for visit, steps in of_plan:
            if visit.outcome in MISSED:
                same = [other for other, others in of_plan if others & steps]
                if visit.outcome is Outcome.NOSHOW or not is_rebooked(visit, same, same):
                    yield visit

    def spoken_on(self) -> list[date]:
        """The days on which somebody reached the patient, and those of finished encounters."""
        if self._spoken is None:
            undone = {s.target for s in self.record.statements if s.said is Said.UNDO}
            self._spoken = [
                self.practice.day(s.at)
                for s in self.record.statements
                if s.said is Said.CONTACT and s.id not in undone and (s.outcome or "").startswith(REACHED)
            ]
            if self.encounters_tell:
                self._spoken += [d.first for d in map(self._days, self._encounters()) if d]
        return self._spoken

    def _encounters(self) -> Iterator[Moment]:
        """When those of this patient that are finished began."""
        names = self.record.names
        events = (fact for fact in self.record.facts.values() if isinstance(fact, Event) and fact.type == "Encounter")
        own = (event for event in events if event.status == "finished" and event.subject in names)
        return (moment for event in own if (moment := event.start or event.end))

    def _steps_of(self, visit: Visit) -> Steps:
        if visit.fact.ref in self.linked_anywhere:
            return self.linked.get(visit.fact.ref, frozenset())
        codes = pairs(appointment_codes(visit.fact)) if visit.is_own else frozenset()
        return frozenset(index for index, step in enumerate(self.steps) if step.codes & codes)

    def _days(self, moment: Moment | None) -> Days | None:
        return days(moment, self.practice.zone) if moment else None


def _counts(fact: Other) -> bool:
    if fact.type == "Condition":
        return fact.status not in _INACTIVE
    return fact.status == "active" and not fact.ours


def _codes(fact: Other) -> frozenset[tuple[str, str]]:
    return frozenset((c.system, c.code) for concept in fact.concepts for c in concept.codings if c.system)


def _is_in(wanted: str | None, unit: str | None) -> bool:
    return wanted is None or is_same_unit(unit, wanted)


# ------------------------------------------------------------------------------------------------- whether it holds
class _Asked:
    """A condition asked of one day. ``is_past``: of a day gone by, when bookings stood that have come to pass since."""

    def __init__(self, about: Circumstances, day: date, *, is_past: bool = False) -> None:
        self._about, self._day, self._is_past = about, day, is_past

    def holds(self, condition: Condition) -> bool:
        return _ANSWERS[condition.what](self, condition)

    def all(self, condition: Condition) -> bool:
        return all(self.holds(part) for part in condition.parts)

    def any(self, condition: Condition) -> bool:
        return any(self.holds(part) for part in condition.parts)

    def none(self, condition: Condition) -> bool:
        return not self.any(condition)

    def age_at_least(self, condition: Condition) -> bool:
        birthday = self._about.birthday(condition.years)
        return birthday is not None and self._day >= birthday

    def age_below(self, condition: Condition) -> bool:
        birthday = self._about.birthday(condition.years)
        return birthday is not None and self._day < birthday

    def condition(self, condition: Condition) -> bool:
        """Two entries of one illness (they share a code) count once."""
        found: list[frozenset[tuple[str, str]]] = []
        for fact, start, _ in self._about.known("Condition", condition):
            if start is None or start.first <= self._day:
                codes = _codes(fact) & condition.pairs
                same = [other for other in found if other & codes]
                found = [other for other in found if not other & codes] + [codes.union(*same)]
        return len(found) >= condition.count

    def flag(self, condition: Condition) -> bool:
        """Active, and its period holds the day."""
        return any(
            (start is None or start.first <= self._day) and (end is None or self._day <= end.last)
            for _, start, end in self._about.known("Flag", condition)
        )

    def observation(self, condition: Condition) -> bool:
        """The newest one of those that there were on the day."""
        newest = next((m for m in reversed(self._about.numbers(condition)) if m.on <= self._day), None)
        if newest is None or (condition.days is not None and (self._day - newest.on).days > condition.days):
            return False
        return condition.operator.compares(newest.value, condition.value)

    def language(self, condition: Condition) -> bool:
        """``es`` means es-MX, too; es-MX only itself."""
        spoken = (self._about.patient.language or "").casefold() if self._about.patient else ""
        wanted = [language.casefold() for language in condition.languages]
        return any(spoken == language or spoken.startswith(f"{language}-") for language in wanted if language)

    def interpreter_needed(self, _: Condition) -> bool:
        return self._about.patient is not None and self._about.patient.needs_interpreter is True

    def days_since_contact(self, condition: Condition) -> bool:
        kept = (v.start.first for v in self._about.visits.values() if v.outcome is Outcome.KEPT)
        gone_by = (day for day in chain(self._about.spoken_on(), kept) if day <= self._day)
        last = max(gone_by, default=self._about.plan_start)
        return last is not None and (self._day - last).days >= (condition.days or 0)

    def appointment(self, condition: Condition) -> bool:
        about = self._about
        match condition.state:
            case VisitState.BOOKED:
                return any(self._stands(visit) for visit, _ in about.visits_of_plan())
            case VisitState.MISSED:
                return any(self._is_lately(_missed_on(v, about.practice), condition) for v in about.misses())
            case VisitState.KEPT:
                kept = (v for v, _ in about.visits_of_plan() if v.outcome is Outcome.KEPT)
                return any(self._is_lately(visit.start.first, condition) for visit in kept)

    def _stands(self, visit: Visit) -> bool:
        if visit.outcome is Outcome.STANDING:
            return True
        return self._is_past and self._day < _over_on(visit, self._about.practice)

    def _is_lately(self, on: date, condition: Condition) -> bool:
        return 0 <= (self._day - on).days <= (condition.days or 0)

    def in_program(self, condition: Condition) -> bool:
        return condition.program in self._about.in_programs


_ANSWERS: Mapping[What, Callable[[_Asked, Condition], bool]] = {
    "all": _Asked.all,
    "any": _Asked.any,
    "not": _Asked.none,
    "age-at-least": _Asked.age_at_least,
    "age-below": _Asked.age_below,
    "condition": _Asked.condition,
    "flag": _Asked.flag,
    "observation": _Asked.observation,
    "language": _Asked.language,
    "interpreter-needed": _Asked.interpreter_needed,
    "days-since-contact": _Asked.days_since_contact,
    "appointment": _Asked.appointment,
    "in-program": _Asked.in_program,
}


def holds(condition: Condition, about: Circumstances, today: date) -> bool:
    """Whether it holds now, on this local day."""
    return _Asked(about, today).holds(condition)


def since(condition: Condition, about: Circumstances, today: date) -> date | None:
    """Of a condition that holds today: the day from which on it has held without a break; None: as long as is known."""
    for day in sorted({day for day in turning_days(condition, about) if date.min < day <= today}, reverse=True):
        if not _Asked(about, day - ONE_DAY, is_past=True).holds(condition):
            return day
    return None


def _over_on(visit: Visit, practice: Practice) -> date:
    """The first day on which a booking that stands no more did not stand."""
    after = plus_days(visit.start.last, 1)
    if visit.status == "cancelled":
        return min(practice.day(visit.seen(practice)), after)
    return visit.start.first if visit.outcome in (Outcome.KEPT, Outcome.NOSHOW, Outcome.CONTRADICTED) else after


def _missed_on(visit: Visit, practice: Practice) -> date:
    """The day of the miss: of a cancellation beforehand the day on which its grace is over."""
    if visit.outcome is not Outcome.CANCELLED:
        return visit.start.first
    return min(visit.start.first, plus_days(practice.day(visit.seen(practice)), 1))


# --------------------------------------------------------------------------------------------- when it may turn around
def turning_days(condition: Condition, about: Circumstances) -> Iterator[date]:
    """All days on which its answer can change by itself, past ones too, whatever becomes of the appointments."""
    for part in condition.parts:
        yield from turning_days(part, about)
    if condition.what in _TURNS:
        yield from _TURNS[condition.what](condition, about)


def _birthdays(condition: Condition, about: Circumstances) -> Iterator[date]:
    birthday = about.birthday(condition.years)
    yield from (birthday,) if birthday else ()


def _beginnings_and_ends(condition: Condition, about: Circumstances) -> Iterator[date]:
    for _, start, end in about.known("Condition" if condition.what == "condition" else "Flag", condition):
        yield from (start.first,) if start else ()
        yield from (plus_days(end.last, 1),) if end else ()


def _number_turns(condition: Condition, about: Circumstances) -> Iterator[date]:
    for measurement in about.numbers(condition):
        yield measurement.on
        if condition.days is not None:
            yield plus_days(measurement.on, condition.days + 1)


def _contact_turns(condition: Condition, about: Circumstances) -> Iterator[date]:
    count = condition.days or 0
    if about.plan_start is not None:
        yield plus_days(about.plan_start, count)
    visits = (visit.start.first for visit in about.visits.values())
    for day in chain(about.spoken_on(), visits):
        yield day
        yield plus_days(day, count)


def _visit_turns(condition: Condition, about: Circumstances) -> Iterator[date]:
    for visit, _ in about.visits_of_plan():
        on = [visit.start.first, plus_days(visit.start.last, 1)]
        if visit.status == "cancelled":
            seen_on = about.practice.day(visit.seen(about.practice))
            on += [seen_on, plus_days(seen_on, 1)]
        for day in on:
            yield day
            yield plus_days(day, (condition.days or 0) + 1)


_TURNS: Mapping[What, Callable[[Condition, Circumstances], Iterator[date]]] = {
    "age-at-least": _birthdays,
    "age-below": _birthdays,
    "condition": _beginnings_and_ends,
    "flag": _beginnings_and_ends,
    "observation": _number_turns,
    "days-since-contact": _contact_turns,
    "appointment": _visit_turns,
}

"""What an appointment's status means: standing, kept, missed, rebooked; two missed in a row (DESIGN §4.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from plugin.domain.calendar import Practice
from plugin.domain.moment import Days, days, plus_days
from plugin.domain.record import Appointment, Event


class Outcome(StrEnum):
    """What Milepost makes of one appointment, for one patient, at one moment."""

    NOTHING = "nothing"
    """Entered in error, or without a start (A1): as if it had never been."""
    STANDING = "standing"
    UNRECORDED = "unrecorded"
    KEPT = "kept"
    NOSHOW = "noshow"
    CANCELLED = "cancelled"
    """By the patient, the grace is over: a miss unless rebooked."""
    GRACE = "grace"
    """Cancelled by the patient; until the end of that day it may be rebooked."""
    BY_PRACTICE = "by-practice"
    EXCUSED = "excused"
    """A5: deceased, moved, member terminated: no miss; a person is asked what is true."""
    CONTRADICTED = "contradicted"
    """A6: noshow or cancelled, and a finished Encounter of it."""


MISSED = frozenset({Outcome.NOSHOW, Outcome.CANCELLED})
_PRACTICE_REASONS = {"maint", "oth-room", "oth-oerr", "oth-err", "oth-int", "oth-mu", "oth-weath", "prov"}
_EXCUSES = {"pat-dec", "pat-mv", "pat-mt"}
_PRESENT = {"arrived", "checked-in"}
REBOOK_AFTER = timedelta(hours=2)
"""DESIGN §6, rebook: two hours after a cancellation is seen."""


@dataclass(slots=True)
class Visit:
    """One appointment of one patient, with the Encounters of it, and its place in time. ``is_group``: it has several
    patients, so that its status says nothing of any one of them (A9); ``has_declined``: this one will not come.
    ``is_own``: it names this patient."""

    fact: Appointment
    encounters: tuple[Event, ...]
    start: Days
    is_group: bool = False
    has_declined: bool = False
    is_own: bool = True
    outcome: Outcome = Outcome.NOTHING

    @property
    def status(self) -> str:
        """What the appointment says of this patient; declined counts as cancelled."""
        if not self.is_group:
            return self.fact.status or "booked"
        return "cancelled" if self.has_declined else "booked"

    @property
    def began(self) -> datetime:
        """The start, for ordering; a day without a time counts from its first moment in UTC order."""
        return self.start.instant or datetime.fromisoformat(f"{self.start.first.isoformat()}T00:00:00+00:00")

    @property
    def order(self) -> tuple[datetime, str]:
        """By start, then by reference."""
        return (self.began, self.fact.ref)

    def seen(self, practice: Practice) -> datetime:
        """A7: the change stamp, else the start."""
        return self.fact.seen or self.start.instant or practice.start_of(self.start.first)


def visit_of(
    appointment: Appointment, patients: frozenset[str], encounters: Sequence[Event], practice: Practice
) -> Visit | None:
    """A visit, or None where the appointment is none (A1, entered in error), or somebody else's. ``patients`` are the
    references under which this patient is known: a merged record has several."""
    start = days(appointment.start, practice.zone) if appointment.start else None
    persons = {p.actor for p in appointment.participants if p.actor and (p.actor in patients or "Patient/" in p.actor)}
    if appointment.status == "entered-in-error" or start is None or (persons and not persons & patients):
        return None
    is_group = bool(persons - patients)
    allowed = patients if is_group else (None, *patients)
    return Visit(
        fact=appointment,
        encounters=tuple(encounter for encounter in encounters if encounter.subject in allowed),
        start=start,
        is_group=is_group,
        has_declined=any(p.actor in patients and p.status == "declined" for p in appointment.participants),
        is_own=bool(persons),
    )


def outcome(visit: Visit, now: datetime, practice: Practice, finished: bool) -> Outcome:
    """DESIGN §4.5 with A1, A2, A5, A6, A9. ``finished``: an Encounter of it is finished by now."""
    status = visit.status
    today = practice.day(now)
    began = not visit.start.is_after(now, today)
    if status == "noshow":
        if not began:
            return Outcome.STANDING
        return Outcome.CONTRADICTED if finished else Outcome.NOSHOW
    if status == "cancelled":
        return Outcome.CONTRADICTED if finished else _cancelled(visit, now, practice)
    if finished or (status == "fulfilled" and began):
        return Outcome.KEPT
    if status in _PRESENT:
        return Outcome.STANDING if now < stands_until(visit, practice) else Outcome.UNRECORDED
    return Outcome.STANDING if today <= visit.start.last else Outcome.UNRECORDED


def _cancelled(visit: Visit, now: datetime, practice: Practice) -> Outcome:
    concept = visit.fact.cancelation_reason
    codes = {c.code for c in concept.codings} if concept else set()
    if not visit.is_group and any(code in _PRACTICE_REASONS or code.startswith("prov-") for code in codes):
        return Outcome.BY_PRACTICE
    if not visit.is_group and codes & _EXCUSES:
        return Outcome.EXCUSED
    over = practice.start_of(plus_days(practice.day(visit.seen(practice)), 1))
    return Outcome.CANCELLED if now >= over else Outcome.GRACE


def turning_points(visit: Visit, practice: Practice) -> Iterator[datetime]:
    """The moments at which a visit's outcome, or what is wanted because of it, can change by itself."""
    if visit.status != "cancelled":
        yield stands_until(visit, practice)
        return
    seen_on = practice.day(visit.seen(practice))
    yield practice.start_of(seen_on)
    yield practice.start_of(plus_days(seen_on, 1))


def stands_until(visit: Visit, practice: Practice) -> datetime:
    """When what was not cancelled ceases to be a booking that stands, if nothing more is recorded of it."""
    if visit.status in ("noshow", "fulfilled"):
        return visit.start.instant or practice.start_of(visit.start.first)
    after = plus_days(visit.start.last, 1)
    return practice.at(after, practice.morning) if visit.status in _PRESENT else practice.start_of(after)


def is_rebooked(visit: Visit, of_turn: Iterable[Visit], of_step: Iterable[Visit]) -> bool:
    """A4: another linked appointment is live, arrived or kept (in the same turn), or begins later (in any turn)."""
    live = (Outcome.STANDING, Outcome.UNRECORDED, Outcome.KEPT)
    if any(other is not visit and other.outcome in live for other in of_turn):
        return True
    return any(other.began > visit.began for other in of_step)


def two_missed_in_a_row(visits: Iterable[Visit], rebooked: frozenset[str]) -> tuple[Visit, Visit] | None:
    """The last two appointments with an outcome, by start, when both were missed; ``rebooked`` cancellations and those
    by the practice have none."""
    told = [
        visit
        for visit in sorted(visits, key=lambda v: v.order)
        if visit.outcome is Outcome.KEPT or (visit.outcome in MISSED and visit.fact.ref not in rebooked)
    ]
    if len(told) < 2 or not (told[-1].outcome in MISSED and told[-2].outcome in MISSED):
        return None
    return told[-2], told[-1]

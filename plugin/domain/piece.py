"""What may be evidence: final results, finished visits, completed procedures, each with its place in time (SEMANTICS
E1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from plugin.domain.appointment import Visit
from plugin.domain.moment import Days, days
from plugin.domain.origin import appointment_codes
from plugin.domain.record import Appointment, Coding, Event, Fact, Link, Record

FINAL = {
    "Observation": {"final", "amended", "corrected", "appended"},
    "DiagnosticReport": {"final", "amended", "corrected", "appended"},
    "Procedure": {"completed"},
    "Immunization": {"completed"},
    "Encounter": {"finished"},
    "QuestionnaireResponse": {"completed", "amended"},
}
"""E1: what final means. Partial is not final."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Something final that may be evidence: an Event, or a kept Appointment. ``place`` is when it began, ``ended`` dates
    the completion (E9). ``group`` is equal for pieces of one event (a report and its results, a visit and its note)."""

    fact: Event | Appointment
    place: Days | None
    ended: Days | None
    codes: frozenset[tuple[str, str]]
    group: str
    is_visit: bool
    is_own: bool
    """It names this patient (E8: coded evidence needs it)."""
    points_to: frozenset[str]

    @property
    def ref(self) -> str:
        """``Type/id``."""
        return self.fact.ref

    @property
    def on(self) -> date | None:
        """The local day that dates the completion; of a partial date the first."""
        dated = self.ended or self.place
        return dated.first if dated else None


def pieces_of(
    record: Record, names: frozenset[str], visits: Mapping[str, Visit], linked: frozenset[str], *, zone: ZoneInfo
) -> list[Piece]:
    """All pieces of one patient. ``linked`` are the appointments that belong to a step by reference: what they say of
    their kind tells nothing more of the encounter (A3)."""
    pieces: list[Piece] = []
    for fact in record.facts.values():
        if isinstance(fact, Event):
            if _is_final(fact, record.facts) and fact.subject in (None, *names):
                of = (visits.get(link.ref or "") for link in fact.appointments)
                noted = [visit for visit in of if visit is not None and fact in visit.encounters]
                pieces.append(_of_event(fact, noted, linked, zone))
        elif isinstance(fact, Appointment) and fact.ref in visits and not visits[fact.ref].is_group:
            visit = visits[fact.ref]
            codes = pairs(appointment_codes(fact))
            pieces.append(Piece(fact, visit.start, None, codes, fact.ref, True, visit.is_own, frozenset()))
    return _grouped(pieces)


def pairs(codings: Iterable[Coding]) -> frozenset[tuple[str, str]]:
    """System and code of those that can match (E3)."""
    return frozenset((c.system, c.code) for c in codings if c.system)


def _is_final(fact: Event, facts: Mapping[str, Fact]) -> bool:
    return fact.status in FINAL.get(fact.type, ()) and not (fact.valueless and not _has_value(fact, facts, set()))


def _has_value(fact: Event, facts: Mapping[str, Fact], seen: set[str]) -> bool:
    """E1: of an Observation without a value, whether one of its members has one."""
    if not fact.valueless:
        return True
    seen.add(fact.ref)
    members = (facts.get(link.ref or "") for link in fact.members)
    return any(isinstance(m, Event) and m.ref not in seen and _has_value(m, facts, seen) for m in members)


def _of_event(fact: Event, visits: Sequence[Visit], linked: frozenset[str], zone: ZoneInfo) -> Piece:
    """``visits`` are the appointments of which it is the encounter; one entered in error links nothing (A6)."""
    start = fact.start or fact.end or fact.issued
    codes = pairs(code for concept in fact.concepts for code in concept.codings)
    for visit in visits:
        if visit.fact.ref not in linked:
            codes |= pairs(appointment_codes(visit.fact))
    links = (*fact.based_on, *fact.part_of)
    return Piece(
        fact=fact,
        place=days(start, zone) if start else None,
        ended=days(fact.end, zone) if fact.end else None,
        codes=codes,
        group=fact.ref,
        is_visit=fact.type == "Encounter",
        is_own=fact.subject is not None,
        points_to=frozenset(link.ref for link in links if link.ref).union(visit.fact.ref for visit in visits),
    )


def _grouped(pieces: list[Piece]) -> list[Piece]:
    """One event is one piece of coded evidence (E4): a report with its results, a visit with its appointment and with
    what was done in it on that day, are grouped by the links between them."""
    by_ref = {piece.ref: piece for piece in pieces}
    leader = {piece.ref: piece.ref for piece in pieces}

    def root(ref: str) -> str:
        while leader[ref] != ref:
            ref = leader[ref]
        return ref

    linked = False
    for piece in pieces:
        for ref in _beside(piece, by_ref):
            one, other = sorted((root(ref), root(piece.ref)))
            if one != other:
                leader[other] = one
                linked = True
    return [replace(piece, group=root(piece.ref)) for piece in pieces] if linked else pieces


def _beside(piece: Piece, by_ref: Mapping[str, Piece]) -> Iterator[str]:
    fact = piece.fact
    if not isinstance(fact, Event):
        return
    for link in (*fact.members, *fact.appointments, *fact.part_of, fact.encounter or Link()):
        other = by_ref.get(link.ref or "")
        if other is None:
            continue
        belongs = link in fact.members or link in fact.appointments
        if belongs or _on_one_day(piece.place, other.place):
            yield other.ref


def _on_one_day(one: Days | None, other: Days | None) -> bool:
    """Sessions of one long stay are several events."""
    return one is None or other is None or one.first == other.first

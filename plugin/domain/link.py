"""Which appointment and which piece of evidence belong to which steps, by the references between them (A3, E2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from plugin.domain.appointment import Visit
from plugin.domain.moment import days
from plugin.domain.origin import appointment_codes
from plugin.domain.piece import Piece, pairs
from plugin.domain.record import Appointment, Event, Identifier, Link, Record
from plugin.domain.step import Step

Steps = frozenset[int]
"""Places of steps in their plan."""
NONE: Steps = frozenset()


class Belief(NamedTuple):
    """The steps to which an appointment belongs by its most believed link in one plan, and that link's rank: the lower
    the more believed. ``own`` are the steps that it *is*: it belongs to them always."""

    rank: int
    steps: Steps
    own: Steps


class Links:
    """The steps of one plan, found by what refers to them."""

    def __init__(self, plan: str, steps: Sequence[Step]) -> None:
        self._plan = plan
        self._steps = steps
        self._by_ref: dict[str, Steps] = {}
        self._by_outcome: dict[str, Steps] = {}
        self._by_identifier: dict[Identifier, Steps] = {}
        for index, step in enumerate(steps):
            here = frozenset({index})
            for ref in step.refs:
                self._by_ref[ref] = self._by_ref.get(ref, NONE) | here
            for link in (*step.outcomes, *step.outputs):
                if link.ref:
                    self._by_outcome[link.ref] = self._by_outcome.get(link.ref, NONE) | here
            for identifier in step.identifiers:
                self._by_identifier[identifier] = self._by_identifier.get(identifier, NONE) | here

    def of_visit(self, visit: Visit) -> Belief | None:
        """None when nothing but, perhaps, its code links the appointment to this plan."""
        own = frozenset(i for i, step in enumerate(self._steps) if step.appointment == visit.fact.ref)
        for rank, steps in enumerate(self._by_rank(visit)):
            if steps:
                return Belief(rank, steps, own)
        return None

    def _by_rank(self, visit: Visit) -> Iterator[Steps]:
        """DESIGN §4.4: the links of an appointment, the most believed first."""
        fact = visit.fact
        codes = pairs(appointment_codes(fact))
        yield self._naming(fact.based_on, codes)
        yield self._by_ref.get(fact.ref, NONE)
        yield self._naming(fact.supporting, codes)
        yield _union(self._by_identifier.get(identifier, NONE) for identifier in fact.identifiers)
        yield _union(self._naming(encounter.based_on, codes) for encounter in visit.encounters)
        yield _union(self._by_outcome.get(encounter.ref, NONE) for encounter in visit.encounters)
        yield self._naming(fact.backport_based_on, codes)

    def _naming(self, links: Iterable[Link], codes: frozenset[tuple[str, str]]) -> Steps:
        """The steps that are made of one of these resources; by the plan itself only as E2 allows."""
        refs = {link.ref for link in links if link.ref}
        steps = _union(self._by_ref.get(ref, NONE) for ref in refs)
        if steps or self._plan not in refs:
            return steps
        meant = self._meant(codes)
        return meant if len(meant) == 1 else NONE

    def _meant(self, codes: frozenset[tuple[str, str]]) -> Steps:
        """E2: a pointer to the plan means the step that it also matches by code, or the plan's only step."""
        if len(self._steps) == 1:
            return frozenset({0})
        return frozenset(i for i, step in enumerate(self._steps) if step.codes & codes)

    def of_piece(self, piece: Piece, linked: Mapping[str, Steps]) -> Steps:
        """The steps to which a piece of evidence points, itself or by its appointment."""
        steps = self._by_outcome.get(piece.ref, NONE)
        if isinstance(piece.fact, Appointment):
            return steps | linked.get(piece.ref, NONE)
        for ref in piece.points_to:
            steps |= self._by_ref.get(ref, NONE) | linked.get(ref, NONE)
        if not steps and self._plan in piece.points_to:
            meant = self._meant(piece.codes)
            return meant if len(meant) == 1 else NONE
        return steps

    def leaves_open(self, piece: Piece) -> bool:
        """It points to the plan, and matches several equal steps by code: E4 says which of them it is."""
        fact = piece.fact
        links = (*fact.based_on, *fact.supporting) if isinstance(fact, Appointment) else fact.based_on
        names_plan = self._plan in piece.points_to or any(link.ref == self._plan for link in links)
        return names_plan and len(self._steps) > 1 and len(self._meant(piece.codes)) > 1


def written_in(encounter: Link | None, record: Record, visits: Mapping[str, Visit], zone: ZoneInfo) -> frozenset[str]:
    """The visit in which a plan was written: its encounter, and the appointment of that. Where the encounter names none (in
    OpenEMR none does), it is the one of that day that begins nearest to it."""
    if encounter is None or encounter.ref is None:
        return frozenset()
    fact = record.facts.get(encounter.ref)
    begun = days(fact.start, zone) if isinstance(fact, Event) and fact.start else None
    if not isinstance(fact, Event) or begun is None:
        return frozenset({encounter.ref})
    booked = [link.ref for link in fact.appointments if link.ref]
    at = begun.instant
    if not booked and at is not None:
        of_that_day = [visit for visit in visits.values() if visit.is_own and visit.start.first == begun.first]
        booked = [visit.fact.ref for visit in sorted(of_that_day, key=lambda v: (abs(v.began - at), v.order))[:1]]
    return frozenset({encounter.ref, *booked})


def _union(found: Iterable[Steps]) -> Steps:
    return NONE.union(*found)

"""Evaluate a Bundle: what ``assess`` says of everybody in it, at given moments. No settings, no server, no database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from plugin.domain.answer import answer
from plugin.domain.assess import assess
from plugin.domain.calendar import Practice
from plugin.domain.ladder import Ladder
from plugin.domain.past import survivor_of
from plugin.domain.program import Program
from plugin.domain.record import Appointment, CarePlan, CareTeam, Event, Fact, Goal, Order, Other, Patient, Record
from plugin.domain.rules import Rules
from plugin.usecases.keeping import patients_of

SOURCE = "bundle"
"""The slug under which a Bundle's milestones get their keys."""


class BundleFacts(Protocol):
    """What was read of a Bundle; the warnings say what was left out, and why."""

    @property
    def facts(self) -> Sequence[Fact]: ...

    @property
    def warnings(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluator:
    """What evaluating needs: how a Bundle and a program file are read (BadBundle, BadProgram), the shipped ladders."""

    read_bundle: Callable[[bytes], BundleFacts]
    read_program: Callable[[bytes, str], Program]
    ladders: Mapping[str, Ladder]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One document for each moment, and what was left out."""

    documents: tuple[dict[str, object], ...]
    warnings: tuple[str, ...]


def evaluate(
    evaluator: Evaluator, bundle: bytes, *, at: Sequence[datetime], zone: ZoneInfo, programs: Sequence[Program] = ()
) -> Evaluation:
    """Only the programs that are given are in force: what is shipped is one practice's choice, not the Bundle's."""
    read = evaluator.read_bundle(bundle)
    rules = Rules(Practice(zone), tuple(programs), evaluator.ladders)
    records = records_of(read.facts)
    assessed = [[assess(record, rules, moment) for record in records] for moment in at]
    documents = [answer(found, moment, zone) for found, moment in zip(assessed, at, strict=True)]
    left_out = (line for found in assessed for one in found for plan in one.plans for line in plan.left_out)
    return Evaluation(tuple(documents), (*read.warnings, *dict.fromkeys(left_out)))


def records_of(facts: Sequence[Fact]) -> list[Record]:
    """A record for each patient, in the order in which they come; a replaced record's facts are the survivor's (S7).
    What names no patient is known of everyone, since a link may make it evidence (E8); plans are nobody else's."""
    survivors = {f.ref: f.replaced_by for f in facts if isinstance(f, Patient) and f.replaced_by}
    planned = frozenset(f.subject for f in facts if isinstance(f, CarePlan) and f.subject)
    of_patient: dict[str, list[Fact]] = {}
    shared: list[Fact] = []
    for fact in facts:
        owners = [survivor_of(patient, survivors) for patient in _whose(fact, planned)]
        for owner in dict.fromkeys(owners):
            of_patient.setdefault(owner, []).append(fact)
        if not owners and not isinstance(fact, CarePlan):
            shared.append(fact)
    return [Record.of(ref, SOURCE, [*known, *shared]) for ref, known in of_patient.items()]


def _whose(fact: Fact, planned: frozenset[str]) -> Sequence[str]:
    """The patients whose fact it is. One with a plan may be named by a reference that leads nowhere (O12)."""
    if isinstance(fact, Appointment):
        others = (p.actor for p in fact.participants if p.actor in planned)
    else:
        subject = fact.subject if isinstance(fact, CarePlan | Order | Event | CareTeam | Goal | Other) else None
        others = (ref for ref in (subject,) if ref in planned)
    return [ref for ref in (*patients_of(fact), *others) if ref]

"""Everything that is stored of one patient and that the panel is made from, and who may see how much of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from plugin.domain.assessment import Milestone, PlanState
from plugin.domain.ledger import LedgerRow
from plugin.domain.moment import days
from plugin.domain.panel.view import Day, Who
from plugin.domain.permissions import Action, Data, can
from plugin.domain.program import MilestoneDefinition, Program
from plugin.domain.record import Appointment, CarePlan, CareTeam, Link, Moment, Order, Patient, Record, Said, Statement
from plugin.domain.rules import Rules
from plugin.domain.source import Source
from plugin.domain.tracking import Move, Tracked
from plugin.domain.work import WorkItem

_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/\S+")
_PEOPLE = ("Practitioner", "PractitionerRole", "RelatedPerson", "Organization", "CareTeam", "HealthcareService")


@dataclass(frozen=True, kw_only=True)
class OnFile:
    """One patient's record, what was assessed of it, planned and done. ``asked_for`` is the patient of the session,
    ``reader`` whoever looks; ``names`` are people's, by reference or ``user:<id>``; ``versions`` the stored milestones' by key."""

    record: Record
    source: Source
    asked_for: str
    reader: str
    tracked: Tracked | None
    rules: Rules
    roles: Sequence[str]
    now: datetime
    stale_after: timedelta
    plans: Sequence[PlanState] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    moves: Sequence[Move] = ()
    effects: Sequence[LedgerRow] = ()
    work: Sequence[WorkItem] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    parts_read_at: datetime | None = None
    """Of a source whose types are read each when it is due: the time of the one that waits longest, of those that matter."""
    is_past: bool = False
    """As it was known at ``now``, a moment that has passed."""
    can_act: bool = True
    """False for what is only computed: a past day, a draft that is tried."""

    @cached_property
    def today(self) -> date:
        """The practice's local day."""
        return self.rules.practice.day(self.now)

    @cached_property
    def visible(self) -> frozenset[Data]:
        """The classes of data that one of the roles may read."""
        return frozenset(data for data in Data if can(self.roles, Action.READ, data))

    @cached_property
    def undone(self) -> frozenset[str]:
        """Statements that were taken back."""
        return frozenset(s.target for s in self.record.statements if s.said is Said.UNDO and s.target)

    @cached_property
    def said_of(self) -> Mapping[str, Sequence[Statement]]:
        """What stands of what was said, by milestone, oldest first."""
        found: dict[str, list[Statement]] = {}
        for statement in self.record.statements:
            if statement.milestone and statement.id not in self.undone:
                found.setdefault(statement.milestone, []).append(statement)
        return found

    @cached_property
    def effects_of(self) -> Mapping[str, Sequence[LedgerRow]]:
        """The effects of each milestone, oldest first."""
        found: dict[str, list[LedgerRow]] = {}
        for row in self.effects:
            if row.milestone:
                found.setdefault(row.milestone, []).append(row)
        return found

    @cached_property
    def titles(self) -> Mapping[str, str | None]:
        """Of milestones, by key."""
        return {m.key: title_of(m) for plan in self.plans for m in plan.milestones}

    @cached_property
    def displays(self) -> Mapping[str, str]:
        """What the chart calls people where it refers to them, for those of whom we have no fact."""
        return {link.ref: link.display for link in _links(self.record) if link.ref and link.display}

    def who(self, given: str | None, role: str | None = None) -> Who:
        """A person by reference, ``user:<id>``, ``role:<code>`` or name, else the role. Never an id."""
        if given is None:
            return Who(None, role)
        if given.startswith("role:"):
            return Who(None, given.removeprefix("role:"))
        if given.partition("/")[0] == "Patient":
            return Who(None, "patient")
        name = self.names.get(given) or self.displays.get(given)
        if name is None and not _REFERENCE.fullmatch(given) and not given.startswith("user:"):
            name = given
        return Who(name, role)

    def local(self, instant: datetime) -> datetime:
        """A moment as the practice's clock shows it."""
        return instant.astimezone(self.rules.practice.zone)

    def day(self, moment: Moment | str | None) -> Day | None:
        """A FHIR date with its precision, and the time of day where it has one."""
        found = days(Moment(moment), self.rules.practice.zone) if moment else None
        if found is None:
            return None
        return Day(found.first, found.precision, self.local(found.instant) if found.instant else None)

    def program(self, plan: PlanState) -> Program | None:
        """The program behind a plan: the version that it follows; as it is published now where that is in force no more."""
        return self.rules.program_of(plan.program, plan.program_version) if plan.program else None


def title_of(milestone: Milestone) -> str | None:
    """What the chart or the program calls it; None where only its place in the chart is known."""
    title = milestone.title
    return None if not title.strip() or title == milestone.source or _REFERENCE.fullmatch(title) else title


def definition_of(milestone: Milestone, program: Program | None) -> MilestoneDefinition | None:
    """The program's milestone, where it is one."""
    if program is None or milestone.program_code is None:
        return None
    return next((each for each in program.milestones if each.code == milestone.program_code), None)


def people_named_in(
    record: Record, plans: Sequence[PlanState], effects: Sequence[LedgerRow], work: Sequence[WorkItem]
) -> frozenset[str]:
    """References and ``user:<id>`` of everybody whom the panel may name."""
    found: set[str | None] = {link.ref for link in _links(record)}
    found |= {m.owner.reference for plan in plans for m in plan.milestones}
    found |= {plan.author for plan in plans} | {row.owner for row in effects} | {item.owner for item in work}
    for statement in record.statements:
        found |= {statement.by, statement.target if statement.said is Said.REASSIGN else None}
    return frozenset(who for who in found if who and (who.partition("/")[0] in _PEOPLE or who.startswith("user:")))


def _links(record: Record) -> Iterator[Link]:
    """Everywhere that the chart refers to people."""
    for fact in record.facts.values():
        match fact:
            case CarePlan():
                yield from (fact.author,) if fact.author else ()
                for activity in fact.activities:
                    yield from activity.detail.performers if activity.detail else ()
            case Order():
                yield from (fact.owner,) if fact.owner else ()
                yield from fact.performers
            case Appointment():
                yield from (Link(participant.actor) for participant in fact.participants)
            case CareTeam():
                yield from (Link(member.member, member.name) for member in fact.members)
            case _:
                pass


def patient_of(record: Record) -> Patient | None:
    """The fact about the patient."""
    found = record.facts.get(record.ref)
    return found if isinstance(found, Patient) else None

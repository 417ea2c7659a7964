"""What stands beside the plan: what the patient still has to do, missed visits, open referrals, the team."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from plugin.domain.assessment import Milestone, Missed, PlanState, Status
from plugin.domain.panel.attention import contact_of
from plugin.domain.panel.lines import booking_of
from plugin.domain.panel.on_file import OnFile, definition_of, title_of
from plugin.domain.panel.view import Attempt, Line, MissedVisit, Referral, TeamMember, Todo, TodoKind
from plugin.domain.record import CareTeam, Order, Said

_BY_PROGRAM = {
    "visit": TodoKind.BOOK,
    "referral": TodoKind.BOOK,
    "laboratory": TodoKind.TEST,
    "imaging": TodoKind.TEST,
    "questionnaire": TodoKind.DO,
}
_LOINC = "http://loinc.org|"
_OPEN_ORDER = ("draft", "active", "on-hold")
_REFERRALS = frozenset({("http://snomed.info/sct", "3457005"), ("http://snomed.info/sct", "306206005")})
"""Patient referral; referral to service."""


# ---------------------------------------------------------------------------------------------- the patient's own part
def todos_of(file: OnFile, lines: Mapping[str, Line]) -> tuple[Todo, ...]:
    """What is open and the patient's to do: first what has a day. The staff's own tasks are not among them."""
    open_ones = [
        (plan, milestone, lines[milestone.key])
        for plan in file.plans
        for milestone in plan.milestones
        if milestone.key in lines and milestone.status in (Status.READY, Status.SCHEDULED)
    ]
    found = [todo for plan, milestone, line in open_ones if (todo := _todo(plan, milestone, line, file))]
    return tuple(sorted(found, key=lambda todo: (todo.day is None, todo.day.on if todo.day else date.max)))


def _todo(plan: PlanState, milestone: Milestone, line: Line, file: OnFile) -> Todo | None:
    title = title_of(milestone)
    if line.booking is not None:
        return Todo(TodoKind.COME, line.key, title, line.booking.day, with_whom=line.booking.with_whom)
    kind = _kind(plan, milestone, file)
    return None if kind is None else Todo(kind, line.key, title, line.due, line.days_late)


def _kind(plan: PlanState, milestone: Milestone, file: OnFile) -> TodoKind | None:
    """By the program, else by what the step is made of; None for what is not the patient's."""
    if milestone.owner.reference and milestone.owner.reference.startswith("Patient/"):
        return TodoKind.DO
    definition = definition_of(milestone, file.program(plan))
    if definition is not None and definition.kind != "task":
        return _BY_PROGRAM.get(definition.kind)
    if milestone.task or (definition is not None and not milestone.refs):
        return None
    match (milestone.refs or (milestone.source,))[0].partition("/")[0]:
        case "ServiceRequest":
            is_test = any(code.startswith(_LOINC) for code in milestone.codes)
            return TodoKind.TEST if is_test else TodoKind.BOOK
        case "Appointment":
            return TodoKind.BOOK
        case "CarePlan":
            is_test = any(code.startswith(_LOINC) for code in milestone.codes)
            return TodoKind.TEST if is_test else TodoKind.DO
        case _:
            return None


# ------------------------------------------------------------------------------------------------------- missed visits
def missed_of(file: OnFile) -> tuple[MissedVisit, ...]:
    """Each visit that was missed, once, the newest first, with the contacts between it and the next one."""
    missed = sorted(_missed(file), key=lambda pair: _start(pair[1], file))
    found: list[MissedVisit] = []
    for index, (milestone, visit) in enumerate(missed):
        until = _start(missed[index + 1][1], file) if index + 1 < len(missed) else None
        found.append(
            MissedVisit(
                key=milestone.key,
                title=title_of(milestone),
                ref=visit.resource,
                kind=visit.kind,
                day=file.day(visit.start),
                contacts=_contacts(milestone.key, _start(visit, file), until, file),
                again=booking_of(milestone, file),
            )
        )
    return tuple(reversed(found))


def _missed(file: OnFile) -> Iterator[tuple[Milestone, Missed]]:
    seen: set[str] = set()
    for plan in file.plans:
        for milestone in plan.milestones:
            for visit in milestone.missed:
                if visit.resource not in seen:
                    seen.add(visit.resource)
                    yield milestone, visit


def _start(visit: Missed, file: OnFile) -> datetime:
    day = file.day(visit.start)
    if day is None:
        return file.rules.practice.start_of(date.min)
    return day.at or file.rules.practice.start_of(day.on)


def _contacts(key: str, since: datetime, until: datetime | None, file: OnFile) -> tuple[Attempt, ...]:
    """Contacts about this milestone, or about none in particular."""
    said = (
        s
        for s in file.record.statements
        if s.said is Said.CONTACT and s.id not in file.undone and s.milestone in (key, None)
    )
    return tuple(contact_of(s, file) for s in said if s.at >= since and (until is None or s.at < until))


# ------------------------------------------------------------------------------------------------- referrals, the team
def referrals_of(file: OnFile, lines: Mapping[str, Line]) -> tuple[Referral, ...]:
    """Referrals that are open in the chart, the oldest first, each with the milestone that it is, where it is one."""
    by_ref = {ref: lines[m.key] for plan in file.plans for m in plan.milestones if m.key in lines for ref in m.refs}
    of_program = frozenset(_program_referrals(file))
    found = [
        Referral(
            ref=fact.ref,
            title=fact.concept.title or fact.description,
            to=_to(fact, file),
            since=file.day(fact.authored_on),
            status=fact.status,
            line=by_ref.get(fact.ref),
        )
        for fact in file.record.facts.values()
        if isinstance(fact, Order) and _is_open_referral(fact, of_program)
    ]
    still_open = [r for r in found if r.line is None or r.line.is_open]
    return tuple(sorted(still_open, key=lambda r: (r.since.on if r.since else date.max, r.ref)))


def _program_referrals(file: OnFile) -> Iterator[str]:
    """The orders of which a program says that they are referrals."""
    for plan in file.plans:
        program = file.program(plan)
        for milestone in plan.milestones:
            definition = definition_of(milestone, program)
            if definition is not None and definition.kind == "referral":
                yield from milestone.refs


def _is_open_referral(order: Order, of_program: frozenset[str]) -> bool:
    if order.type != "ServiceRequest" or order.status not in _OPEN_ORDER or order.ours:
        return False
    codings = {(c.system, c.code) for concept in order.categories for c in concept.codings}
    return bool(codings & _REFERRALS) or order.ref in of_program


def _to(order: Order, file: OnFile) -> str | None:
    """To whom, by name."""
    names = (file.who(link.ref).name if link.ref else link.display for link in order.performers)
    return next((name for name in names if name), None)


def team_of(file: OnFile) -> tuple[TeamMember, ...]:
    """The members of the care teams that are active, each once."""
    teams: Sequence[CareTeam] = [
        f for f in file.record.facts.values() if isinstance(f, CareTeam) and f.status in (None, "active")
    ]
    found: dict[str, TeamMember] = {}
    for member in (member for team in teams for member in team.members):
        if member.member and member.member.startswith("Patient/"):
            continue
        role = member.roles[0] if member.roles else None
        name = (file.who(member.member).name if member.member else None) or member.name
        title = member.title or (role.display if role else None)
        found.setdefault(member.member or name or "", TeamMember(name, title, role.code if role else None))
    return tuple(member for member in found.values() if member.name or member.title or member.role)

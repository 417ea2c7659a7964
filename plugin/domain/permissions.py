"""Who may do what: role × action × class of data, as one table (DESIGN §7). The only mention of roles' rights.

``check_can(…)`` raises Forbidden with the reason; ``can(…)`` answers yes or no by calling it, for showing a button.
Whoever has several roles may do what any of them may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from plugin.domain.errors import Forbidden, MissingRight


class Role(StrEnum):
    """The roles that every practice has. A practice may add others; without a row of their own they may do nothing."""

    ADMINISTRATOR = "administrator"
    PROGRAM_EDITOR = "program-editor"
    PRACTICE_LEAD = "practice-lead"
    PROVIDER = "provider"
    COORDINATOR = "coordinator"
    COACH = "coach"
    SCHEDULER = "scheduler"
    MEDICAL_ASSISTANT = "medical-assistant"
    BILLING = "billing"
    AUDITOR = "auditor"


_CALLED = {Role.SCHEDULER.value: "front desk"}
"""Roles that people call by another word than the code does."""


def role_words(role: str) -> str:
    """A role as people call it, on screens and at the terminal."""
    return _CALLED.get(role, role.replace("-", " "))


class Action(StrEnum):
    """What can be done with a class of data."""

    READ = "read"
    ACT = "act"
    """Say something about it: done, hold, reassign, contact, note …"""
    UNDO = "undo"
    """Take back what somebody else said; one's own word everybody may who may act."""
    EDIT = "edit"
    """Change what holds for everybody: programs, sources, people. Of a program: its draft."""
    PUBLISH = "publish"
    """Put a draft in force, or an earlier version back; say yes to what somebody else wants to publish."""
    EXPORT = "export"
    """Take it away as a file."""


class Data(StrEnum):
    """Classes of data."""

    SCHEDULE = "schedule"
    PLAN = "plan"
    RESULTS = "results"
    """Results and scores."""
    NOTES = "notes"
    WORK = "work"
    """Work items and the lists that they stand in."""
    PROGRAMS = "programs"
    """Programs, ladders, and the practice's calendar and limits."""
    PEOPLE = "people"
    """Who uses Milepost, with which roles."""
    CONFIGURATION = "configuration"
    """Sources, issuers, jobs, and how the system is."""
    AUDIT = "audit"


_R, _A, _U, _E = Action.READ, Action.ACT, Action.UNDO, Action.EDIT
_P, _X = Action.PUBLISH, Action.EXPORT
_Rights = Mapping[Data, frozenset[Action]]


def _rights(**actions: tuple[Action, ...]) -> _Rights:
    return {Data(name): frozenset(given) for name, given in actions.items()}


_CLINICAL = _rights(schedule=(_R, _A), plan=(_R, _A), results=(_R, _A), notes=(_R, _A), work=(_R, _A), programs=(_R,))

RIGHTS: Mapping[str, _Rights] = {
    Role.ADMINISTRATOR: _rights(programs=(_R,), people=(_R, _E), configuration=(_R, _E), audit=(_R, _X)),
    Role.PROGRAM_EDITOR: _rights(schedule=(_R,), plan=(_R,), programs=(_R, _E, _P, _X), configuration=(_R,)),
    Role.PRACTICE_LEAD: {
        **{data: actions | {_U} for data, actions in _CLINICAL.items() if data is not Data.PROGRAMS},
        **_rights(programs=(_R, _E, _P, _X), people=(_R,), configuration=(_R, _E), audit=(_R, _X)),
    },
    Role.PROVIDER: _CLINICAL,
    Role.COORDINATOR: _CLINICAL,
    Role.COACH: _rights(schedule=(_R, _A), plan=(_R, _A), results=(_R,), notes=(_R, _A), work=(_R, _A), programs=(_R,)),
    Role.SCHEDULER: _rights(schedule=(_R, _A), plan=(_R,), notes=(_R, _A), work=(_R, _A), programs=(_R,)),
    Role.MEDICAL_ASSISTANT: _rights(
        schedule=(_R, _A), plan=(_R, _A), results=(_R,), notes=(_R, _A), work=(_R, _A), programs=(_R,)
    ),
    Role.BILLING: _rights(schedule=(_R,), plan=(_R,)),
    Role.AUDITOR: _rights(
        schedule=(_R,),
        plan=(_R,),
        results=(_R,),
        notes=(_R,),
        work=(_R,),
        programs=(_R,),
        people=(_R,),
        configuration=(_R,),
        audit=(_R, _X),
    ),
}


def check_can(roles: Iterable[str], action: Action, data: Data) -> None:
    """Raises Forbidden, in words, unless one of these roles may."""
    held = sorted(roles)
    if any(action in RIGHTS.get(role, {}).get(data, ()) for role in held):
        return
    shown = ", ".join(role_words(role) for role in held) or "no role"
    raise MissingRight(f"This needs the right to {action} {data}; {shown} has none.", action=action, data=data)


def can(roles: Iterable[str], action: Action, data: Data) -> bool:
    """Whether one of these roles may."""
    try:
        check_can(roles, action, data)
    except Forbidden:
        return False
    return True


def roles_with(action: Action, data: Data) -> list[str]:
    """The roles that have this right."""
    return [role for role in Role if can([role], action, data)]

"""What somebody may do, by which of their roles, and who could give them more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plugin.domain.permissions import Action, Data, can, roles_with
from plugin.usecases.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class MyRight:
    """One thing that can be done with one class of data: by which of one's roles one may, and who has it at all."""

    action: Action
    data: Data
    by: Sequence[str]
    had_by: Sequence[str]

    @property
    def may(self) -> bool:
        """Whether one of one's roles has it."""
        return bool(self.by)


def my_rights(roles: Sequence[str]) -> list[MyRight]:
    """Every right that any role has."""
    found = ((action, data, roles_with(action, data)) for data in Data for action in Action)
    return [
        MyRight(action=action, data=data, by=[role for role in having if role in roles], had_by=having)
        for action, data, having in found
        if having
    ]


def who_gives_roles(services: Services) -> list[str]:
    """The names of those who can: whoever asks for a right has somebody to ask."""
    with services.database.begin(reading=True) as uow:
        people, accounts = uow.people.all(), uow.accounts.all()
    givers = [p for p in people if p.id in accounts and not p.is_disabled and can(p.roles, Action.EDIT, Data.PEOPLE)]
    return [person.name or accounts[person.id].name for person in givers]

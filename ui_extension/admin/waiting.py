"""What waits for whom on the home page: a small registry. Each entry is one cheap question, asked only for those who
may see what it leads to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plugin.domain.account import SignedIn
from plugin.usecases.look_at_links import waiting_to_be_linked
from plugin.usecases.queues import work_in_hand, work_of_roles
from plugin.usecases.second_person import waiting_for
from plugin.usecases.services import Services
from plugin.usecases.staff_sign_in import messages_that_wait

Ask = Callable[[Services, SignedIn], int | None]
"""How many wait; 0 or None is nothing to show. In one query, or a few by an index."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the home page. ``one`` and ``many`` may have {n} in them, ``path`` is a page of ours: who may not see it, gets no line."""

    path: str
    one: str
    many: str
    ask: Ask
    query: str = ""


REGISTRY: list[Waiting] = [
    Waiting(
        "/admin/work",
        "{n} piece of work is yours.",
        "{n} pieces of work are yours.",
        work_in_hand,
        "?whose=mine",
    ),
    Waiting(
        "/admin/work",
        "{n} piece of work waits in the queues of your roles.",
        "{n} pieces of work wait in the queues of your roles.",
        work_of_roles,
        "?whose=roles&show=free",
    ),
    Waiting(
        "/admin/publications",
        "{n} change waits for you to agree or not.",
        "{n} changes wait for you to agree or not.",
        waiting_for,
    ),
    Waiting(
        "/admin/links",
        "{n} patient waits to be linked to the companion store.",
        "{n} patients wait to be linked to the companion store.",
        waiting_to_be_linked,
    ),
    Waiting(
        "/admin/sources",
        "Staff messages to {n} EHR wait: its staff account is not signed in.",
        "Staff messages to {n} EHRs wait: their staff accounts are not signed in.",
        messages_that_wait,
    ),
]
"""In the order in which they are shown: each owner of pages adds theirs below, with its question in a use case."""


def waits(entries: Sequence[Waiting], services: Services, who: SignedIn) -> list[tuple[Waiting, str]]:
    """The lines that have something to say, in words."""
    found = [(entry, entry.ask(services, who)) for entry in entries]
    return [(entry, (entry.one if count == 1 else entry.many).format(n=count)) for entry, count in found if count]

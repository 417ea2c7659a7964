"""What an administrator chooses for a source beside its connection: where its milestone Tasks go, in which zone its
clinic lives, whose inbox a staff message goes to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from zoneinfo import ZoneInfo

from plugin.domain.companion import OPENEMR_NUMBERS
from plugin.domain.errors import BadForm
from plugin.domain.permissions import Role, role_words
from plugin.domain.record import Other
from plugin.domain.source import OPENEMR, SinkKind, Source
from plugin.domain.staff_message import SENDER
from plugin.usecases.carry_over import carry_over
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services

FALLBACK = Role.COORDINATOR.value
"""Whose inbox takes what is nobody else's."""
INBOX_ROLES: Sequence[str] = tuple(
    role.value for role in Role if role not in (Role.ADMINISTRATOR, Role.PROGRAM_EDITOR, Role.AUDITOR)
)
"""Roles that may own a step."""
_MOST_PEOPLE = 300
_WORKS_THERE = "Practitioner"
_OWNER = re.compile(r"Practitioner/[A-Za-z0-9.-]{1,64}", re.ASCII)
_USER = re.compile(r"[^\s\x00-\x1f]{1,60}")
"""A user name of the EHR; it stands in no address."""

_URI = re.compile(r"(https?://|urn:)[!-~]{1,240}", re.ASCII)
"""An identifier system; it is compared letter by letter."""


class WorksThere(NamedTuple):
    """Somebody who may own a step, as the EHR names them."""

    ref: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """As it was typed. ``inbox`` is by owner or role; an empty user name: none of their own. ``numbers``: the identifier system
    by which the companion store knows OpenEMR's patient numbers; empty: by OpenEMR's own."""

    sink: str
    companion: str = ""
    zone: str = ""
    inbox: Mapping[str, str] = field(default_factory=dict)
    numbers: str = ""


def sinks_of(source: Source) -> Sequence[SinkKind]:
    """Where this source's milestone Tasks can go, as far as it is known: OpenEMR 8.2 has no Task of its own."""
    types = (source.capability or {}).get("types")
    own: tuple[SinkKind, ...] = ("own",) if isinstance(types, Mapping | list | tuple) and "Task" in types else ()
    return (*own, "companion", "message") if source.kind == OPENEMR else own or ("own",)


def stores_of(services: Services) -> Sequence[Source]:
    """The companion stores that there are, by slug."""
    with services.database.begin(reading=True) as uow:
        return [source for source in uow.sources.all() if source.use == "store" and not source.leaving]


def works_there(services: Services, source: Source) -> Sequence[WorksThere]:
    """People of the EHR who may own a step, by name; those who have a name."""
    with services.database.begin(reading=True) as uow:
        refs = sorted(uow.facts.within(source, _WORKS_THERE))[:_MOST_PEOPLE]
        known = uow.facts.get(source, refs)
    named = [WorksThere(fact.ref, fact.name) for fact in known if isinstance(fact, Other) and fact.name]
    return sorted(named, key=lambda person: person.name.casefold())


def settle_source(
    services: Services,
    source: Source,
    wanted: Wanted,
    *,
    by: str,
    told: Mapping[str, object] | None = None,
) -> Source:
    """Stores it; running workers take it up with their next turn. BadForm, by the field. Whether a user of the EHR is called so
    nobody can say: OpenEMR 8.2 tells of its users, and not what they are called at sign-in (recording 075)."""
    with services.database.begin() as uow:
        standing = uow.sources.by_id(source.id)
        wrong = {**_wrong_place(uow, standing, wanted), **_wrong_inbox(wanted)}
        if wrong:
            raise BadForm(wrong)
        changed = replace(
            standing,
            sink=_sink(wanted.sink),
            companion=wanted.companion or None if wanted.sink == "companion" else None,
            zone=wanted.zone or None,
            inbox={who: user for who, user in wanted.inbox.items() if user},
            systems={OPENEMR_NUMBERS: wanted.numbers} if wanted.numbers else {},
        )
        now = services.clock()
        uow.sources.update(changed, now, by=by, told=told)
        carry_over(uow, standing, changed, now)
        uow.commit()
    return changed


def _sink(text: str) -> SinkKind:
    return "companion" if text == "companion" else "message" if text == "message" else "own"


def _wrong_place(uow: UnitOfWork, source: Source, wanted: Wanted) -> Mapping[str, str]:
    wrong = {}
    if wanted.sink not in sinks_of(source):
        wrong["sink"] = "Please choose where milestone Tasks go."
    elif wanted.sink == "companion" and wanted.companion not in _stores(uow):
        wrong["companion"] = "Please choose one of the companion stores, or add one first."
    if wanted.zone and not is_zone(wanted.zone):
        wrong["zone"] = "This is no time zone: a name such as America/Chicago is needed."
    if wanted.numbers and not _URI.fullmatch(wanted.numbers):
        wrong["numbers"] = (
            "This is no identifier system: an address such as https://example.org/mrn or urn:oid:… is needed."
        )
    return wrong


def _stores(uow: UnitOfWork) -> frozenset[str]:
    return frozenset(source.slug for source in uow.sources.all() if source.use == "store" and not source.leaving)


def _wrong_inbox(wanted: Wanted) -> Mapping[str, str]:
    """By ``inbox.<owner or role>``."""
    wrong = {}
    for who, user in wanted.inbox.items():
        if who not in (*INBOX_ROLES, SENDER) and not _OWNER.fullmatch(who):
            wrong[f"inbox.{who}"] = "This is no role of a step's owner and nobody who works there."
        elif user and not _USER.fullmatch(user):
            wrong[f"inbox.{who}"] = "A user name has no blanks, and at most 60 letters."
    if wanted.sink == "message" and not wanted.inbox.get(FALLBACK):
        wrong[f"inbox.{FALLBACK}"] = f"The {role_words(FALLBACK)}'s inbox takes what is nobody else's: it is needed."
    return wrong


def is_zone(name: str) -> bool:
    """Whether the time zone database has it."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, not a name at all, or the path of a folder
        return False
    return True

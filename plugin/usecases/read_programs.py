"""Reading programs and ladders: the list of them, one version of one, and two versions to be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from plugin.domain.account import SignedIn
from plugin.domain.condition_words import Names
from plugin.domain.configuration import LADDER, PROGRAM, ConfigDraft, ConfigVersion, Enactment
from plugin.domain.errors import UnknownName
from plugin.domain.ladder import Ladder
from plugin.domain.permissions import Action, Data, check_can
from plugin.domain.program import Program
from plugin.domain.program_edit import text_of
from plugin.usecases.draft_rules import as_version
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.publish_form import names_of
from plugin.usecases.services import Services

DRAFT = "draft"
"""The version by which a page asks for the draft that is worked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One program or ladder in the list: what holds, what is to come, who works at a change."""

    code: str
    title: str
    in_force: ConfigVersion | None
    scheduled: Enactment | None
    draft: ConfigDraft | None
    plans: int
    """Of a program: how many plans follow it. Of a ladder: how many programs name it."""
    by_version: Mapping[str, int]
    """Of a program: the same, by the version that they follow."""
    people: Mapping[str, str]
    """What they are called, by how versions and drafts name them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnShow:
    """One version, with what else there is of the same code. ``is_in_force`` when it is the one to work by."""

    shown: ConfigVersion
    is_in_force: bool
    listed: Listed
    versions: Sequence[ConfigVersion]
    program: Program | None
    """What can be read of it, where it is a program."""
    ladder: Ladder | None
    names: Names

    @property
    def is_kept(self) -> bool:
        """A newer one is in force for new plans only, and others follow this one."""
        in_force = self.listed.in_force
        return in_force is not None and self.shown.version in {one.version for one in in_force.earlier}


def list_all(services: Services, me: SignedIn, kind: str) -> Sequence[Listed]:
    """Everything of a kind, by title; what was retired too, and what is only a draft yet."""
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    with services.database.begin(reading=True) as uow:
        return sorted(_listed(services, uow, kind), key=lambda one: (one.title.casefold(), one.code))


def show_version(
    services: Services, me: SignedIn, kind: str, code: str, version: str | None, languages: Mapping[str, str]
) -> OnShow:
    """The version asked for; without one the version in force, else the newest, else the draft. ``languages`` are their
    names by code. UnknownName."""
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    with services.database.begin(reading=True) as uow:
        listed = next((one for one in _listed(services, uow, kind) if one.code == code), None)
        versions = uow.configurations.versions(kind, code)
        names = _names(services, uow, languages)
    if listed is None:
        raise UnknownName(f"no {kind} of this name")
    in_force, shown = listed.in_force, _chosen(listed, versions, version)
    return OnShow(
        shown=shown,
        is_in_force=in_force is not None and shown.state != "draft" and shown.version == in_force.version,
        listed=listed,
        versions=versions,
        program=services.catalog.program_so_far(shown.body) if kind == PROGRAM else None,
        ladder=services.catalog.ladder_so_far(shown.body) if kind == LADDER else None,
        names=names,
    )


def _names(services: Services, uow: UnitOfWork, languages: Mapping[str, str]) -> Names:
    programs, ladders = (
        {
            one.code: text_of(one.body, "title") or one.code
            for one in uow.configurations.current(services.clock())
            if one.kind == kind
        }
        for kind in (PROGRAM, LADDER)
    )
    return Names(programs=programs, languages=languages, ladders=ladders)


def _chosen(listed: Listed, versions: Sequence[ConfigVersion], version: str | None) -> ConfigVersion:
    if version == DRAFT and listed.draft is not None:
        return as_version(listed.draft)
    if version is not None:
        found = next((one for one in versions if one.version == version), None)
        if found is None:
            raise UnknownName(f"no version {version[:40]} of {listed.code}")
        return found
    if listed.in_force is not None:
        return listed.in_force
    if versions:
        return versions[-1]
    if listed.draft is not None:
        return as_version(listed.draft)
    raise UnknownName(f"nothing of {listed.code}")


def _listed(services: Services, uow: UnitOfWork, kind: str) -> Iterator[Listed]:
    now = services.clock()
    current = uow.configurations.current(now)
    in_force = {version.code: version for version in current if version.kind == kind}
    coming = {one.code: one for one in reversed(uow.configurations.scheduled(now)) if one.kind == kind}
    drafts = {draft.code: draft for draft in uow.drafts.all() if draft.kind == kind}
    following = uow.plans.following() if kind == PROGRAM else {}
    named = _named_ladders(current) if kind == LADDER else {}
    people = names_of(uow)
    for code in sorted({*uow.configurations.codes(kind), *drafts}):
        standing, draft = in_force.get(code), drafts.get(code)
        newest = standing or next(reversed(uow.configurations.versions(kind, code)), None)
        body = newest.body if newest else draft.body if draft else {}
        by_version = {version: count for (of, version), count in following.items() if of == code}
        yield Listed(
            code=code,
            title=text_of(body, "title") or code,
            in_force=standing,
            scheduled=coming.get(code),
            draft=draft,
            plans=sum(by_version.values()) if kind == PROGRAM else named.get(code, 0),
            by_version=by_version,
            people=people,
        )


def _named_ladders(current: Sequence[ConfigVersion]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for version in current:
        if version.kind == PROGRAM:
            for name in {text_of(each.body, "ladder") or "standard" for each in version.standing}:
                counts[name] = counts.get(name, 0) + 1
    return counts

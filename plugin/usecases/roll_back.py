"""Take back what was published: an earlier version in force again, nothing in its place, or a plan for later given up.

A roll back and a retirement begin as drafts that nobody edits, so that they are previewed, published and agreed to like
any other change. So does what follows a publication for new plans only: that the others move to that version, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from plugin.domain.account import SignedIn
from plugin.domain.configuration import (
    KINDS,
    LADDER,
    PROGRAM,
    ConfigDraft,
    ConfigVersion,
    DraftOf,
    Enactment,
    Publication,
)
from plugin.domain.errors import BadForm, BadInput, UnknownName
from plugin.domain.permissions import Action, Data, check_can
from plugin.usecases.drafts import note
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.publish_draft import check_may_publish
from plugin.usecases.publish_form import names_of
from plugin.usecases.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What there was, is and will be of one program, ladder, calendar or limits."""

    kind: str
    code: str
    versions: Sequence[ConfigVersion]
    enactments: Sequence[Enactment]
    """The latest moment first."""
    in_force: ConfigVersion | None
    draft: ConfigDraft | None
    waiting: Sequence[Publication]
    names: Mapping[str, str]
    """What people are called, by how versions name them."""

    @property
    def title(self) -> str:
        """Of the version in force, else of the newest."""
        body = self.in_force.body if self.in_force else self.versions[-1].body if self.versions else {}
        return str(body.get("title") or self.code)

    @property
    def offers(self) -> Sequence[ConfigVersion]:
        """What came with Milepost and was never in force here."""
        return [version for version in self.versions if version.state == "offered"]

    def scheduled(self, now: datetime) -> Sequence[Enactment]:
        """What is to come, the next first."""
        ahead = [m for m in self.enactments if m.taken_back_at is None and m.applied_at is None and m.from_]
        return [made for made in reversed(ahead) if made.from_ and made.from_ > now]

    def version(self, name: str | None) -> ConfigVersion | None:
        """By its number."""
        return next((version for version in self.versions if version.version == name), None)


def history_of(services: Services, me: SignedIn, kind: str, code: str) -> History:
    """UnknownName when there never was anything of this code."""
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    with services.database.begin(reading=True) as uow:
        found = _history(services, uow, kind, code, names_of(uow))
    if not found.versions and found.draft is None:
        raise UnknownName(f"There is no {kind} {code}.")
    return found


def all_histories(services: Services, me: SignedIn) -> Sequence[History]:
    """Of everything that was ever published, by kind and title."""
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    with services.database.begin(reading=True) as uow:
        names = names_of(uow)
        found = [
            _history(services, uow, kind, code, names) for kind in KINDS for code in uow.configurations.codes(kind)
        ]
    return sorted(found, key=lambda history: (KINDS.index(history.kind), history.title.casefold()))


def roll_back(services: Services, me: SignedIn, kind: str, code: str, version: str) -> ConfigDraft:
    """The draft of a roll back to this version, to be previewed and published. BadInput when it is in force now."""
    check_can(me.roles, Action.PUBLISH, Data.PROGRAMS)
    with services.database.begin() as uow:
        known = next((v for v in uow.configurations.versions(kind, code) if v.version == version), None)
        if known is None:
            raise UnknownName(f"no version {version} of {kind} {code}")
        in_force = _in_force(services, uow, kind, code)
        if in_force is not None and in_force.version == version:
            raise BadInput(f"Version {version} is in force now.")
        return _begun(services, uow, me, known, of="roll-back")


def retire(services: Services, me: SignedIn, kind: str, code: str) -> ConfigDraft:
    """The draft of a retirement: of a program, no plan is claimed any more; of a ladder, no gap climbs it."""
    check_can(me.roles, Action.PUBLISH, Data.PROGRAMS)
    if kind not in (PROGRAM, LADDER):
        raise BadInput(f"A {kind} is changed, not retired.")
    with services.database.begin() as uow:
        in_force = _in_force(services, uow, kind, code)
        if in_force is None:
            raise BadInput("It is not in force.")
        return _begun(services, uow, me, in_force, of="retirement")


def move_others(services: Services, me: SignedIn, kind: str, code: str) -> ConfigDraft:
    """The draft by which all plans follow the version in force. BadInput when they do."""
    check_can(me.roles, Action.PUBLISH, Data.PROGRAMS)
    with services.database.begin() as uow:
        in_force = _in_force(services, uow, kind, code)
        if in_force is None or in_force.plans_from is None:
            raise BadInput("There are no plans to move: what is in force is for everybody.")
        return _begun(services, uow, me, in_force, of="move")


def take_back(services: Services, me: SignedIn, enactment_id: int, why: str) -> Enactment:
    """What was to come into force does not; only before its moment. Nothing changes for anybody by this, so one person is
    enough."""
    check_may_publish(me, services.clock())
    if not why.strip():
        raise BadForm({"why": "Say why, in a few words: it stays on record."})
    with services.database.begin() as uow:
        uow.configurations.lock()
        now = services.clock()
        taken = uow.configurations.take_back(enactment_id, by=me.who, why=why.strip(), now=now, told=me.told)
        uow.commit()
    return taken


def _history(services: Services, uow: UnitOfWork, kind: str, code: str, names: Mapping[str, str]) -> History:
    return History(
        kind=kind,
        code=code,
        versions=uow.configurations.versions(kind, code),
        enactments=uow.configurations.history(kind, code),
        in_force=_in_force(services, uow, kind, code),
        draft=uow.drafts.of(kind, code),
        waiting=[asked for asked in uow.drafts.waiting() if (asked.kind, asked.code) == (kind, code)],
        names=names,
    )


def _begun(services: Services, uow: UnitOfWork, me: SignedIn, version: ConfigVersion, *, of: DraftOf) -> ConfigDraft:
    now = services.clock()
    draft = uow.drafts.open(
        version.kind,
        version.code,
        base=version,
        body=version.body,
        by=me.who,
        now=now,
        person_id=me.person_id,
        of=of,
    )
    note(uow, me, f"begin-{of}", draft, at=now)
    uow.commit()
    return draft


def _in_force(services: Services, uow: UnitOfWork, kind: str, code: str) -> ConfigVersion | None:
    in_force = uow.configurations.current(services.clock())
    return next((found for found in in_force if (found.kind, found.code) == (kind, code)), None)

"""People who write, preview and publish programs in a world of fakes; the shipped catalog stands in it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, cast

from plugin.catalog.loader import FileCatalog
from plugin.domain.account import SignedIn
from plugin.domain.configuration import PROGRAM, ConfigDraft, Enactment, Publication
from plugin.domain.launch import Identity
from plugin.domain.permissions import Role
from plugin.domain.preview import Preview, PreviewSums
from plugin.usecases.drafts import begin_draft
from plugin.usecases.ports import Database
from plugin.usecases.publish_draft import publish_draft
from tests.builders import World
from tests.fakes import FakeCatalog

CODE = "chronic-care"
WHY = "HbA1c sooner"
Body = dict[str, Any]  # Any: a program as TOML has it
Change = Callable[[Body], None]


def shipped_world(database: Database) -> World:
    """A practice with everything that is shipped."""
    return World(database, catalog=cast(FakeCatalog, FileCatalog()))


def an_editor(world: World, name: str = "lee", *, roles: tuple[str, ...] = (Role.PROGRAM_EDITOR.value,)) -> SignedIn:
    """Somebody who may edit and publish, signed in just now."""
    now = world.clock()
    with world.database.begin() as uow:
        person = uow.people.seen(Identity(oidc_issuer="https://ehr.test", subject=name, name=f"Demo-{name}"), now)
        uow.commit()
    return SignedIn(
        session=f"session-{name}",
        person_id=person.id,
        who=person.who,
        name=f"Demo-{name}",
        roles=roles,
        origin="127.0.0.1",
        signed_in_at=now,
        proven_at=now,
        ends_at=now + timedelta(hours=8),
    )


def retitled(title: str) -> Change:
    """A change of the title alone."""

    def change(body: Body) -> None:
        body["title"] = title

    return change


def drafted(world: World, me: SignedIn, change: Change, *, code: str = CODE, kind: str = PROGRAM) -> ConfigDraft:
    """A draft of what is in force, with a change in it."""
    return begin_draft(world.services, me, kind, code, body=changed(world, change, code=code, kind=kind))


def changed(world: World, change: Change, *, code: str = CODE, kind: str = PROGRAM) -> Mapping[str, object]:
    """The body of what is in force, with a change in it."""
    with world.look() as uow:
        current = uow.configurations.current(world.clock())
    body = copy.deepcopy(dict(next(v for v in current if (v.kind, v.code) == (kind, code)).body))
    change(body)
    return body


def previewed(
    world: World,
    draft: ConfigDraft,
    *,
    at: datetime | None = None,
    patients: int = 1,
    caseload: int = 100,
    plans_from: date | None = None,
) -> Preview:
    """A finished preview that says how many patients change; it was not worked out."""
    now = world.clock()
    wanted = Preview(
        id=0,
        draft_id=draft.id,
        revision=draft.revision,
        kind=draft.kind,
        code=draft.code,
        of=draft.of,
        at=at or now,
        state="waiting",
        by="user:1",
        asked_at=now,
        plans_from=plans_from,
    )
    with world.database.begin() as uow:
        asked = uow.previews.ask(wanted)
        begun = uow.previews.begin(asked, "worker", wanted.at, now)
        assert uow.previews.finish(begun, PreviewSums(caseload=caseload, changed=patients), now)
        done = uow.previews.get(asked.id)
        uow.commit()
    return done


def published(
    world: World,
    me: SignedIn,
    draft: ConfigDraft,
    *,
    from_: datetime | None = None,
    patients: int = 1,
    new_plans_only: bool = False,
) -> Enactment | Publication:
    """Previewed and published, or asked for where it is more than the cap."""
    plans_from = world.services.practice.day(from_ or world.clock()) if new_plans_only else None
    preview = previewed(world, draft, at=from_, patients=patients, plans_from=plans_from)
    return publish_draft(
        world.services, me, draft.id, draft.revision, from_, WHY, preview.id, new_plans_only=new_plans_only
    )


def later(me: SignedIn, **span: float) -> SignedIn:
    """The same person, whose proof is so old."""
    return replace(me, proven_at=me.proven_at - timedelta(**span))


def in_force(world: World, *, code: str = CODE, kind: str = PROGRAM) -> str | None:
    """The version that is worked by now."""
    with world.look() as uow:
        current = uow.configurations.current(world.clock())
    return next((v.version for v in current if (v.kind, v.code) == (kind, code)), None)

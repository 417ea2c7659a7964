"""The ports ``Configurations`` and ``Drafts`` in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal, Protocol

from plugin.domain.audit import AuditEntry
from plugin.domain.configuration import (
    Aside,
    ConfigDraft,
    ConfigVersion,
    DraftOf,
    Enactment,
    Publication,
    body_hash,
    stacked,
)
from plugin.domain.errors import BadInput, Stale, StaleDraft, UnknownName
from tests.fake_tables import Part, Tables

_EVER = datetime.min.replace(tzinfo=UTC)


class _Audit(Protocol):
    def write(self, entries: Sequence[AuditEntry]) -> None: ...


class FakeConfigurations(Part):
    """The port ``Configurations``."""

    def __init__(self, tables: Tables, audit: _Audit) -> None:
        super().__init__(tables)
        self._audit = audit

    def store(self, version: ConfigVersion, now: datetime) -> bool:
        key = (version.kind, version.code, version.version)
        standing = self._tables.configurations.get(key)
        if standing is not None and standing.body != version.body:
            raise BadInput(f"{' '.join(key)} is {standing.state} already, with another content")
        self._tables.configurations.setdefault(key, version)
        return standing is None

    def publish(self, version: ConfigVersion, now: datetime, told: Mapping[str, object] | None = None) -> bool:
        if not self.store(version, now):
            return False
        is_first = not self.history(version.kind, version.code)
        made = Enactment(
            kind=version.kind,
            code=version.code,
            version=version.version,
            from_=version.published_from or (None if is_first else now),
            decided_at=now,
            by=version.by,
            why=version.why,
            approved_by=version.approved_by,
        )
        self.enact(made, {**(told or {}), "body_sha256": body_hash(version.body)})
        return True

    def versions(self, kind: str, code: str) -> Sequence[ConfigVersion]:
        first = {made.version: made for made in self.history(kind, code)}
        found = [v for key, v in self._tables.configurations.items() if key[:2] == (kind, code)]
        return [
            replace(
                version,
                published_from=first[version.version].from_ if version.version in first else None,
                approved_by=first[version.version].approved_by if version.version in first else None,
            )
            for version in found
        ]

    def codes(self, kind: str) -> Sequence[str]:
        return sorted({code for of, code, _ in self._tables.configurations if of == kind})

    def enact(self, made: Enactment, told: Mapping[str, object] | None = None) -> Enactment:
        if made.version is not None:
            key = (made.kind, made.code, made.version)
            if key not in self._tables.configurations:
                raise UnknownName(f"no version {made.version} of {made.kind} {made.code}")
            self._tables.configurations[key] = replace(self._tables.configurations[key], state="published")
        has_come = made.from_ is None or made.from_ <= made.decided_at
        number = len(self._tables.enactments) + 1
        done = replace(made, id=number, applied_at=made.decided_at if has_come else None)
        self._tables.enactments[number] = done
        self._write("configure:published" if made.version else "configure:retired", done, made.decided_at, told)
        return done

    def current(self, now: datetime) -> Sequence[ConfigVersion]:
        return self._holding(lambda made: self._has_come(made, now) or made.applied_at is not None)

    def in_force_at(self, moment: datetime) -> Sequence[ConfigVersion]:
        return self._holding(lambda made: self._has_come(made, moment))

    def history(self, kind: str, code: str) -> Sequence[Enactment]:
        found = [made for made in self._tables.enactments.values() if (made.kind, made.code) == (kind, code)]
        return sorted(found, key=lambda made: (made.from_ or _EVER, made.id), reverse=True)

    def enactment(self, id_: int) -> Enactment:
        if id_ not in self._tables.enactments:
            raise UnknownName(f"no enactment with the number {id_}")
        return self._tables.enactments[id_]

    def scheduled(self, now: datetime) -> Sequence[Enactment]:
        ahead = [made for made in self._standing() if made.applied_at is None and not self._has_come(made, now)]
        return sorted(ahead, key=lambda made: (made.from_ or _EVER, made.id))

    def come(self, now: datetime) -> Sequence[Enactment]:
        found = [made for made in self._standing() if made.applied_at is None and self._has_come(made, now)]
        return sorted(found, key=lambda made: (made.from_ or _EVER, made.id))

    def applied(self, made: Sequence[Enactment], now: datetime) -> None:
        for one in made:
            self._tables.enactments[one.id] = replace(one, applied_at=now)
            self._write("configure:in-force", replace(one, by="milepost", why=""), now, {"enactment": one.id})

    def take_back(
        self, id_: int, *, by: str, why: str, now: datetime, told: Mapping[str, object] | None = None
    ) -> Enactment:
        if id_ not in {made.id for made in self.scheduled(now)}:
            raise Stale("It has come into force, or was taken back, meanwhile.")
        taken = replace(self.enactment(id_), taken_back_at=now, taken_back_by=by)
        self._tables.enactments[id_] = taken
        self._write("configure:taken-back", replace(taken, by=by, why=why), now, {**(told or {}), "enactment": id_})
        return taken

    def lock(self) -> None:
        """There is one writer."""

    def last_decided(self) -> datetime | None:
        return max((made.taken_back_at or made.decided_at for made in self._tables.enactments.values()), default=None)

    def _standing(self) -> list[Enactment]:
        return [made for made in self._tables.enactments.values() if made.taken_back_at is None]

    def _has_come(self, made: Enactment, moment: datetime) -> bool:
        return made.from_ is None or made.from_ <= moment

    def _holding(self, holds: _Holds) -> list[ConfigVersion]:
        """What is retired ends what was there before."""
        standing: dict[tuple[str, str], list[ConfigVersion]] = {}
        for made in sorted(self._standing(), key=lambda made: (made.from_ or _EVER, made.id)):
            if holds(made) and made.version is None:
                standing.pop((made.kind, made.code), None)
            elif holds(made):
                standing.setdefault((made.kind, made.code), []).insert(0, self._enacted(made))
        return [stacked(versions) for _, versions in sorted(standing.items())]

    def _enacted(self, made: Enactment) -> ConfigVersion:
        return replace(
            self._tables.configurations[made.kind, made.code, made.version or ""],
            published_from=made.from_,
            by=made.by,
            why=made.why,
            approved_by=made.approved_by,
            plans_from=made.plans_from,
        )

    def _write(self, action: str, made: Enactment, now: datetime, told: Mapping[str, object] | None) -> None:
        detail = {
            "version": made.version,
            "in_force_from": made.from_.isoformat() if made.from_ else None,
            **(told or {}),
        }
        if made.approved_by is not None:
            detail["approved_by"] = made.approved_by
        if made.plans_from is not None:
            detail["plans_from"] = made.plans_from.isoformat()
        record = f"{made.kind}/{made.code}"
        self._audit.write([AuditEntry(at=now, who=made.by, action=action, record=record, why=made.why, detail=detail)])


class _Holds(Protocol):
    def __call__(self, made: Enactment, /) -> bool: ...


class FakeDrafts(Part):
    """The port ``Drafts``."""

    def open(
        self,
        kind: str,
        code: str,
        *,
        base: ConfigVersion | None,
        body: Mapping[str, object],
        by: str,
        now: datetime,
        person_id: int | None = None,
        of: DraftOf = "change",
    ) -> ConfigDraft:
        standing = self.of(kind, code)
        if of == "change" and standing is not None:
            return standing
        made = ConfigDraft(
            id=len(self._tables.drafts) + len(self._tables.ended_drafts) + 1,
            kind=kind,
            code=code,
            base=base.version if base else None,
            body=body,
            revision=0,
            by=by,
            changed_at=now,
            of=of,
        )
        return self._put(made, body, by=by, now=now, person_id=person_id)

    def get(self, id_: int) -> ConfigDraft:
        if id_ not in self._tables.drafts:
            raise UnknownName(f"There is no draft with the number {id_} any more.")
        return self._tables.drafts[id_]

    def of(self, kind: str, code: str) -> ConfigDraft | None:
        return next((draft for draft in self.all() if (draft.kind, draft.code) == (kind, code)), None)

    def all(self) -> Sequence[ConfigDraft]:
        return self._newest_first(draft for draft in self._tables.drafts.values() if draft.of == "change")

    def begun(self) -> Sequence[ConfigDraft]:
        return self._newest_first(draft for draft in self._tables.drafts.values() if draft.of != "change")

    def _newest_first(self, drafts: Iterable[ConfigDraft]) -> Sequence[ConfigDraft]:
        return sorted(drafts, key=lambda draft: (draft.changed_at, draft.id), reverse=True)

    def revision(self, id_: int, revision: int) -> tuple[Mapping[str, object], str, datetime]:
        if (id_, revision) not in self._tables.revisions:
            raise UnknownName(f"draft {id_} has no revision {revision}")
        return self._tables.revisions[id_, revision]

    def save(
        self,
        id_: int,
        body: Mapping[str, object],
        *,
        seen: int,
        by: str,
        now: datetime,
        person_id: int | None = None,
    ) -> ConfigDraft:
        standing = self.get(id_)
        if standing.of != "change":
            raise BadInput(f"Draft {id_} is a {standing.of}: its content is not edited.")
        if standing.revision != seen:
            raise StaleDraft(f"Draft {id_} was saved meanwhile.", newest=standing, yours=body, seen=seen)
        if standing.body == body:
            return standing
        return self._put(standing, body, by=by, now=now, person_id=person_id)

    def keep_aside(self, id_: int, body: Mapping[str, object], *, seen: int, by: str, now: datetime) -> None:
        number = len(self._tables.drafts_aside) + 1
        self._tables.drafts_aside[id_, number] = Aside(seen, body, by, now, number)

    def aside(self, id_: int) -> Sequence[Aside]:
        waiting = self._tables.drafts_aside.keys() - self._tables.settled_aside.keys()
        return [self._tables.drafts_aside[key] for key in sorted(waiting, reverse=True) if key[0] == id_]

    def settle_aside(self, id_: int, aside_id: int, *, by: str, now: datetime) -> None:
        if aside_id not in {kept.id for kept in self.aside(id_)}:
            raise UnknownName(f"nothing with the number {aside_id} is kept aside of draft {id_}")
        self._tables.settled_aside[id_, aside_id] = by, now

    def end(self, id_: int, *, revision: int | None, became: Literal["published", "discarded"], now: datetime) -> None:
        standing = self._tables.drafts.get(id_)
        if standing is None or revision not in (None, standing.revision):
            raise Stale(f"Draft {id_} was changed or has ended meanwhile.")
        self._tables.ended_drafts[id_] = self._tables.drafts.pop(id_)
        if became == "discarded":
            self._replace_waiting(id_, now)

    def ask(self, publication: Publication) -> Publication:
        self._replace_waiting(publication.draft_id, publication.asked_at)
        asked = publication._replace(id=len(self._tables.publications) + 1)
        self._tables.publications[asked.id] = asked
        return asked

    def publication(self, id_: int) -> Publication:
        if id_ not in self._tables.publications:
            raise UnknownName(f"no publication with the number {id_}")
        return self._tables.publications[id_]

    def waiting(self) -> Sequence[Publication]:
        return [asked for asked in self._tables.publications.values() if asked.state == "waiting"]

    def asked(self, draft_id: int) -> Sequence[Publication]:
        return [asked for asked in reversed(self._tables.publications.values()) if asked.draft_id == draft_id]

    def decide(
        self, id_: int, state: Literal["approved", "refused"], *, by: str, why: str, now: datetime
    ) -> Publication:
        asked = self.publication(id_)
        if asked.state != "waiting":
            raise Stale("Somebody else has decided meanwhile, or it was asked for anew.")
        decided = asked._replace(state=state, decided_at=now, decided_by=by, decided_why=why)
        self._tables.publications[id_] = decided
        return decided

    def _replace_waiting(self, draft_id: int, now: datetime) -> None:
        for asked in self.waiting():
            if asked.draft_id == draft_id:
                self._tables.publications[asked.id] = asked._replace(state="replaced", decided_at=now)

    def _put(
        self, draft: ConfigDraft, body: Mapping[str, object], *, by: str, now: datetime, person_id: int | None
    ) -> ConfigDraft:
        newer = replace(
            draft,
            body=body,
            revision=draft.revision + 1,
            by=by,
            changed_at=now,
            authors=draft.authors | {by},
            author_ids=draft.author_ids | ({person_id} if person_id is not None else set()),
        )
        self._tables.drafts[newer.id] = newer
        self._tables.revisions[newer.id, newer.revision] = (body, by, now)
        return newer

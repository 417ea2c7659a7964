"""Work out a preview, in a worker: part by part, on one snapshot, with whoever else joins.

The first who takes it divides the caseload into parts and asks for a second pair of hands. Where the database can share
a snapshot (PostgreSQL), another worker joins and takes parts, too. What somebody has taken and not finished is done
again by the first one at the end, and counts once, so nobody waits for a worker who is gone. When the first one is gone
itself, the next who is asked begins anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypedDict

from plugin.domain.assessment import EffectKind
from plugin.domain.configuration import ConfigDraft, ConfigVersion
from plugin.domain.errors import PermanentFailure
from plugin.domain.handing_out import work_item
from plugin.domain.preview import Caseload, Preview, PreviewPart, PreviewSums
from plugin.usecases.draft_rules import versions_with
from plugin.usecases.outlook import Outlook
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.rules import codes_named_by, practice_of, programs_of
from plugin.usecases.services import Services


class _News(TypedDict):
    new_codes: int
    claims_differ: bool


PART = 100
"""Patients: progress is told, and asked whether it is still wanted, about five times a second."""
LEASE = timedelta(minutes=1)
"""One that has not moved for so long has lost its worker."""
MOST_ATTEMPTS = 3
"""After that something is wrong with the preview, not with the workers."""


def run_preview(services: Services, preview_id: int) -> None:
    """All of it, or a share of what somebody else has begun. Run again it does nothing that is done."""
    with services.database.begin() as uow:
        preview = uow.previews.get(preview_id, lock=True)
        leads = preview.state == "waiting" or is_left(services, preview)
        if leads:
            preview = _begun(services, uow, preview)
        uow.commit()
    if preview.is_over:
        return
    if leads:
        _lead(services, preview)
    else:
        _join(services, preview)


def _begun(services: Services, uow: UnitOfWork, preview: Preview) -> Preview:
    """By this worker, from the start; or ended, when that was tried too often."""
    now = services.clock()
    if preview.attempt < MOST_ATTEMPTS:
        return uow.previews.begin(preview, services.processes.name(), max(preview.at, now), now)
    uow.previews.finish(preview, None, now, failed=f"It was begun {MOST_ATTEMPTS} times and never came to an end.")
    return uow.previews.get(preview.id)


def is_left(services: Services, preview: Preview) -> bool:
    """Whoever had it is gone, or has lost it: it is asked for once more by its own worker."""
    if preview.state != "running" or preview.worker is None or preview.moved_at is None:
        return False
    if preview.worker == services.processes.name() or services.processes.is_gone(preview.worker):
        return True
    return services.clock() - preview.moved_at > LEASE


def _lead(services: Services, begun: Preview) -> None:
    try:
        with services.database.begin(reading=True) as snapshot:
            share = _Share.of(services, snapshot, begun)
            divided, common = share.divide()
            share.work(divided, is_first=True)
    except PermanentFailure as failure:
        _finish(services, begun, None, failed=str(failure))
        return
    with services.database.begin(reading=True) as uow:
        found = uow.previews.kept(divided)
    if found is not None:
        _finish(services, divided, found + common)


def _join(services: Services, running: Preview) -> None:
    """What this worker cannot do, the first one does."""
    if running.snapshot is None:
        return
    with services.database.begin(reading=True) as uow:
        if uow.previews.join(running.snapshot):
            _Share.of(services, uow, running).work(running, is_first=False)


def _finish(services: Services, preview: Preview, sums: PreviewSums | None, *, failed: str | None = None) -> None:
    with services.database.begin() as uow:
        uow.previews.finish(preview, sums, services.clock(), failed=failed)
        uow.commit()


@dataclass(frozen=True, slots=True)
class _Share:
    """One worker's share: what it does on the snapshot, and the transactions beside it in which it tells what it found."""

    services: Services
    snapshot: UnitOfWork
    begun: Preview
    draft: ConfigDraft
    caseload: Caseload

    @classmethod
    def of(cls, services: Services, snapshot: UnitOfWork, begun: Preview) -> _Share:
        """Reads what is asked about."""
        body, by, at = snapshot.drafts.revision(begun.draft_id, begun.revision)
        draft = ConfigDraft(
            id=begun.draft_id,
            kind=begun.kind,
            code=begun.code,
            base=None,
            body=body,
            revision=begun.revision,
            by=by,
            changed_at=at,
            of=begun.of,
        )
        return cls(services, snapshot, begun, draft, snapshot.previews.caseload())

    def divide(self) -> tuple[Preview, PreviewSums]:
        """The parts, for whoever comes; and what is the same for everybody."""
        common = self._common()
        parts = _parts(self.caseload)
        total = self.caseload.never_assessed + len(self.caseload.patients)
        snapshot = self.snapshot.previews.share() if len(parts) > 1 else None
        with self.services.database.begin() as uow:
            divided = uow.previews.divide(self.begun, parts, total, snapshot=snapshot)
            uow.commit()
        if snapshot is not None:
            self.services.jobs.preview(self.begun.id)
        return divided, common

    def work(self, divided: Preview, *, is_first: bool) -> None:
        """Part by part, until there is none left, or nobody wants to know any more."""
        began = self.begun.began_at or self.services.clock()
        outlook = Outlook(
            self.services,
            self.snapshot,
            self.draft,
            now=began,
            at=self.begun.at,
            plans_from=self.begun.plans_from,
            backlog=self.caseload.backlog,
        )
        while (part := self._take(divided, is_first)) is not None:
            changes, sums = outlook.of(self.snapshot.previews.patients(part))
            with self.services.database.begin() as uow:
                is_wanted = uow.previews.keep(divided, part, changes, sums, self.services.clock())
                uow.commit()
            if not is_wanted:
                return

    def _take(self, divided: Preview, is_first: bool) -> PreviewPart | None:
        with self.services.database.begin() as uow:
            part = uow.previews.take(divided, self.services.processes.name(), also_taken=is_first)
            uow.commit()
        return part

    def _common(self) -> PreviewSums:
        """What stands before people already, and what the draft newly asks for."""
        uow, at = self.snapshot, self.begun.at
        before = uow.configurations.current(at)
        practice = practice_of(self.services, before)
        items, planned = uow.previews.load()
        there = {item.key for item in items}
        coming = [work_item(row, practice, at) for row in planned if row.kind is EffectKind.WORK]
        more = {item.key: item for item in coming if item.key not in there}
        messages = (row for row in planned if row.kind is EffectKind.MESSAGE)
        return PreviewSums(
            waiting=self.caseload.waiting,
            work_before=Counter((item.role, practice.day(item.due_at)) for item in (*items, *more.values())),
            messages_before=Counter(practice.day(row.at or at) for row in messages),
            **self._newly_asked_for(before),
        )

    def _newly_asked_for(self, before: Sequence[ConfigVersion]) -> _News:
        """Only a program asks for anything of the EHR."""
        after = versions_with(before, self.draft, self.begun.plans_from)
        had, has = (programs_of(self.services, versions) for versions in (before, after))
        named = codes_named_by(has) - codes_named_by(had)
        kept = [self.snapshot.patients.named_codes(source) for source in self.snapshot.sources.all()]
        new = [code for code in named if not all((code.system, code.code) in known for known in kept)]
        orders = [frozenset(pair for program in programs for pair in program.order_codes) for programs in (had, has)]
        return _News(new_codes=len(new), claims_differ=bool(orders[1] - orders[0]))


def _parts(caseload: Caseload) -> list[PreviewPart]:
    """Whoever was never assessed first, all in one: their places in the backlog are given in order."""
    ids = caseload.patients
    starts = range(0, len(ids), PART)
    ranges = [PreviewPart(n, ids[at], ids[min(at + PART, len(ids)) - 1]) for n, at in enumerate(starts, 1)]
    return [PreviewPart(0), *ranges] if caseload.never_assessed else ranges

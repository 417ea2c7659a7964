"""The port ``Previews`` in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from plugin.domain.assessment import EffectKind, Gap
from plugin.domain.errors import UnknownName
from plugin.domain.ledger import EffectState, LedgerRow
from plugin.domain.preview import Caseload, PatientChange, Preview, PreviewPart, PreviewSums
from plugin.domain.record import Patient
from plugin.domain.tracking import Tracked
from plugin.domain.work import OPEN, WorkItem
from tests.fake_tables import Known, Part

KEPT = 3


class FakePreviews(Part):
    """The port ``Previews``."""

    def ask(self, preview: Preview) -> Preview:
        asked = replace(preview, id=len(self._tables.previews) + 1)
        self._tables.previews[asked.id] = asked
        of_draft = [p.id for p in self._tables.previews.values() if p.draft_id == asked.draft_id]
        for id_ in of_draft[:-KEPT]:
            self._forget(id_)
        return asked

    def get(self, id_: int, *, lock: bool = False) -> Preview:
        if id_ not in self._tables.previews:
            raise UnknownName(f"There is no preview with the number {id_}.")
        return self._tables.previews[id_]

    def latest(self, draft_id: int) -> Preview | None:
        of_draft = [p for p in self._tables.previews.values() if p.draft_id == draft_id]
        return of_draft[-1] if of_draft else None

    def begin(self, preview: Preview, worker: str, at: datetime, now: datetime) -> Preview:
        self._forget(preview.id)
        begun = replace(
            preview, state="running", attempt=preview.attempt + 1, worker=worker, at=at, began_at=now, moved_at=now
        )
        begun = replace(begun, snapshot=None, done=0, total=0)
        self._tables.previews[begun.id] = begun
        return begun

    def divide(self, preview: Preview, parts: Sequence[PreviewPart], total: int, *, snapshot: str | None) -> Preview:
        self._tables.preview_parts.update({(preview.id, part.number): (part, None, None) for part in parts})
        self._change(preview, total=total, snapshot=snapshot)
        return replace(preview, total=total, snapshot=snapshot)

    def take(self, preview: Preview, worker: str, *, also_taken: bool) -> PreviewPart | None:
        if not self._runs(preview):
            return None
        open_ = [
            (p, w) for (id_, _), (p, w, sums) in self._tables.preview_parts.items() if (id_, sums) == (preview.id, None)
        ]
        free = [part for part, whose in open_ if whose is None] or [part for part, _ in open_ if also_taken]
        if not free:
            return None
        self._tables.preview_parts[preview.id, free[0].number] = (free[0], worker, None)
        return free[0]

    def keep(
        self, preview: Preview, part: PreviewPart, changes: Sequence[PatientChange], sums: PreviewSums, now: datetime
    ) -> bool:
        if not self._runs(preview):
            return False
        key = (preview.id, part.number)
        if self._tables.preview_parts[key][2] is None:
            self._tables.preview_parts[key] = (part, None, sums)
            self._tables.preview_changes.update({(preview.id, change.patient_id): change for change in changes})
            done = self.get(preview.id).done + sums.caseload
            self._change(preview, done=done, moved_at=now)
        return True

    def kept(self, preview: Preview) -> PreviewSums | None:
        found = [sums for (id_, _), (_, _, sums) in self._tables.preview_parts.items() if id_ == preview.id]
        return None if None in found else sum((one for one in found if one is not None), PreviewSums())

    def finish(self, preview: Preview, sums: PreviewSums | None, now: datetime, *, failed: str | None = None) -> bool:
        if not self._runs(preview):
            return False
        self._change(preview, state="failed" if failed else "done", finished_at=now, failed=failed, sums=sums)
        return True

    def cancel(self, id_: int, now: datetime) -> bool:
        preview = self.get(id_)
        if preview.is_over:
            return False
        self._change(preview, state="cancelled", finished_at=now)
        return True

    def changes(self, id_: int, *, after: int = 0, limit: int = 50) -> Sequence[PatientChange]:
        mine = {patient: change for (of, patient), change in self._tables.preview_changes.items() if of == id_}
        return [mine[patient] for patient in sorted(mine) if patient > after][:limit]

    def names(self, patient_ids: Sequence[int]) -> Mapping[int, str]:
        found: dict[int, str] = {}
        for known in (k for k in self._tables.patients.values() if k.id in patient_ids):
            person = self._tables.facts.get((known.source_id, known.ref, known.ref))
            if isinstance(person, Patient) and person.name:
                found[known.id] = person.name
        return found

    def share(self) -> str | None:
        return None

    def join(self, snapshot: str) -> bool:
        return False

    def caseload(self) -> Caseload:
        tracked = [known for known in self._tables.patients.values() if known.tracked]
        seen = [known for known in tracked if self._is_looked_at(known)]
        assessed = sorted(known.id for known in seen if known.digest)
        return Caseload(
            never_assessed=len(seen) - len(assessed),
            patients=assessed,
            waiting=len(tracked) - len(seen),
            backlog=sum(known.backlog for known in tracked),
        )

    def patients(self, part: PreviewPart) -> Sequence[Tracked]:
        seen = [k for k in self._tables.patients.values() if k.tracked and self._is_looked_at(k)]
        if part.first is None or part.last is None:
            chosen = sorted((k for k in seen if not k.digest), key=lambda k: (k.next_change_at, k.id))
        else:
            first, last = part.first, part.last
            chosen = sorted((k for k in seen if k.digest and first <= k.id <= last), key=lambda k: k.id)
        return [Tracked(row=known.row, assessed_at=known.assessed_at, failed=known.failed) for known in chosen]

    def in_program(self, patient_ids: Sequence[int], program: str) -> frozenset[int]:
        plans = ((id_, plan) for id_ in patient_ids for plan in self._tables.plans.get(id_, ()))
        return frozenset(id_ for id_, plan in plans if plan.program == program)

    def with_gap(self, patient_ids: Sequence[int]) -> frozenset[int]:
        plans = ((id_, plan) for id_ in patient_ids for plan in self._tables.plans.get(id_, ()))
        return frozenset(id_ for id_, plan in plans if any(m.gap is Gap.OPEN for m in plan.milestones))

    def items(self, patient_ids: Sequence[int]) -> Mapping[int, Sequence[WorkItem]]:
        return {id_: [i for i in self._tables.work.values() if i.patient_id == id_] for id_ in patient_ids}

    def load(self) -> tuple[Sequence[WorkItem], Sequence[LedgerRow]]:
        rows = (entry.row for entry in self._tables.effects.values() if entry.ready_at is not None)
        under_way = (EffectState.PLANNED, EffectState.CLAIMED)
        kinds = (EffectKind.WORK, EffectKind.MESSAGE)
        return (
            [item for item in self._tables.work.values() if item.state in OPEN],
            [row for row in rows if row.kind in kinds and row.state in under_way],
        )

    def _is_looked_at(self, known: Known) -> bool:
        is_read = self._tables.sources[known.source_id].last_read_at is not None
        return known.waits_since is None and is_read

    def _runs(self, preview: Preview) -> bool:
        standing = self.get(preview.id)
        return (standing.state, standing.attempt) == ("running", preview.attempt)

    def _change(self, preview: Preview, **changes: object) -> None:
        standing = self.get(preview.id)
        self._tables.previews[preview.id] = replace(standing, **changes)  # type: ignore[arg-type]  # fields of a Preview

    def _forget(self, id_: int) -> None:
        for key in [key for key in self._tables.preview_parts if key[0] == id_]:
            del self._tables.preview_parts[key]
        for pair in [pair for pair in self._tables.preview_changes if pair[0] == id_]:
            del self._tables.preview_changes[pair]

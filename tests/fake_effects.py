"""The fake repositories of what was decided and done: plans, ledger, sent bodies, work items."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from plugin.domain.assessment import ENDED, EffectKind, Gap, Milestone, PlanState
from plugin.domain.errors import Stale, UnknownName
from plugin.domain.ledger import EffectState, LedgerRow, content_digest
from plugin.domain.record import KnownStep
from plugin.domain.source import Draft, Source, Standing, Written
from plugin.domain.tracking import Move, Outcome
from plugin.domain.work import OPEN, WorkItem
from tests.fake_history import list_steps, turn
from tests.fake_tables import Entry, Part, Tables

LEASE = timedelta(minutes=5)


class FakePlans(Part):
    """The port ``Plans``."""

    def __init__(self, tables: Tables, poison: set[str]) -> None:
        super().__init__(tables)
        self._poison = poison

    def save(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        for outcome in outcomes:
            if outcome.row.ref in self._poison and outcome.failed is None:
                raise ValueError("This row cannot be stored.")
            self._save(outcome, now)

    def of_patient(self, source: Source, ref: str, today: date) -> Sequence[PlanState]:
        known = self._tables.patients.get((source.id, ref))
        return self.shown(known.id, today)[0] if known else []

    def shown(self, patient_id: int, today: date) -> tuple[Sequence[PlanState], Mapping[str, str]]:
        plans = self._tables.plans.get(patient_id, ())
        dated = [replace(plan, milestones=tuple(_on(today, m) for m in plan.milestones)) for plan in plans]
        return dated, self.versions(patient_id)

    def versions(self, patient_id: int) -> Mapping[str, str]:
        plans = self._tables.plans.get(patient_id, ())
        bodies = ((m.key, repr(replace(m, days_past_due=None))) for plan in plans for m in plan.milestones)
        return {key: hashlib.sha256(body.encode()).hexdigest() for key, body in bodies}

    def moves(self, patient_id: int, limit: int) -> Sequence[Move]:
        return list(reversed(self._tables.moves.get(patient_id, ())))[:limit]

    def summary(self, source: Source | None = None) -> Mapping[str, object]:
        known = [k for k in self._tables.patients.values() if source is None or k.source_id == source.id]
        return {"patients": sum(k.tracked for k in known), "backlog": sum(k.backlog for k in known)}

    def following(self) -> Mapping[tuple[str, str], int]:
        plans = [state for states in self._tables.plans.values() for state in states]
        goes_on = (state for state in plans if state.program and state.status not in ENDED)
        return Counter((state.program or "", state.program_version or "") for state in goes_on)

    def _save(self, outcome: Outcome, now: datetime) -> None:
        row = outcome.row
        known = self._tables.patients[row.source_id, row.ref]
        backlog = known.backlog if outcome.backlog is None else outcome.backlog
        at = outcome.retry_at if outcome.failed else outcome.assessment.next_change_at
        self._tables.patients[row.source_id, row.ref] = replace(
            known,
            next_change_at=at,
            digest=outcome.digest,
            failed=outcome.failed,
            backlog=backlog,
            assessed_at=now,
            found_by=known.found_by if outcome.found_by is None else outcome.found_by,
        )
        if outcome.failed or outcome.unchanged:
            return
        self._tables.plans[row.id] = outcome.assessment.plans
        for m in outcome.assessment.milestones:
            before = self._tables.steps.get((row.id, m.key))
            if before is not None and before.status != m.status.value:
                move = Move(m.key, before.status, m.status.value, now)
                self._tables.moves[row.id] = (*self._tables.moves.get(row.id, ()), move)
            turned = self._tables.statuses.get((row.id, m.key), ())
            self._tables.statuses[row.id, m.key] = (*turned, (now, m.status.value))
            self._tables.steps[row.id, m.key] = KnownStep(
                key=m.key, plan=m.plan, iteration=m.iteration, title=m.title, source=m.source, codes=m.codes,
                status=m.status.value, opens=m.opens, due=m.due,
            )  # fmt: skip
            if before is not None:
                self._tables.past_steps[len(self._tables.past_steps)] = (row.id, before, now)
        FakeLedger(self._tables).change(outcome, now)


def _on(today: date, step: Milestone) -> Milestone:
    if step.due is None:
        return step
    return replace(step, days_past_due=(today - step.due).days if step.gap is Gap.OPEN else 0)


class FakeLedger(Part):
    """The port ``Ledger``."""

    def of_patients(self, patient_ids: Sequence[int]) -> Mapping[int, Sequence[LedgerRow]]:
        return {id_: [e.row for e in self._tables.effects.values() if e.row.patient_id == id_] for id_ in patient_ids}

    def told(self, patient_id: int) -> Sequence[LedgerRow]:
        mine = [e for e in self._tables.effects.values() if e.row.patient_id == patient_id]
        shown = [e for e in mine if e.row.kind is not EffectKind.WRITE or e.row.state is EffectState.FAILED]
        return [replace(entry.row, changed_at=entry.changed_at) for entry in shown]

    def contents(self, patient_id: int, what: str) -> Sequence[Mapping[str, object]]:
        rows = (entry.row for entry in self._tables.effects.values())
        return [row.content for row in rows if row.patient_id == patient_id and row.what == what and row.content]

    def claim(
        self, kinds: Sequence[EffectKind], now: datetime, limit: int, worker: str, *, patient_id: int | None = None
    ) -> Sequence[LedgerRow]:
        paused = {source.id for source in self._tables.sources.values() if source.paused}
        ready = [
            entry
            for entry in self._tables.effects.values()
            if entry.row.kind in kinds and entry.ready_at is not None and entry.ready_at <= now
            if not (entry.row.kind is EffectKind.WRITE and entry.row.source_id in paused)
            if patient_id in (None, entry.row.patient_id)
        ]
        ready = sorted(ready, key=lambda entry: entry.row.kind is EffectKind.NOTICE)[:limit]
        for entry in ready:
            row = replace(entry.row, state=EffectState.CLAIMED, attempts=entry.row.attempts + 1)
            self._tables.effects[row.key] = Entry(row=row, ready_at=now + LEASE, worker=worker, changed_at=now)
        return [self._tables.effects[entry.row.key].row for entry in ready]

    def claimants(self, kinds: Sequence[EffectKind], now: datetime) -> frozenset[str]:
        claimed = (e for e in self._tables.effects.values() if e.row.state is EffectState.CLAIMED)
        return frozenset(e.worker for e in claimed if e.worker and e.row.kind in kinds)

    def release(self, kinds: Sequence[EffectKind], workers: Iterable[str], now: datetime) -> int:
        claimed = [e for e in self._tables.effects.values() if e.row.state is EffectState.CLAIMED]
        theirs = [e for e in claimed if e.row.kind in kinds and e.worker in list(workers)]
        self._tables.effects.update({e.row.key: replace(e, ready_at=now) for e in theirs})
        return len(theirs)

    def done(self, ids: Sequence[int], now: datetime, digests: Mapping[int, str] | None = None) -> None:
        for entry in [e for e in self._tables.effects.values() if e.row.id in ids]:
            digest = (digests or {}).get(entry.row.id, entry.row.digest)
            is_behind = digest != entry.row.digest and not entry.is_withdrawn
            state = EffectState.PLANNED if is_behind else EffectState.DONE
            row = replace(entry.row, state=state, done_digest=digest, attempts=0, error=None)
            self._tables.effects[row.key] = Entry(row=row, ready_at=now if is_behind else None, changed_at=now)

    def failed(self, id_: int, now: datetime, error: str, retry_at: datetime | None) -> None:
        entry = next(e for e in self._tables.effects.values() if e.row.id == id_)
        state = EffectState.PLANNED if retry_at else EffectState.FAILED
        row = replace(entry.row, state=state, error=error)
        self._tables.effects[entry.row.key] = Entry(row=row, ready_at=retry_at, changed_at=now)

    def again(self, source: Source, now: datetime, *, patients: Sequence[str] | None = None) -> int:
        theirs = {known.id for known in self._tables.patients.values() if patients is None or known.ref in patients}
        waiting = [
            entry
            for entry in self._tables.effects.values()
            if entry.row.source_id == source.id and entry.row.patient_id in theirs
            if entry.row.kind in (EffectKind.WRITE, EffectKind.NOTICE)
            if entry.row.state is EffectState.FAILED
            or (entry.row.state is EffectState.PLANNED and entry.row.attempts > 0)
        ]
        for entry in waiting:
            row = replace(entry.row, state=EffectState.PLANNED, attempts=0)
            self._tables.effects[row.key] = Entry(row=row, ready_at=now, changed_at=now)
        return len(waiting)

    def start_over(self, source: Source, now: datetime) -> bool:
        rows = [entry.row for entry in self._tables.effects.values() if entry.row.source_id == source.id]
        writes = [row for row in rows if row.kind is EffectKind.WRITE]
        for row in writes:
            if row.state is not EffectState.CLAIMED:
                anew = replace(row, state=EffectState.WITHDRAWN, done_digest="", error=None, attempts=0)
                self._tables.effects[row.key] = Entry(row=anew, changed_at=now)
        return all(row.state is not EffectState.CLAIMED for row in writes)

    def summary(self) -> Mapping[str, Mapping[str, int]]:
        counts: dict[str, Counter[str]] = {}
        for entry in self._tables.effects.values():
            counts.setdefault(entry.row.kind.value, Counter())[entry.row.state.value] += 1
        return counts

    def change(self, outcome: Outcome, now: datetime) -> None:
        """What ``Plans.save`` does with the ledger's part of an outcome."""
        made = [(effect, EffectState.PLANNED) for effect in outcome.ledger.create]
        made += [(passed.effect, EffectState.SKIPPED) for passed in outcome.ledger.skip]
        for effect, state in made:
            self._wish(effect, state, outcome, now, id_=len(self._tables.effects) + 1)
        by_id = {entry.row.id: entry for entry in self._tables.effects.values()}
        for id_, effect in outcome.ledger.renew:
            self._wish(effect, EffectState.PLANNED, outcome, now, id_=id_, before=by_id[id_])
        for id_ in outcome.ledger.withdraw:
            row = replace(by_id[id_].row, state=EffectState.WITHDRAWN)
            self._tables.effects[row.key] = Entry(row=row, changed_at=now)

    def _wish(  # a row as it is wanted now
        self, effect: Any, state: EffectState, outcome: Outcome, now: datetime, *, id_: int, before: Entry | None = None
    ) -> None:
        if before is None and effect.key in self._tables.effects:
            return
        self._tables.wanted_at.setdefault(effect.key, now)
        names = ("key", "kind", "what", "plan", "milestone", "at", "role", "owner", "tier", "content")
        row = LedgerRow(
            id=id_,
            state=state,
            patient_id=outcome.row.id,
            source_id=outcome.row.source_id,
            digest=content_digest(effect.content),
            done_digest=before.row.done_digest if before else "",
            by=self._person(effect.kind, outcome.by, before),
            **{name: getattr(effect, name) for name in names},
        )
        if before is not None and before.row.state is EffectState.CLAIMED:
            self._tables.effects[row.key] = replace(before, row=replace(row, state=EffectState.CLAIMED))
        else:
            self._tables.effects[row.key] = Entry(
                row=row, ready_at=None if state is EffectState.SKIPPED else effect.at or now, changed_at=now
            )

    @staticmethod
    def _person(kind: EffectKind, by: str | None, before: Entry | None) -> str | None:
        """What was not written yet goes out with this: it stays that person's as well."""
        if kind is not EffectKind.WRITE:
            return None
        is_open = before is not None and before.row.state in (EffectState.PLANNED, EffectState.FAILED)
        return by or (before.row.by if before is not None and is_open else None)


class FakeSent(Part):
    """The port ``Sent``: by reference the pending digest, the standing one, the version."""

    def remember(self, source: Source, drafts: Sequence[Draft], now: datetime) -> None:
        for draft in drafts:
            _, digest, version = self._of(source, draft.ref)
            self._tables.sent[source.id, draft.ref] = (draft.digest, digest, version)
            self._keep(source, draft.ref, digest=draft.digest, owned=draft.owned)

    def written(self, source: Source, written: Sequence[Written], now: datetime) -> None:
        for answer in written:
            pending, digest, _ = self._of(source, answer.ref)
            self._tables.sent[source.id, answer.ref] = (None, pending or digest, answer.version)

    def versions(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        return {ref: found for ref in refs if (found := self._of(source, ref)[2]) is not None}

    def last_digests(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        return {ref: found for ref in refs if (found := self._of(source, ref)[1]) is not None}

    def unsettled(self, source: Source, refs: Sequence[str]) -> frozenset[str]:
        known = {ref: self._of(source, ref) for ref in refs if (source.id, ref) in self._tables.sent}
        return frozenset(ref for ref, (pending, digest, _) in known.items() if pending is not None or not digest)

    def owned(self, source: Source, refs: Sequence[str]) -> Mapping[str, frozenset[str]]:
        bodies = {ref: self._tables.bodies.get((source.id, ref), ()) for ref in refs}
        return {ref: frozenset(owned for _, owned in known) for ref, known in bodies.items() if known}

    def settled(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for ref in refs:
            pending, standing, _ = self._of(source, ref)
            for digest, owned in self._tables.bodies.get((source.id, ref), ()):
                if pending is None and digest == standing:
                    found[ref] = owned
        return found

    def adopt(self, source: Source, standing: Standing, now: datetime) -> None:
        self._tables.sent[source.id, standing.ref] = (None, standing.digest, standing.version)
        self._keep(source, standing.ref, digest=standing.digest, owned=standing.owned)

    def start_over(self, source: Source) -> None:
        for key in [key for key in self._tables.sent if key[0] == source.id]:
            del self._tables.sent[key]

    def _keep(self, source: Source, ref: str, *, digest: str, owned: str) -> None:
        """The one seen last stands last."""
        before = [body for body in self._tables.bodies.get((source.id, ref), ()) if body != (digest, owned)]
        self._tables.bodies[source.id, ref] = (*before, (digest, owned))

    def _of(self, source: Source, ref: str) -> tuple[str | None, str | None, str | None]:
        return self._tables.sent.get((source.id, ref), (None, None, None))


class FakeWorkItems(Part):
    """The port ``WorkItems``; by key, and from the second turn on with its number."""

    def open(self, item: WorkItem, now: datetime) -> None:
        turns = [name for name in self._tables.work if name.partition("#")[0] == item.key]
        last = self._tables.work[turns[-1]] if turns else None
        if last is None:
            self._put(item.key, item, now)
            return
        listed = {step for name in turns for step, _ in self._listed(self._tables.work[name])}
        missing = tuple(step for step in item.milestones if step[0] not in listed)
        if missing and last.state in OPEN:
            steps = (*last.milestones, *missing)
            list_steps(self._tables, turns[-1], missing)
            self._tables.work[turns[-1]] = replace(
                last, milestones=steps, changed_at=now, revision=last.revision + 1,
                due_at=min(last.due_at, item.due_at), priority=max(last.priority, item.priority),
            )  # fmt: skip
        elif missing:
            self._put(f"{item.key}#{len(turns) + 1}", replace(item, milestones=missing), now)

    def withdraw_step(self, patient_id: int, milestone: str, kinds: Sequence[str], now: datetime) -> None:
        for name, item in list(self._tables.work.items()):
            lists = milestone in (step for step, _ in item.milestones)
            if item.patient_id != patient_id or item.kind not in kinds or item.state not in OPEN or not lists:
                continue
            left = tuple(step for step in item.milestones if step[0] != milestone)
            fewer = replace(item, milestones=left or item.milestones, revision=item.revision + 1)
            self._tables.work[name] = fewer if left else replace(fewer, state="withdrawn", changed_at=now)
            self._tables.taken_off[name, milestone] = now
            if not left:
                turn(self._tables, name, "withdrawn", now)

    def of_patient(self, patient_id: int) -> Sequence[WorkItem]:
        mine = [item for item in self._tables.work.values() if item.patient_id == patient_id]
        return [replace(item, milestones=self._listed(item)) for item in mine]

    def by_number(self, ids: Sequence[int]) -> Mapping[int, WorkItem]:
        return {item.id: item for item in self._tables.work.values() if item.id in ids}

    def lock(self, id_: int, wait: timedelta) -> WorkItem:
        if id_ not in self.by_number([id_]):
            raise UnknownName(f"There is no work item with the number {id_}.")
        return self.by_number([id_])[id_]

    def move(self, before: WorkItem, after: WorkItem, now: datetime) -> WorkItem:
        name = next(name for name, item in self._tables.work.items() if item.id == before.id)
        if self._tables.work[name].revision != before.revision:
            raise Stale("This is another by now.")
        self._tables.work[name] = replace(after, revision=before.revision + 1, changed_at=now)
        if after.state != before.state:
            turn(self._tables, name, after.state, now)
        return self._tables.work[name]

    def summary(self) -> Mapping[str, Mapping[str, int]]:
        counts: dict[str, Counter[str]] = {}
        for item in self._tables.work.values():
            if item.state in OPEN:
                counts.setdefault(item.role, Counter())[item.kind] += 1
        return counts

    def _put(self, name: str, item: WorkItem, now: datetime) -> None:
        self._tables.work[name] = replace(item, id=len(self._tables.work) + 1, opened_at=now, changed_at=now)
        turn(self._tables, name, item.state, now)
        list_steps(self._tables, name, item.milestones)

    @staticmethod
    def _listed(item: WorkItem) -> tuple[tuple[str, str], ...]:
        """Of one that was withdrawn, nothing is listed any more."""
        return () if item.state == "withdrawn" else item.milestones

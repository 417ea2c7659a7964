"""A ledger in memory, for the tests of reconciliation."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from plugin.domain.assessment import Assessment, Effect, EffectKind
from plugin.domain.ledger import EffectState, LedgerChange, LedgerRow, content_digest, reconcile
from tests.charts import Json, look


class Book:
    """A ledger in memory: what is decided is written down, what is planned can be carried out."""

    def __init__(self) -> None:
        self.rows: dict[str, LedgerRow] = {}
        self.carried_out: list[str] = []

    def see(self, resources: Sequence[Json], day: str, **more: Any) -> LedgerChange:
        """Assess, reconcile, store."""
        return self.take(look(resources, day, **more).assessment)

    def take(self, assessment: Assessment) -> LedgerChange:
        """Reconcile and store; storing it again changes nothing."""
        change = reconcile(list(self.rows.values()), assessment)
        for effect in change.create:
            assert effect.key not in self.rows
            self._put(effect, EffectState.PLANNED)
        for passed in change.skip:
            self._put(passed.effect, EffectState.SKIPPED)
        by_id = {row.id: row for row in self.rows.values()}
        for id_ in change.withdraw:
            row = by_id[id_]
            self.rows[row.key] = replace(row, state=EffectState.WITHDRAWN)
        for id_, effect in change.renew:
            claimed = by_id[id_].state is EffectState.CLAIMED
            self._put(effect, EffectState.CLAIMED if claimed else EffectState.PLANNED, by_id[id_])
        assert reconcile(list(self.rows.values()), assessment).is_empty
        return change

    def _put(self, effect: Effect, state: EffectState, row: LedgerRow | None = None) -> None:
        self.rows[effect.key] = LedgerRow(
            id=row.id if row else len(self.rows) + 1,
            key=effect.key,
            kind=effect.kind,
            what=effect.what,
            state=state,
            patient_id=1,
            source_id=1,
            plan=effect.plan,
            milestone=effect.milestone,
            at=effect.at,
            role=effect.role,
            owner=effect.owner,
            tier=effect.tier,
            content=effect.content,
            digest=content_digest(effect.content),
            done_digest=row.done_digest if row else "",
        )

    def carry_out(self) -> list[str]:
        """Everything that is planned."""
        due = [row for row in self.rows.values() if row.state is EffectState.PLANNED]
        for row in due:
            self.rows[row.key] = replace(row, state=EffectState.DONE, done_digest=row.digest)
            self.carried_out.append(row.key)
        return self.named(due)

    def named(self, rows: Sequence[LedgerRow] | None = None) -> list[str]:
        """``kind what`` of rows, sorted, but for the writes."""
        chosen = self.rows.values() if rows is None else rows
        return sorted(f"{row.kind.value} {row.what}" for row in chosen if row.kind is not EffectKind.WRITE)

    def in_state(self, state: EffectState) -> list[str]:
        """Those in a state."""
        return self.named([row for row in self.rows.values() if row.state is state])

    def content(self, what: str) -> Json:
        """Of the one write of a kind."""
        (row,) = [row for row in self.rows.values() if row.what == what and row.kind is EffectKind.WRITE]
        return dict(row.content or {})

"""What a preview foresees is what storage does: the ledger after an outcome, the queues after work was handed out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from plugin.domain.assessment import EffectKind, Passed
from plugin.domain.foresight import ledger_after
from plugin.domain.handing_out import with_item, without_step
from plugin.domain.ledger import LedgerRow
from plugin.domain.source import Source
from plugin.domain.tracking import Outcome
from plugin.domain.work import WorkItem
from plugin.usecases.ports import Database, UnitOfWork
from tests.contract.storage.given import LATER, NOW, a_write, an_effect, an_outcome, saved, tracked

WRITE, WORK, MESSAGE = EffectKind.WRITE, EffectKind.WORK, EffectKind.MESSAGE


def told(rows: Sequence[LedgerRow]) -> list[tuple[object, ...]]:
    """What a preview goes by, in the order of keys."""
    return sorted(
        (r.key, r.kind, r.what, r.state, r.at, r.role, r.owner, r.tier, r.digest, r.done_digest) for r in rows
    )


def ledger(database: Database, patient_id: int) -> Sequence[LedgerRow]:
    """As it is stored."""
    with database.begin(reading=True) as unit:
        return unit.ledger.of_patients([patient_id])[patient_id]


def id_of(rows: Sequence[LedgerRow], key: str) -> int:
    """The number of an effect."""
    return next(row.id for row in rows if row.key == key)


def standing(database: Database, source: Source) -> tuple[Outcome, Sequence[LedgerRow]]:
    """A patient with effects in every state."""
    (row,) = tracked(database, source, "Patient/p1")
    first = an_outcome(
        row,
        create=(
            an_effect("planned", at=LATER, role="coordinator"),
            an_effect("claimed"),
            an_effect("gone", kind=MESSAGE, at=LATER),
            a_write("one", "written"),
            a_write("one", "to-write"),
            a_write("one", "back"),
        ),
        skip=(Passed(effect=an_effect("skipped", tier=1), why="passed over"),),
    )
    saved(database, first)
    with database.begin() as unit:
        written = [r for r in unit.ledger.claim([WRITE], NOW, 10, "me") if r.key in ("written", "back")]
        unit.ledger.done([r.id for r in written], NOW)
        unit.ledger.claim([WORK], NOW, 10, "me")
        unit.commit()
    saved(database, an_outcome(row, renew=((id_of(ledger(database, row.id), "back"), a_write("two", "back")),)))
    return an_outcome(row), ledger(database, row.id)


def test_the_ledger_is_foreseen_as_it_will_be_stored(database: Database, source: Source) -> None:
    """New, skipped, withdrawn, moved, another thing altogether, a write that stands already, and what a worker has."""
    outcome, rows = standing(database, source)
    moved = an_effect("planned", kind=EffectKind.NOTICE, what="overdue", at=LATER + timedelta(days=1), role="provider")
    parts = {
        "create": (an_effect("new", tier=3), a_write("one", "new-write")),
        "skip": (Passed(effect=an_effect("passed"), why="passed over"),),
        "withdraw": (id_of(rows, "gone"), id_of(rows, "claimed")),
        "renew": (
            (id_of(rows, "planned"), moved),
            (id_of(rows, "written"), a_write("two", "written")),
            (id_of(rows, "to-write"), a_write("two", "to-write")),
            (id_of(rows, "back"), a_write("one", "back")),
        ),
    }
    decided = an_outcome(outcome.row, **parts)

    foreseen = ledger_after(rows, decided)
    saved(database, decided)

    assert told(foreseen) == told(ledger(database, outcome.row.id))


def item(patient_id: int, day: str, *steps: str, kind: str = "overdue") -> WorkItem:
    """An item that lists these."""
    return WorkItem(
        key=f"{patient_id}|coordinator|{kind}|{day}",
        kind=kind,
        patient_id=patient_id,
        role="coordinator",
        owner=None,
        due_at=NOW,
        priority=len(steps),
        milestones=tuple((step, step.upper()) for step in steps),
    )


def queued(unit: UnitOfWork, patient_id: int) -> list[tuple[object, ...]]:
    """The items as a preview reads them."""
    found = unit.previews.items([patient_id]).get(patient_id, ())
    return [(i.key, i.kind, i.role, i.due_at, i.priority, i.state, i.milestones) for i in found]


def test_queues_are_foreseen_as_they_will_be_stored(database: Database, source: Source) -> None:
    """Opened twice, made longer, taken off, withdrawn, and opened once more after somebody has done it."""
    (row,) = tracked(database, source, "Patient/p1")
    first = item(row.id, "2026-06-16", "k1")
    longer = replace(item(row.id, "2026-06-16", "k2"), due_at=NOW - timedelta(hours=1), priority=3)
    other = item(row.id, "2026-06-17", "k1", kind="rebook")
    foreseen: tuple[WorkItem, ...] = ()

    with database.begin() as unit:
        for new in (first, first, longer, other):
            unit.work_items.open(new, NOW)
            foreseen = with_item(foreseen, new)
        unit.work_items.withdraw_step(row.id, "k1", ["overdue"], NOW)
        foreseen = without_step(foreseen, "k1", ["overdue"])
        unit.work_items.withdraw_step(row.id, "k1", ["rebook"], NOW)
        foreseen = without_step(foreseen, "k1", ["rebook"])
        unit.work_items.open(other, NOW)
        foreseen = with_item(foreseen, other)
        unit.commit()
        stored = queued(unit, row.id)

    assert stored == [(i.key, i.kind, i.role, i.due_at, i.priority, i.state, i.milestones) for i in foreseen]

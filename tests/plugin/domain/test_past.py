"""What is known of an earlier moment, and what is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from plugin.domain.assessment import EffectKind
from plugin.domain.ledger import EffectState
from plugin.domain.past import Past, is_about, item_as_of, read_together, row_as_of, survivor_of
from plugin.domain.record import Patient, Record
from plugin.domain.work import WorkItem
from tests.panel_file import an_effect

THEN = datetime(2026, 6, 16, 12, tzinfo=UTC)
AFTER = THEN + timedelta(minutes=1)


def an_item(**changes: object) -> WorkItem:
    """Done by somebody, after that moment."""
    item = WorkItem(
        key="w1", kind="overdue", patient_id=1, role="coordinator", owner="user:1", due_at=THEN, priority=1,
        milestones=(("k1", "HbA1c"), ("k2", "Referral")), state="done", outcome="seen-to", note="Called.", by="user:1",
        opened_at=THEN - timedelta(days=1), changed_at=AFTER,
    )  # fmt: skip
    return replace(item, **changes)  # type: ignore[arg-type]  # fields of a WorkItem


@pytest.mark.parametrize("state", [EffectState.DONE, EffectState.FAILED, EffectState.WITHDRAWN])
def test_an_effect(state: EffectState) -> None:
    """What came to its state by then is so; what came to it a minute later was planned, and nothing of the later is told."""
    row = an_effect(2, EffectKind.WORK, state, error="refused", done_digest="d", changed_at=THEN)
    later = replace(row, changed_at=AFTER)

    assert row_as_of(row, THEN) == row
    planned = row_as_of(later, THEN)
    assert (planned.state, planned.error, planned.done_digest, planned.changed_at) == (
        EffectState.PLANNED,
        None,
        "",
        None,
    )


def test_a_work_item() -> None:
    """Where it has not changed since, it is told whole; else its state alone, and nobody's name or words."""
    unchanged = an_item(changed_at=THEN)

    assert item_as_of(unchanged, "open", THEN, THEN) == unchanged
    claimed = item_as_of(an_item(), "claimed", THEN, THEN)
    assert (claimed.state, claimed.changed_at, claimed.owner, claimed.by, claimed.note, claimed.outcome) == (
        "claimed",
        THEN,
        None,
        None,
        None,
        None,
    )


def test_backlog() -> None:
    """While its work item was planned or open."""
    record = Record.of("Patient/p1", "main", [])
    planned = an_effect(1, EffectKind.WORK, EffectState.PLANNED, what="backlog")

    assert Past(record=record, effects=[planned]).was_backlog
    assert Past(record=record, work=[an_item(kind="backlog", state="claimed")]).was_backlog
    assert not Past(
        record=record, effects=[replace(planned, state=EffectState.DONE)], work=[an_item(kind="backlog")]
    ).was_backlog


def test_read_together() -> None:
    """By what the charts said: one that was replaced follows, over several steps; what was not said then does not count."""
    a, b, c = "Patient/a", "Patient/b", "Patient/c"
    facts = [Patient(ref=a, replaced_by=b), Patient(ref=b, replaced_by=c), Patient(ref=c)]

    assert read_together(a, [a, b, c], facts) == (c, frozenset({a, b, c}))
    assert read_together(a, [a, b, c], facts[1:]) == (a, frozenset({a}))
    assert read_together(b, [a, b, c], facts[1:]) == (c, frozenset({b, c}))


def test_a_circle() -> None:
    """Two records that each say they were replaced by the other end the search."""
    assert survivor_of("a", {"a": "b", "b": "a"}) == "b"


def test_whose_work_it_is() -> None:
    """Another's, when all that it lists is; an item that lists nothing is nobody else's."""
    assert is_about(an_item(), {"k1", "k2"})
    assert not is_about(an_item(), {"k1"})
    assert not is_about(an_item(milestones=()), {"k1"})

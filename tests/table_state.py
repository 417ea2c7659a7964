"""What stands in the tables, and what is otherwise in them afterwards: told in the same form as a preview tells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from plugin.domain.preview import PatientChange, PlannedEffect, PreviewSums
from plugin.domain.work import OPEN
from plugin.storage import tables
from tests.demo_practice import HOURS, Practice, Row


@dataclass
class State:
    """What stands in the tables, patient by patient."""

    gaps: dict[tuple[int, str], int]
    effects: dict[tuple[int, str], tuple[object, ...]]
    items: Counter[tuple[int, str, date]]
    messages: Counter[date]
    writes: dict[tuple[int, str], str]
    steps: dict[tuple[int, str], str]


def state_of(practice: Practice) -> State:
    """By reading milestones, effects and work items."""
    steps = [row for row in practice.rows(tables.milestone) if row["gone_at"] is None]
    effects, items = practice.rows(tables.effect), practice.rows(tables.work_item)
    listed = {row["id"]: row for row in items if row["state"] in OPEN}
    on_items = {
        (listed[row["work_item_id"]]["key"], row["milestone"])
        for row in practice.rows(tables.work_item_step)
        if row["withdrawn_at"] is None and row["work_item_id"] in listed
    }
    planned = [row for row in effects if row["state"] in ("planned", "claimed")]

    def day(row: Row) -> date:
        return HOURS.day(row["at"] or practice.clock.now)

    def stands(row: Row) -> bool:
        step = row["milestone"] or row["plan"] or row["key"]
        key = f"{row['patient_id']}|{row['role']}|{row['what']}|{day(row)}"
        is_given = row["kind"] != "work" or (key, step) in on_items
        return row["state"] in ("planned", "claimed") or (row["state"] == "done" and is_given)

    keys = {item["key"]: (item["patient_id"], item["role"], HOURS.day(item["due_at"])) for item in listed.values()}
    to_come = {
        f"{row['patient_id']}|{row['role']}|{row['what']}|{day(row)}": (row["patient_id"], row["role"], day(row))
        for row in planned
        if row["kind"] == "work"
    }
    return State(
        gaps={(row["patient_id"], row["key"]): row["tier"] for row in steps if row["gap"] == "open"},
        effects={
            (row["patient_id"], row["key"]): (
                row["kind"],
                row["what"],
                row["role"],
                row["owner"],
                row["tier"],
                day(row),
            )
            for row in effects
            if row["kind"] != "write" and stands(row)
        },
        items=Counter({**to_come, **keys}.values()),
        messages=Counter(day(row) for row in planned if row["kind"] == "message"),
        writes={
            (r["patient_id"], r["key"]): r["digest"]
            for r in effects
            if r["kind"] == "write" and r["state"] != "withdrawn"
        },
        steps={(r["patient_id"], r["key"]): r["title"] for r in steps if "removed-from-plan" not in r["body"]},
    )


@dataclass
class Difference:
    """Between two states, or as a preview says it."""

    gaps: set[tuple[object, ...]]
    begun: set[tuple[object, ...]]
    withdrawn: set[tuple[object, ...]]
    work: dict[tuple[int, str, date], int]
    steps_added: Counter[tuple[int, str]]
    steps_removed: Counter[tuple[int, str]]

    @property
    def patients(self) -> set[object]:
        """Whose gaps or effects change."""
        return {row[0] for row in (*self.gaps, *self.begun, *self.withdrawn)}


def happened(before: State, after: State) -> Difference:
    """What stands afterwards and did not before, and the other way round."""
    gone = before.effects.items() - after.effects.items()
    new = after.effects.items() - before.effects.items()
    work = Counter(after.items)
    work.subtract(before.items)
    touched = before.gaps.keys() | after.gaps.keys()
    return Difference(
        gaps={(*k, before.gaps.get(k), after.gaps.get(k)) for k in touched if before.gaps.get(k) != after.gaps.get(k)},
        begun={(*key, *told) for key, told in new},
        withdrawn={(*key, *told) for key, told in gone},
        work={key: count for key, count in work.items() if count},
        steps_added=Counter((k[0], title) for k, title in after.steps.items() if k not in before.steps),
        steps_removed=Counter((k[0], title) for k, title in before.steps.items() if k not in after.steps),
    )


def said(changes: Sequence[PatientChange]) -> Difference:
    """The same in the words of a preview."""
    of = [(change.patient_id, change) for change in changes]
    return Difference(
        gaps={(id_, gap.milestone, gap.before, gap.after) for id_, change in of for gap in change.gaps},
        begun={(id_, *_flat(effect)) for id_, change in of for effect in change.begun},
        withdrawn={(id_, *_flat(effect)) for id_, change in of for effect in change.withdrawn},
        work={(id_, role, day): count for id_, change in of for role, day, count in change.work},
        steps_added=Counter((id_, title) for id_, change in of for title in change.steps_added),
        steps_removed=Counter((id_, title) for id_, change in of for title in change.steps_removed),
    )


def _flat(effect: PlannedEffect) -> tuple[object, ...]:
    return (effect.key, effect.kind, effect.what, effect.role, effect.owner, effect.tier, effect.day)


def assert_same(before: State, after: State, changes: Sequence[PatientChange], sums: PreviewSums) -> Difference:
    """What happened is what was said; and something did happen."""
    real = happened(before, after)

    assert said(changes) == real
    assert real.gaps or {row[2] for row in (*real.begun, *real.withdrawn)} & {"work", "message"}
    assert sums.failed == 0
    assert sums.changed == len(real.patients)
    assert sums.gaps_opened == sum(was is None for *_, was, _ in real.gaps)
    assert sums.gaps_closed == sum(is_ is None for *_, is_ in real.gaps)
    moves = Counter((was, is_) for *_, was, is_ in real.gaps if was is not None and is_ is not None)
    assert Counter(sums.tier_moves) == moves
    work: Counter[tuple[str, date]] = Counter()
    for (_, role, day), count in real.work.items():
        work[role, day] += count
    assert Counter(sums.work) == Counter({key: count for key, count in work.items() if count})
    messages = Counter(after.messages)
    messages.subtract(before.messages)
    assert dict(sums.messages) == {day: count for day, count in messages.items() if count}
    assert sums.writes == len(after.writes.items() - before.writes.items())
    totals: Counter[tuple[str, date]] = Counter()
    for (_, role, day), count in after.items.items():
        totals[role, day] += count
    then = Counter(sums.work_before)
    then.update(sums.work)
    assert {key: count for key, count in then.items() if count} == dict(totals)
    return real

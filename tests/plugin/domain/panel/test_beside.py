"""What stands beside the plan."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from plugin.domain.assessment import Missed, Owner, Status
from plugin.domain.panel.view import TodoKind
from plugin.domain.record import (
    CareTeam,
    Coding,
    Concept,
    Member,
    Order,
    Said,
    Statement,
)
from plugin.domain.tracking import Move
from plugin.domain.work import WorkItem
from tests.panel_file import NOW, a_contact, a_step, on_time, shown


def test_what_the_patient_still_has_to_do() -> None:
    """Come to what is booked, book what is ordered, go for a test; not the staff's own tasks, nor what is in review."""
    panel = shown(
        on_time("visit", status=Status.SCHEDULED, booked_for="2026-06-25T10:30:00-05:00"),
        on_time("order"),
        a_step("test", codes=("http://loinc.org|4548-4",)),
        on_time("staff", task="Task/t1", refs=("Task/t1",)),
        on_time("home", refs=("Task/t2",), owner=Owner("Patient/p1", None, "Task.owner")),
        on_time("inline", refs=(), source="CarePlan/c1#activity[1]"),
        on_time("review", status=Status.IN_REVIEW, reason="loose-evidence"),
        on_time("done", status=Status.COMPLETED),
    )

    assert [(todo.key, todo.kind) for todo in panel.todos] == [
        ("test", TodoKind.TEST),
        ("visit", TodoKind.COME),
        ("order", TodoKind.BOOK),
        ("home", TodoKind.DO),
        ("inline", TodoKind.DO),
    ]


def test_missed_visits() -> None:
    """Each once, newest first, with the contacts between it and the next one."""
    visits = (
        Missed("Appointment/a1", "noshow", "2026-06-01T09:00:00-05:00"),
        Missed("Appointment/a2", "cancelled", "2026-06-15T09:00:00-05:00"),
    )
    days = {"s1": (6, 2), "s2": (6, 16), "s3": (5, 1)}
    said = tuple(a_contact(id_, datetime(2026, month, day, tzinfo=UTC)) for id_, (month, day) in days.items())

    missed = shown(a_step(missed=visits), on_time(missed=visits), said=said).missed

    assert [(m.ref, m.kind, [c.at.day for c in m.contacts]) for m in missed] == [
        ("Appointment/a2", "cancelled", [15]),
        ("Appointment/a1", "noshow", [1]),
    ]


def test_open_referrals() -> None:
    """By their category; not what is completed, ours, or done by evidence."""
    referral = Concept((Coding("http://snomed.info/sct", "3457005"),))
    orders = [
        Order(ref=f"ServiceRequest/{ref}", status=status, categories=(referral,), concept=Concept((), ref))
        for ref, status in (("open", "active"), ("ended", "completed"), ("k2", "active"))
    ]
    lab = Order(ref="ServiceRequest/lab", status="active", concept=Concept((), "lab"))

    found = shown(on_time(status=Status.COMPLETED), facts=(*orders, lab)).referrals

    assert [one.title for one in found] == ["open"]


def test_team() -> None:
    """Names and roles, each member once; the patient is no member."""
    coding = Coding("x", "nurse", "Nurse")
    members = (Member("Practitioner/cho", (coding,)), Member("Patient/p1"), Member("Practitioner/cho", (coding,)))
    team = CareTeam(ref="CareTeam/t", subject="Patient/p1", status="active", members=members)
    old = replace(team, ref="CareTeam/old", status="inactive", members=(Member("Practitioner/other", (), name="Old"),))

    assert [(m.name, m.title) for m in shown(facts=(team, old)).team] == [("M. Test Cho", "Nurse")]


def test_recent_activity() -> None:
    """Newest first; a move that follows a word is told once; many moves at once are one line."""
    done = Statement(id="s1", said=Said.COMPLETED, by="Practitioner/cho", at=NOW - timedelta(minutes=5), milestone="k1")
    follows = Move("k1", "ready", "completed", done.at + timedelta(seconds=1))
    ends = [Move(f"k{n}", "ready", "cancelled", NOW - timedelta(days=1)) for n in range(2, 8)]
    steps = [a_step(), *(on_time(f"k{n}") for n in range(2, 8))]

    lately = shown(*steps, said=(done,), moves=(follows, *ends)).lately

    assert [(one.kind.value, one.what, one.size) for one in lately] == [
        ("said", "completed", 1),
        ("moved", "cancelled", 6),
    ]


def test_work_about_no_single_step_has_no_name_of_one() -> None:
    """Such an item lists its own kind in place of a step's title; that is no word for anybody."""
    item = WorkItem(
        key="w", kind="two-missed-in-a-row", patient_id=1, role="provider", owner=None, due_at=NOW, priority=1,
        opened_at=NOW, milestones=(("", "two-missed-in-a-row"),),
    )  # fmt: skip

    (one,) = shown(a_step(), work=(item,)).lately

    assert (one.what, one.title) == ("two-missed-in-a-row", None)


@pytest.mark.parametrize(
    ("minutes", "reader", "role", "can"),
    [
        (14, "Practitioner/cho", "coordinator", True),
        (16, "Practitioner/cho", "coordinator", False),
        (1, "Practitioner/other", "coach", False),
        (1, "Practitioner/cho", "billing", False),
    ],
)
def test_what_can_be_taken_back(minutes: int, reader: str, role: str, can: bool) -> None:
    """One's own, for a while, by who may act."""
    said = a_contact(at=NOW - timedelta(minutes=minutes))

    (one,) = shown(a_step(), said=(said,), reader=reader, roles=(role,)).lately

    assert one.can_be_undone is can

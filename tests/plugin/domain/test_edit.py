"""Tests of plugin/domain/edit.py: what a changed Task of ours says, and whose word it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plugin.domain.assessment import Status
from plugin.domain.edit import SOMEONE, Ours, author_of_edit, owned_digest, statements_of_edit
from plugin.domain.record import Coding, Concept, Link, Moment, Order, Provenance, Said, Statement
from plugin.domain.writes import TaskContent
from tests.fhir_adapters.writeback.contents import NOON, a_completed_milestone, a_milestone, a_task_content

TIER_3 = Concept((Coding("https://milepost.example/cs/milestone-state", "overdue-tier-3"),), "Overdue, tier 3")
OURS = Order(
    ref="Task/mp-1",
    version="4",
    status="ready",
    business_status=TIER_3,
    owner=Link("Practitioner/dr1"),
    restriction_start=Moment("2026-06-01"),
    restriction_end=Moment("2026-06-30"),
)


def edit(sent: Order = OURS, content: TaskContent | None = None, **changes: Any) -> tuple[Statement, ...]:
    """The statements of a new version of the Task that we sent."""
    standing = changes.pop("standing", None)
    ours = Ours(digests=frozenset({owned_digest(sent)}), content=content or a_task_content(), standing=standing)
    order = replace(sent, version="5", **changes)
    return statements_of_edit(order, ours, author="Practitioner/nurse", at=NOON)


# -------------------------------------------------------------------------------------------------- whose word it is
def test_our_own_body_is_nobodys_word() -> None:
    """Also when it comes back under another version, or was sent before the last one."""
    earlier = replace(OURS, status="draft")
    ours = Ours(digests=frozenset({owned_digest(OURS), owned_digest(earlier)}), content=a_task_content())

    assert statements_of_edit(replace(OURS, version="9"), ours, author=None, at=NOON) == ()
    assert statements_of_edit(replace(earlier, version="9"), ours, author=None, at=NOON) == ()


def test_what_we_do_not_own_is_no_edit() -> None:
    """A note, a description, other words for the same code."""
    assert edit(description="call first", last_modified=Moment("2026-07-15T12:00:00Z")) == ()
    assert edit(business_status=Concept(TIER_3.codings, "overdue!")) == ()


def test_without_stored_bodies_there_is_no_edit() -> None:
    """After a lost database every Task of ours looks foreign; it is adopted, not believed."""
    ours = Ours(digests=frozenset(), content=a_task_content())

    assert statements_of_edit(replace(OURS, status="completed"), ours, author=None, at=NOON) == ()


# ---------------------------------------------------------------------------------------------------- what it says
@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        ("completed", Said.COMPLETED, None),
        ("cancelled", Said.NOT_APPLICABLE, "cancelled"),
        ("rejected", Said.NOT_APPLICABLE, "rejected"),
        ("entered-in-error", Said.NOT_APPLICABLE, "entered-in-error"),
        ("on-hold", Said.HOLD, "other"),
        ("failed", Said.NOTE, None),
        ("in-progress", Said.NOTE, None),
        (None, Said.NOTE, None),
    ],
)
def test_a_status_is_a_statement(status: str | None, said: Said, reason: str | None) -> None:
    """People's edits in the EHR win; what has no meaning in Milepost is kept as a note."""
    (statement,) = edit(status=status)

    assert (statement.said, statement.reason) == (said, reason)
    assert (statement.by, statement.at) == ("Practitioner/nurse", NOON)
    assert (statement.milestone, statement.plan) == (a_milestone().key, "CarePlan/cp1")


def test_the_reason_that_a_person_gave_is_kept() -> None:
    """In their words, for the colleague who asks why."""
    (statement,) = edit(status="on-hold", status_reason=Concept((), "waiting for the payer"))

    assert statement.note == "waiting for the payer"


def test_a_new_owner_is_a_reassignment() -> None:
    """The target is the new owner, the author is not."""
    (statement,) = edit(owner=Link("PractitionerRole/coach"))

    assert (statement.said, statement.target) == (Said.REASSIGN, "PractitionerRole/coach")
    assert statement.by == "Practitioner/nurse"


def test_a_nurse_who_completes_it_as_her_own_says_two_things() -> None:
    """Neither may be lost; the two have different ids."""
    statements = edit(status="completed", owner=Link("Practitioner/nurse"))

    assert [statement.said for statement in statements] == [Said.COMPLETED, Said.REASSIGN]
    assert len({statement.id for statement in statements}) == 2


@pytest.mark.parametrize("status", ["ready", "accepted", "in-progress", "requested"])
def test_what_was_on_hold_and_goes_on_is_released(status: str) -> None:
    """Any open status ends the hold."""
    held = a_task_content(a_milestone(status=Status.ON_HOLD, reason="held"))

    (statement,) = edit(replace(OURS, status="on-hold"), held, status=status)

    assert statement.said is Said.RELEASE


@pytest.mark.parametrize("before", ["completed", "rejected"])
def test_what_a_person_had_said_can_be_taken_back(before: str) -> None:
    """Undo names the statement that it withdraws."""
    said = Statement(id="st-7", said=Said.COMPLETED, by="Practitioner/x", at=NOON)
    milestone = a_completed_milestone() if before == "completed" else cancelled_as_not_applicable()

    (statement,) = edit(replace(OURS, status=before), a_task_content(milestone), status="ready", standing=said)

    assert (statement.said, statement.target) == (Said.UNDO, "st-7")


def cancelled_as_not_applicable() -> Any:
    """A milestone that somebody found not applicable."""
    return a_milestone(status=Status.CANCELLED, reason="not-applicable")


def test_what_evidence_has_completed_is_not_undone_by_a_status() -> None:
    """It is kept as a note: whoever doubts the evidence refuses the evidence."""
    (statement,) = edit(replace(OURS, status="completed"), a_task_content(a_completed_milestone()), status="ready")

    assert statement.said is Said.NOTE


@pytest.mark.parametrize(
    "changes",
    [{"restriction_end": Moment("2026-08-01")}, {"restriction_end": None}, {"business_status": None}, {"owner": None}],
)
def test_what_cannot_be_taken_over_is_noted(changes: dict[str, Any]) -> None:
    """A due date is moved in the plan or the order; but nobody's act goes without a trace."""
    (statement,) = edit(**changes)

    assert statement.said is Said.NOTE
    assert statement.note


def test_the_same_version_read_twice_says_the_same() -> None:
    """By id: the second time the statement is there already. Another version is another statement."""
    first, again, later = edit(status="completed"), edit(status="completed"), edit(replace(OURS), status="cancelled")

    assert first == again
    assert first[0].id != later[0].id


# ------------------------------------------------------------------------------------------------------------- author
def a_provenance(**changes: Any) -> Provenance:
    """A nurse's, of the version seen at noon."""
    usual: dict[str, Any] = {
        "ref": "Provenance/pv1",
        "targets": ("Task/mp-1",),
        "agents": ("Practitioner/nurse",),
        "recorded": Moment("2026-07-15T12:00:01Z"),
    }
    return Provenance(**(usual | changes))


@pytest.mark.parametrize(
    ("changes", "author"),
    [
        ({}, "Practitioner/nurse"),
        ({"ours": True}, None),
        ({"targets": ("Task/mp-2",)}, None),
        ({"agents": ()}, None),
        ({"recorded": None}, None),
        ({"recorded": Moment("2026-07-15")}, None),
        ({"recorded": Moment("2026-07-15T12:00:01")}, None),
        ({"recorded": Moment("2026-07-15T12:10:00Z")}, "Practitioner/nurse"),
        ({"recorded": Moment("2026-07-15T12:10:01Z")}, None),
        ({"recorded": Moment("2026-07-15T07:05:00-05:00")}, "Practitioner/nurse"),
    ],
)
def test_the_author_comes_from_a_provenance_of_that_version(changes: dict[str, object], author: str | None) -> None:
    """An old one speaks of another version, our own of our own write."""
    order = replace(OURS, seen=NOON)

    assert author_of_edit(order, [a_provenance(**changes)]) == author


def test_of_several_provenances_the_newest_counts() -> None:
    """And a Task whose version has no time has no author."""
    earlier = a_provenance(ref="Provenance/pv0", agents=("Practitioner/x",), recorded=Moment("2026-07-15T11:59:00Z"))

    assert author_of_edit(replace(OURS, seen=NOON), [a_provenance(), earlier]) == "Practitioner/nurse"
    assert author_of_edit(replace(OURS, seen=None), [a_provenance()]) is None


def test_nobody_known_is_someone_and_never_the_owner() -> None:
    """The owner need not be the one who wrote."""
    ours = Ours(digests=frozenset({owned_digest(OURS)}), content=a_task_content())
    at = datetime(2026, 7, 15, tzinfo=UTC) + timedelta(hours=1)

    (statement,) = statements_of_edit(replace(OURS, status="completed"), ours, author=None, at=at)

    assert statement.by == SOMEONE

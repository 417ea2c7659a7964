"""Which acts a state offers, which one is likely, and what each becomes as a statement."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from plugin.domain.act import (
    ABOUT,
    OFFERED,
    PRIMARY,
    SAID,
    UNDO_WITHIN,
    ActKind,
    Checked,
    ContactOutcome,
    can_still_be_undone,
    offered_for,
    primary_for,
    statement_of,
    undoing,
)
from plugin.domain.assessment import Evidence, Gap, Milestone, Status, Strength
from plugin.domain.record import Said, Statement
from tests.contract.storage.given import a_step

AT = datetime(2026, 6, 16, 12, tzinfo=UTC)
LOOSE = (Evidence("Encounter/e1", Strength.LOOSE, date(2026, 6, 10), "3"),)


def step(status: Status, **changes: Any) -> Milestone:
    """A step of that status, not late."""
    return a_step(**{"status": status, "gap": Gap.NONE, **changes})


def test_the_tables_are_total() -> None:
    """Every status offers something, and every act says something and is about something."""
    assert set(OFFERED) == set(PRIMARY) == set(Status)
    assert set(SAID) == set(ABOUT) == set(ActKind)
    assert len(set(SAID.values())) == len(ActKind)


@pytest.mark.parametrize(
    ("milestone", "likely"),
    [
        (step(Status.READY), ActKind.DONE),
        (step(Status.READY, gap=Gap.OPEN), ActKind.CONTACT),
        (step(Status.READY, gap=Gap.OPEN, booked_for="2026-07-01"), ActKind.DONE),
        (step(Status.UPCOMING), None),
        (step(Status.UPCOMING, gap=Gap.OPEN), ActKind.CONTACT),
        (step(Status.SCHEDULED, gap=Gap.OPEN, booked_for="2026-07-01"), None),
        (step(Status.IN_REVIEW, reason="outcome-not-recorded", gap=Gap.OPEN), ActKind.DONE),
        (step(Status.IN_REVIEW, reason="loose-evidence", evidence=LOOSE), ActKind.CONFIRM),
        (step(Status.IN_REVIEW, reason="awaiting-review"), ActKind.REVIEWED),
        (step(Status.IN_REVIEW, reason="checklist-open"), ActKind.REVIEWED),
        (step(Status.ON_HOLD, reason="held", gap=Gap.OPEN), ActKind.RELEASE),
        (step(Status.ON_HOLD, reason="held-by-source"), None),
        (step(Status.COMPLETED), None),
        (step(Status.CANCELLED, reason="not-applicable"), None),
    ],
)
def test_the_likely_act_is_among_those_that_are_offered(milestone: Milestone, likely: ActKind | None) -> None:
    """It comes first, and no act comes twice."""
    offered = offered_for(milestone)

    assert primary_for(milestone) is likely
    assert likely is None or offered[0] is likely
    assert len(offered) == len(set(offered))
    assert {ActKind.CONTACT, ActKind.NOTE} <= set(offered)


def test_what_has_ended_is_not_done_again() -> None:
    """What somebody said not to apply can still be done; what only the EHR can end is not released here."""
    assert ActKind.DONE not in offered_for(step(Status.COMPLETED))
    assert ActKind.DONE not in offered_for(step(Status.CANCELLED, reason="plan-ended"))
    assert ActKind.DONE in offered_for(step(Status.CANCELLED, reason="not-applicable"))
    assert ActKind.RELEASE not in offered_for(step(Status.ON_HOLD, reason="held-by-source"))


def test_loose_evidence_can_be_confirmed_whatever_else_is_to_be_looked_at() -> None:
    """And not where the step has ended."""
    held = step(Status.ON_HOLD, reason="held", evidence=LOOSE)

    assert {ActKind.CONFIRM, ActKind.REFUSE} <= set(offered_for(held))
    assert ActKind.CONFIRM not in offered_for(replace(held, status=Status.COMPLETED))


def test_a_negative_outcome_needs_words() -> None:
    """DESIGN §7; that nobody answered is said by its code alone."""
    without = {outcome.value for outcome in ContactOutcome if not outcome.needs_words}

    assert without == {"reached-will-book", "reached-booked", "left-message", "no-answer"}


def test_an_act_becomes_one_statement() -> None:
    """With everything that was made sure of."""
    checked = Checked(
        kind=ActKind.CONTACT, outcome="reached-barrier", reason="cost", note="…", next_on=date(2026, 7, 1)
    )

    said = statement_of(checked, a_step(), id_="s1", by="Practitioner/n", at=AT)
    back = undoing(said, id_="s2", by="Practitioner/n", at=AT)

    assert (said.said, said.milestone, said.plan) == (Said.CONTACT, "k1", "CarePlan/c1")
    assert (said.outcome, said.reason, said.note, said.next_on) == ("reached-barrier", "cost", "…", date(2026, 7, 1))
    assert (back.said, back.target, back.milestone) == (Said.UNDO, "s1", "k1")


@pytest.mark.parametrize(
    ("said", "late", "can"),
    [
        (Said.NOTE, timedelta(0), True),
        (Said.NOTE, timedelta(microseconds=1), False),
        (Said.ENROL, timedelta(0), False),
        (Said.UNDO, timedelta(0), False),
    ],
)
def test_an_act_can_be_taken_back_for_a_while(said: Said, late: timedelta, can: bool) -> None:
    """To the last moment of it; what is no act of the panel's cannot."""
    statement = Statement(id="s", said=said, by="x", at=AT)

    assert can_still_be_undone(statement, AT + UNDO_WITHIN + late) is can

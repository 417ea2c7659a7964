"""The digest of an assessment changes with what a person or the ledger would notice, and with nothing else."""

from dataclasses import replace
from datetime import UTC, datetime

from plugin.domain.assess import assess
from plugin.domain.assessment import Assessment, Status
from plugin.domain.calendar import Practice
from plugin.domain.record import Record
from plugin.domain.rules import Rules
from plugin.usecases.digest import digest_of
from tests.builders import CHICAGO, a_patient, a_plan

NOW = datetime(2026, 7, 10, 12, tzinfo=UTC)


def an_assessment() -> Assessment:
    """Of one overdue step."""
    return assess(Record.of("Patient/p1", "main", [a_patient(1), a_plan(1)]), Rules(Practice(CHICAGO)), NOW)


def with_milestone(assessment: Assessment, **changes: object) -> Assessment:
    """The same with another first milestone."""
    plan = assessment.plans[0]
    milestone = replace(plan.milestones[0], **changes)  # type: ignore[arg-type]  # keywords of a Milestone
    return replace(assessment, plans=(replace(plan, milestones=(milestone, *plan.milestones[1:])),))


def test_days_and_words_do_not_count() -> None:
    """A day within a tier, another wording, another next moment: nothing to store."""
    before = an_assessment()

    after = replace(with_milestone(before, days_past_due=11, why=("other words",)), next_change_at=None)

    assert digest_of(after) == digest_of(before)


def test_everything_else_counts() -> None:
    """Status, tier, title, owner, effects, and the patient's silence."""
    before = an_assessment()

    changed = [
        with_milestone(before, status=Status.ON_HOLD),
        with_milestone(before, tier=3),
        with_milestone(before, title="Another"),
        replace(before, wanted=()),
        replace(before, messages_wait=True),
        replace(before, plans=()),
    ]

    assert digest_of(before) not in {digest_of(each) for each in changed}
    assert len({digest_of(each) for each in changed}) == len(changed)


def test_it_is_the_same_in_every_process() -> None:
    """It is stored, and compared by whoever looks next."""
    assert digest_of(Assessment(patient="Patient/p1")) == "cd56952afd82b9c0a0a264ac4ba8cddc"

"""What a preview says, line by line."""

from datetime import UTC, date, datetime, timedelta

import pytest

from plugin.domain.configuration import Limits
from plugin.domain.preview import PlannedEffect, Preview, PreviewSums, StepGap
from ui_extension.admin import preview_words as words
from ui_extension.admin.spreadsheet import csv_line

DAY = date(2026, 6, 16)
NOW = datetime(2026, 6, 16, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sums", "said"),
    [
        (PreviewSums(caseload=340), "No gap, work or message of 340 patients would change."),
        (
            PreviewSums(caseload=200, changed=3, gaps_opened=1, gaps_closed=2, work={("coach", DAY): -1}),
            "3 of 200 patients (1.5 %) would change: 1 gap opened, 2 gaps closed, 1 fewer work item.",
        ),
        (
            PreviewSums(caseload=1, changed=1, begun={"work": 1}, withdrawn={"work": 1}),
            "1 of 1 patients (100.0 %) would change: work or messages for another day or another person.",
        ),
    ],
)
def test_the_summary(sums: PreviewSums, said: str) -> None:
    """Only what is there is told."""
    assert words.summary(sums) == said


def test_what_is_due_since_earlier_comes_on_the_first_day() -> None:
    """Nobody can do anything yesterday."""
    sums = PreviewSums(
        work={
            ("coordinator", DAY - timedelta(days=3)): 4,
            ("coordinator", DAY): 2,
            ("coach", DAY + timedelta(days=1)): 1,
        },
        work_before={("coordinator", DAY - timedelta(days=9)): 15},
    )

    first, second = words.work_rows(sums, DAY, Limits(capacity={"coordinator": 20}))

    assert (first.role, first.before, first.signed, first.then) == ("coordinator", 15, "+6", 21)
    assert first.over == "1 more than they can do"
    assert (second.role, second.limit, second.over) == ("coach", None, "")


@pytest.mark.parametrize(
    ("before", "change", "over"), [(19, 1, ""), (19, 2, "1 more than they can do"), (21, 1, "too much already")]
)
def test_the_limit(before: int, change: int, over: str) -> None:
    """As many as they can do is not too much; one more is."""
    sums = PreviewSums(work={("coach", DAY): change}, work_before={("coach", DAY): before})

    (row,) = words.work_rows(sums, DAY, Limits(capacity={"coach": 20}))

    assert over in row.over
    assert bool(row.over) == bool(over)


def test_messages_by_day() -> None:
    """Days that stay as they are, are not shown."""
    sums = PreviewSums(messages={DAY: -2}, messages_before={DAY: 5, DAY + timedelta(days=1): 3})

    (row,) = words.message_rows(sums, DAY)

    assert (row.before, row.signed, row.then) == (5, "−2", 3)


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (StepGap("k", "HbA1c", None, 2), "HbA1c: gap opens, in tier 2"),
        (StepGap("k", "HbA1c", None, 0), "HbA1c: gap opens"),
        (StepGap("k", "HbA1c", 1, None), "HbA1c: gap closes"),
        (StepGap("k", "HbA1c", 0, 3), "HbA1c: from no tier yet to tier 3"),
    ],
)
def test_gaps(gap: StepGap, said: str) -> None:
    """Each in a line."""
    assert words.gap_words(gap) == said


@pytest.mark.parametrize(
    ("kind", "what", "role", "said"),
    [
        ("message", "overdue", "patient", "message to the patient on Tue 16 June 2026 (HbA1c)"),
        ("work", "overdue", "scheduler", "work for the front desk on Tue 16 June 2026: follow up what is late (HbA1c)"),
        ("notice", "overdue", "provider", "notice to the provider on Tue 16 June 2026 (HbA1c)"),
        ("report", "clinical-review", None, "line in the clinical review on Tue 16 June 2026 (HbA1c)"),
    ],
)
def test_effects(kind: str, what: str, role: str | None, said: str) -> None:
    """In the clinic's words, never a code."""
    assert words.effect_words(PlannedEffect("k", kind, what, role, None, 1, DAY, "HbA1c")) == said


def test_notes_say_what_is_not_in_it() -> None:
    """Nothing to say is nothing said."""
    full = PreviewSums(failed=1, waiting=2, new_codes=1, claims_differ=True)

    assert list(words.notes(PreviewSums())) == []
    assert len(list(words.notes(full))) == 4
    assert "1 code is new" in " ".join(words.notes(full))


def test_progress() -> None:
    """How far, how fast, how long still."""
    begun = Preview(
        id=1, draft_id=1, revision=1, kind="program", code="x", at=NOW, state="running", by="me", asked_at=NOW,
        began_at=NOW, moved_at=NOW + timedelta(seconds=2), done=1000, total=5000,
    )  # fmt: skip

    assert words.progress_words(begun) == "1,000 of 5,000 patients, 500 a second, about 8 seconds left"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_a_cell_is_never_a_formula(cell: str) -> None:
    """Whatever a chart calls somebody."""
    assert csv_line([cell, None, 3]).startswith(("'", "\"'"))

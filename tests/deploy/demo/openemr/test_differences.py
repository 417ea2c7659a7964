"""Where the books and Milepost differ, each patient is counted once, under the first reason that holds."""

from datetime import date, timedelta

from deploy.demo.generator.steps import State
from deploy.demo.openemr.differences import differences
from deploy.demo.openemr.practice import entered

PRACTICE = entered(date(2026, 6, 15), 42)


def as_in_the_books() -> dict[str, list[date | None]]:
    """Open gaps as the generator has them."""
    return {
        f"Patient/{PRACTICE.patients[ref].uuid}": [one.due for one in PRACTICE.fates[ref] if one.state is State.OVERDUE]
        for ref in PRACTICE.late
    }


def test_nothing_is_said_where_both_agree() -> None:
    """No line, no number."""
    assert list(differences(PRACTICE, as_in_the_books())) == []


def test_a_gap_more_has_the_reason_of_its_step() -> None:
    """By what became of the step that is due on that day; a day that no step is due on has another reason."""
    gaps = as_in_the_books()
    own_word = "done: its source says so"
    done = [
        (ref, one.due)
        for ref, fates in PRACTICE.fates.items()
        for one in fates
        if one.way == own_word and one.due and ref not in PRACTICE.late
    ]
    ref, due = done[0]
    other = next(each for each in PRACTICE.patients if each not in PRACTICE.late and each != ref)
    gaps[f"Patient/{PRACTICE.patients[ref].uuid}"] = [due]
    gaps[f"Patient/{PRACTICE.patients[other].uuid}"] = [date(2026, 6, 15) - timedelta(days=4_000)]

    lines = list(differences(PRACTICE, gaps))

    assert lines == [
        "1 more: the step itself says that it is done, and OpenEMR tells the status of the plan alone.",
        "1 more: for another reason.",
    ]


def test_a_gap_less_is_not_hidden() -> None:
    """Whoever is late in the books and not in Milepost."""
    gaps = as_in_the_books()
    gaps.popitem()

    assert [line.partition(":")[0] for line in differences(PRACTICE, gaps)] == ["1 less"]

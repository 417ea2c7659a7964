"""Why Milepost, beside an OpenEMR, sees a gap in other patients than the generator's books: step by step, by what
became of each in the practice and what OpenEMR can say of that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from deploy.demo.generator.chart import Fate
from deploy.demo.openemr.database import Gaps
from deploy.demo.openemr.practice import Entered

_KEPT = "the visit was kept, and OpenEMR's appointments and visits name no step"
_CAUSES = (
    (
        "done: its source says so",
        "the step itself says that it is done, and OpenEMR tells the status of the plan alone",
    ),
    ("done: vaccination", "a vaccination, which the recorded clinic does not hold"),
    ("done: specialist's report", "a specialist's report, which OpenEMR files as a letter"),
    ("done: questionnaire", "a questionnaire that answers an order, and OpenEMR has no such order"),
    ("done: kept visit", _KEPT),
    ("done: encounter", _KEPT),
    ("done: group visit", _KEPT),
    ("done: its appointment", _KEPT),
    ("done: outcome of the activity, a visit", _KEPT),
)
"""By how the name of a way begins (deploy/demo/generator/outcomes.py)."""
_OTHER = "for another reason"


def differences(practice: Entered, gaps: Gaps) -> Iterator[str]:
    """Line by line: how many patients more, by the first reason that holds, and how many less."""
    ours = {ref: gaps.get(f"Patient/{one.uuid}", []) for ref, one in practice.patients.items()}
    more = [_cause(practice.fates[ref], of) for ref, of in ours.items() if of and ref not in practice.late]
    for cause, count in sorted(Counter(more).items(), key=lambda one: (one[0] == _OTHER, -one[1], one[0])):
        yield f"{count:,} more: {cause}."
    less = sum(not ours[ref] for ref in practice.late)
    if less:
        yield f"{less:,} less: what is past due in the books is done or waits for somebody's look in OpenEMR."


def _cause(fates: list[Fate], late: list[date | None]) -> str:
    """Of the steps that Milepost calls late."""
    ways = [fate.way for fate in fates if fate.due in late]
    return next((words for begins, words in _CAUSES if any(way.startswith(begins) for way in ways)), _OTHER)

"""What looking at one patient again decides: the assessment, the ledger's changes, the work that is over. Pure.

``reassess`` stores what is decided here; ``preview`` only shows it. That a preview is exact rests on both asking here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from plugin.domain.assess import assess
from plugin.domain.assessment import Assessment
from plugin.domain.ledger import LedgerRow, given_over, reconcile
from plugin.domain.record import Record
from plugin.domain.rules import Rules
from plugin.domain.search import found_by
from plugin.domain.source import Source
from plugin.domain.tracking import Outcome, PatientRow
from plugin.usecases.backlog import FIRST_READ, backlog_key, is_in_backlog, turn_of, with_backlog
from plugin.usecases.digest import digest_of
from plugin.usecases.ports import UnitOfWork

NextPlace = Callable[[], int]
"""Gives the next free place in the backlog, from 0."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What holds for all patients of one source: its rules, and when its first complete reading ended."""

    rules: Rules
    slug: str
    first_read: datetime | None


def ground_of(uow: UnitOfWork, source: Source, rules: Rules) -> Ground:
    """The ground of a source, with these rules."""
    mark = uow.sources.cursor(source, FIRST_READ).watermark
    return Ground(rules, source.slug, None if mark is None else datetime.fromisoformat(mark))


def look(row: PatientRow, record: Record, ground: Ground, now: datetime, *, by: str | None = None) -> Outcome:
    """What is true of the patient now, and whether it is what was true before. ``by`` is whose act it follows."""
    assessment = assess(record, ground.rules, now)
    backlog = is_in_backlog(row, record, assessment, ground.first_read)
    digest = digest_of(assessment) + ("b" if backlog else "")
    unchanged = digest == row.digest
    found = found_by(record)
    return Outcome(
        row=row, assessment=assessment, digest=digest, unchanged=unchanged, backlog=backlog, by=by, found_by=found
    )


def weigh(
    outcome: Outcome, ledger: Sequence[LedgerRow], ground: Ground, next_place: NextPlace, now: datetime
) -> Outcome:
    """The same with what has to change in the ledger, and which work that was given out is over. Where nothing has
    changed, there is nothing to weigh."""
    if outcome.unchanged:
        return outcome
    wanted = _held_back(outcome, ledger, ground, next_place, now) if outcome.backlog else outcome.assessment
    return replace(outcome, ledger=reconcile(ledger, wanted), over=given_over(ledger, wanted))


def _held_back(
    outcome: Outcome, ledger: Sequence[LedgerRow], ground: Ground, next_place: NextPlace, now: datetime
) -> Assessment:
    """The day on which a patient's turn comes is given once."""
    key = backlog_key(ground.slug, outcome.row.ref)
    given = next((row.at for row in ledger if row.key == key and row.at is not None), None)
    return with_backlog(outcome.assessment, key, given or turn_of(next_place(), ground.rules.practice, now))

"""What the practice's charts hold and OpenEMR's do not: counted while they are entered, and said in the summary in
words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Unsaid(StrEnum):
    """Each as it stands before its number in the summary."""

    STEP_DONE = "steps done by their own status alone"
    STEP_HELD = "steps held, cancelled or never sent by their own status"
    STEP_FORBIDDEN = "steps that must not be done: a form has no such line"
    PROGRAM = "plans of a program, written out line by line: a form names none"
    BEGUN_BY_ORDER = "orders that begin a program, written out likewise: an order comes without its code"
    NO_LINES = "plans without a line: OpenEMR has no such plan"
    PROPOSAL = "proposed plans, entered as drafts"
    PERFORMER = "steps whose owner is another than the form's author, or a role"
    LINK = "appointments, visits and results that pointed at a step, its order or its Task"
    VISIT_CODE = "visits whose type named the step"
    REASON = "cancelled appointments with the reason why"
    TIMELESS = "appointments without a time"
    IN_ERROR = "appointments, results and reports that were entered in error, have no value or were only announced"
    GROUP = "visits of two patients: OpenEMR's appointments have one, and whether this one came stays open"
    REFERRAL = "orders and referrals that are no laboratory's"
    REPORT = "specialists' reports"
    VACCINATION = "vaccinations"
    GONE = "patients who are inactive or were merged: OpenEMR shows them as any other"
    BIRTH_YEAR = "birth dates of which only the year is known: entered as 1 January"
    CONSENT = "consents to text messages and e-mail"
    LANGUAGE = "languages and needs of an interpreter"
    PRESCRIPTION = "prescriptions, diets, devices and calls: each a line of the form at most"


@dataclass
class Ledger:
    """Counts, and of which patients' steps: whose chart says less there than it did."""

    counts: Counter[Unsaid] = field(default_factory=Counter)
    patients: defaultdict[Unsaid, set[str]] = field(default_factory=lambda: defaultdict(set))

    def note(self, what: Unsaid, patient: str = "", count: int = 1) -> None:
        """So many more."""
        if count:
            self.counts[what] += count
            self.patients[what].add(patient)

    def rows(self) -> Iterator[tuple[Unsaid, int]]:
        """What there was, in the order in which it is said."""
        return ((what, self.counts[what]) for what in Unsaid if self.counts[what])

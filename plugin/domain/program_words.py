"""Programs and ladders in words for a clinician: what a step waits for, what counts as done, who owns it, what
follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from plugin.domain.assessment import EffectKind
from plugin.domain.condition_words import NO_NAMES, Names, code_words, condition_words, counted, list_words, span_words
from plugin.domain.ladder import Ladder, Tier
from plugin.domain.permissions import role_words
from plugin.domain.program import AlertFlag, Anchor, CompletesWhen, MilestoneDefinition, Offset, Program
from plugin.domain.record import Coding

KIND_WORDS: Mapping[str, str] = {
    "task": "something to do",
    "visit": "a visit",
    "laboratory": "a laboratory test",
    "imaging": "an imaging study",
    "referral": "a referral",
    "medication": "a medication check",
    "questionnaire": "a questionnaire",
}
_COMPLETION: Mapping[CompletesWhen, str] = {
    CompletesWhen.EVENT: "when it has happened",
    CompletesWhen.REVIEWED: "when it has happened and somebody has looked at it",
    CompletesWhen.CHECKLIST: "when it has happened and its checklist was gone through",
}
_SYSTEMS: Mapping[str, str] = {
    "http://loinc.org": "LOINC",
    "http://snomed.info/sct": "SNOMED CT",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://www.ama-assn.org/go/cpt": "CPT",
    "http://hl7.org/fhir/sid/cvx": "CVX",
}


class Line(NamedTuple):
    """One thing that is said of a step, tier or program: what it is about, and the words."""

    label: str
    words: str


# ----------------------------------------------------------------------------------------------------------------- dates
def amount_words(offset: Offset) -> str:
    """``6 weeks``, ``1 month and 3 days``; empty for none at all."""
    parts = [counted(offset.months, "month")] if offset.months else []
    parts += [span_words(offset.days)] if offset.days else []
    return " and ".join(parts)


def offset_words(offset: Offset, program: Program) -> str:
    """``6 weeks after the plan starts``, ``when “Lab” is completed``."""
    amount = amount_words(offset)
    return f"{amount} after {_anchor(offset, program)}" if amount else f"when {_anchor(offset, program)}"


def _anchor(offset: Offset, program: Program) -> str:
    match offset.anchor:
        case Anchor.PLAN_START:
            return "the plan starts"
        case Anchor.COMPLETION:
            return f"{_title(offset.of, program)} is completed"
        case Anchor.DUE:
            return f"{_title(offset.of, program)} is due"
        case Anchor.FACT:
            return f"the latest {code_words(offset.codes)} in the chart"


def _title(code: str | None, program: Program) -> str:
    title = next((milestone.title for milestone in program.milestones if milestone.code == code), None)
    return f"“{title}”" if title else "a step that is not there"


def due_words(milestone: MilestoneDefinition, program: Program) -> str:
    """``due 6 weeks after the plan starts``."""
    if milestone.due is None:
        return "no due date: never overdue"
    return f"due {offset_words(milestone.due, program)}"


def window_words(milestone: MilestoneDefinition, program: Program) -> str:
    """``due 6 weeks after the plan starts, opens 2 weeks before``."""
    due, opens = milestone.due, milestone.opens
    words = due_words(milestone, program)
    if opens is None:
        return words
    if due is not None and (opens.anchor, opens.of, opens.codes) == (due.anchor, due.of, due.codes):
        before = due.days - opens.days
        if opens.months == due.months and before >= 0:
            return f"{words}, opens {span_words(before)} before" if before else f"{words}, opens on that day"
    return f"{words}, opens {offset_words(opens, program)}"


def repeat_words(milestone: MilestoneDefinition) -> str:
    """``every 3 months, 4 times in all``; empty when it does not repeat."""
    repeat = milestone.repeat
    return f"every {amount_words(repeat.every)}, {counted(repeat.count, 'time')} in all" if repeat else ""


# ---------------------------------------------------------------------------------------------------------- what is done
def evidence_words(milestone: MilestoneDefinition) -> str:
    """What in the chart says that it happened."""
    if not milestone.codes:
        return "what points to it in the chart, or a person's word"
    words = list_words([coded_words(coding) for coding in milestone.codes])
    return f"{words}, also from before the plan starts" if milestone.before_plan_start else words


def coded_words(coding: Coding) -> str:
    """``Hemoglobin A1c (LOINC 4548-4)``."""
    system = _SYSTEMS.get(coding.system, "code")
    return f"{coding.display} ({system} {coding.code})" if coding.display else f"{system} {coding.code}"


def completion_words(milestone: MilestoneDefinition) -> str:
    """``completed when it has happened and somebody has looked at it``."""
    return f"completed {_COMPLETION[milestone.completes_when]}"


def owner_words(milestone: MilestoneDefinition) -> str:
    """Whose it is, where nobody else was named."""
    if milestone.owner_role is None:
        return "whoever the chart names, else the coordinator"
    return f"the {role_words(milestone.owner_role)} of the care team, else anybody in that role"


def celebrated_words(milestone: MilestoneDefinition) -> str:
    """Whether the patient is congratulated; empty when not."""
    return "the patient is told when it is completed" if milestone.celebrate else ""


def step_lines(milestone: MilestoneDefinition, program: Program, names: Names = NO_NAMES) -> Sequence[Line]:
    """Everything that a program says of a step, but for its title and phase; what it does not say is left out."""
    said = (
        ("Kind", KIND_WORDS.get(milestone.kind, milestone.kind)),
        ("When", window_words(milestone, program)),
        ("Repeats", repeat_words(milestone)),
        ("Evidence", evidence_words(milestone)),
        ("Done", _COMPLETION[milestone.completes_when]),
        ("Checklist", "; ".join(milestone.checklist)),
        ("Owner", owner_words(milestone)),
        ("For whom", f"who {condition_words(milestone.applies_if, names)}" if milestone.applies_if else ""),
        ("Celebrated", celebrated_words(milestone)),
    )
    return [Line(label, words) for label, words in said if words]


# ----------------------------------------------------------------------------------------------------------- the program
def claims_words(program: Program) -> Sequence[str]:
    """Which plans and orders it claims, a sentence each."""
    found = [f"Plans that follow {url}." for url in sorted(program.instantiates)]
    found += [f"Plans of the category {code}." for _, code in sorted(program.plan_codes)]
    found += [f"Orders for {code}: each starts a plan of its own." for _, code in sorted(program.order_codes)]
    return found or ["No plan and no order: only those whom somebody enrols."]


def flag_words(flag: AlertFlag, names: Names = NO_NAMES) -> str:
    """``High risk: while the patient has …, a coordinator is alerted``."""
    return f"{flag.title}: raised for whoever {condition_words(flag.when, names)}"


def program_lines(program: Program, names: Names = NO_NAMES) -> Sequence[Line]:
    """What it says beside its phases and steps."""
    return [
        Line("Ladder", names.ladders.get(program.ladder, program.ladder)),
        *(Line("Claims", words) for words in claims_words(program)),
        *(Line("At the start", f"{item.title}: {code_words(item.codes)}") for item in program.intake),
        *(Line("Alerts a coordinator", flag_words(flag, names)) for flag in program.flags),
    ]


# --------------------------------------------------------------------------------------------------------------- ladders
def ladder_words(ladder: Ladder) -> Sequence[str]:
    """One sentence for each tier: ``From day 8 to day 14 past due: a work item for the coordinator``."""
    ends = [tier.from_days - 1 for tier in ladder.tiers[1:]]
    return [tier_words(tier, end) for tier, end in zip(ladder.tiers, [*ends, None], strict=False)]


def tier_words(tier: Tier, last_day: int | None) -> str:
    """One tier, with the last day before the next one begins."""
    first = tier.from_days
    if last_day is None:
        days = f"From day {first} past due on"
    else:
        days = f"On day {first} past due" if last_day <= first else f"From day {first} to day {last_day} past due"
    return f"{days}: {act_words(tier)}"


def act_words(tier: Tier) -> str:
    """What is done, and for whom."""
    role = role_words(tier.role) if tier.role else "nobody in particular"
    match tier.kind:
        case EffectKind.MESSAGE:
            return "a message to the patient"
        case EffectKind.WORK:
            return f"a work item for the {role}"
        case EffectKind.NOTICE:
            return f"a notice to the inbox of the step's owner, else of the {role}"
        case _:
            return "a line of the clinical review report"

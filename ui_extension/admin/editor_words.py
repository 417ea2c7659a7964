"""The editor's words for what can be chosen; whole sentences stand in the templates and in
``plugin.domain.program_words``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plugin.domain.permissions import Role, role_words
from ui_extension.panel.words import LANGUAGES

Options = Sequence[tuple[str, str]]

ANCHORS: Options = (
    ("plan-start", "after the plan begins"),
    ("completion", "after this step is done:"),
    ("due", "after this step is due:"),
    ("fact", "after something in the chart:"),
)

KINDS: Options = (
    ("task", "something to do"),
    ("visit", "a visit"),
    ("laboratory", "a laboratory test"),
    ("imaging", "an imaging study"),
    ("referral", "a referral"),
    ("medication", "a medication check"),
    ("questionnaire", "a questionnaire"),
)

COMPLETES: Options = (
    ("event", "that it happened"),
    ("reviewed", "that it happened and somebody has looked at it"),
    ("checklist", "that it happened and a checklist was gone through"),
)

CONDITIONS: Options = (
    ("age-at-least", "is at least so old"),
    ("age-below", "is younger than"),
    ("condition", "has a condition"),
    ("flag", "has a flag in the chart"),
    ("observation", "has a result that is"),
    ("language", "speaks"),
    ("interpreter-needed", "needs an interpreter"),
    ("days-since-contact", "was not reached and did not come for"),
    ("appointment", "has a visit that is"),
    ("in-program", "follows the program"),
)

COMBINATIONS: Options = (
    ("all", "all of these hold"),
    ("any", "at least one of these holds"),
    ("not", "none of these holds"),
)

OPERATORS: Options = (("lt", "below"), ("le", "at most"), ("gt", "above"), ("ge", "at least"))

VISITS: Options = (("", "choose"), ("booked", "booked"), ("missed", "missed"), ("kept", "kept"))

CODE_LEGENDS: Mapping[str, str] = {
    "condition": "Which conditions",
    "flag": "Which flags",
    "observation": "Which result",
}

TIER_KINDS: Options = (
    ("message", "a message to the patient"),
    ("work", "a work item for"),
    ("notice", "a notice to the inbox of"),
    ("report", "a line of the clinical review report"),
)

OWNERS: Options = (
    ("", "whoever the chart names, else the coordinator"),
    *(
        (role.value, role_words(role.value))
        for role in (Role.COORDINATOR, Role.PROVIDER, Role.COACH, Role.SCHEDULER, Role.MEDICAL_ASSISTANT)
    ),
    (Role.PRACTICE_LEAD.value, role_words(Role.PRACTICE_LEAD.value)),
    (Role.BILLING.value, role_words(Role.BILLING.value)),
)

TIER_ROLES: Options = OWNERS[1:]

SYSTEMS: Options = (
    ("http://loinc.org", "LOINC"),
    ("http://snomed.info/sct", "SNOMED CT"),
    ("http://hl7.org/fhir/sid/icd-10-cm", "ICD-10-CM"),
    ("http://www.nlm.nih.gov/research/umls/rxnorm", "RxNorm"),
    ("http://www.ama-assn.org/go/cpt", "CPT"),
    ("https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "HCPCS"),
    ("http://hl7.org/fhir/sid/cvx", "CVX (vaccines)"),
    ("http://hl7.org/fhir/sid/ndc", "NDC (drug packages)"),
    ("https://milepost.example/cs/program", "Milepost programs"),
)

LANGUAGE_CHOICES: Options = sorted(LANGUAGES.items(), key=lambda pair: pair[1])


def system_word(system: str) -> str:
    """What a code system is called; one without a name of its own by the end of its address."""
    known = dict(SYSTEMS).get(system)
    return known or system.rstrip("/").rpartition("/")[2].rpartition(":")[2] or "no system"


def seen(patients: int | None) -> str:
    """How often a code stands in the charts."""
    if not patients:
        return "never seen here"
    return "seen in 1 chart" if patients == 1 else f"seen in {patients:,} charts"


def first_up(text: str) -> str:
    """A sentence begins with a capital; the rest stays as it is."""
    return text[:1].upper() + text[1:]

"""Of what kind a line of a care plan is: OpenEMR calls every line with a code a ServiceRequest (recordings 104, 366, 471), which
says nothing; its code may. A closed table: what is not in it is told by nobody, and no word of a text is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

VISIT, ORDER = "Appointment", "ServiceRequest"
"""FHIR's words (https://hl7.org/fhir/R4/valueset-care-plan-activity-kind.html)."""

_SNOMED, _CPT = "http://snomed.info/sct", "http://www.ama-assn.org/go/cpt"
_HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
_ORDERED = frozenset({"http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"})
"""What is measured and what is taken: no visit."""

_VISITS: Mapping[str, frozenset[str]] = {
    # Patient encounters that are visits to a practice: of the value sets Face-to-Face Interaction
    # (2.16.840.1.113883.3.464.1003.101.12.1048, without hospital and nursing facility) and Office Visit (…12.1001); and
    # 185389009, by which a follow-up visit is as often planned.
    _SNOMED: frozenset(
        {
            "185349003",  # encounter for check up
            "185389009",  # follow-up visit
            "185463005",  # visit out of hours
            "185464004",  # out of hours, not at night
            "185465003",  # weekend visit
            "270427003",  # patient-initiated encounter
            "270430005",  # provider-initiated encounter
            "308335008",  # patient encounter
            "390906007",  # follow-up encounter
            "406547006",  # urgent follow-up
            "439740005",  # postoperative follow-up visit
            "90526000",  # evaluation of a healthy individual
        }
    ),
    # Office Visit (…12.1001) and 99211; the preventive office visits (…12.1022 to 1025).
    _CPT: frozenset(
        str(n) for n in (*range(99202, 99206), *range(99211, 99216), *range(99381, 99388), *range(99391, 99398))
    ),
    # Annual Wellness Visit (2.16.840.1.113883.3.526.3.1240).
    _HCPCS: frozenset({"G0402", "G0438", "G0439"}),
}
"""A therapy is none of them: it is a procedure, which has a record of its own, and a visit to the doctor is no session."""


def kind_of(codings: Iterable[Mapping[str, object]]) -> str | None:
    """What a line with these codes is; None where they do not tell."""
    found = [(str(coding.get("system")), str(coding.get("code"))) for coding in codings]
    if any(code in _VISITS.get(system, ()) for system, code in found):
        return VISIT
    return ORDER if any(system in _ORDERED for system, _ in found) else None

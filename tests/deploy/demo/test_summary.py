"""What the demo says at its end is what Milepost and the EHR said."""

from dataclasses import replace
from typing import Any

from deploy.demo.place import Practice
from deploy.demo.summary import Seen, books, summary

PRACTICE = Practice(day="2026-11-25", patients=340, resources=3997, with_gap=130, to_enrol=16, ehr_port=8880)
SOURCE: dict[str, Any] = {
    "care_plans": {"tracked": 297, "ended": 8, "entered in error": 3},
    "care_plans_accounted": 308,
    "care_plans_on_server": 308,
    "care_plans_unaccounted": 0,
    "patients": 332,
    "plans": 337,
    "milestones": 1541,
    "milestones_by_status": {"completed": 1039, "ready": 222, "upcoming": 280},
    "open_milestones_by_owner": {"coordinator": 133, "Practitioner/demo-provider-1": 112},
    "open_gaps_by_tier": {"1": 100, "4": 46},
    "patients_with_open_gap": 130,
}
STATUS: dict[str, Any] = {
    "sources": [SOURCE],
    "effects": {"message": {"planned": 13, "skipped": 86}},
    "work": {"provider": {"two-missed-in-a-row": 12}, "coordinator": {"overdue": 31, "confirm-evidence": 9}},
}
SEEN = Seen(
    status=STATUS,
    practice=PRACTICE,
    patients_in_ehr=340,
    written={"Task": 1359, "Flag": 130},
    names={"Practitioner/demo-provider-1": "Testa Samplewright"},
)


def with_source(**changes: object) -> Seen:
    """The same, but for some of what the source says."""
    return replace(SEEN, status={**STATUS, "sources": [{**SOURCE, **changes}]})


def text_of(seen: Seen) -> str:
    """The whole summary."""
    return "\n".join(f"{label}: {words}" for label, words in summary(seen))


def test_every_number_that_a_user_wants_is_there() -> None:
    """Patients, plans, milestones by status, gaps by tier, owners, what was written, messages, work by role."""
    assert text_of(SEEN).splitlines() == [
        "Patients: 340 in the EHR; 332 tracked, each with a plan",
        "Plans: 308 CarePlans: 297 tracked, 8 ended, 3 left out (entered in error); the server's own count: 308",
        ": 32 more, begun by an order or an enrolment",
        "Milestones: 1,541: upcoming 280, ready 222, completed 1,039",
        "Open gaps: 146: tier 1 100, tier 4 46",
        "Owners: 245 open milestones: coordinator 133, Testa Samplewright 112",
        "Written into the EHR: 1,359 Tasks, 130 Flags",
        "Messages to patients: 13 planned, none sent (couriers come later); 86 passed over, since a later tier had begun",
        "Open work items: coordinator 40: overdue 31, confirm evidence 9",
        ": provider 12: two missed in a row 12",
    ]


def test_books_that_differ_are_not_hidden() -> None:
    """Where generator and Milepost disagree, both numbers stand there."""
    seen = with_source(patients_with_open_gap=129)

    assert not seen.books_agree
    assert books(seen).startswith(
        "generator's own books: 130 patients with a gap; Milepost: 129 (of 2026-11-25; they differ"
    )
    assert books(SEEN) == "generator's own books: 130 patients with a gap; Milepost: 130"


def test_a_careplan_that_is_not_accounted_for_is_noticed() -> None:
    """The sum must be the server's own count; an unasked server is no agreement."""
    assert SEEN.is_accounted
    assert not with_source(care_plans_unaccounted=1).is_accounted
    assert not with_source(care_plans_unaccounted=None, care_plans_on_server=None).is_accounted
    assert "the server was not asked" in text_of(with_source(care_plans_unaccounted=None, care_plans_on_server=None))


def test_a_practice_without_work_says_so() -> None:
    """No line is left out because there is nothing to count."""
    words = text_of(replace(SEEN, status={**STATUS, "work": {}, "effects": {}}))

    assert "Open work items: none" in words
    assert "0 planned, none sent" in words

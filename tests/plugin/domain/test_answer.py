"""What ``milepost evaluate`` prints (cases/README.md, G5)."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from plugin.domain.answer import answer
from plugin.domain.assess import assess
from plugin.domain.calendar import Practice
from plugin.domain.rules import Rules
from tests.charts import A1C, CHICAGO, Json, booking, inline, look, order, patient, plan, record_of, result, step

MILESTONE = [
    "key",
    "title",
    "source",
    "iteration",
    "status",
    "reason",
    "owner",
    "opens",
    "due",
    "due_from",
    "due_precision",
    "days_past_due",
    "tier",
    "gap",
    "booked_for",
    "evidence",
    "missed",
    "why",
]


def test_the_document_is_as_promised() -> None:
    """Every key, in this order, and nothing else; it is JSON."""
    found = look([patient(), plan(inline(A1C, "2026-06-15", "2026-06-01"))], "2026-06-16T00:00:00-05:00").document

    assert list(found) == ["at", "zone", "plans", "wanted", "next_change_at"]
    (only,) = found["plans"]
    assert list(only) == ["plan", "patient", "status", "stage", "flags", "milestones"]
    assert list(only["milestones"][0]) == MILESTONE
    assert (found["at"], found["zone"]) == ("2026-06-16T00:00:00-05:00", "America/Chicago")
    assert found["next_change_at"] == "2026-06-23T00:00:00-05:00"
    assert json.loads(json.dumps(found)) == found
    message = next(wanted for wanted in found["wanted"] if wanted["kind"] == "message")
    assert message == {
        "kind": "message",
        "what": "overdue",
        "milestone": only["milestones"][0]["key"],
        "at": "2026-06-16T09:00:00-05:00",
    }


def test_the_names_of_what_is_wanted() -> None:
    """G5: ``milestone`` is null for what concerns the whole plan; a write has no not-before."""
    missed = [booking(f"2026-06-{day}T14:00:00Z", "noshow", id_=f"v{day}") for day in (10, 12)]
    chart = [patient(), plan(step("ServiceRequest/sr1")), order(occurrenceDateTime="2026-06-11"), *missed]

    wanted = look(chart, "2026-06-20").document["wanted"]

    assert sorted((w["kind"], w["what"], w["milestone"] is None, w["at"] is None) for w in wanted) == [
        ("message", "appointment-missed", False, False),
        ("work", "overdue", False, False),
        ("work", "two-missed-in-a-row", True, False),
        ("write", "detected-issue", False, True),
        ("write", "flag", True, True),
        ("write", "task", False, True),
    ]


def test_moments_are_given_in_the_zones_offset() -> None:
    """G5: ``at`` of what is wanted; ``at`` of the document is as it was asked for."""
    record = record_of([patient(), plan(inline(A1C, "2026-06-15"))])
    zone, now = ZoneInfo("Asia/Kolkata"), datetime.fromisoformat("2026-06-16T00:00:00Z")

    found = answer([assess(record, Rules(Practice(zone)), now)], now, zone)

    assert found["at"] == "2026-06-16T00:00:00+00:00"
    assert found["next_change_at"] == "2026-06-23T00:00:00+05:30"


def test_several_patients_are_one_document() -> None:
    """The next change is the first of all of theirs."""
    now = datetime.fromisoformat("2026-06-16T12:00:00-05:00")
    rules = Rules(Practice(CHICAGO))
    late, soon = (
        assess(record_of([patient(), plan(inline(A1C, due))]), rules, now) for due in ("2026-06-15", "2026-06-17")
    )

    found = answer([late, soon], now, CHICAGO)

    assert found["next_change_at"] == "2026-06-18T00:00:00-05:00"
    assert isinstance(found["plans"], list)
    assert len(found["plans"]) == 2


def test_every_fact_of_the_bundle_is_known_only_clinical_dates_hide_one() -> None:
    """G6: a stamp after the moment asked for hides nothing; a result's own day does."""
    stamped: Json = {"meta": {"lastUpdated": "2027-01-01T00:00:00Z"}}
    chart = [patient(**stamped), plan(inline(A1C, "2026-06-15", "2026-06-01"), **stamped)]

    proven = look([*chart, result("2026-06-10", **stamped)], "2026-06-12").only
    not_yet = look([*chart, result("2026-06-13", **stamped)], "2026-06-12").only

    assert (proven["status"], not_yet["status"]) == ("completed", "ready")

"""Every difference that there may be between a clinic with OpenEMR and the same one with HAPI, one by one, with its
reason; and what the days have shown in both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from tests.live.ten_days.comparison import PLAN, Difference, Of
from tests.live.ten_days.script import BLOOD, DIET, HOME, LAST, VISIT

CLOSED = (
    "completing a plan's first row turns the whole plan and all its open activities to completed: such a step without "
    "evidence of its own is in review, the EHR closed the whole plan"
)
FINISHED = "every Encounter there is finished, and knows no appointment, so that one proves at most loosely"
REVOKED = "a revoked plan comes as unknown, which may be revoked"
SERIES = "a recurring series is one row, and is not expanded"
NO_TASK = "OpenEMR's FHIR has no Task"
NO_KEY = "an activity has no stable key: with other words, no code and nothing else to tell it by, it is another step"


class Known(NamedTuple):
    """What differs of one step, from one day to another: by the facet, what is beside OpenEMR and what beside HAPI."""

    of: Of
    since: date
    why: str
    facets: Mapping[str, tuple[str, str]]
    until: date = LAST

    def on(self, day: date) -> list[Difference]:
        """Those of a day."""
        if not self.since <= day <= self.until:
            return []
        return [Difference(self.of, facet, *values) for facet, values in self.facets.items()]


_BY_THE_PLAN = ("plan-closed-as-a-whole", "")
_2ND, _3RD, _4TH = (date(2026, 11, day) for day in (2, 3, 4))

KNOWN = (
    Known(
        Of("Ivo", VISIT),
        _2ND,
        f"{CLOSED}. Here the doctor meant it; the blood test has its own evidence",
        {"status": ("in-progress", "completed"), "reason": _BY_THE_PLAN},
    ),
    Known(
        Of("Wim", VISIT),
        _2ND,
        f"{CLOSED}. Here only the first row was meant",
        {"status": ("in-progress", "completed"), "reason": _BY_THE_PLAN},
    ),
    Known(
        Of("Wim", BLOOD),
        _2ND,
        f"{CLOSED}. This row was not meant",
        {"status": ("in-progress", "ready"), "reason": _BY_THE_PLAN},
    ),
    Known(
        Of("Wim", PLAN),
        _2ND,
        f"{CLOSED}. And so the plan has ended, and somebody is asked about both steps",
        {
            "plan": ("completed", "active"),
            "stage": ("review", "follow-ups"),
            "work": (f"confirm-evidence (coordinator: {VISIT}, {BLOOD})", ""),
        },
    ),
    Known(
        Of("Ivo", PLAN),
        _2ND,
        f"{CLOSED}. Somebody is asked about the step without evidence",
        {"work": (f"confirm-evidence (coordinator: {VISIT})", "")},
    ),
    Known(
        Of("Quin", VISIT),
        _2ND,
        f"{FINISHED}. The visit that nobody marked on the flow board waits for its outcome",
        {
            "status": ("in-progress", "completed"),
            "reason": ("outcome-not-recorded", ""),
            "done": ("", "2026-11-02"),
            "evidence": ("loose", "coded"),
        },
    ),
    Known(
        Of("Vic", VISIT),
        _2ND,
        f"{FINISHED}. This one goes on until the next morning; then it is loose evidence in both",
        {"status": ("in-progress", "ready"), "reason": ("loose-evidence", ""), "evidence": ("loose", "")},
        until=_2ND,
    ),
    Known(
        Of("Quin", PLAN),
        _3RD,
        f"{FINISHED}. From the next morning on the front desk is asked for the outcome",
        {"work": (f"record-outcome (scheduler: {VISIT})", "")},
    ),
    Known(
        Of("Vic", PLAN),
        _2ND,
        f"{FINISHED}. And so somebody is asked about it a day too early",
        {"work": (f"confirm-evidence (coordinator: {VISIT})", "")},
        until=_2ND,
    ),
    Known(
        Of("Rae", VISIT),
        _3RD,
        f"{SERIES}. The second of it is not known",
        {
            "status": ("ready", "accepted"),
            "state": ("Not overdue", "Not overdue, booked for 2026-11-10T15:00:00-05:00"),
        },
    ),
    Known(
        Of("Sol", PLAN),
        _3RD,
        f"{REVOKED}. It is tracked on, and flagged",
        {
            "plan": ("unknown", "revoked"),
            "stage": ("follow-ups", "review"),
            "flags": ("plan-status-unknown", ""),
        },
    ),
    Known(Of("Sol", VISIT), _3RD, REVOKED, {"status": ("ready", "cancelled"), "reason": ("", "plan-ended")}),
    Known(Of("Sol", BLOOD), _3RD, REVOKED, {"status": ("ready", "cancelled"), "reason": ("", "plan-ended")}),
    Known(
        Of("Tess", "Call the pharmacy"),
        _4TH,
        f"{NO_TASK}. No second one is written for a nurse's own, so that nothing but Milepost's pages shows the difference",
        {"tier": ("", "0")},
    ),
    Known(
        Of("Bea", HOME),
        LAST,
        f"{NO_KEY}. What stood there was removed from the plan; the new words are in both",
        {
            "status": ("cancelled", ""),
            "reason": ("removed-from-plan", ""),
            "state": ("Not overdue", ""),
            "opens": ("2026-10-05", ""),
            "due": ("2026-11-16", ""),
            "owner": ("coordinator", ""),
            "tier": ("0", ""),
        },
    ),
)


class Shown(NamedTuple):
    """What must be true after a day, so that the two are not equally wrong."""

    day: date
    of: Of
    facets: Mapping[str, str]


def _october(day: int) -> date:
    return date(2026, 10, day)


def _november(day: int) -> date:
    return date(2026, 11, day)


SHOWN = (
    # No-shows marked on the flow board, a day after the other; the second raises the flag.
    Shown(
        _october(28),
        Of("Ada", VISIT),
        {"missed": "noshow", "state": "Not overdue, booked for 2026-11-03T10:00:00-05:00"},
    ),
    Shown(_november(2), Of("Ada", PLAN), {"flags": ""}),
    Shown(_november(3), Of("Ada", PLAN), {"flags": "two-missed-in-a-row"}),
    Shown(_november(3), Of("Ada", VISIT), {"status": "ready", "missed": "noshow noshow"}),
    Shown(_november(4), Of("Ada", PLAN), {"work": "two-missed-in-a-row (provider: two-missed-in-a-row)"}),
    Shown(_october(29), Of("Uma", VISIT), {"status": "ready", "missed": "noshow"}),
    Shown(_october(29), Of("Ben", VISIT), {"status": "completed", "done": "2026-10-29", "evidence": "coded"}),
    # Cancelled and rebooked is no miss; cancelled alone is one, when the day on which it was seen is over.
    Shown(
        _october(29), Of("Cora", VISIT), {"missed": "", "state": "Not overdue, booked for 2026-11-04T09:00:00-05:00"}
    ),
    Shown(_november(4), Of("Cora", VISIT), {"status": "completed", "done": "2026-11-04"}),
    Shown(_october(30), Of("Dan", VISIT), {"status": "ready", "missed": "cancelled"}),
    Shown(LAST, Of("Dan", VISIT), {"status": "accepted", "state": "Not overdue, booked for 2026-11-13T09:30:00-05:00"}),
    # Across the end of summer time: by the clinic's clock of that day, whatever OpenEMR's offset is today.
    Shown(_october(28), Of("Eve", VISIT), {"state": "Not overdue, booked for 2026-10-30T11:00:00-04:00"}),
    Shown(_october(30), Of("Eve", VISIT), {"state": "Not overdue, booked for 2026-11-02T09:00:00-05:00"}),
    Shown(_november(2), Of("Eve", VISIT), {"status": "completed", "done": "2026-11-02"}),
    Shown(
        _october(30),
        Of("Mia", VISIT),
        {"status": "accepted", "state": "Not overdue, booked for 2026-10-31T23:30:00-04:00"},
    ),
    Shown(_october(31), Of("Mia", VISIT), {"status": "in-progress", "reason": "outcome-not-recorded"}),
    Shown(_november(2), Of("Mia", VISIT), {"status": "completed", "done": "2026-10-31"}),
    Shown(_november(1), Of("Jun", BLOOD), {"status": "completed", "done": "2026-11-01"}),
    Shown(_november(1), Of("Noa", VISIT), {"state": "Not overdue, booked for 2027-07-15T09:00:00-04:00"}),
    # What was deleted.
    Shown(_november(2), Of("Finn", VISIT), {"status": "accepted"}),
    Shown(_november(3), Of("Finn", VISIT), {"status": "ready", "missed": ""}),
    Shown(_november(4), Of("Hana", VISIT), {"status": "cancelled", "reason": "removed-from-plan"}),
    # An edited plan: put aside stays put aside, with its new day and its gap.
    Shown(_october(29), Of("Gus", DIET), {"status": "on-hold", "reason": "held", "due": "2026-11-09", "owner": "nora"}),
    Shown(_october(31), Of("Gus", DIET), {"status": "on-hold", "due": "2026-11-12"}),
    Shown(LAST, Of("Gus", DIET), {"status": "on-hold", "reason": "held", "due": "2026-11-12"}),
    Shown(_november(4), Of("Gus", f"{HOME} again"), {"status": "ready", "due": "2026-11-16"}),
    # Three equal steps, each twice in OpenEMR's answer; the second is taken out.
    Shown(_october(30), Of("Kim", "Physical therapy", 1), {"state": "Overdue, tier 1", "gap": "final low"}),
    Shown(_november(2), Of("Kim", "Physical therapy", 2), {"status": "cancelled", "reason": "removed-from-plan"}),
    Shown(_november(2), Of("Kim", "Physical therapy", 3), {"status": "ready", "due": "2026-11-25"}),
    # A gap: from tier to tier, over a change of the patient's number, to its end on the day when nothing could be read.
    Shown(_october(28), Of("Leo", BLOOD), {"state": "Overdue, tier 1", "owner": "nora"}),
    Shown(_november(3), Of("Leo", BLOOD), {"state": "Overdue, tier 2"}),
    Shown(
        _november(4),
        Of("Leo", PLAN),
        {"flag": "active", "work": f"backlog (coordinator: backlog); overdue (coordinator: {BLOOD})"},
    ),
    Shown(_november(5), Of("Leo", BLOOD), {"state": "Overdue, tier 2", "status": "ready"}),
    Shown(LAST, Of("Leo", BLOOD), {"state": "Completed late", "done": "2026-11-05", "gap": "final closed"}),
    Shown(LAST, Of("Leo", PLAN), {"flag": "inactive"}),
    Shown(_november(5), Of("Ola", VISIT), {"status": "in-progress", "reason": "outcome-not-recorded"}),
    Shown(LAST, Of("Ola", VISIT), {"status": "ready", "missed": "noshow"}),
    Shown(
        LAST, Of("Xena", VISIT), {"status": "accepted", "state": "Not overdue, booked for 2026-11-12T09:00:00-05:00"}
    ),
    # A plan on hold over a weekend, and a death.
    Shown(_november(1), Of("Yara", VISIT), {"status": "on-hold", "reason": "plan-on-hold"}),
    Shown(_november(2), Of("Yara", VISIT), {"status": "ready", "reason": ""}),
    Shown(_november(4), Of("Zoe", VISIT), {"status": "cancelled", "reason": "patient-deceased"}),
)

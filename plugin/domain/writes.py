"""What is to stand in the EHR: the desired content of each write and notice, built from what ``assess`` said.

Contents are what an effect carries and the ledger keeps (``as_json``). They hold nothing that moves with the clock
alone, so a milestone that stays as it is, or only grows a day older within its tier, wants the same content, and the
same resource, byte for byte (DESIGN §10). Two databases that see the same facts want the same contents too.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Self

from plugin.domain.assessment import Gap, Milestone, PlanState, Status

_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}", re.ASCII)

OWNER_TYPES = frozenset(
    {
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "CareTeam",
        "HealthcareService",
        "Patient",
        "Device",
        "RelatedPerson",
    }
)
"""Who can own a Task (https://hl7.org/fhir/R4/task-definitions.html#Task.owner)."""
RECIPIENT_TYPES = OWNER_TYPES | {"Group"}
"""Who can get a Communication (https://hl7.org/fhir/R4/communication-definitions.html#Communication.recipient)."""

_TASK_STATUS: Mapping[Status, str] = {
    Status.UPCOMING: "draft",
    Status.READY: "ready",
    Status.SCHEDULED: "accepted",
    Status.IN_REVIEW: "in-progress",
    Status.ON_HOLD: "on-hold",
    Status.COMPLETED: "completed",
    Status.CANCELLED: "cancelled",
}
_CANCELLED_AS = {"not-applicable": "rejected", "entered-in-error": "entered-in-error"}


@dataclass(frozen=True, slots=True)
class _Content:
    """To and from the JSON of the ledger: empty fields are left out, names that are no longer known are ignored."""

    def as_json(self) -> dict[str, object]:
        json: dict[str, object] = {}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if value is not None and value != ():
                json[name] = list(value) if isinstance(value, tuple) else value
        return json

    @classmethod
    def from_json(cls, json: Mapping[str, object]) -> Self:
        names = cls.__dataclass_fields__
        known: dict[str, Any] = {  # Any: the types are those that as_json wrote
            name: tuple(value) if isinstance(value, list) else value for name, value in json.items() if name in names
        }
        return cls(**known)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContent(_Content):
    """Our Task of one milestone. Dates are FHIR texts, as precise as they are known (``2026-06`` is a month)."""

    key: str
    patient: str
    plan: str
    title: str
    status: str
    reason: str | None = None
    gap: str = Gap.NONE.value
    tier: int = 0
    opens: str | None = None
    due: str | None = None
    booked_for: str | None = None
    completed_on: str | None = None
    owner: str | None = None
    role: str | None = None
    based_on: str | None = None
    focus: str | None = None
    program_code: str | None = None
    codes: tuple[str, ...] = ()

    @property
    def withdrawn(self) -> Self:
        """What to write when nothing wants that Task any more: its plan was deleted, or somebody else's Task stands for
        the step now. What was done or cancelled stays so (S2). It refers to neither plan nor order: HAPI 8.8.0 refuses
        whatever refers to what was deleted (HAPI-1096), and the Task would say "ready" for ever."""
        if Status(self.status).is_final:
            return self
        rest = replace(self, gap=Gap.NONE.value, tier=0, booked_for=None, based_on=None, focus=None)
        return replace(rest, status=Status.CANCELLED.value, reason="removed-from-plan")

    @property
    def task_status(self) -> str:
        """The word for ``Task.status`` (DESIGN §4.3)."""
        status = Status(self.status)
        as_is = _TASK_STATUS[status]
        return _CANCELLED_AS.get(self.reason or "", as_is) if status is Status.CANCELLED else as_is


@dataclass(frozen=True, slots=True, kw_only=True)
class GapContent(_Content):
    """The DetectedIssue of one milestone's gap. ``task`` is the Task that it is about: ours, or the source's own.
    ``owner`` and ``role`` say whose step it is while it is open: where there are no Tasks, they are told of it.
    ``identified`` is the first day past due. ``state``: open, closed, or withdrawn (there is no gap after all)."""

    key: str
    patient: str
    task: str
    title: str
    state: str
    tier: int = 0
    due: str | None = None
    identified: str | None = None
    closed_on: str | None = None
    owner: str | None = None
    role: str | None = None

    @property
    def withdrawn(self) -> Self:
        """What to write when the gap that stands there is none any more: a due date was moved, the step cancelled."""
        return replace(self, state="withdrawn", tier=0, closed_on=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagContent(_Content):
    """The one Flag of a patient. ``key`` is the source's slug and the patient; ``since`` the oldest open gap's day."""

    key: str
    patient: str
    active: bool
    since: str | None = None

    @property
    def withdrawn(self) -> Self:
        """What to write when no gap is left."""
        return replace(self, active=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeContent(_Content):
    """A notice to the provider that a step is overdue. ``key`` is the effect's; ``sent`` its moment, an instant."""

    key: str
    patient: str
    task: str
    tier: int
    due: str | None = None
    sent: str | None = None
    recipient: str | None = None
    role: str | None = None


# ------------------------------------------------------------------------------------------------------------ building
def task_content(
    milestone: Milestone, plan: PlanState, patient: str, *, unread: Collection[str] = ()
) -> TaskContent | None:
    """The Task that is to stand for a milestone; None where somebody else's Task stands for it already, or where the
    turn lies too far ahead. ``unread`` are references that the server could not resolve: it would refuse them."""
    if milestone.task is not None or not milestone.to_write:
        return None
    return _content_of(milestone, plan, patient, unread)


def source_task_content(milestone: Milestone, plan: PlanState, patient: str) -> TaskContent | None:
    """What gap, tier and reason are to say on the source's own Task, where the practice allows it; None where there
    is no such Task. Its status and owner are not ours to write."""
    return None if milestone.task is None else _content_of(milestone, plan, patient, ())


def gap_content(milestone: Milestone, patient: str) -> GapContent | None:
    """The DetectedIssue that is to stand for a milestone's gap; None without one (see ``GapContent.withdrawn``)."""
    if milestone.gap is Gap.NONE or milestone.due is None:
        return None
    is_open = milestone.gap is Gap.OPEN
    return GapContent(
        key=milestone.key,
        patient=patient,
        task=milestone.task or task_ref(milestone.key),
        title=milestone.title,
        state="open" if is_open else "closed",
        tier=milestone.tier if is_open else 0,
        due=precise(milestone.due, milestone.due_precision),
        identified=_day_after(milestone.due),
        owner=milestone.owner.reference if is_open else None,
        role=milestone.owner.role if is_open else None,
        closed_on=None if is_open else _text(milestone.completed_on),
    )


def flag_content(source: str, patient: str, open_gaps: Sequence[Milestone]) -> FlagContent:
    """The patient's Flag: active while a gap is open. An inactive one is worth writing only over an active one."""
    days = [gap.due for gap in open_gaps if gap.due is not None]
    since = _day_after(min(days)) if days else None
    return FlagContent(key=f"{source}|{patient}", patient=patient, active=bool(open_gaps), since=since)


def notice_content(
    key: str, milestone: Milestone, patient: str, *, recipient: str | None, sent: datetime
) -> NoticeContent:
    """The provider's notice of a gap. ``recipient`` is a reference, or a role where nobody is known by name."""
    person = recipient if recipient is not None and _is_one_of(recipient, RECIPIENT_TYPES) else None
    return NoticeContent(
        key=key,
        patient=patient,
        task=milestone.task or task_ref(milestone.key),
        tier=milestone.tier,
        due=None if milestone.due is None else precise(milestone.due, milestone.due_precision),
        sent=sent.isoformat(timespec="seconds"),
        recipient=person,
        role=None if person is not None else recipient,
    )


def _content_of(milestone: Milestone, plan: PlanState, patient: str, unread: Collection[str]) -> TaskContent:
    def readable(reference: str | None) -> str | None:
        return reference if reference is not None and is_reference(reference) and reference not in unread else None

    owner = readable(milestone.owner.reference)
    return TaskContent(
        key=milestone.key,
        patient=patient,
        plan=plan.plan,
        title=milestone.title,
        status=milestone.status.value,
        reason=milestone.reason,
        gap=milestone.gap.value,
        tier=milestone.tier,
        opens=_opening(milestone),
        due=None if milestone.due is None else precise(milestone.due, milestone.due_precision),
        booked_for=milestone.booked_for,
        completed_on=_text(milestone.completed_on),
        owner=owner if owner is not None and _is_one_of(owner, OWNER_TYPES) else None,
        role=milestone.owner.role,
        based_on=readable(plan.plan),
        focus=next((ref for ref in milestone.refs if readable(ref) and not ref.startswith("CarePlan/")), None),
        program_code=milestone.program_code,
        codes=milestone.codes,
    )


def _opening(milestone: Milestone) -> str | None:
    """When the window opens, as far as FHIR takes it beside the due date (per-1): not after it, and where a due date is
    known by month or year only and the window opens within, no more precise than that."""
    opens, due = milestone.opens, milestone.due
    if opens is None or due is None:
        return _text(opens)
    end = precise(due, milestone.due_precision)
    if opens > due:
        return None
    return end if opens.isoformat().startswith(end) else opens.isoformat()


def is_reference(text: str) -> bool:
    """Whether it names a resource of the same server: ``Type/id`` and nothing else."""
    return _REFERENCE.fullmatch(text) is not None


def precise(day: date, precision: str | None) -> str:
    """A day in FHIR's words, no more precise than it is known (D2): the last of June by month is ``2026-06``."""
    return day.isoformat()[: {"year": 4, "month": 7}.get(precision or "day", 10)]


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day_after(day: date) -> str:
    return (day + timedelta(days=1)).isoformat()


def _is_one_of(reference: str, types: Collection[str]) -> bool:
    return is_reference(reference) and reference.partition("/")[0] in types


# ------------------------------------------------------------------------------------------------------------- names
def task_ref(key: str) -> str:
    """Our Task of a milestone."""
    return f"Task/{derived_id('mp', key)}"


def gap_ref(key: str) -> str:
    """Our DetectedIssue of a milestone."""
    return f"DetectedIssue/{derived_id('mg', key)}"


def flag_ref(key: str) -> str:
    """Our Flag of a patient."""
    return f"Flag/{derived_id('mf', key)}"


def notice_ref(key: str) -> str:
    """Our Communication of an effect."""
    return f"Communication/{derived_id('mc', key)}"


def derived_id(prefix: str, *parts: str) -> str:
    """A FHIR id from what it stands for, the same on every machine: a prefix and 26 characters, 130 bits, of a hash in
    lower-case base32 (DESIGN §4.1)."""
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return f"{prefix}-{base64.b32encode(digest).decode().lower()[:26]}"

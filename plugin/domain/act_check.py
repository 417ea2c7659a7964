"""What each act needs: reason, words, a day ahead, evidence and an owner who exist. What is missing is said at its
field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from plugin.domain.act import (
    BARRIERS,
    OWNER_ROLES,
    REASONS,
    Act,
    ActKind,
    Checked,
    ContactOutcome,
    loose_evidence,
    offered_for,
)
from plugin.domain.assessment import Milestone
from plugin.domain.errors import BadAct
from plugin.domain.record import Appointment, CareTeam, Event, Fact, Order, Record
from plugin.domain.writes import OWNER_TYPES, is_reference

LONGEST_NOTE = 2000
FARTHEST = timedelta(days=2 * 366)
"""A day further ahead is a slip of the finger."""

WHOLE_FORM = ""
"""The name under which stands what is wrong with no single field."""

_NOT_EVIDENCE = frozenset({"entered-in-error", "cancelled", "noshow", "proposed", "pending", "booked", "waitlist"})
_MOST_CHOICES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What an act is checked against: the milestone as it stands, the patient's record, the practice's local day."""

    milestone: Milestone
    record: Record
    today: date


def check_act(act: Act, ground: Ground) -> Checked:
    """The act with every part made sure of. Raises BadAct with the words for each field that is wrong."""
    checking = _Checking(act, ground)
    _PARTS[act.kind](checking)
    checking.words_fit()
    if act.kind not in offered_for(ground.milestone):
        checking.wrong = {WHOLE_FORM: "This step stands otherwise by now, and this cannot be done with it."}
    if checking.wrong:
        raise BadAct(checking.wrong)
    return checking.checked()


class _Checking:
    """One act while it is looked through; each part adds what is wrong, or what was found."""

    def __init__(self, act: Act, ground: Ground) -> None:
        self.wrong: dict[str, str] = {}
        self._act, self._ground = act, ground
        self._note = clean(act.note)
        self._reason: str | None = None
        self._target: str | None = None
        self._version: str | None = None
        self._until: date | None = None
        self._outcome: str | None = None
        self._next_on: date | None = None

    def checked(self) -> Checked:
        return Checked(
            kind=self._act.kind,
            target=self._target,
            target_version=self._version,
            until=self._until,
            reason=self._reason,
            note=self._note or None,
            outcome=self._outcome,
            next_on=self._next_on,
        )

    def words_fit(self) -> None:
        if len(self._note) > LONGEST_NOTE:
            self.wrong["note"] = f"Please say it in at most {LONGEST_NOTE} characters; these are {len(self._note)}."

    def done(self) -> None:
        """With evidence of the chart, or with words that say how it is known."""
        if not self._act.evidence:
            if not self._note:
                self.wrong["note"] = "Choose what shows it, or say in words how you know that it was done."
            return
        fact = self._ground.record.facts.get(self._act.evidence)
        if fact is None or not is_evidence(fact):
            self.wrong["evidence"] = "This is not in the patient's chart as something that happened. Choose another."
            return
        self._target, self._version = fact.ref, fact.version

    def coded_reason(self) -> None:
        known = REASONS[self._act.kind]
        if self._act.reason not in known:
            self.wrong["reason"] = "Please choose a reason."
            return
        self._reason = self._act.reason
        if self._reason == "other":
            self.words("Please say what the reason is.")

    def hold(self) -> None:
        self.coded_reason()
        self._until = self._day("until", self._act.until, self._ground.today + timedelta(days=1), is_required=True)

    def owner(self) -> None:
        """Somebody of the patient's care team, or a role of the practice."""
        owner = self._act.owner
        is_known = owner in {f"role:{role}" for role in OWNER_ROLES} or owner in members_of(self._ground.record)
        if not is_known:
            self.wrong["owner"] = "Please choose a role, or somebody of this patient's care team."
            return
        mine = self._ground.milestone.owner
        if owner in (mine.reference, f"role:{mine.role}"):
            self.wrong["owner"] = "It is theirs already. Choose somebody else."
            return
        self._target = owner

    def contact(self) -> None:
        outcome = next((known for known in ContactOutcome if known == self._act.outcome), None)
        if outcome is None:
            self.wrong["outcome"] = "Please choose what came of it."
            return
        self._outcome = outcome.value
        if outcome is ContactOutcome.BARRIER:
            self.barrier()
        if outcome.needs_words:
            self.words("Please say in a few words what was said or found.")
        self._next_on = self._day("next_on", self._act.next_on, self._ground.today, is_required=False)

    def barrier(self) -> None:
        self._reason = self._act.reason
        if self._reason not in BARRIERS:
            self.wrong["outcome"] = "Please choose what is in the way."

    def evidence(self) -> None:
        """What the step itself shows as loose evidence, in the version that it shows."""
        milestone = self._ground.milestone
        found = next((e for e in milestone.evidence if e.resource == self._act.evidence), None)
        if found is None or found.resource not in loose_evidence(milestone):
            self.wrong["evidence"] = "Please choose which of the events it is about."
            return
        self._target, self._version = found.resource, found.version

    def note(self) -> None:
        self.words("Please write the note.")

    def nothing_more(self) -> None:
        """Words may come with it, and nothing has to."""

    def words(self, complaint: str) -> None:
        if not self._note:
            self.wrong["note"] = complaint

    def _day(self, field: str, text: str, first: date, *, is_required: bool) -> date | None:
        if not text and not is_required:
            return None
        try:
            day = date.fromisoformat(text)
        except ValueError:
            self.wrong[field] = "Please give a day."
            return None
        if day < first:
            is_tomorrow = first > self._ground.today
            self.wrong[field] = "Please give a day after today." if is_tomorrow else "Please give today or a later day."
        elif day > self._ground.today + FARTHEST:
            self.wrong[field] = "Please give a day within the next two years."
        return day


_PARTS: Mapping[ActKind, Callable[[_Checking], None]] = {
    ActKind.DONE: _Checking.done,
    ActKind.NOT_APPLICABLE: _Checking.coded_reason,
    ActKind.HOLD: _Checking.hold,
    ActKind.RELEASE: _Checking.nothing_more,
    ActKind.REASSIGN: _Checking.owner,
    ActKind.CONTACT: _Checking.contact,
    ActKind.CONFIRM: _Checking.evidence,
    ActKind.REFUSE: _Checking.evidence,
    ActKind.REVIEWED: _Checking.nothing_more,
    ActKind.NOTE: _Checking.note,
}


def clean(text: str) -> str:
    """Without control characters (line ends and tabs stay) and lone surrogates, which no database takes, trimmed."""
    kept = (c for c in text.replace("\r\n", "\n") if c in "\n\t" or not _is_control(c))
    return "".join(kept).strip()


def _is_control(character: str) -> bool:
    code = ord(character)
    return code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000


def is_evidence(fact: Fact) -> bool:
    """Something that happened: not planned, not taken back, and not written by us."""
    if isinstance(fact, Order):
        return fact.status == "completed" and not fact.ours
    return isinstance(fact, Event | Appointment) and (fact.status or "") not in _NOT_EVIDENCE


def choices_of_evidence(record: Record, milestone: Milestone) -> list[Event | Appointment]:
    """What somebody who marks a step as done may point to: what has the step's code first, then the newest."""
    found = [f for f in record.facts.values() if isinstance(f, Event | Appointment) and is_evidence(f)]
    codes = set(milestone.codes)
    found.sort(key=lambda fact: fact.start or "", reverse=True)
    found.sort(key=lambda fact: not codes & _codes_of(fact))
    return found[:_MOST_CHOICES]


def _codes_of(fact: Event | Appointment) -> set[str]:
    concepts = fact.concepts if isinstance(fact, Event) else (*fact.service_types, *fact.reasons)
    return {f"{coding.system}|{coding.code}" for concept in concepts for coding in concept.codings}


def members_of(record: Record) -> list[str]:
    """Who is in one of the patient's care teams and can own a Task, each once; not the patient."""
    teams = (fact for fact in record.facts.values() if isinstance(fact, CareTeam) and fact.status != "inactive")
    found = dict.fromkeys(member.member for team in teams for member in team.members if member.member)
    return [ref for ref in found if ref != record.ref and is_reference(ref) and ref.partition("/")[0] in OWNER_TYPES]

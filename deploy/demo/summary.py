"""The summary: what Milepost says of itself, beside what the EHR counts and what the generator has in its books."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.demo.place import SLUG, Practice

Json = Mapping[str, Any]  # of `milepost status --format json`
Line = tuple[str, str]
"""A label and its words; the label is empty where the line before goes on."""

_GOOD_PLANS = ("tracked", "ended")
_STATUSES = ("upcoming", "ready", "scheduled", "in-review", "on-hold", "completed", "cancelled")
_PLURALS = {"Task": "Tasks", "DetectedIssue": "DetectedIssues", "Flag": "Flags", "Communication": "Communications"}


@dataclass(frozen=True)
class Seen:
    """Everything that the summary is made of."""

    status: Json
    practice: Practice
    patients_in_ehr: int
    written: Mapping[str, int]
    names: Mapping[str, str]
    written_into: str = "Written into the EHR"
    plans_in_ehr: int | None = None
    """The EHR's own count of CarePlans, where it does not tell Milepost."""
    more: Sequence[Line] = ()
    """What else is to be said of this EHR."""
    differences: Sequence[str] = ()
    """Why the books differ, each with its number."""

    @property
    def source(self) -> Json:
        """The demo has one that is read."""
        sources = self.status["sources"]
        found: Json = next((one for one in sources if one.get("source") == SLUG), sources[0])
        return found

    @property
    def books_agree(self) -> bool:
        """Whether generator and Milepost see a gap in equally many patients."""
        return bool(self.source["patients_with_open_gap"] == self.practice.with_gap)

    @property
    def is_accounted(self) -> bool:
        """Whether Milepost accounts for as many CarePlans as the server has."""
        if self.plans_in_ehr is not None:
            return bool(self.source["care_plans_accounted"] == self.plans_in_ehr)
        return bool(self.source["care_plans_unaccounted"] == 0)


def summary(seen: Seen) -> Iterator[Line]:
    """Line by line."""
    source, work = seen.source, seen.status["work"]
    yield "Patients", f"{seen.patients_in_ehr:,} in the EHR; {source['patients']:,} tracked, each with a plan"
    yield from plans(source, seen.plans_in_ehr)
    by_status = source["milestones_by_status"]
    in_order = {status: by_status[status] for status in sorted(by_status, key=_STATUSES.index)}
    yield "Milestones", f"{source['milestones']:,}: {counts(in_order)}"
    tiers = {f"tier {tier}": count for tier, count in source["open_gaps_by_tier"].items()}
    yield "Open gaps", f"{sum(tiers.values()):,}: {counts(tiers)}"
    yield from owners(source["open_milestones_by_owner"], seen.names)
    yield (
        seen.written_into,
        ", ".join(f"{count:,} {_PLURALS.get(type_, type_)}" for type_, count in seen.written.items()),
    )
    yield "Messages to patients", messages(seen.status["effects"].get("message", {}))
    yield from work_items(work)
    yield from seen.more


def books(seen: Seen) -> str:
    """The same question answered twice, by two who know nothing of each other."""
    told = seen.source["patients_with_open_gap"]
    line = f"generator's own books: {seen.practice.with_gap:,} patients with a gap; Milepost: {told:,}"
    if seen.books_agree:
        return line
    why = "since OpenEMR cannot say all" if seen.differences else "by what has happened since"
    return f"{line} (of {seen.practice.day}; they differ {why})"


def plans(source: Json, in_ehr: int | None = None) -> Iterator[Line]:
    """Every CarePlan accounted for, then the plans that no CarePlan stands for."""
    known = source["care_plans"]
    good = [f"{known.get(name, 0):,} {name}" for name in _GOOD_PLANS]
    left_out = [f"{count:,} left out ({why})" for why, count in known.items() if why not in _GOOD_PLANS]
    on_server = source["care_plans_on_server"] if in_ehr is None else in_ehr
    whose = "the server's" if in_ehr is None else "the EHR's"
    server = "the server was not asked" if on_server is None else f"{whose} own count: {on_server:,}"
    yield "Plans", f"{source['care_plans_accounted']:,} CarePlans: {', '.join([*good, *left_out])}; {server}"
    others = source["plans"] - sum(known.get(name, 0) for name in _GOOD_PLANS)
    yield "", f"{others:,} more, begun by an order or an enrolment"


def owners(open_steps: Mapping[str, int], names: Mapping[str, str]) -> Iterator[Line]:
    """Who has the open milestones: people by name, else the role."""
    named = {names.get(owner, owner.replace("-", " ")): count for owner, count in open_steps.items()}
    yield "Owners", f"{sum(named.values()):,} open milestones: {counts(named)}"


def messages(states: Mapping[str, int]) -> str:
    """Nothing is sent yet, and nobody should think so."""
    planned = f"{states.get('planned', 0):,} planned, none sent (couriers come later)"
    passed = states.get("skipped", 0)
    return f"{planned}; {passed:,} passed over, since a later tier had begun" if passed else planned


def work_items(work: Mapping[str, Mapping[str, int]]) -> Iterator[Line]:
    """By role, the busiest first."""
    label = "Open work items"
    for role, kinds in sorted(work.items(), key=lambda pair: (-sum(pair[1].values()), pair[0])):
        yield (
            label,
            f"{role} {sum(kinds.values()):,}: {counts({kind.replace('-', ' '): n for kind, n in kinds.items()})}",
        )
        label = ""
    if not work:
        yield label, "none"


def counts(of: Mapping[str, int]) -> str:
    """Names with their numbers on one line."""
    return ", ".join(f"{name} {count:,}" for name, count in of.items()) or "none"

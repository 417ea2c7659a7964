"""The effects that are wanted now: the ladder's, those of appointments and reviews, and the writes (DESIGN §5, G5).

An effect is wanted while its cause holds; its ``at`` comes from when the cause began, never from the clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from plugin.domain.appointment import REBOOK_AFTER, Outcome, Visit, is_rebooked
from plugin.domain.assessment import Alert, Effect, EffectKind, Gap, Milestone, Passed, Status, Strength
from plugin.domain.celebration import celebrated_until
from plugin.domain.chart import Chart
from plugin.domain.closing import ended_long_ago
from plugin.domain.evidence import Now
from plugin.domain.ladder import Tier
from plugin.domain.milestone import Assessed
from plugin.domain.moment import plus_days
from plugin.domain.nearby import is_waited_for
from plugin.domain.plan_state import PlanAnswer, late_neighbours
from plugin.domain.status import has_died
from plugin.domain.writes import NoticeContent, flag_content, gap_content, notice_content, task_content

SCHEDULER, COORDINATOR, PROVIDER = "scheduler", "coordinator", "provider"

_REVIEWS = {
    "loose-evidence": ("confirm-evidence", COORDINATOR),
    "outcome-unread": ("confirm-evidence", COORDINATOR),
    "source-failed": ("confirm-evidence", COORDINATOR),
    "plan-closed-as-a-whole": ("confirm-evidence", COORDINATOR),
    "checklist-open": ("confirm-evidence", COORDINATOR),
    "awaiting-review": ("review-result", PROVIDER),
}
"""In-review reasons that a person settles by looking: what is asked, and of whom."""


class Wants:
    """What one plan wants at one moment, and the tiers that were passed over."""

    def __init__(self, chart: Chart, answer: PlanAnswer, now: Now) -> None:
        self._chart, self._answer, self._now = chart, answer, now
        self._practice = chart.rules.practice
        self._ladder = chart.rules.ladder_of(answer.plan.program)
        self.passed: list[Passed] = []
        plan = answer.plan
        self._of_step: dict[int, list[Visit]] = {}
        for assessed in answer.turns:
            self._of_step.setdefault(assessed.turn.index, []).extend(assessed.turn.visits)
        excused = any(self._is_excused(t, v) for t in answer.turns for v in t.turn.visits)
        self.messages_wait = "plan-status-unknown" in answer.state.flags or excused
        self._is_active = not (plan.is_draft or plan.has_ended or plan.status == "on-hold")
        self._is_active = self._is_active and not has_died(chart, now)
        self._is_active = self._is_active and (chart.patient is None or chart.patient.active)

    def effects(self) -> Iterator[Effect]:
        """All but the writes."""
        yield from self._ended()
        if not self._is_active:
            yield from self._closed_as_a_whole()
            return
        acting = _acting(self._answer.turns)
        for turn in self._answer.turns:
            if turn.milestone.status is Status.ON_HOLD:
                continue
            yield from self._of_visits(turn)
            yield from self._review(turn)
            if turn.milestone.key in acting:
                yield from self._tier(turn.milestone)
            yield from self._reached(turn)
        yield from self._two_missed()
        yield from (self._alert(alert) for alert in self._answer.state.alerts)

    # ---------------------------------------------------------------------------------------------------- the ladder
    def _tier(self, milestone: Milestone) -> Iterator[Effect]:
        """The present tier of an open gap, once in an episode; none while a booking stands."""
        if milestone.gap is not Gap.OPEN or milestone.due is None or milestone.booked_for is not None:
            return
        for tier in self._ladder.tiers:
            if tier.number > milestone.tier:
                break
            effect = self._tier_effect(milestone, milestone.due, tier)
            if tier.number < milestone.tier:
                self.passed.append(Passed(effect=effect, why=f"tier {milestone.tier} was reached before it acted"))
            elif tier.kind is not EffectKind.MESSAGE or self._is_told(milestone):
                yield effect

    def _tier_effect(self, milestone: Milestone, due: date, tier: Tier) -> Effect:
        began = self._practice.start_of(self._ladder.begins(tier, due))
        is_message = tier.kind is EffectKind.MESSAGE
        at = self._practice.send_time(began) if is_message else self._practice.staff_morning(began)
        key = f"{milestone.key}|{due.isoformat()}|tier-{tier.number}|{tier.what}"
        content: dict[str, object] = {"title": milestone.title, "due": due.isoformat()}
        owner = milestone.owner.reference
        if tier.kind is EffectKind.NOTICE:
            recipient = owner or self._answer.plan.author or tier.role
            notice: NoticeContent = notice_content(key, milestone, self._patient, recipient=recipient, sent=at)
            content, owner = notice.as_json(), notice.recipient
        return Effect(
            key=key,
            kind=tier.kind,
            what=tier.what,
            patient=self._patient,
            plan=milestone.plan,
            milestone=milestone.key,
            at=at,
            role=tier.role,
            owner=owner,
            tier=tier.number,
            content=content,
        )

    def _is_told(self, milestone: Milestone) -> bool:
        """To book what is overdue: not who may have come, or has a visit booked that may be it."""
        return not (self._is_silent(milestone) or is_waited_for(milestone, self._practice))

    def _is_silent(self, milestone: Milestone) -> bool:
        """No patient message: the milestone is in-review, or the plan's messages wait."""
        return self.messages_wait or milestone.status is Status.IN_REVIEW

    # --------------------------------------------------------------------------------------------------- appointments
    def _is_excused(self, turn: Assessed, visit: Visit) -> bool:
        """A5: a cancellation that says something of the patient which a person has to find out; not when rebooked (A4)."""
        return visit.outcome is Outcome.EXCUSED and not self._is_rebooked(turn, visit)

    def _is_rebooked(self, turn: Assessed, visit: Visit) -> bool:
        return is_rebooked(visit, turn.turn.visits, self._of_step[turn.turn.index])

    def _of_visits(self, turn: Assessed) -> Iterator[Effect]:
        milestone = turn.milestone
        for visit in turn.turn.visits:
            if self._is_excused(turn, visit):
                yield self._work(milestone, visit, "record-outcome", since=visit.seen(self._practice))
            elif visit.outcome is Outcome.UNRECORDED and milestone.reason == "outcome-not-recorded":
                since = self._practice.start_of(plus_days(visit.start.last, 1))
                yield self._work(milestone, visit, "record-outcome", since=since)
            elif visit.outcome is Outcome.CONTRADICTED and milestone.reason == "outcome-contradicted":
                yield self._work(milestone, visit, "record-outcome", since=visit.seen(self._practice))
        if milestone.status.is_final or milestone.booked_for is not None:
            return
        for visit in turn.turn.visits:
            if visit.outcome is Outcome.BY_PRACTICE and not self._is_rebooked(turn, visit):
                yield self._work(milestone, visit, "rebook", since=visit.seen(self._practice))
                yield from self._rebook(milestone, visit, "practice")
            elif visit.outcome is Outcome.GRACE and not self._is_rebooked(turn, visit):
                yield from self._rebook(milestone, visit, "patient")
        if turn.missed and not self._is_silent(milestone):
            yield self._missed(milestone, max(turn.missed, key=lambda v: v.order))

    def _work(self, milestone: Milestone, visit: Visit, what: str, *, since: datetime) -> Effect:
        return Effect(
            key=f"{_of_visit(milestone, visit)}|{what}",
            kind=EffectKind.WORK,
            what=what,
            patient=self._patient,
            plan=milestone.plan,
            milestone=milestone.key,
            at=self._practice.staff_morning(since),
            role=SCHEDULER,
            content={"title": milestone.title, "appointment": visit.fact.ref},
        )

    def _rebook(self, milestone: Milestone, visit: Visit, by: str) -> Iterator[Effect]:
        """Two hours after a cancellation is seen, the same day; what cannot go out that day is not sent late."""
        seen = visit.seen(self._practice)
        at = self._practice.same_send_day(seen + REBOOK_AFTER)
        same_day = at is not None and self._practice.day(at) == self._practice.day(seen) == self._now.today
        if same_day and not self._is_silent(milestone):
            yield self._message(milestone, visit, "rebook", at=at, content={"by": by})

    def _missed(self, milestone: Milestone, visit: Visit) -> Effect:
        """On the day on which the miss is seen; seen after the window: at its next opening, with other wording."""
        seen = visit.seen(self._practice)
        if visit.outcome is Outcome.CANCELLED:
            seen = self._practice.start_of(plus_days(self._practice.day(seen), 1))
        elif visit.start.instant is not None:
            seen = max(seen, visit.start.instant)
        at = self._practice.send_time(seen)
        is_late = self._practice.day(at) != self._practice.day(seen)
        content: dict[str, object] = {"wording": "late" if is_late else "same-day"}
        return self._message(milestone, visit, "appointment-missed", at=at, content=content)

    def _message(
        self, milestone: Milestone, visit: Visit, what: str, *, at: datetime | None, content: dict[str, object]
    ) -> Effect:
        return Effect(
            key=f"{_of_visit(milestone, visit)}|{what}",
            kind=EffectKind.MESSAGE,
            what=what,
            patient=self._patient,
            plan=milestone.plan,
            milestone=milestone.key,
            at=at,
            role="patient",
            content={"appointment": visit.fact.ref, **content},
        )

    # --------------------------------------------------------------------------------------------------------- reviews
    def _review(self, turn: Assessed) -> Iterator[Effect]:
        milestone = turn.milestone
        if milestone.reason not in _REVIEWS or milestone.status is not Status.IN_REVIEW:
            return
        what, role = _REVIEWS[milestone.reason]
        about = [e for e in milestone.evidence if milestone.reason != "loose-evidence" or e.strength is Strength.LOOSE]
        refs = ",".join(f"{e.resource}@{e.version}" for e in about)
        days = [e.on for e in about if e.on is not None]
        began = self._practice.start_of(max(days)) if days else None
        content: dict[str, object] = {"title": milestone.title, "evidence": [e.resource for e in about]}
        definition = turn.turn.step.definition
        if milestone.reason == "checklist-open" and definition is not None and definition.checklist:
            content["checklist"] = list(definition.checklist)
        yield Effect(
            key=f"{milestone.key}|{milestone.reason}|{refs}",
            kind=EffectKind.WORK,
            what=what,
            patient=self._patient,
            plan=milestone.plan,
            milestone=milestone.key,
            at=self._practice.staff_morning(began) if began else None,
            role=role,
            content=content,
        )

    def _closed_as_a_whole(self) -> Iterator[Effect]:
        """S8: of such a plan that has ended, somebody must say what became of each step."""
        for turn in self._answer.turns:
            if turn.milestone.reason == "plan-closed-as-a-whole":
                yield from self._review(turn)

    def _reached(self, turn: Assessed) -> Iterator[Effect]:
        """A completion that the program celebrates, once for each milestone, while it is fresh."""
        milestone, until = turn.milestone, celebrated_until(turn)
        if until is None or milestone.completed_on is None or self._now.today > until or self.messages_wait:
            return
        yield Effect(
            key=f"{milestone.key}|milestone-reached",
            kind=EffectKind.MESSAGE,
            what="milestone-reached",
            patient=self._patient,
            plan=milestone.plan,
            milestone=milestone.key,
            at=self._practice.send_time(self._practice.start_of(milestone.completed_on)),
            role="patient",
            content={"title": milestone.title, "completed_on": milestone.completed_on.isoformat()},
        )

    # ----------------------------------------------------------------------------------------------------- whole plans
    def _alert(self, alert: Alert) -> Effect:
        """A flag of the program holds: at once, and once for as long as it holds without a break."""
        since = alert.since.isoformat() if alert.since else ""
        plan = self._answer.plan.plan
        return Effect(
            key=f"{self._chart.record.source}|{self._patient}|{plan}|alert|{alert.code}|{since}",
            kind=EffectKind.WORK,
            what="alert",
            patient=self._patient,
            plan=plan,
            role=COORDINATOR,
            content={"title": alert.title, "flag": alert.code, "since": since or None},
        )

    def _two_missed(self) -> Iterator[Effect]:
        """Provider review, once for that pair."""
        plan = self._answer.plan.plan
        if self._answer.pair:
            pair = self._answer.pair
            names = "|".join(f"{v.fact.ref}@{v.fact.start}" for v in pair)
            yield self._pair_item(f"{plan}|{names}", pair[1].seen(self._practice), [v.fact.ref for v in pair])
        neighbours = late_neighbours(self._answer.state.milestones)
        if neighbours and len(self._ladder.tiers) > 1:
            names = "|".join(f"{m.key}@{m.due}" for m in neighbours)
            due = max(m.due for m in neighbours if m.due is not None)
            began = self._practice.start_of(self._ladder.begins(self._ladder.tiers[1], due))
            yield self._pair_item(names, began, [m.title for m in neighbours])

    def _pair_item(self, name: str, since: datetime, about: Sequence[str]) -> Effect:
        return Effect(
            key=f"{self._chart.record.source}|{self._patient}|{name}|two-missed-in-a-row",
            kind=EffectKind.WORK,
            what="two-missed-in-a-row",
            patient=self._patient,
            plan=self._answer.plan.plan,
            at=self._practice.staff_morning(since),
            role=PROVIDER,
            content={"about": list(about)},
        )

    def _ended(self) -> Iterator[Effect]:
        """S7: a plan ended, or the patient became inactive, while steps were past due on the day on which that was seen."""
        plan, patient = self._answer.plan, self._chart.patient
        inactive = patient is not None and not patient.active
        fact = plan.fact if plan.has_ended else (patient if inactive else None)
        if fact is None or fact.seen is None or plan.is_draft:
            return
        seen_on = self._practice.day(fact.seen)
        late = [
            m
            for m in self._answer.state.milestones
            if m.status is Status.CANCELLED and m.reason in ("plan-ended", "patient-inactive")
            if m.due is not None and m.due < seen_on and not ended_long_ago(plan, self._chart, m.due)
        ]
        if late:
            yield Effect(
                key=f"{self._chart.record.source}|{plan.plan}|{fact.ref}|ended-with-open-gaps",
                kind=EffectKind.WORK,
                what="ended-with-open-gaps",
                patient=self._patient,
                plan=plan.plan,
                at=self._practice.staff_morning(fact.seen),
                role=COORDINATOR,
                content={"steps": [m.title for m in late]},
            )

    @property
    def _patient(self) -> str:
        return self._chart.record.ref


def _of_visit(milestone: Milestone, visit: Visit) -> str:
    """Effects of an appointment are keyed by its id *and* its start (DESIGN §5)."""
    return f"{milestone.key}|{visit.fact.ref}|{visit.fact.start}"


def _acting(turns: Sequence[Assessed]) -> set[str]:
    """Of a repeating milestone only the latest overdue turn has effects; none once a later turn is completed."""
    latest: dict[int, str | None] = {}
    for turn in turns:
        index = turn.turn.index
        if turn.milestone.status is Status.COMPLETED:
            latest[index] = None
        elif turn.milestone.gap is Gap.OPEN:
            latest[index] = turn.milestone.key
    return {key for key in latest.values() if key}


def writes(chart: Chart, answers: Sequence[PlanAnswer]) -> Iterator[Effect]:
    """What is to stand in the EHR: our Task of each milestone, the DetectedIssue of each gap, the patient's Flag."""
    patient, source = chart.record.ref, chart.record.source
    gaps: list[Milestone] = []
    for answer in answers:
        for milestone in answer.state.milestones:
            if milestone.gap is Gap.OPEN:
                gaps.append(milestone)
            unread = [ref for ref in milestone.refs if ref not in chart.record.facts]
            task = task_content(milestone, answer.state, patient, unread=unread)
            if task is not None:
                yield _write("task", patient, task.as_json(), milestone)
            gap = gap_content(milestone, patient)
            if gap is not None:
                yield _write("detected-issue", patient, gap.as_json(), milestone)
    if gaps:
        flag = flag_content(source, patient, gaps)
        yield _write("flag", patient, flag.as_json(), None)


def _write(what: str, patient: str, content: dict[str, object], milestone: Milestone | None) -> Effect:
    return Effect(
        key=f"write|{what}|{content['key']}",
        kind=EffectKind.WRITE,
        what=what,
        patient=patient,
        plan=milestone.plan if milestone else None,
        milestone=milestone.key if milestone else None,
        tier=milestone.tier if milestone else None,
        content=content,
    )

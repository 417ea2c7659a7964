"""Wanted effects against the ledger: each acts once, is withdrawn when its cause is gone, comes back with it (DESIGN
§5)."""

from dataclasses import replace
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.domain.assessment import Assessment, Effect, EffectKind
from plugin.domain.ledger import EffectState, LedgerRow, content_digest, given_over, reconcile
from plugin.domain.rules import SourceTraits
from plugin.domain.writes import TaskContent
from tests.book import Book
from tests.charts import A1C, THERAPY, booking, done, inline, order, patient, plan, step, task
from tests.generated_charts import Drawn, charts, instants

LATE = [patient(), plan(step("ServiceRequest/sr1")), order(code=THERAPY, occurrenceDateTime="2026-06-15")]
AHEAD = booking("2026-07-20T14:00:00Z")
PROVEN = done("2026-06-20", basedOn=[{"reference": "ServiceRequest/sr1"}])

OPENEMR = SourceTraits(steps_have_no_status=True, encounters_always_finished=True)


def test_each_tier_acts_once_in_an_episode() -> None:
    """DESIGN §5: when it is entered; day after day, and again after a crash, nothing is added."""
    book = Book()
    acted: list[str] = []

    for day in (
        "2026-06-16",
        "2026-06-17",
        "2026-06-22",
        "2026-06-23",
        "2026-06-29",
        "2026-06-30",
        "2026-07-16",
        "2026-08-01",
    ):
        book.see(LATE, day)
        acted += book.carry_out()

    assert acted == ["message overdue", "work overdue", "notice overdue", "report clinical-review"]
    assert book.in_state(EffectState.SKIPPED) == []


def test_a_moved_due_date_begins_a_new_episode() -> None:
    """DESIGN §5: the tiers of the new date act; those of the old one are withdrawn as far as they were not done."""
    book = Book()
    moved = [*LATE[:2], order(code=THERAPY, occurrenceDateTime="2026-06-20")]
    book.see(LATE, "2026-06-16")
    book.carry_out()
    book.see(LATE, "2026-06-23")

    book.see(moved, "2026-06-23")

    assert book.in_state(EffectState.WITHDRAWN) == ["work overdue"]
    assert book.carry_out() == ["message overdue"]


def test_a_gap_that_is_open_again_goes_on_with_its_episode() -> None:
    """DESIGN §5: because evidence was withdrawn; the message was sent already."""
    book = Book()
    book.see(LATE, "2026-06-16")
    assert book.carry_out() == ["message overdue"]
    book.see([*LATE, PROVEN], "2026-06-21")

    book.see([*LATE, PROVEN | {"status": "entered-in-error"}], "2026-06-22")
    assert book.carry_out() == []

    book.see(LATE, "2026-06-23")
    assert book.carry_out() == ["work overdue"]


def test_resolution_withdraws_what_is_pending_and_says_so_in_the_ehr() -> None:
    """DESIGN §5: at once; DetectedIssue closed, Task completed, Flag inactive."""
    book = Book()
    book.see(LATE, "2026-06-16")
    for row in [row for row in book.rows.values() if row.kind is EffectKind.WRITE]:
        book.rows[row.key] = replace(row, state=EffectState.DONE, done_digest=row.digest)

    book.see([*LATE, PROVEN], "2026-06-21")

    assert book.in_state(EffectState.WITHDRAWN) == ["message overdue"]
    assert book.content("detected-issue")["state"] == "closed"
    assert book.content("task")["status"] == "completed"
    assert book.content("flag")["active"] is False
    assert book.carry_out() == []


def test_what_was_withdrawn_before_it_was_done_comes_back_with_its_cause() -> None:
    """A booking stops the message; when it falls away, the same message is wanted again, once."""
    book = Book()
    book.see(LATE, "2026-06-16")
    book.see([*LATE, AHEAD], "2026-06-16")
    assert book.in_state(EffectState.WITHDRAWN) == ["message overdue"]

    book.see(LATE, "2026-06-17")

    assert book.carry_out() == ["message overdue"]


def test_when_time_was_lost_only_the_present_tier_acts() -> None:
    """DESIGN §5: the ones passed over are recorded as skipped."""
    book = Book()

    book.see(LATE, "2026-07-01")

    assert book.carry_out() == ["notice overdue"]
    assert book.in_state(EffectState.SKIPPED) == ["message overdue", "work overdue"]


def test_a_hold_withdraws_and_the_present_tier_acts_afterwards() -> None:
    """DESIGN §5: an order on hold and active again."""
    book = Book()
    book.see(LATE, "2026-06-16")
    book.see([*LATE[:2], order(code=THERAPY, occurrenceDateTime="2026-06-15", status="on-hold")], "2026-06-20")

    book.see(LATE, "2026-06-30")

    assert book.carry_out() == ["notice overdue"]
    assert book.in_state(EffectState.WITHDRAWN) == ["message overdue"]


def test_a_gap_that_is_none_after_all_is_written_over() -> None:
    """DESIGN §10: where it stands in the EHR; where it was never written, it is only withdrawn, and stays so."""
    in_time = [*LATE[:2], order(code=THERAPY, occurrenceDateTime="2026-07-15")]
    written, unwritten = Book(), Book()
    written.see(LATE, "2026-06-16")
    written.carry_out()
    unwritten.see(LATE, "2026-06-16")

    written.see(in_time, "2026-06-17")
    unwritten.see(in_time, "2026-06-17")

    assert (written.content("detected-issue")["state"], written.content("flag")["active"]) == ("withdrawn", False)
    writes = {row.what: row.state for row in unwritten.rows.values() if row.kind is EffectKind.WRITE}
    assert writes == {
        "task": EffectState.PLANNED,
        "detected-issue": EffectState.WITHDRAWN,
        "flag": EffectState.WITHDRAWN,
    }
    assert unwritten.see(in_time, "2026-06-18").is_empty


def test_a_gap_that_was_closed_before_it_was_seen_is_not_written() -> None:
    """DESIGN §10: there is nothing there to correct; nor are the Tasks of a plan that had ended."""
    closed, ended = Book(), Book()

    closed.see([*LATE, PROVEN], "2026-06-21")
    ended.see([patient(), plan(inline(A1C, "2026-06-15"), status="revoked")], "2026-06-21")

    assert {row.what for row in closed.rows.values()} == {"task"}
    assert ended.rows == {}


def test_the_gap_of_a_task_that_is_not_written_is_not_written_either() -> None:
    """S8: a plan that was closed as a whole leaves steps in review, and those past due in a gap. Of one that had ended
    before it was seen there are no Tasks, and a server refuses a gap whose Task is not there; of one that ends while it is
    tracked both stand."""
    late = inline(A1C, "2026-06-25")
    seen_late, seen_before = Book(), Book()
    closed = [patient(), plan(late, status="completed")]

    seen_late.see(closed, "2026-07-01", traits=OPENEMR)
    seen_before.see([patient(), plan(late)], "2026-06-16", traits=OPENEMR)
    seen_before.carry_out()
    seen_before.see(closed, "2026-07-01", traits=OPENEMR)

    assert {row.what for row in seen_late.rows.values() if row.kind is EffectKind.WRITE} == {"flag"}
    both = {row.what for row in seen_before.rows.values() if row.kind is EffectKind.WRITE}
    assert both == {"flag", "task", "detected-issue"}


def test_a_plan_that_ends_cancels_the_tasks_that_stand() -> None:
    """DESIGN §10: those were written while it was active."""
    book = Book()
    chart = [patient(), plan(inline(A1C, "2026-06-30"))]
    book.see(chart, "2026-06-16")
    book.carry_out()

    book.see([patient(), plan(inline(A1C, "2026-06-30"), status="revoked")], "2026-06-17")

    assert (book.content("task")["status"], book.content("task")["reason"]) == ("cancelled", "plan-ended")


def test_a_task_that_nothing_wants_any_more_is_cancelled() -> None:
    """The plan was deleted, or somebody else's Task stands for the step now: a nurse would see each twice."""
    chart = [patient(), plan(inline(A1C, "2026-06-30"), inline(THERAPY, status="completed"))]
    others = task(code=A1C, basedOn=[{"reference": "CarePlan/cp1"}])

    for later in ([patient()], [*chart, others]):
        book = Book()
        book.see(chart, "2026-06-16")
        book.carry_out()
        book.see(later, "2026-06-17")
        book.carry_out()
        statuses = {str((r.content or {})["title"]): (r.content or {})["status"] for r in book.rows.values()}
        assert statuses == {"HbA1c": "cancelled", "Physical therapy": "completed"}
        assert book.see(later, "2026-06-18").is_empty


def test_a_write_is_renewed_only_when_its_content_changes() -> None:
    """DESIGN §10: nothing is written because a day has passed within a tier."""
    book = Book()
    book.see(LATE, "2026-06-16")
    book.carry_out()

    assert book.see(LATE, "2026-06-17").is_empty
    assert {effect.what for _, effect in book.see(LATE, "2026-06-23").renew} == {"task", "detected-issue"}


def test_what_is_being_written_and_wanted_no_more_is_written_over() -> None:
    """A claimed write may stand in the EHR already."""
    book = Book()
    book.see(LATE, "2026-06-16")
    (issue,) = [row for row in book.rows.values() if row.what == "detected-issue"]
    book.rows[issue.key] = replace(issue, state=EffectState.CLAIMED)

    book.see([*LATE[:2], order(code=THERAPY, occurrenceDateTime="2026-07-15")], "2026-06-17")

    assert book.content("detected-issue")["state"] == "withdrawn"


def test_what_is_planned_follows_its_owner() -> None:
    """A reassignment before the morning moves the work item; what was done stays with whom it was given."""
    book = Book()
    late = [patient(), plan(inline(A1C, "2026-06-12"))]
    owned = [patient(), plan(inline(A1C, "2026-06-12", performer=[{"reference": "Practitioner/x"}]))]
    book.see(late, "2026-06-20")

    change = book.see(owned, "2026-06-20")
    (work,) = [row for row in book.rows.values() if row.kind is EffectKind.WORK]
    assert [effect.what for _, effect in change.renew if effect.kind is EffectKind.WORK] == ["overdue"]
    assert work.owner == "Practitioner/x"

    book.carry_out()
    assert [e for _, e in book.see(late, "2026-06-21").renew if e.kind is EffectKind.WORK] == []


def test_equal_contents_have_equal_digests() -> None:
    """Whatever the order of the keys; no content has the empty one."""
    assert content_digest({"a": 1, "b": [2]}) == content_digest({"b": [2], "a": 1})
    assert content_digest({"a": 1}) != content_digest({"a": 2})
    assert content_digest(None) == ""


def test_a_content_survives_the_ledger() -> None:
    """As JSON and back; names that are no longer known are ignored."""
    book = Book()
    book.see(LATE, "2026-06-16")
    content = book.content("task")

    assert TaskContent.from_json({**content, "a_field_of_last_year": 1}).as_json() == content


@settings(max_examples=40)
@given(
    drawn=charts(),
    other=charts(),
    moments=st.lists(st.tuples(instants, st.booleans(), st.booleans()), min_size=2, max_size=6),
)
def test_an_effect_acts_once_whatever_comes(
    drawn: Drawn, other: Drawn, moments: list[tuple[datetime, bool, bool]]
) -> None:
    """DESIGN §1: running twice makes the same effects once; reconciling again changes nothing; for any history of any two
    charts, with deliveries in between or not."""
    book = Book()
    acted: list[str] = []

    for now, is_other, delivers in sorted(moments):
        book.take((other if is_other else drawn).at(now))
        if delivers:
            done_before = len(book.carried_out)
            book.carry_out()
            acted += book.carried_out[done_before:]

    once = [key for key in acted if not key.startswith("write|")]
    assert len(once) == len(set(once))
    skipped = {row.key for row in book.rows.values() if row.state is EffectState.SKIPPED}
    assert not skipped & set(acted)


def a_row(state: EffectState, kind: EffectKind = EffectKind.NOTICE) -> LedgerRow:
    """One tier's effect of a milestone."""
    return LedgerRow(
        id=1, key="k|tier-3|overdue", kind=kind, what="overdue", state=state, patient_id=1, source_id=1, role="provider"
    )


def wanting(*kinds: EffectKind) -> Assessment:
    """The same tier, by another version of the ladder."""
    wanted = (
        Effect(key="k|tier-3|overdue", kind=kind, what="overdue", patient="Patient/p1", role="provider")
        for kind in kinds
    )
    return Assessment(patient="Patient/p1", wanted=tuple(wanted))


def test_a_tier_that_does_something_else_now() -> None:
    """What is planned becomes that; what was done stays done, since a tier acts once in an episode."""
    planned, done_already = (a_row(state) for state in (EffectState.PLANNED, EffectState.DONE))

    change = reconcile([planned], wanting(EffectKind.WORK))

    assert [(id_, effect.kind) for id_, effect in change.renew] == [(1, EffectKind.WORK)]
    assert reconcile([planned], wanting(EffectKind.NOTICE)).is_empty
    assert reconcile([done_already], wanting(EffectKind.WORK)).is_empty


def test_work_that_was_given_out_and_is_wanted_no_more() -> None:
    """It comes off its item; what is only planned never stood on one."""
    given = a_row(EffectState.DONE, EffectKind.WORK)

    assert given_over([given], wanting()) == (given,)
    assert given_over([given], wanting(EffectKind.WORK)) == ()
    assert given_over([a_row(EffectState.PLANNED, EffectKind.WORK)], wanting()) == ()

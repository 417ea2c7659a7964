"""What each act needs, and the words at the field for what is missing: the day before, the day, the day after."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from plugin.domain.act import REASONS, Act, ActKind, Checked, ContactOutcome
from plugin.domain.act_check import (
    LONGEST_NOTE,
    WHOLE_FORM,
    Ground,
    check_act,
    choices_of_evidence,
    clean,
    is_evidence,
    members_of,
)
from plugin.domain.assessment import Evidence, Milestone, Owner, Status, Strength
from plugin.domain.errors import BadAct
from plugin.domain.permissions import Role
from plugin.domain.record import CareTeam, Coding, Event, Fact, Member, Record
from tests.builders import WEIGHT, a_booking, a_result, an_order
from tests.contract.storage.given import a_step

TODAY = date(2026, 6, 16)
LOOSE = Evidence("Observation/o1", Strength.LOOSE, date(2026, 6, 10), "7")
TEAM = CareTeam(
    ref="CareTeam/t1",
    status="active",
    members=(
        Member("Practitioner/nurse", (Coding("", "nurse"),)),
        Member("Practitioner/nurse", (Coding("", "coach"),)),
        Member("Patient/p1"),
        Member("https://elsewhere.example/Practitioner/1"),
        Member(None),
    ),
)


def ground(*facts: Fact, **changes: Any) -> Ground:
    """A step in review for loose evidence, of a patient with a result and a care team."""
    milestone: Milestone = a_step(
        **{"status": Status.IN_REVIEW, "reason": "loose-evidence", "evidence": (LOOSE,), **changes}
    )
    record = Record.of("Patient/p1", "main", (a_result(1), TEAM, *facts))
    return Ground(milestone=milestone, record=record, today=TODAY)


def checked(kind: ActKind, on: Ground | None = None, /, **parts: str) -> Checked:
    """The act, made sure of."""
    return check_act(Act(kind=kind, milestone="k1", once="x", **parts), on or ground())


def wrong(kind: ActKind, on: Ground | None = None, /, **parts: str) -> Sequence[str]:
    """The fields that are complained of."""
    with pytest.raises(BadAct) as caught:
        checked(kind, on, **parts)
    assert all(words[0].isupper() and words.endswith(".") for words in caught.value.fields.values())
    return sorted(caught.value.fields)


@pytest.mark.parametrize(
    ("kind", "parts", "fields"),
    [
        (ActKind.DONE, {}, ["note"]),
        (ActKind.DONE, {"evidence": "Observation/other"}, ["evidence"]),
        (ActKind.DONE, {"evidence": "CareTeam/t1"}, ["evidence"]),
        (ActKind.NOT_APPLICABLE, {}, ["reason"]),
        (ActKind.NOT_APPLICABLE, {"reason": "away"}, ["reason"]),
        (ActKind.NOT_APPLICABLE, {"reason": "other"}, ["note"]),
        (ActKind.HOLD, {}, ["reason", "until"]),
        (ActKind.HOLD, {"reason": "away", "until": "soon"}, ["until"]),
        (ActKind.HOLD, {"reason": "other", "until": "2026-07-01"}, ["note"]),
        (ActKind.REASSIGN, {}, ["owner"]),
        (ActKind.REASSIGN, {"owner": "Practitioner/stranger"}, ["owner"]),
        (ActKind.REASSIGN, {"owner": "role:king"}, ["owner"]),
        (ActKind.REASSIGN, {"owner": "role:auditor"}, ["owner"]),
        (ActKind.REASSIGN, {"owner": "Patient/p1"}, ["owner"]),
        (ActKind.REASSIGN, {"owner": "role:coordinator"}, ["owner"]),
        (ActKind.CONTACT, {}, ["outcome"]),
        (ActKind.CONTACT, {"outcome": "reached"}, ["outcome"]),
        (ActKind.CONTACT, {"outcome": "reached-barrier", "reason": "away", "note": "…"}, ["outcome"]),
        (ActKind.CONTACT, {"outcome": "reached-barrier", "reason": "cost"}, ["note"]),
        (ActKind.CONTACT, {"outcome": "deceased"}, ["note"]),
        (ActKind.CONFIRM, {}, ["evidence"]),
        (ActKind.CONFIRM, {"evidence": "Observation/other"}, ["evidence"]),
        (ActKind.REFUSE, {"evidence": "CareTeam/t1"}, ["evidence"]),
        (ActKind.NOTE, {}, ["note"]),
        (ActKind.NOTE, {"note": " \r\n\t\x00 "}, ["note"]),
        (ActKind.NOTE, {"note": "x" * (LONGEST_NOTE + 1)}, ["note"]),
    ],
)
def test_what_is_missing_is_said_at_its_field(kind: ActKind, parts: dict[str, str], fields: list[str]) -> None:
    """In a sentence."""
    assert wrong(kind, None, **parts) == fields


@pytest.mark.parametrize(
    ("kind", "parts", "expected"),
    [
        (ActKind.DONE, {"note": "Seen."}, Checked(kind=ActKind.DONE, note="Seen.")),
        (
            ActKind.DONE,
            {"evidence": "Observation/o1"},
            Checked(kind=ActKind.DONE, target="Observation/o1", target_version=""),
        ),
        (ActKind.NOT_APPLICABLE, {"reason": "duplicate"}, Checked(kind=ActKind.NOT_APPLICABLE, reason="duplicate")),
        (
            ActKind.HOLD,
            {"reason": "away", "until": "2026-06-17"},
            Checked(kind=ActKind.HOLD, reason="away", until=date(2026, 6, 17)),
        ),
        (ActKind.REASSIGN, {"owner": "role:coach"}, Checked(kind=ActKind.REASSIGN, target="role:coach")),
        (
            ActKind.REASSIGN,
            {"owner": "Practitioner/nurse"},
            Checked(kind=ActKind.REASSIGN, target="Practitioner/nurse"),
        ),
        (
            ActKind.CONTACT,
            {"outcome": "reached-barrier", "reason": "fear", "note": "Needles.", "next_on": "2026-06-16"},
            Checked(kind=ActKind.CONTACT, outcome="reached-barrier", reason="fear", note="Needles.", next_on=TODAY),
        ),
        (ActKind.CONTACT, {"outcome": "no-answer"}, Checked(kind=ActKind.CONTACT, outcome="no-answer")),
        (
            ActKind.CONFIRM,
            {"evidence": "Observation/o1"},
            Checked(kind=ActKind.CONFIRM, target="Observation/o1", target_version="7"),
        ),
        (
            ActKind.REFUSE,
            {"evidence": "Observation/o1"},
            Checked(kind=ActKind.REFUSE, target="Observation/o1", target_version="7"),
        ),
        (ActKind.NOTE, {"note": " Mornings.\r\nOr late. "}, Checked(kind=ActKind.NOTE, note="Mornings.\nOr late.")),
    ],
)
def test_what_is_complete_is_taken(kind: ActKind, parts: dict[str, str], expected: Checked) -> None:
    """Exactly as it was meant; evidence in the version that the step shows."""
    assert checked(kind, None, **parts) == expected


@pytest.mark.parametrize(
    ("until", "ok"),
    [("2026-06-15", False), ("2026-06-16", False), ("2026-06-17", True), ("2028-06-17", True), ("2028-06-19", False)],
)
def test_a_hold_ends_after_today(until: str, ok: bool) -> None:
    """Today it would end at once; further than two years ahead is a slip of the finger."""
    if ok:
        assert checked(ActKind.HOLD, reason="away", until=until).until == date.fromisoformat(until)
    else:
        assert wrong(ActKind.HOLD, reason="away", until=until) == ["until"]


@pytest.mark.parametrize(("next_on", "ok"), [("2026-06-15", False), ("2026-06-16", True), ("2026-06-17", True)])
def test_the_next_contact_is_today_or_later(next_on: str, ok: bool) -> None:
    """She may be called again this afternoon."""
    if ok:
        assert checked(ActKind.CONTACT, outcome="no-answer", next_on=next_on).next_on == date.fromisoformat(next_on)
    else:
        assert wrong(ActKind.CONTACT, outcome="no-answer", next_on=next_on) == ["next_on"]


def test_every_coded_reason_and_outcome_is_taken() -> None:
    """With words, none is refused."""
    for kind, reasons in REASONS.items():
        for reason in reasons:
            assert checked(kind, reason=reason, note="…", until="2026-07-01").reason == reason
    for outcome in ContactOutcome:
        found = checked(ActKind.CONTACT, outcome=outcome.value, reason="cost", note="…")
        assert found.outcome == outcome


def test_what_the_state_does_not_offer_is_not_done() -> None:
    """Nothing of the form's fields is to blame."""
    over = ground(status=Status.COMPLETED, reason=None)

    assert wrong(ActKind.HOLD, over, reason="away", until="2026-07-01") == [WHOLE_FORM]
    assert wrong(ActKind.RELEASE) == [WHOLE_FORM]
    assert wrong(ActKind.CONFIRM, ground(evidence=(), reason="awaiting-result"), evidence="Observation/o1") == [
        WHOLE_FORM
    ]


def test_who_has_it_already_is_not_given_it() -> None:
    """By name as by role."""
    hers = ground(owner=Owner("Practitioner/nurse", None, "statement"))

    assert wrong(ActKind.REASSIGN, hers, owner="Practitioner/nurse") == ["owner"]
    assert checked(ActKind.REASSIGN, hers, owner=f"role:{Role.COORDINATOR}").target == "role:coordinator"


def test_the_care_team_is_people_who_can_own_a_task() -> None:
    """Each once; not the patient, nor anybody of another server."""
    assert members_of(ground().record) == ["Practitioner/nurse"]


def test_evidence_is_what_happened() -> None:
    """Nothing planned, cancelled or entered in error; no Task of ours."""
    done = an_order(1, status="completed")

    assert is_evidence(a_result(1))
    assert is_evidence(a_booking(1, status="fulfilled"))
    assert is_evidence(done)
    assert not is_evidence(a_booking(1, status="booked"))
    assert not is_evidence(an_order(1))
    assert not is_evidence(Event(ref="Observation/o2", status="entered-in-error"))


def test_what_has_the_steps_code_is_offered_first_then_the_newest() -> None:
    """So that the likely one is on top."""
    old_weight, new_weight = (a_result(n, code=WEIGHT, on=on) for n, on in ((2, "2026-05-01"), (3, "2026-06-12")))
    on = ground(old_weight, new_weight, a_booking(1))

    found = [fact.ref for fact in choices_of_evidence(on.record, on.milestone)]

    assert found == ["Observation/o1", "Observation/o3", "Observation/o2"]


def test_words_are_kept_as_they_are_without_what_no_database_takes() -> None:
    """Names and remarks in every script; markup is the page's business."""
    assert clean("  <b>Ñandú</b> 日本\u200c\n\tx\x00\x1b\ud800\x85 ") == "<b>Ñandú</b> 日本\u200c\n\tx"

"""A message for one patient never reaches another's chart: over HTTP, against the recorded OpenEMR (recordings 230,
235, 236, 257 to 259; row 31)."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import responses

from fhir_adapters.sinks import StaffAuth, StandardApi
from fhir_adapters.sinks.standard_api import Letter
from plugin.domain.errors import PermanentFailure, Refused, TemporaryFailure
from plugin.domain.ledger import LedgerRow
from plugin.domain.staff_message import ChartNumber
from plugin.domain.writes import gap_ref
from tests.fhir_adapters.sinks.inbox_world import (
    DAY_UUID,
    ONCE,
    FakeTokens,
    InboxWorld,
    a_gap,
    a_notice,
    inbox_world,
)

GAP = gap_ref("clinic|plan|hba1c")
API = "https://openemr.example/apis/default/api"
PATIENT = f"{API}/patient/{DAY_UUID}"


@pytest.fixture
def world() -> Iterator[InboxWorld]:
    """Ada's id begins with 2, and her chart is 9; chart 2 is Bert's."""
    with inbox_world() as made:
        yield made


def somebody_else_gets(world: InboxWorld, number: int, *, now: int, moves_along: bool) -> None:
    """Ada's chart has another number from now on, and Cleo gets the old one. What hangs on a chart may move along."""
    before = dict(world.clinic.messages)
    world.clinic.change_pid(number, now)
    if not moves_along:
        world.clinic.messages.update(before)
    world.clinic.register_patient("Cleo", "Other", dob=date(1980, 5, 6), pid=number)


def test_an_id_that_begins_with_digits(world: InboxWorld) -> None:
    """OpenEMR would make chart 2 of it, and say that the message was taken (recording 257). It is never put there."""
    (answer,) = world.write(a_gap())

    assert answer.error is None
    assert (len(world.in_chart(9)), world.in_chart(2)) == (1, [])
    asked = [seen.path for seen in world.openemr.requests if "/message" in seen.path]
    assert asked == ["/apis/default/api/patient/9/message"]


@pytest.mark.parametrize("moves_along", [True, False])
def test_a_number_that_changed_between_two_messages(world: InboxWorld, moves_along: bool) -> None:
    """The old message is taken away, wherever it hangs by now; the new one is in the right chart, and in nobody else's."""
    world.write(a_gap())
    somebody_else_gets(world, 9, now=30, moves_along=moves_along)

    (answer,) = world.write(a_gap(tier=2))

    assert answer.error is None
    assert world.in_chart(9) == []
    (message,) = world.in_chart(30)
    assert "HbA1c is 12 days overdue" in message.body
    assert [shown.mid for shown in world.clinic.messages_of("nurse")] == [message.mid]


@pytest.mark.parametrize("moves_along", [True, False])
def test_a_number_that_changed_before_the_gap_was_closed(world: InboxWorld, moves_along: bool) -> None:
    """Nothing about Ada is said in Cleo's chart, not even that it is done."""
    world.write(a_gap())
    somebody_else_gets(world, 9, now=30, moves_along=moves_along)

    (answer,) = world.write(a_gap(state="closed", tier=0))

    assert answer.error is None
    assert (world.in_chart(9), world.clinic.messages_of("nurse")) == ([], [])


@pytest.mark.parametrize("moves_along", [True, False])
def test_a_number_that_changes_while_the_message_is_on_its_way(world: InboxWorld, moves_along: bool) -> None:
    """Between the question and the message: it is looked at once more, taken away, and sent again to the right chart."""
    world.meanwhile.after(1, lambda: somebody_else_gets(world, 9, now=30, moves_along=moves_along))

    (answer,) = world.write(a_gap())

    assert answer.temporary
    assert (world.in_chart(9), world.in_chart(30)) == ([], [])
    assert world.sink.standing([GAP]) == []

    world.write(a_gap())
    assert (world.in_chart(9), len(world.in_chart(30))) == ([], 1)


def test_the_look_afterwards_is_made_up_for(world: InboxWorld) -> None:
    """The number changed on the way, and then nobody answered: the next try finds it, also after a restart."""

    def moves_and_then_falls_silent() -> None:
        somebody_else_gets(world, 9, now=30, moves_along=False)
        world.meanwhile.after(1, world.openemr.down)

    world.meanwhile.after(1, moves_and_then_falls_silent)
    with pytest.raises(TemporaryFailure):
        world.write(a_gap())
    assert len(world.in_chart(9)) == 1
    world.openemr.up()

    world.write(a_gap())

    assert (world.in_chart(9), len(world.in_chart(30))) == ([], 1)


def test_a_patient_who_is_gone(world: InboxWorld) -> None:
    """No message, and a failure of this one patient alone."""
    world.clinic.delete_patient(9)

    (answer,) = world.write(a_gap())

    assert (answer.version, answer.temporary) == (None, False)
    assert world.clinic.messages == {}


def test_a_patient_who_is_gone_leaves_nothing_open(world: InboxWorld) -> None:
    """The gap ends with the patient, and so does its message: it is taken out of the inbox, and no other chart has it."""
    world.write(a_gap(), a_notice())
    world.clinic.delete_patient(9)

    answers = world.write(a_gap(state="withdrawn", tier=0))

    assert [answer.error for answer in answers] == [None]
    assert [world.clinic.messages_of(name) for name in ("nurse", "doctor")] == [[], []]


@pytest.mark.parametrize("gap", [a_gap(tier=2), a_gap(state="closed", tier=0)], ids=["open", "closed"])
def test_a_lost_answer_and_a_number_that_is_anothers_by_now(world: InboxWorld, gap: LedgerRow) -> None:
    """What may hang on Cleo's chart has no number that we know: who gets the new message is told what to look for."""
    world.openemr.answer_next_with("half", path="/message")
    with pytest.raises(TemporaryFailure):
        world.write(a_gap())
    somebody_else_gets(world, 9, now=30, moves_along=False)

    world.write(gap)

    (lost,), (message,) = world.in_chart(9), world.in_chart(30)
    assert message.title == lost.title
    assert f"message with the number {lost.title.rpartition(' ')[2]}" in message.body
    assert "on whatever chart" in message.body


@pytest.mark.parametrize(
    "found",
    [
        {"uuid": "3b1b2c3d-0000-4000-8000-0000000000e1", "pid": 9},
        {"uuid": DAY_UUID.upper(), "pid": 9},
        {"pid": 9},
        {"uuid": DAY_UUID},
        {"uuid": DAY_UUID, "pid": "9"},
        {"uuid": DAY_UUID, "pid": 9.0},
        {"uuid": DAY_UUID, "pid": True},
        {"uuid": DAY_UUID, "pid": 0},
        {"uuid": DAY_UUID, "id": 9, "pid": None},
        {"uuid": DAY_UUID, "pid": DAY_UUID},
        [{"uuid": DAY_UUID, "pid": 9}],
        None,
    ],
)
def test_an_answer_that_names_no_chart_for_certain(found: Any) -> None:
    """Another patient's answer with 200, or a number that is nearly one: no chart is made of it."""
    with responses.RequestsMock() as server:
        server.get(PATIENT, json={"validationErrors": [], "data": found})

        with pytest.raises(PermanentFailure):
            _api().chart_of(f"Patient/{DAY_UUID}")


@pytest.mark.parametrize("ref", ["2", DAY_UUID, f"Practitioner/{DAY_UUID}", "Patient/", f"Patient/{DAY_UUID}/x"])
def test_what_is_no_patient_is_not_asked_for(ref: str) -> None:
    """Nothing is sent."""
    with pytest.raises(Refused):
        _api().chart_of(ref)


@pytest.mark.parametrize("body", [{"mid": "7"}, {"mid": 0}, {"mid": None}, {"to": {"x": "y"}}, {}])
def test_an_addition_that_is_answered_for_another_message(body: Any) -> None:
    """A 200 that does not name the message is no success."""
    with responses.RequestsMock() as server:
        server.put(f"{API}/patient/9/message/8", json=body)

        with pytest.raises(Refused):
            _api().add(ChartNumber(9), 8, Letter("nurse", "Milepost", "title", "body"))


def _api() -> StandardApi:
    return StandardApi(API, StaffAuth(FakeTokens("token")), ended=lambda: None, terms=ONCE)

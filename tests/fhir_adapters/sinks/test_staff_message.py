"""Messages to staff, against the recorded OpenEMR."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from plugin.domain.errors import CannotDo, TemporaryFailure, Unauthorized
from plugin.domain.writes import gap_ref, notice_ref
from tests.fhir_adapters.sinks.inbox_world import NOW, InboxWorld, a_gap, a_notice, inbox_world

GAP = gap_ref("clinic|plan|hba1c")
NOTICE = notice_ref("clinic|plan|hba1c|2026-11-14|tier-3|overdue")


@pytest.fixture
def world() -> Iterator[InboxWorld]:
    """A practice."""
    with inbox_world() as made:
        yield made


def test_one_message_for_a_gap_from_open_to_closed(world: InboxWorld) -> None:
    """It says what, how late, what is next and where; what is new is added to it; with the gap it leaves the inbox."""
    world.write(a_gap())
    (message,) = world.clinic.messages_of("nurse")

    assert message.pid == 9
    assert message.title.startswith("Care plan step overdue, MP-")
    assert "HbA1c is 12 days overdue. Due 2026-11-14. Next: see that it is done or booked" in message.body
    assert "https://milepost.test/admin/patients/41" in message.body
    assert "Ada" not in message.body
    assert "1968" not in message.body

    world.now = NOW + timedelta(days=8)
    world.write(a_gap(tier=2))
    (message,) = world.clinic.messages_of("nurse")
    assert "Still open: HbA1c is 20 days overdue. Due 2026-11-14. Tier 2." in message.body

    world.write(a_gap(state="closed", tier=0, closed_on="2026-12-03", owner=None))
    assert world.clinic.messages_of("nurse") == []
    (message,) = world.in_chart(9)
    assert (message.status, "the step is done (2026-12-03)" in message.body) == ("Done", True)


def test_a_gap_that_comes_back_is_a_new_message(world: InboxWorld) -> None:
    """The old one stays closed; nobody has to look for what was added to it."""
    world.write(a_gap())
    world.write(a_gap(state="withdrawn", tier=0))
    world.write(a_gap(due="2026-11-20", identified="2026-11-21"))

    old, new = world.in_chart(9)
    assert (old.status, new.status, old.title) == ("Done", "New", new.title)
    assert "HbA1c is 6 days overdue. Due 2026-11-20." in new.body


def test_to_whom(world: InboxWorld) -> None:
    """The owner's inbox, else the role's, else the coordinator's; a new owner gets the message of the gap."""
    world.write(a_gap())
    world.write(a_gap(owner="Practitioner/unknown", role="provider"))
    assert len(world.clinic.messages_of("doctor")) == 1
    world.write(a_gap(owner=None, role=None))

    assert [len(world.clinic.messages_of(name)) for name in ("nurse", "doctor", "desk")] == [0, 0, 1]


def test_nobody_is_named() -> None:
    """Then it fails for this row alone, and says what is missing; nothing is guessed."""
    with inbox_world(provider="doctor") as world, pytest.raises(CannotDo, match="inbox"):
        world.write(a_gap())


def test_a_notice_is_closed_with_the_gap(world: InboxWorld) -> None:
    """The provider is told by a message of its own, without a Task having to stand anywhere."""
    world.write(a_gap(), a_notice())
    (told,) = world.clinic.messages_of("doctor")
    assert "Due 2026-11-14. Next: please decide" in told.body

    world.write(a_gap(state="closed", tier=0))

    assert world.clinic.messages_of("doctor") == []
    assert world.clinic.messages_of("nurse") == []


def test_owner_and_provider_are_one_person() -> None:
    """One message for a person and a gap: the notice is added to what stands there, under the same number, and goes with it.
    Written once more it says nothing more."""
    with inbox_world(**{"Practitioner/nurse": "doctor", "provider": "doctor"}) as world:
        world.write(a_gap())
        world.write(a_gap(tier=3), a_notice())
        (message,) = world.clinic.messages_of("doctor")
        (before,) = (kept for kept in world.book.all() if kept.is_open)

        assert message.body.count("Tier 3: the provider is told. Next: please decide how to go on") == 1
        assert message.title.endswith(before.number)
        assert world.sink.ours_by_type() == {"Message": 1}
        assert {standing.digest for standing in world.sink.standing([GAP, NOTICE])} == {
            draft.digest for row in (a_gap(tier=3), a_notice()) if (draft := world.sink.draft(row))
        }

        world.write(a_gap(state="closed", tier=0))
        (message,) = world.in_chart(9)
        assert (message.status, message.body.count("Closed by Milepost")) == ("Done", 1)


def test_a_notice_whose_answer_is_lost_is_added_again() -> None:
    """To the same message, and says that it may stand there twice."""
    with inbox_world(**{"Practitioner/nurse": "doctor", "provider": "doctor"}) as world:
        world.write(a_gap())
        world.openemr.answer_next_with("server error", path="/message")
        with pytest.raises(TemporaryFailure):
            world.write(a_notice())
        world.write(a_notice())

        (message,) = world.in_chart(9)
        assert message.body.count("the provider is told") == 2
        assert message.body.count("This may stand here twice.") == 1


def test_a_notice_beside_a_message_in_a_chart_that_has_moved() -> None:
    """What hangs in the old chart is taken away, and the notice is a message of its own in the right one."""
    with inbox_world(**{"Practitioner/nurse": "doctor", "provider": "doctor"}) as world:
        world.write(a_gap())
        world.clinic.change_pid(9, 11)
        world.write(a_notice())

        assert world.in_chart(9) == []
        (message,) = world.in_chart(11)
        assert "Next: please decide" in message.body


def test_what_an_inbox_has_no_use_for(world: InboxWorld) -> None:
    """A Task or a Flag needs nothing there; what closes without a message makes none."""
    answers = world.write(a_gap(state="closed", tier=0))

    assert [answer.error for answer in answers] == [None]
    assert world.clinic.messages == {}
    assert world.openemr.requests == []


def test_an_answer_that_is_lost(world: InboxWorld) -> None:
    """Sent again under the same number, saying that it replaces the other: neither lost, nor doubled silently."""
    world.openemr.answer_next_with("bad gateway", path="/message")
    with pytest.raises(TemporaryFailure):
        world.write(a_gap())
    assert world.sink.standing([GAP]) == []

    world.write(a_gap())

    first, second = world.in_chart(9)
    number = first.title.rpartition(" ")[2]
    assert second.title.endswith(number)
    assert f"This replaces any earlier message with the number {number}, on whatever chart it is." in second.body
    assert "replaces" not in first.body
    assert [there.ref for there in world.sink.standing([GAP])] == [GAP]


def test_a_gap_closed_before_its_message_was_known_of(world: InboxWorld) -> None:
    """Somebody is told which message can be set to Done: we have no number of it there."""
    world.openemr.answer_next_with("half", path="/message")
    with pytest.raises(TemporaryFailure):
        world.write(a_gap())

    world.write(a_gap(state="closed", tier=0))

    first, last = world.in_chart(9)
    number = first.title.rpartition(" ")[2]
    assert (
        f"If a message with the number {number} is still open, on whatever chart, it can be set to Done." in last.body
    )
    assert last.to == "nurse"


def test_an_addition_whose_answer_is_lost(world: InboxWorld) -> None:
    """It is the same message, so it is only said once more; and that it may stand there twice."""
    world.write(a_gap())
    world.openemr.answer_next_with("server error", path="/message")
    with pytest.raises(TemporaryFailure):
        world.write(a_gap(tier=2))

    world.write(a_gap(tier=2))

    (message,) = world.in_chart(9)
    assert message.body.count("Tier 2.") == 2
    assert message.body.count("This may stand here twice.") == 1
    assert message.body.endswith("This may stand here twice.")


@pytest.mark.parametrize("kind", ["html", "php warning", "error body", "empty", "trailing error"])
def test_answers_that_are_no_answers(world: InboxWorld, kind: str) -> None:
    """None is taken for a chart or a message; a warning before the JSON is passed over. Nothing fails for good."""
    world.openemr.answer_next_with(kind, path="/patient")

    try:
        (answer,) = world.write(a_gap())
    except TemporaryFailure:
        assert kind != "php warning"
        assert world.clinic.messages == {}
        (answer,) = world.write(a_gap())

    assert answer.error is None
    assert len(world.in_chart(9)) == 1


def test_the_api_is_switched_off(world: InboxWorld) -> None:
    """All of it is tried again later; nothing has failed for good."""
    world.openemr.switch_off_api()
    with pytest.raises(TemporaryFailure, match="switched on"):
        world.write(a_gap())

    world.openemr.switch_on_api()
    world.write(a_gap())

    assert len(world.clinic.messages_of("nurse")) == 1


def test_the_session_was_ended_there(world: InboxWorld) -> None:
    """The account is told, and no token is asked for again."""
    world.clinic.end_trust(world.tokens.token)

    with pytest.raises(Unauthorized, match="session has ended"):
        world.write(a_gap())

    assert (world.tokens.has_ended, world.tokens.refused) == (True, [])


def test_a_scope_is_missing(world: InboxWorld) -> None:
    """Refused with 401: what the account lacks is said."""
    world.tokens.token = world.clinic.issue_token("api:oemr user/patient.read", user=world.clinic.user_named("admin"))

    with pytest.raises(Unauthorized, match="scope"):
        world.write(a_gap())
    assert world.book.kept[GAP].asked == ""


def test_a_server_that_goes_away_in_between(world: InboxWorld) -> None:
    """What was written is told as written; the rest is answered with the failure, and is tried again."""
    other = a_gap(key="clinic|plan|other")
    world.write(a_gap())
    world.meanwhile.after(3, world.openemr.down)

    first, second = world.write(a_gap(tier=2), other)

    assert (first.error, second.temporary) == (None, True)
    world.openemr.up()
    assert world.write(other)[0].error is None


def test_the_look_afterwards_is_made_up_for(world: InboxWorld) -> None:
    """A message that was answered for, and whose chart could not be asked for once more, is looked at with the next try;
    it is not sent twice."""
    world.meanwhile.after(2, world.openemr.down)
    with pytest.raises(TemporaryFailure):
        world.write(a_gap())
    assert world.sink.standing([GAP]) == []
    world.openemr.up()

    world.write(a_gap())

    (message,) = world.in_chart(9)
    assert "Still open" not in message.body
    assert [there.ref for there in world.sink.standing([GAP])] == [GAP]


def test_taken_back(world: InboxWorld) -> None:
    """Closed in words that say nothing of anybody, or deleted; a second time there is nothing left to do."""
    world.write(a_gap(), a_notice())
    assert world.sink.ours_by_type() == {"Message": 2}

    assert sum(part.done for part in world.sink.take_back("cancel")) == 2
    assert sum(part.done for part in world.sink.take_back("cancel")) == 0
    assert [message.status for message in world.in_chart(9)] == ["Done", "Done"]

    assert sum(part.done for part in world.sink.take_back("delete")) == 2
    assert (world.in_chart(9), world.sink.ours_by_type()) == ([], {})

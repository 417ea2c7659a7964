"""What the demo asks of HAPI: counts, names, and bookings of which nobody recorded the outcome."""

from datetime import date

import pytest
import responses
from responses.matchers import header_matcher, query_param_matcher

from deploy.demo.chart_side import OUR_TAG, Ehr
from deploy.demo.screen import StepFailed

BASE = "http://127.0.0.1:8190/fhir"
TODAY = date(2026, 11, 25)


def a_booking(number: int, *patients: str) -> dict[str, object]:
    """An entry of a searchset."""
    actors = [*patients, "Practitioner/pr1"]
    participants = [{"actor": {"reference": actor}} for actor in actors]
    return {"resource": {"resourceType": "Appointment", "id": f"a{number}", "participant": participants}}


@responses.activate(assert_all_requests_are_fired=True)
def test_a_count_is_the_servers_own_and_fresh() -> None:
    """HAPI reuses answers for a minute unless it is told not to; a shared server is asked for the practice's tag too."""
    both = {"_summary": "count", "_tag": [OUR_TAG, "https://milepost.example/demo|mine"]}
    matching = [query_param_matcher(both), header_matcher({"Cache-Control": "no-cache"})]
    responses.get(f"{BASE}/Task", json={"total": 42}, match=matching)

    assert Ehr(BASE, "mine").count("Task", _tag=OUR_TAG) == 42


@responses.activate(assert_all_requests_are_fired=True)
def test_only_a_booking_that_can_be_told_apart_is_offered() -> None:
    """A group's says nothing of one patient; of a patient with two, nobody could tell which step changed."""
    found = [a_booking(1, "Patient/p1"), a_booking(2, "Patient/p2", "Patient/p3"), a_booking(3, "Patient/p4")]
    responses.get(f"{BASE}/Appointment", json={"entry": [*found, a_booking(4, "Patient/p4")]})

    assert list(Ehr(BASE).unrecorded(TODAY)) == [("Appointment/a1", "Patient/p1")]


@responses.activate(assert_all_requests_are_fired=True)
def test_people_are_named_as_far_as_they_have_a_name() -> None:
    """A practitioner without one goes by the id."""
    named = {"id": "pr1", "name": [{"given": ["Testa"], "family": "Samplewright"}]}
    responses.get(f"{BASE}/Practitioner", json={"entry": [{"resource": named}, {"resource": {"id": "pr2"}}]})

    assert Ehr(BASE).names() == {"Practitioner/pr1": "Testa Samplewright", "Practitioner/pr2": "pr2"}


@responses.activate(assert_all_requests_are_fired=True)
def test_a_server_that_does_not_answer_is_named_without_its_words() -> None:
    """A resource's content has no place on the screen of a failure."""
    responses.get(f"{BASE}/Task", status=500, body="Sampleton-0001")

    with pytest.raises(StepFailed, match="HAPI did not answer a search for Task") as caught:
        Ehr(BASE).count("Task")
    assert "Sampleton" not in str(caught.value)

"""What OpenEMR's Standard API answers is judged by its body: each recorded answer that says 200 and has done nothing."""

import pytest
import responses

from fhir_adapters.sinks import StaffAuth, StandardApi
from fhir_adapters.sinks.standard_api import Letter, Unanswered
from plugin.domain.errors import Refused, Unauthorized
from plugin.domain.staff_message import ChartNumber
from tests.fhir_adapters.sinks.inbox_world import ONCE, FakeTokens
from tests.openemr_recordings import recording

MESSAGES = "https://openemr.example/apis/default/api/patient/9/message"
LETTER = Letter("nurse", "Milepost", "title", "words about nobody")
CHART = ChartNumber(9)


def api() -> StandardApi:
    return StandardApi(
        MESSAGES.removesuffix("/patient/9/message"), StaffAuth(FakeTokens("token")), ended=lambda: None, terms=ONCE
    )


def answered(method: str, number: int, place: str = MESSAGES) -> responses.RequestsMock:
    """That method is answered as it was then."""
    told = recording(number)
    server = responses.RequestsMock()
    server.add(method, place, body=told.raw, status=told.status, content_type="application/json")
    return server


def test_a_new_message_has_a_number() -> None:
    """Recording 226."""
    with answered("POST", 226):
        assert api().send(CHART, LETTER) == 1


@pytest.mark.parametrize("number", [227, 228, 383, 433])
def test_a_new_message_that_was_not_taken(number: int) -> None:
    """200, with what it finds wrong, field by field: nothing stands there. The fields are named, their words are not."""
    assert recording(number).status == 200

    with answered("POST", number), pytest.raises(Refused, match="200, but it was not taken: ") as refused:
        api().send(CHART, LETTER)

    assert "words about nobody" not in str(refused.value)


def test_an_addition_that_was_not_taken() -> None:
    """Recording 233, of what lacks a field."""
    with answered("PUT", 233, f"{MESSAGES}/1"), pytest.raises(Refused, match="not taken"):
        api().add(CHART, 1, LETTER)


@pytest.mark.parametrize(("number", "error"), [(447, Unauthorized), (210, Unauthorized), (436, Unauthorized)])
def test_who_may_not_write(number: int, error: type[Exception]) -> None:
    """An ACL, a scope, a session that was ended there."""
    with answered("POST", number), pytest.raises(error):
        api().send(CHART, LETTER)


@pytest.mark.parametrize(
    "body", ["false", "null", "{}", '{"error": "An error occurred"}', "<html>Log in</html>", "", "[]", '"true"']
)
def test_a_message_is_only_deleted_where_it_is_said(body: str) -> None:
    """`true` alone (recording 239): what was said about somebody in another's chart must not be believed gone."""
    with responses.RequestsMock() as server:
        server.delete(f"{MESSAGES}/5", body=body, status=200)

        with pytest.raises(Refused, match="it was not deleted"):
            api().delete(CHART, 5)


def test_a_message_is_deleted() -> None:
    """Recording 239."""
    with answered("DELETE", 239, f"{MESSAGES}/5"):
        api().delete(CHART, 5)


@pytest.mark.parametrize("body", ["", "<html>Log in</html>", '{"mid": 7'])
def test_an_answer_that_tells_nothing(body: str) -> None:
    """With 200: the message may stand there, or not."""
    with responses.RequestsMock() as server:
        server.post(MESSAGES, body=body, status=200)

        with pytest.raises(Unanswered):
            api().send(CHART, LETTER)

"""Every recorded exchange with the FHIR and the Standard API, asked again of the recorded OpenEMR, in its order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.deploy.openemr.oauth_world import kept
from tests.deploy.openemr.replay import differences, happen, numbers, replay
from tests.deploy.openemr.test_signing_in_is_checked import SIGNING_IN

PREFLIGHTS_OF_TOKENS = {"224", "380"}
NOT_ASKED: Mapping[str, str] = {
    "275": "its token was refreshed: test_oauth_recordings.py",
    "287": "its client was disabled: test_oauth_recordings.py",
    "385": "8.4 MB, of which the recording has the head and the tail: test_fhir.py makes one as large",
    "420": "its trust was taken away: test_oauth_recordings.py",
    "424": "its user had logged out: test_oauth_recordings.py",
    "426": "its token was over in the database: test_oauth_recordings.py",
    "460": "its token was over: test_oauth_recordings.py",
}
"""By number: why an exchange is not asked again here, and where it is."""


def _of_the_api() -> Iterator[str]:
    """What is below /apis, whoever asked."""
    for number in numbers():
        is_api = "/apis/" in kept(number).get("request", {}).get("path", "")
        if (is_api and number not in NOT_ASKED) or number in PREFLIGHTS_OF_TOKENS:
            yield number


API = tuple(_of_the_api())


@pytest.fixture(scope="module")
def compared() -> dict[str, list[str]]:
    """What differs, by recording."""
    found = {}
    with replay() as asked:
        for number in numbers():
            happen(asked.clinic, number)
            if number in API:
                found[number] = differences(number, asked.ask(number))
    return found


@pytest.mark.parametrize("number", API)
def test_an_answer_is_the_recorded_one(number: str, compared: dict[str, list[str]]) -> None:
    """Status, body to the byte, headers; what may differ is said in replay.py."""
    assert compared[number] == []


def test_no_recording_is_forgotten() -> None:
    """Each is asked here or in the tests of signing in, or listed with its reason."""
    assert set(numbers()) - {*API, *SIGNING_IN, *NOT_ASKED} == set()
    assert set(NOT_ASKED) & set(API) == set()

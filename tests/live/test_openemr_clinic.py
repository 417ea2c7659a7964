"""Ten days of a clinic with OpenEMR, and of the same one with a real HAPI: the milestones are the same after each, read
over HTTP, but for what is listed in ``ten_days/known.py``."""

from datetime import date
from itertools import pairwise

import pytest

from deploy.hapi.server import HapiServer
from tests.live.ten_days.known import KNOWN, SHOWN, Shown
from tests.live.ten_days.script import DAYS, DIET
from tests.live.ten_days.two_clinics import HALF_AN_ANSWER, SOON_AFTER, Diary, two_clinics

pytestmark = pytest.mark.live

FEW = 50
"""Milestones; with fewer, something else is wrong."""
ALL_DAYS = [day.date for day in DAYS]


@pytest.fixture(scope="module")
def diary(hapi: HapiServer, tmp_path_factory: pytest.TempPathFactory) -> Diary:
    """The ten days, lived through once."""
    with two_clinics(tmp_path_factory.mktemp("clinics"), hapi.base_url) as clinics:
        for day in DAYS:
            clinics.live(day)
        return clinics.end()


@pytest.mark.parametrize("day", ALL_DAYS, ids=str)
def test_after_each_day_they_differ_in_what_is_listed_and_nothing_else(diary: Diary, day: date) -> None:
    """Each milestone's Task with its gap, each patient's Flag, and what Milepost says of plan, misses and evidence. What is
    listed and does not occur is wrong, too."""
    assert min(diary.tasks[day]) > FEW
    assert diary.differences[day] == sorted(known for entry in KNOWN for known in entry.on(day))


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: f"{shown.day} {shown.of.who}")
def test_what_the_days_have_shown(diary: Diary, shown: Shown) -> None:
    """Beside OpenEMR, and so beside HAPI: the two are not equally wrong."""
    found = diary.facets[shown.day][shown.of]

    assert {facet: found.get(facet, "") for facet in shown.facets} == shown.facets


def test_a_poll_without_news_writes_nothing(diary: Diary) -> None:
    """A minute after the last one, each night: nothing is sent, and no version is another."""
    assert [done.written for day in ALL_DAYS for done in diary.again[day]] == [0, 0] * len(DAYS)
    assert set().union(*diary.changed.values()) == set()


def test_nothing_is_written_twice(diary: Diary) -> None:
    """One Task for each milestone, and no two versions of it in a row that say the same."""
    for tasks in diary.versions.values():
        numbers = [versions[0]["identifier"][0]["value"] for versions in tasks.values()]
        repeated = [ref for ref, versions in tasks.items() for one, next_ in pairwise(versions) if one == next_]

        assert len(numbers) == len(set(numbers))
        assert repeated == []


def test_what_was_put_aside_outlives_every_edit_of_its_plan(diary: Diary) -> None:
    """Under the key that the step had when a person said so: moved up and down, with other words, on another day."""
    assert [diary.holds[day] for day in ALL_DAYS] == [[(DIET, "on-hold")] * 2] * len(DAYS)


def test_a_deleted_booking_is_gone_after_a_complete_answer_and_not_before(diary: Diary) -> None:
    """It lies weeks ahead: the next poll asks for the days around today, and says nothing of it; the months do."""
    later = min(at for at in diary.watched if at > SOON_AFTER)

    assert diary.watched[SOON_AFTER]["Finn"] == "scheduled"
    assert diary.watched[later]["Finn"] == "ready"


def test_half_an_answer_deletes_nothing(diary: Diary) -> None:
    """The plan was deleted, and the answer in which it is missing breaks off: it stays until one comes whole."""
    later = min(at for at in diary.watched if at > HALF_AN_ANSWER)

    assert diary.watched[HALF_AN_ANSWER]["Hana"] == "ready"
    assert "Hana" not in diary.watched[later]


def test_every_reading_that_came_to_nothing_says_why(diary: Diary) -> None:
    """Two of them: the half answer, and the day on which nobody could be reached."""
    half, cut = diary.failures["openemr"]

    assert half.startswith("POST CarePlan/_search")
    assert half.endswith("answered with JSON that breaks off.")
    assert "the connection was cut" in cut
    assert diary.failures["hapi"] == []

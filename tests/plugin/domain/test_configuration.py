"""Versions: their numbers, and when two bodies say the same."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.configuration import (
    Enactment,
    Limits,
    body_hash,
    limits_body,
    next_version,
    same_content,
    those_in_force,
)

NOW = datetime(2026, 7, 1, tzinfo=UTC)
DAYS = st.none() | st.integers(1, 6).map(lambda day: date(2026, 7, day))


def test_next_version() -> None:
    """One more than there ever was; a name that is no number does not count."""
    assert next_version([]) == "1"
    assert next_version(["1", "2", "10", "shipped-11"]) == "11"


def test_same_content() -> None:
    """Under whatever version it stands."""
    assert same_content({"version": "1", "title": "A"}, {"title": "A"})
    assert not same_content({"version": "1", "title": "A"}, {"version": "1", "title": "B"})
    assert body_hash({"b": 1, "a": 2}) == body_hash({"a": 2, "b": 1}) != body_hash({"a": 2})


def test_limits_body() -> None:
    """Roles in order, so that the same limits are the same text."""
    assert limits_body(Limits(cap_percent=7, capacity={"scheduler": 9, "coordinator": 40})) == {
        "code": "practice",
        "title": "Limits",
        "cap_percent": 7,
        "capacity": [{"role": "coordinator", "per_day": 40}, {"role": "scheduler", "per_day": 9}],
    }


def _first_for(start: date | None, made: list[Enactment]) -> Enactment | None:
    is_for = (one for one in made if one.plans_from is None or (start is not None and one.plans_from <= start))
    return next(is_for, None)


@given(days=st.lists(DAYS, max_size=6), start=DAYS)
def test_those_in_force_are_all_that_any_plan_needs(days: list[date | None], start: date | None) -> None:
    """A plan follows the latest enactment that is for it; each that is kept is the one of some start, and no other is."""
    made = [
        Enactment(
            id=id_, kind="program", code="care", version="1", from_=NOW, plans_from=day, decided_at=NOW, by="user:1"
        )
        for id_, day in enumerate(days)
    ]

    kept = those_in_force(made)

    assert _first_for(start, kept) == _first_for(start, made)
    starts = [None, *(date(2026, 7, day) for day in range(1, 8))]
    assert {one.id for one in kept} == {one.id for each in starts if (one := _first_for(each, made))}

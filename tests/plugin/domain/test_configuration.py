"""Versions: their numbers, and when two bodies say the same."""

from plugin.domain.configuration import Limits, body_hash, limits_body, next_version, same_content


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

"""A calendar and limits in words, and what changes between two."""

from dataclasses import replace
from datetime import date, time
from zoneinfo import ZoneInfo

from plugin.domain.calendar import Holiday, Practice, calendar_body, holidays_in
from plugin.domain.configuration import Limits
from plugin.domain.practice_words import calendar_lines, compare_calendars, compare_limits, limits_lines, weekday_words

HOURS = Practice(ZoneInfo("America/Chicago"))
CHRISTMAS, NEW_YEAR = Holiday(date(2026, 12, 25), "Christmas Day"), Holiday(date(2027, 1, 1), "")


def test_weekdays() -> None:
    """In a row they are from one to another; with a gap each is named."""
    assert weekday_words(range(5)) == "Monday to Friday"
    assert weekday_words([0, 2, 4]) == "Monday, Wednesday and Friday"
    assert weekday_words([5, 6]) == "Saturday and Sunday"
    assert weekday_words([3]) == "Thursday"


def test_lines() -> None:
    """What the practice's page says."""
    assert dict(calendar_lines(HOURS))["At the hours"] == "09:00 to 19:00, never on a holiday"
    lines = dict(limits_lines(Limits(capacity={"medical-assistant": 1_200})))
    assert lines == {
        "A second person for": "changes for more than 5 % of the patients",
        "Medical assistant": "1,200 work items a working day",
    }


def test_compared() -> None:
    """Hours with before and after, holidays one by one."""
    later = replace(HOURS, morning=time(9), working_days=frozenset(range(6)))

    found = compare_calendars(HOURS, later, [CHRISTMAS], [NEW_YEAR])

    assert [(one.label or one.change.value, one.before, one.after) for one in found] == [
        ("Staff work", "Monday to Friday", "Monday to Saturday"),
        ("Work is due from", "08:00", "09:00"),
        ("added", "", "Fri 1 January 2027"),
        ("removed", "Fri 25 December 2026, Christmas Day", ""),
    ]
    assert compare_calendars(HOURS, HOURS, [CHRISTMAS], [CHRISTMAS]) == []
    (cap, added) = compare_limits(Limits(), Limits(cap_percent=3, capacity={"coordinator": 40}))
    assert (cap.before, cap.after[:25], added.before) == (
        "changes for more than 5 % of the patients",
        "changes for more than 3 %",
        "",
    )


def test_holidays_in_a_body() -> None:
    """What was stored comes back in order; what is no day is passed over."""
    body = calendar_body(HOURS, [NEW_YEAR, CHRISTMAS])

    assert holidays_in(body) == [CHRISTMAS, NEW_YEAR]
    assert holidays_in({"holidays": ["x", {"date": "2026-99-01"}, {"name": "y"}, {"date": "2027-01-01"}]}) == [NEW_YEAR]
    assert holidays_in({}) == []

"""Anything at all as the body of a program, ladder, calendar or limits: told what is wrong, in words and in time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.catalog.conditions import read_condition
from plugin.catalog.loader import FileCatalog, parse_program
from plugin.catalog.practice_reader import calendar_of, check_calendar, check_limits, limits_of
from plugin.catalog.reader import check_ladder, check_program, ladder_of, parse, program_of
from plugin.catalog.table import Table
from plugin.domain.calendar import Practice
from plugin.domain.circumstance import Circumstances, holds, since, turning_days
from plugin.domain.condition import Condition
from plugin.domain.condition_check import always_holds, never_holds
from plugin.domain.condition_words import condition_words
from plugin.domain.configuration import KINDS
from plugin.domain.errors import BadProgram
from plugin.domain.fault import Fault
from plugin.domain.ladder import Ladder
from plugin.domain.program import Program
from plugin.domain.program_compare import compare, compare_ladders
from plugin.domain.program_words import ladder_words, program_lines, step_lines
from plugin.domain.record import Patient, Said
from tests.charts import CHICAGO, Json, booking, concept, moment, patient, record_of, result, said, visit
from tests.generated_programs import anything, conditions, ladders, programs, spoiled
from tests.program_body import condition_body, ladder_body, program_body

CALENDAR_BODY: Json = {
    "code": "practice",
    "working_days": ["monday", "friday"],
    "holidays": [{"date": "2026-12-25", "name": "Christmas"}],
    "morning": "08:00",
    "send_days": ["saturday"],
    "send_from": "09:00",
    "send_until": "19:00",
}


def read(kind: Callable[[Mapping[str, object], str], Any], body: object) -> Any:
    """What is read of a body, or None where it is refused."""
    try:
        return kind(cast(Mapping[str, object], body), "x")
    except BadProgram:
        return None


def is_wrong(faults: Sequence[Fault]) -> bool:
    """Whether something cannot be published; each fault has words."""
    assert all(fault.words.endswith(".") for fault in faults)
    return any(fault.is_wrong for fault in faults)


@settings(max_examples=60)
@given(drawn=st.data(), program=programs(), is_spoiled=st.sampled_from([True, True, False]))
def test_what_tells_faults_and_what_refuses_agree(drawn: st.DataObject, program: Program, is_spoiled: bool) -> None:
    """Threats row 9: whatever is said in an editor or a file: words, never a traceback; a body without a wrong fault is
    read, and says the same when it is written and read again."""
    body = drawn.draw(spoiled(program_body(program))) if is_spoiled else program_body(program)

    found = read(program_of, body)

    assert (found is None) == is_wrong(check_program(body))
    if found is not None:
        assert program_of(program_body(found), "again") == found
        assert is_spoiled or found == program
        assert compare(found, found) == []
        assert all(line.words for m in found.milestones for line in step_lines(m, found))
        assert all(line.words for line in program_lines(found))


@settings(max_examples=30)
@given(drawn=st.data(), ladder=ladders(), is_spoiled=st.sampled_from([True, True, False]))
def test_the_same_of_ladders(drawn: st.DataObject, ladder: Ladder, is_spoiled: bool) -> None:
    """Threats row 9: likewise; each tier has words."""
    body = drawn.draw(spoiled(ladder_body(ladder))) if is_spoiled else ladder_body(ladder)

    found = read(ladder_of, body)

    assert (found is None) == is_wrong(check_ladder(body))
    assert is_spoiled or found == ladder
    if found is not None:
        assert ladder_of(ladder_body(found), "again") == found
        assert compare_ladders(found, found) == []
        assert len(ladder_words(found)) == len(found.tiers)


@settings(max_examples=60)
@given(body=anything)
def test_anything_at_all_is_checked(body: object) -> None:
    """Threats row 9: JSON that is no program; whatever it is, it is told what is wrong."""
    assert is_wrong(check_program(body))
    assert is_wrong(check_ladder(body))


@settings(max_examples=40)
@given(changes=st.dictionaries(st.sampled_from([*CALENDAR_BODY, "title", "x"]), anything, max_size=2))
def test_the_same_of_calendars_and_limits(changes: Json) -> None:
    """Threats row 9: likewise."""
    calendar = {**CALENDAR_BODY, **changes}
    limits = {"code": "practice", "cap_percent": 5, "capacity": [{"role": "coordinator", "per_day": 20}], **changes}

    found = read(lambda body, name: calendar_of(body, ZoneInfo("UTC"), name), calendar)
    assert (found is None) == is_wrong(check_calendar(calendar))
    assert (read(limits_of, limits) is None) == is_wrong(check_limits(limits))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [None, [], "x", 5, {}, {1: 2}, {"code": {"code": []}}])
def test_a_catalog_never_raises_for_what_it_is_given(kind: str, body: Any) -> None:
    """Whatever a form or an import makes of it."""
    assert is_wrong(FileCatalog().check(kind, body))


@pytest.mark.parametrize(
    "body",
    [
        {"title": "a" * 10_000_000},
        {"milestones": [{"title": "x"}] * 1_000_000},
        {"milestones": {str(n): n for n in range(200_000)}},
        {"flags": ["{{7*7}}" * 100_000] * 20},
    ],
)
def test_ten_megabytes_are_refused_at_once(body: Json) -> None:
    """Threats row 9: with words, before anybody reads them."""
    (fault,) = check_program(body)

    assert fault.is_wrong
    assert fault.words.startswith(("It is larger than", "It holds more than"))


def test_what_is_nested_without_end_is_refused() -> None:
    """Threats row 9: a condition within conditions, JSON within JSON, TOML within TOML."""
    deep: Json = {"what": "interpreter-needed"}
    for _ in range(11):
        deep = {"what": "all", "parts": [deep]}
    deeper: Any = []
    for _ in range(100_000):
        deeper = [deeper]
    with_flag = {"code": "p", "version": "1", "title": "P", "milestones": [{"code": "a", "title": "A"}]}

    deep_flag = {**with_flag, "flags": [{"code": "f", "title": "F", "when": deep}]}
    assert [f.words for f in check_program(deep_flag) if f.is_wrong] == ["Conditions can be at most 10 deep."]
    assert [fault.words for fault in check_program({"flags": deeper})] == ["It is nested more than 40 deep."]
    with pytest.raises(BadProgram, match="nested too deep"):
        parse("a = " + "[" * 100_000, "x")
    with pytest.raises(BadProgram, match="larger than"):
        parse("a = 1\n" * 1_000_000, "x")


@pytest.mark.parametrize(
    "text", ["a = " + "9" * 5_000, "a = 2026-02-30", "a.b.c = 1\na = 2", "\x00", "[[a]]\n[a]", "a = nan"]
)
def test_a_file_that_is_no_program_is_refused_with_its_name(text: str) -> None:
    """Threats row 9: a number without end, a day that there is not, what contradicts itself."""
    with pytest.raises(BadProgram, match=r"^mine\.toml: "):
        parse_program(text, "mine.toml")


@settings(max_examples=60)
@given(text=st.text(st.sampled_from("[]{}=.,\"'#\n\\ab1-:T_ {{7*7}}")))
def test_a_file_of_anything_is_refused_with_its_name(text: str) -> None:
    """Threats row 9: likewise."""
    with pytest.raises(BadProgram, match=r"^mine\.toml: "):
        parse_program(text, "mine.toml")


def test_a_large_program_is_checked() -> None:
    """Threats row 9: 200 steps that wait for each other, each with 100 conditions, do not keep a check for ever; patterns are
    just texts."""
    parts = [
        {"what": "observation", "codes": [{"system": "urn:a", "code": str(n)}], "operator": "lt", "value": n}
        for n in range(20)
    ]
    steps: list[Json] = [
        {"code": f"s{n}", "title": "(a+)+$", "applies_if": {"what": "all", "parts": parts}} for n in range(200)
    ]
    for number, step in enumerate(steps[1:]):
        step["opens"] = step["due"] = {"from": "due", "of": f"s{number}", "days": 1}
    steps[0]["due"] = {"days": 1}
    body = {"code": "p", "version": "1", "title": "P", "milestones": steps}

    assert not is_wrong(check_program(body))


# ---------------------------------------------------------------------------------------------------------- conditions
@settings(max_examples=80)
@given(condition=conditions())
def test_a_condition_goes_to_its_body_and_back(condition: Condition) -> None:
    """Word for word; and in words it says something."""
    faults: list[Fault] = []

    again = read_condition(Table("when", condition_body(condition), faults))

    assert (again, faults) == (condition, [])
    words = condition_words(condition)
    assert "  " not in words
    assert len(words) > len("is")


CHART = [
    patient(birthDate="1961-06-20", communication=[{"language": {"coding": [{"code": "es"}]}}]),
    result("2026-06-01", valueQuantity={"value": 7, "unit": "%"}),
    result("2026-06-18", id_="o2", valueQuantity={"value": 9, "unit": "%"}),
    visit("2026-06-05"),
    booking("2026-06-19T14:00:00Z", on=None),
    {
        "resourceType": "Flag",
        "id": "f1",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "code": concept("f", system="urn:f"),
    },
]
RECORD = record_of(CHART, [said(Said.CONTACT, at="2026-06-03", outcome="reached-booked")])
PERSON = cast(Patient, RECORD.facts["Patient/p1"])


@settings(max_examples=80)
@given(condition=conditions(), day=st.dates(moment("2026-05-20").date(), moment("2026-07-20").date()))
def test_a_condition_answers_of_every_day_and_turns_only_on_days_that_are_foreseen(
    condition: Condition, day: date
) -> None:
    """Total, whatever is asked; what never holds does not, what always holds does; `since` is the run's first day."""
    about = Circumstances(record=RECORD, practice=Practice(CHICAGO), patient=PERSON, plan_start=day)
    tomorrow = day + timedelta(days=1)
    is_so = holds(condition, about, day)

    assert not (never_holds(condition) and is_so)
    assert is_so or not always_holds(condition)
    assert is_so == holds(condition, about, tomorrow) or tomorrow in set(turning_days(condition, about))
    if is_so:
        began = since(condition, about, day)
        assert began is None or began <= day

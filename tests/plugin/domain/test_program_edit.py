"""Operations on a draft's body: what they change, and that they leave everything else alone."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.domain import program_edit as edit
from plugin.domain.errors import BadInput, UnknownName
from plugin.domain.program_edit import Part, Where

PHASES = ["p1", "p2", "p3"]
CODES = ["a", "b", "c", "d", "e"]


@st.composite
def bodies(draw: st.DrawFn) -> Part:
    """Steps in phases, in none, and in one that is not there; and what no editor of ours writes."""
    phases = draw(st.lists(st.sampled_from(PHASES), unique=True))
    places = st.sampled_from([*PHASES, None])
    steps: list[object] = [
        {"code": code, "title": code.upper(), **({"phase": phase} if (phase := draw(places)) else {})}
        for code in draw(st.lists(st.sampled_from(CODES), unique=True))
    ]
    steps += draw(st.lists(st.sampled_from([None, 7, "text", {"title": "no code"}]), max_size=2))
    return {
        "code": "p",
        "title": "P",
        "claims": {"plans": []},
        "phases": [{"code": code, "title": code.upper()} for code in phases],
        "milestones": steps,
    }


def _steps(body: Part) -> dict[str, dict[str, Any]]:
    """By code, without their phases."""
    found = edit.parts_of(body, "milestones")
    return {edit.code_of(step): {k: v for k, v in step.items() if k != "phase"} for step in found}


MOVES: list[Callable[[Part, str, str], Part]] = [
    lambda body, code, _: edit.moved_up(body, code),
    lambda body, code, _: edit.moved_down(body, code),
    lambda body, code, other: edit.moved(body, code, "p1", other),
    lambda body, code, other: edit.moved(body, code, None, other),
    lambda body, code, _: edit.moved(body, code, "p2"),
]


@settings(max_examples=40)
@given(bodies(), st.sampled_from(CODES), st.sampled_from(CODES), st.sampled_from(MOVES))
def test_moving_changes_no_content(body: Part, code: str, other: str, move: Callable[[Part, str, str], Part]) -> None:
    """Whatever is moved wherever: every step is there once, as it was, and so is all that is no step."""
    try:
        moved = move(body, code, other)
    except UnknownName:
        known = [edit.code_of(phase) for phase in edit.parts_of(body, "phases")]
        assert edit.step_of(body, code) is None or not {"p1", "p2"} <= set(known)
        return

    assert _steps(moved) == _steps(body)
    assert len(_all(moved)) == len(_all(body))
    assert {key: moved[key] for key in moved if key != "milestones"} == {
        key: body[key] for key in body if key != "milestones"
    }
    rest = [item for item in _all(moved) if not _is(item, code)]
    assert rest == [item for item in _all(body) if not _is(item, code)]


def _all(body: Part) -> list[Any]:
    found = body["milestones"]
    assert isinstance(found, list)
    return found


def _is(item: object, code: str) -> bool:
    return isinstance(item, dict) and item.get("code") == code


@settings(max_examples=40)
@given(bodies(), st.sampled_from(CODES))
def test_up_and_down_go_by_what_is_shown(body: Part, code: str) -> None:
    """In the outline a step goes one place, or over an edge into the phase beside; only the first of all stays."""
    before = _shown(body)
    if code not in before:
        return
    at = before.index(code)

    assert _shown(edit.moved_up(body, code)) in (_swapped(before, at - 1), before)
    assert _shown(edit.moved_down(body, code)) in (_swapped(before, at), before)
    groups = edit.outline(body)
    is_first = groups[0].steps and edit.code_of(groups[0].steps[0]) == code
    assert bool(is_first) == (edit.moved_up(body, code) == body)


def _shown(body: Part) -> list[str]:
    return [edit.code_of(step) for group in edit.outline(body) for step in group.steps if edit.code_of(step)]


def _swapped(codes: list[str], at: int) -> list[str]:
    found = list(codes)
    if 0 <= at < len(codes) - 1:
        found[at], found[at + 1] = found[at + 1], found[at]
    return found


@settings(max_examples=40)
@given(bodies(), st.sampled_from(CODES))
def test_what_was_removed_comes_back_where_it_stood(body: Part, code: str) -> None:
    """In the outline nothing shows that it was gone."""
    if edit.step_of(body, code) is None:
        return

    without = edit.without_step(body, code)

    assert edit.step_of(without, code) is None
    back = edit.restored(without, body, code)
    assert _shown(back) == _shown(body)
    assert edit.restored(back, body, code) == back


@settings(max_examples=40)
@given(bodies(), st.sampled_from(CODES))
def test_a_part_in_its_place(body: Part, code: str) -> None:
    """A step's form writes its step and no other; its code stays, whatever the form says."""
    new = {"code": "other", "title": "New", "phase": "p1"}

    changed = edit.with_part(body, Where("step", code), new)

    assert edit.part_at(changed, Where("step", code)) == {**new, "code": code}
    others = {key: value for key, value in _steps(body).items() if key != code}
    assert {key: value for key, value in _steps(changed).items() if key != code} == others
    assert edit.head_of(changed) == edit.head_of(body)


@settings(max_examples=40)
@given(bodies())
def test_the_head_alone(body: Part) -> None:
    """It writes neither steps nor phases, nor the code."""
    changed = edit.with_part(body, Where("head"), {"title": "T", "code": "x", "milestones": []})

    assert edit.part_at(changed, Where("head")) == {"title": "T"}
    assert changed["milestones"] == body["milestones"]
    assert (changed["code"], changed["phases"]) == ("p", body["phases"])


@settings(max_examples=40)
@given(bodies(), st.sampled_from(PHASES), st.sampled_from([-1, 1]))
def test_phases_go_with_their_steps(body: Part, phase: str, by: int) -> None:
    """A phase that is moved or removed loses no step; the steps of one that is gone stand beside it."""
    known = [edit.code_of(one) for one in edit.parts_of(body, "phases")]
    if phase not in known:
        with pytest.raises(UnknownName):
            edit.moved_phase(body, phase, by)
        with pytest.raises(UnknownName):
            edit.without_phase(body, phase)
        return

    moved, without = edit.moved_phase(body, phase, by), edit.without_phase(body, phase)

    assert moved["milestones"] == body["milestones"]
    assert sorted(map(edit.code_of, edit.parts_of(moved, "phases"))) == sorted(known)
    assert _steps(without) == _steps(body)
    assert all(step.get("phase") != phase for step in edit.parts_of(without, "milestones"))


def test_the_steps_of_a_phase_that_is_gone() -> None:
    """They go to the end of the phase above; those of the first, to the beginning of the one below."""
    body = {
        "phases": [{"code": "p1", "title": "1"}, {"code": "p2", "title": "2"}],
        "milestones": [{"code": "a", "phase": "p1"}, {"code": "b", "phase": "p2"}, {"code": "c", "phase": "p1"}],
    }

    assert _shown(edit.without_phase(body, "p2")) == ["a", "c", "b"]
    assert _shown(edit.without_phase(body, "p1")) == ["a", "c", "b"]
    assert {step["phase"] for step in edit.parts_of(edit.without_phase(body, "p1"), "milestones")} == {"p2"}


@pytest.mark.parametrize(
    ("title", "taken", "code"),
    [
        ("HbA1c at six weeks", set(), "hba1c-at-six-weeks"),
        ("HbA1c at six weeks", {"hba1c-at-six-weeks", "hba1c-at-six-weeks-2"}, "hba1c-at-six-weeks-3"),
        ("Größe", set(), "groe"),
        ("🦴", {"step"}, "step-2"),
        ("a" * 300, set(), "a" * 40),
    ],
)
def test_codes_are_made_of_titles(title: str, taken: set[str], code: str) -> None:
    """Short, plain, and never one that another step has."""
    assert edit.new_code(title, taken, fallback="step") == code


def test_there_is_an_end_to_it() -> None:
    """Nobody fills the database through the editor."""
    body: Part = {"milestones": [{"code": str(n)} for n in range(edit.MOST_STEPS)], "phases": [{}] * edit.MOST_PHASES}

    with pytest.raises(BadInput, match="200 steps"):
        edit.with_new_step(body, {"code": "x"})
    with pytest.raises(BadInput, match="30 phases"):
        edit.with_new_phase(body, "One more")
    with pytest.raises(BadInput, match="20 tiers"):
        edit.with_part(body, Where("ladder"), {"tiers": [{}] * 21})


def test_tiers_are_numbered_as_they_stand() -> None:
    """Whatever numbers they had."""
    body = edit.with_part({"code": "l", "version": "3"}, Where("ladder"), {"title": "L", "tiers": [{"number": 9}, {}]})

    assert body == {"code": "l", "version": "3", "title": "L", "tiers": [{"number": 1}, {"number": 2}]}


def test_a_copy_claims_nothing() -> None:
    """Two programs that claim the same plans would quarrel over them."""
    assert edit.copied({"code": "p", "title": "P", "claims": {"plans": []}, "milestones": [1]}, "q", "Q") == {
        "code": "q",
        "title": "Q",
        "milestones": [1],
    }


@settings(max_examples=40)
@given(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=4))
def test_marks_say_whether_a_part_is_the_same(part: Part) -> None:
    """Whatever order its keys are in; another content has another mark."""
    assert edit.mark({key: part[key] for key in reversed(list(part))}) == edit.mark(part)
    assert edit.mark({**part, "more": 1}) != edit.mark(part)

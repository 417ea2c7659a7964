"""The editor's forms before anything is saved: conditions, dates, the buttons, and where a fault is told."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.domain.condition import KEYS
from plugin.domain.known_code import CodeChoice
from plugin.domain.record import Coding
from tests.generated_programs import NASTY, anything, conditions
from ui_extension.admin.condition_form import alone, drawn, typed
from ui_extension.admin.edit_form import done, is_in_order, picked, slot_of
from ui_extension.admin.form_tree import tree_of
from ui_extension.admin.program_forms import amounts, head_typed, ladder_typed, offset_typed, step_filled, step_typed

LEAF = {"what": "age-at-least", "years": 65}
CODING = Coding("http://loinc.org", "4548-4", "Hemoglobin A1c/Hemoglobin.total & more")
BUTTONS = st.sampled_from(["drop", "append", "pick", "hand", "find", "look", "sort", "save", "__class__"])
PATHS = st.sampled_from(
    ["codes", "codes.0", "applies_if", "applies_if.parts", "due.codes", "tiers", "x.y.0", "", "..", "9"]
)


def _sent(part: object, prefix: str = "") -> list[tuple[str, str]]:
    """The fields by which a form would send this."""
    if isinstance(part, Mapping):
        return [pair for key, value in part.items() for pair in _sent(value, f"{prefix}.{key}" if prefix else key)]
    if isinstance(part, list):
        return [pair for index, value in enumerate(part) for pair in _sent(value, f"{prefix}.{index}")]
    return [(prefix, str(part))]


@settings(max_examples=40)
@given(conditions())
def test_a_condition_comes_back_from_its_form(condition: Any) -> None:
    """However deep, with every kind of row: what was drawn and sent is what stands there."""
    body = _body(condition)

    group = drawn(body)
    again = typed(tree_of(_sent({"when": group})), "when")

    assert again == group
    assert alone(again) == alone(body)


def _body(condition: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"what": condition.what}
    for key in KEYS[condition.what]:
        value = getattr(condition, key)
        if key == "parts":
            found["parts"] = [_body(part) for part in value]
        elif key == "codes":
            found["codes"] = [{k: v for k, v in coding._asdict().items() if v} for coding in value]
        elif key == "languages":
            found["languages"] = list(value)
        elif value is not None and not (key == "count" and value == 1):
            found[key] = str(value) if key in ("operator", "state", "unit") else value
    if found.get("value") is not None:
        found["value"] = int(found["value"])
    return found


@pytest.mark.parametrize(
    ("offset", "shown"),
    [
        ({"weeks": 6}, [(6, "weeks")]),
        ({"months": 3, "days": 7}, [(3, "months"), (7, "days")]),
        ({"from": "completion", "of": "lab"}, [(0, "days")]),
        ({"from": "due", "of": "lab", "days": 0}, [(0, "days")]),
        ({"from": "fact", "codes": [{"system": "urn:f", "code": "f"}], "months": 1}, [(1, "months")]),
        ({"weeks": "six"}, [("six", "weeks")]),
        (None, [("", "days")]),
    ],
)
def test_a_date_comes_back_from_its_form(offset: Any, shown: list[tuple[object, str]]) -> None:
    """Every anchor, several units at once, and what is no number."""
    assert amounts(offset) == shown
    if offset is None:
        assert offset_typed({"from": ""}) is None
        return
    rows = [{"n": str(number), "unit": unit} for number, unit in shown]
    sent = tree_of(_sent({"from": offset.get("from", "plan-start"), **_anchored(offset), "amount": rows}))

    again = offset_typed(sent)

    assert again == ({"days": 0, **offset} if shown == [(0, "days")] else offset)


def _anchored(offset: Mapping[str, Any]) -> dict[str, Any]:
    return {key: offset[key] for key in ("of", "codes") if key in offset}


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted({"title", "codes.0.code", "codes", "due.from", "due.amount.0.n"})),
            st.text() | st.sampled_from(NASTY),
        )
    )
)
def test_whatever_is_typed_is_kept(fields: list[tuple[str, str]]) -> None:
    """Nothing is refused here, and what the form does not ask stays as it was."""
    before = {"code": "lab", "own_key": {"of": "another version"}}

    step = step_typed(tree_of(fields), before)

    assert step["code"] == "lab"
    assert step["own_key"] == before["own_key"]
    assert step_filled(step) == step_filled(step_filled(step))


@settings(max_examples=40)
@given(anything, BUTTONS, PATHS, st.text(max_size=10) | st.sampled_from(NASTY))
def test_no_button_fails(part: Any, verb: str, path: str, rest: str) -> None:
    """Whatever is sent as a button, on whatever a form may hold."""
    whole = {"codes": part, "applies_if": part, "tiers": part, "flags": part}

    did = done(whole, {"hand.codes.system": rest, "hand.codes.code": rest}, f"{verb} {path} {rest}")

    assert isinstance(did.part, Mapping)


def test_buttons() -> None:
    """Pick a code, take it away, add rows; the keyboard is where the next thing is to be done."""
    pick = picked(CodeChoice(CODING, 3, is_named=False), "codes")

    chosen = done({}, {}, pick)
    row = done({}, {}, "append applies_if first")
    second = done(row.part, {}, "append applies_if.parts group")
    by_hand = done({}, {"hand.codes.system": "urn:x", "hand.codes.code": " 7 "}, "hand codes")

    assert chosen.part == {"codes": [CODING._asdict()]}
    assert done(chosen.part, {}, "drop codes.0").part == {"codes": []}
    assert row.part == {"applies_if": {"what": "all", "parts": [{"what": "condition"}]}}
    assert (row.focus, second.focus) == ("applies_if.parts.0.what", "applies_if.parts.1.what")
    assert by_hand.part == {"codes": [{"system": "urn:x", "code": "7"}]}
    assert done({}, {}, "hand codes").by_hand == "codes"
    assert done({}, {}, "pick title a b").part == {}


@pytest.mark.parametrize(
    ("path", "slot"),
    [
        ("due.days", "due"),
        ("due.codes.0.code", "due.codes"),
        ("codes.3.system", "codes"),
        ("claims.plans.0.code", "claims.plans"),
        ("applies_if.parts.0.codes.1.code", "applies_if.parts.0.codes"),
        ("applies_if.parts.0.years", "applies_if.parts.0.years"),
        ("title", "title"),
        ("", ""),
    ],
)
def test_where_a_fault_is_told(path: str, slot: str) -> None:
    """At the field, or at the list or date that the field is a part of."""
    assert slot_of(path) == slot


def test_head_and_ladder() -> None:
    """A new alert gets a code of its title; a message is to the patient, a report to nobody in particular."""
    sent = tree_of(_sent({"title": "P", "flags": [{"code": "", "title": "High risk", "when": drawn(LEAF)}]}))
    tiers = tree_of(
        _sent(
            {
                "title": "L",
                "tiers": [
                    {"from_days": "1", "kind": "message", "role": "provider"},
                    {"from_days": "x", "kind": "report"},
                ],
            }
        )
    )

    head, ladder = head_typed(sent, {"own_key": 1}), ladder_typed(tiers)

    assert head == {
        "own_key": 1,
        "title": "P",
        "flags": [{"code": "high-risk", "title": "High risk", "when": drawn(LEAF)}],
    }
    assert ladder["tiers"] == [
        {"from_days": 1, "kind": "message", "what": "overdue", "role": "patient"},
        {"from_days": "x", "kind": "report", "what": "clinical-review"},
    ]
    assert is_in_order(ladder["tiers"])
    assert not is_in_order([{"from_days": 8}, {"from_days": 5}])

"""The forms of a step, of a program's head and of a ladder: what they say, in the shape of a draft's body.

Nothing is refused here: what was typed is kept as it is, a word where a number belongs too, and the check says what is
wrong with it. So a draft that is half done can be saved, and comes back as it was left.
"""

from __future__ import annotations

from collections.abc import Mapping

from plugin.domain.program_edit import MOST_TIERS, Part, code_of, new_code, text_of
from ui_extension.admin.condition_form import alone, codes_of, drawn, typed
from ui_extension.admin.form_tree import Tree, number, part, parts, slim, text, texts

UNITS = ("days", "weeks", "months")
ANCHORS = ("plan-start", "completion", "due", "fact")
_USUAL = {"kind": "task", "completes_when": "event", "ladder": "standard"}
MOST_ROWS = 50
"""Of any list in a form: codes, checklist, flags."""


def step_typed(tree: Tree, before: Part) -> Part:
    """A step. What the form does not ask stays as it was."""
    asked = {
        "title": text(tree, "title"),
        "phase": text(tree, "phase"),
        "kind": _said("kind", text(tree, "kind"), before),
        "codes": codes_of(tree, "codes"),
        "opens": _offset_said("opens", tree, before),
        "due": _offset_said("due", tree, before),
        "owner": text(tree, "owner"),
        "completes_when": _said("completes_when", text(tree, "completes_when"), before),
        "checklist": texts(tree, "checklist")[:MOST_ROWS],
        "before_plan_start": bool(text(tree, "before_plan_start")),
        "celebrate": bool(text(tree, "celebrate")),
        "repeat": _repeat_typed(part(tree, "repeat")),
        "applies_if": typed(tree, "applies_if"),
    }
    if asked["completes_when"] != "checklist":
        asked["checklist"] = []
    return {**{key: value for key, value in before.items() if key not in asked}, **slim(asked)}


def step_drawn(step: Part) -> Part:
    """As its form is drawn: a condition always as a group."""
    return {**step, "applies_if": drawn(step["applies_if"])} if "applies_if" in step else step


def step_filled(step: Part) -> Part:
    """As it is stored: without the rows that were added and never filled in."""
    found = dict(step)
    if isinstance(step.get("checklist"), list):
        found["checklist"] = [item for item in texts(step, "checklist") if item.strip()]
    if "applies_if" in step:
        found["applies_if"] = alone(step["applies_if"])
    return slim(found)


def offset_typed(tree: Tree) -> Part | None:
    """So long after something: ``amount.0.n`` of ``amount.0.unit``, and ``from``. None where the form says: no date."""
    anchor = text(tree, "from")
    if anchor not in ANCHORS:
        return None
    asked = slim({"of": text(tree, "of"), "codes": codes_of(tree, "codes")})
    wanted = {"completion": ("of",), "due": ("of",), "fact": ("codes",)}.get(anchor, ())
    found: dict[str, object] = {key: asked[key] for key in wanted if key in asked}
    if anchor != "plan-start":
        found["from"] = anchor
    return {**found, **_amounts_typed(tree)}


def amounts(offset: object) -> list[tuple[object, str]]:
    """What the form shows of an offset or a repeat: number and unit, once at least. A zero is shown where it is all."""
    said = offset if isinstance(offset, Mapping) else {}
    found = [(said[unit], unit) for unit in reversed(UNITS) if unit in said and said[unit] != 0]
    if found:
        return found
    return [(0 if isinstance(offset, Mapping) else "", "days")]


def head_typed(tree: Tree, before: Part) -> Part:
    """A program's head. What the form does not ask stays as it was."""
    claims = part(tree, "claims")
    asked = {
        "title": text(tree, "title"),
        "ladder": _said("ladder", text(tree, "ladder"), before),
        "claims": slim(
            {
                "instantiates": [url.strip() for url in texts(claims, "instantiates")][:MOST_ROWS],
                "plans": codes_of(claims, "plans"),
                "orders": codes_of(claims, "orders"),
            }
        ),
        "intake": [
            slim({"title": text(row, "title"), "codes": codes_of(row, "codes")})
            for row in parts(tree, "intake")[:MOST_ROWS]
        ],
        "flags": _flags_typed(tree),
    }
    kept = {key: value for key, value in before.items() if key not in asked}
    return {**kept, **{key: value for key, value in slim(asked).items() if value != {}}}


def head_drawn(head: Part) -> Part:
    """As its form is drawn: conditions always as groups."""
    flags = [{**flag, "when": drawn(flag["when"])} if "when" in flag else flag for flag in parts(head, "flags")]
    return {**head, "flags": flags} if flags else head


def head_filled(head: Part) -> Part:
    """As it is stored: without the rows that were added and never filled in."""
    found = {key: value for key, value in head.items() if key != "claims"}
    claims = part(head, "claims")
    filled = slim({**claims, "instantiates": [url for url in texts(claims, "instantiates") if url]})
    flags = [{**flag, "when": alone(flag["when"])} if "when" in flag else flag for flag in parts(head, "flags")]
    return {**found, **({"claims": filled} if filled else {}), **({"flags": flags} if flags else {})}


def ladder_typed(tree: Tree) -> Part:
    """A ladder's title and its tiers."""
    tiers = [tier_typed(row) for row in parts(tree, "tiers")[:MOST_TIERS]]
    return {"title": text(tree, "title"), "tiers": tiers}


def tier_typed(tree: Tree) -> Part:
    """One tier. A message is always to the patient; a report has nobody in particular."""
    kind = text(tree, "kind")
    what = "clinical-review" if kind == "report" else "overdue"
    role = {"message": "patient", "report": None}.get(kind, text(tree, "role") or None)
    return {"from_days": number(tree, "from_days"), **slim({"kind": kind, "what": what, "role": role})}


def _said(key: str, typed_: str, before: Part) -> str:
    """A choice; what is usual is left unsaid, where it was so before."""
    return "" if typed_ == _USUAL[key] and key not in before else typed_


def _offset_said(key: str, tree: Tree, before: Part) -> Part | None:
    """A date; one that says that it is counted from the plan's start goes on saying so."""
    found, standing = offset_typed(part(tree, key)), before.get(key)
    said = {"from": "plan-start", **(found or {})}
    return said if found is not None and said == standing else found


def _flags_typed(tree: Tree) -> list[Part]:
    """Each keeps its code, which a new one is given by its title."""
    found: list[Part] = []
    for row in parts(tree, "flags")[:MOST_ROWS]:
        title = text(row, "title")
        taken = {code_of(flag) for flag in found}
        code = text_of(row, "code") or (new_code(title, taken, fallback="flag") if title else "")
        found.append(slim({"code": code, "title": title, "when": typed(row, "when")}))
    return found


def _repeat_typed(tree: Tree) -> Part | None:
    every = _amounts_typed(tree)
    count = number(tree, "count")
    return None if not every and count is None else {**every, **slim({"count": count})}


def _amounts_typed(tree: Tree) -> Part:
    """Numbers of the same unit are added; what is no number stays as it was typed."""
    found: dict[str, object] = {}
    for row in parts(tree, "amount")[: len(UNITS)]:
        unit, count = text(row, "unit"), number(row, "n")
        if unit not in UNITS or count is None:
            continue
        before = found.get(unit)
        found[unit] = before + count if isinstance(before, int) and isinstance(count, int) else count
    return found

"""A form of the editor as its templates see it: what can be chosen, what a search found, and what is wrong at which
field; and what its buttons do to the part that it edits, before anything is saved."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote, unquote

from plugin.domain.fault import Fault
from plugin.domain.known_code import CodeChoice
from plugin.usecases.look_at_draft import PartLook
from ui_extension.admin import editor_words as words
from ui_extension.admin.condition_form import MOST_PARTS, NEW_GROUP, NEW_ROW
from ui_extension.admin.form_tree import Tree, appended, at, dropped, parts, placed, slim
from ui_extension.admin.program_forms import MOST_ROWS, UNITS, amounts

_PATH = re.compile(r"[a-z_]{1,30}(?:\.(?:[a-z_]{1,30}|\d{1,3})){0,28}", re.ASCII)
_FLAG_CODE = re.compile(r"flags\.\d+\.code", re.ASCII)
_LONGEST_QUERY = 300
_CODE_LISTS = ("codes", "plans", "orders")
_AMOUNTS = ("opens", "due", "repeat")
_NEW: Mapping[str, object] = {
    "row": NEW_ROW,
    "group": NEW_GROUP,
    "language": "en",
    "text": "",
    "intake": {},
    "flag": {},
    "tier": {"from_days": None, "kind": "work", "what": "overdue", "role": "coordinator"},
}
_FIRST_FIELD = {"row": ".what", "group": ".what", "intake": ".title", "flag": ".title", "tier": ".from_days"}


@dataclass(frozen=True, kw_only=True)
class Form:
    """One drawing of a form. ``uid`` is the id of its element, ``url`` where it is posted to, ``sent`` the fields as they
    were sent. With ``is_new`` nothing is found missing yet."""

    uid: str
    url: str
    look: PartLook
    sent: Mapping[str, str] = field(default_factory=dict)
    results: dict[str, Sequence[CodeChoice]] = field(default_factory=dict)
    focus: str = ""
    by_hand: str = ""
    is_new: bool = False

    units = UNITS
    anchors = words.ANCHORS
    systems = words.SYSTEMS
    conditions = words.CONDITIONS
    combinations = words.COMBINATIONS
    operators = words.OPERATORS
    visits = words.VISITS
    kinds = words.KINDS
    completes = words.COMPLETES
    owners = words.OWNERS
    tier_kinds = words.TIER_KINDS
    tier_roles = words.TIER_ROLES
    code_legends = words.CODE_LEGENDS
    languages = words.LANGUAGE_CHOICES
    amounts = staticmethod(amounts)

    @property
    def other_steps(self) -> words.Options:
        """Of the program, but for the one that is edited."""
        return self.look.other_steps

    @property
    def phases(self) -> words.Options:
        """Of the program; a step may stand in none."""
        return (("", "no phase"), *self.look.phases)

    @property
    def ladders(self) -> words.Options:
        """Of the practice."""
        return self.look.ladders

    @property
    def programs(self) -> words.Options:
        """Of the practice."""
        return (("", "choose a program"), *self.look.programs)

    @property
    def faults(self) -> Sequence[Fault]:
        """What is wrong; but for an alert's code, which it is given by its title."""
        found = () if self.is_new else self.look.faults
        return [fault for fault in found if not _FLAG_CODE.fullmatch(fault.path)]

    def at(self, path: str) -> Sequence[Fault]:
        """What is wrong at a field."""
        return [fault for fault in self.faults if slot_of(fault.path) == path]

    def is_wrong(self, path: str) -> bool:
        """Whether a field keeps the whole from being published."""
        return any(fault.is_wrong for fault in self.at(path))

    def query(self, path: str) -> str:
        """What was typed into the search of a list of codes."""
        return self.sent.get(f"find.{path}", "")[:_LONGEST_QUERY]

    def found(self, path: str) -> Sequence[CodeChoice]:
        """What that search found."""
        return self.results.get(path, ())

    def hand(self, path: str) -> Mapping[str, str]:
        """What was typed as a code by hand and not added yet."""
        return _hand(self.sent, path)

    def seen(self, code: Mapping[str, object]) -> str:
        """How often a code stands in the charts."""
        return words.seen(self.look.patients.get((str(code.get("system", "")), str(code.get("code", "")))))


def slot_of(path: str) -> str:
    """The field at which a fault is told: all of a list of codes at the list, all of a date at the date."""
    names = path.split(".")
    for index, name in enumerate(names):
        if name in _CODE_LISTS:
            return ".".join(names[: index + 1])
        if name in _AMOUNTS and not any(code in names for code in _CODE_LISTS):
            return ".".join(names[: index + 1])
    return path


class Done(NamedTuple):
    """What a button did: the part as it is then, and where the keyboard is to be."""

    part: Tree
    focus: str = ""
    by_hand: str = ""
    searched: str = ""
    """The list of codes for which somebody searches."""


def is_code_list(path: str) -> bool:
    """Whether a path is that of a list of codes."""
    return bool(_PATH.fullmatch(path)) and path.rpartition(".")[2] in _CODE_LISTS


def done(part_: Tree, sent: Mapping[str, str], button: str) -> Done:
    """A button of the form, on the part as the form says it. What is no button of ours does nothing."""
    verb, _, rest = button[:5_000].partition(" ")
    path, _, value = rest.partition(" ")
    if not _PATH.fullmatch(path):
        return Done(part_)
    if verb == "drop":
        return _drop(part_, path)
    if verb == "append":
        return _append(part_, path, value)
    if verb == "sort" and path == "tiers":
        return Done({**part_, "tiers": sorted(parts(part_, "tiers"), key=_day)}, "tiers.add")
    if verb == "pick":
        return Done(_with_code(part_, path, [unquote(one) for one in value.split(" ")]), f"find.{path}")
    if verb == "hand":
        return _by_hand(part_, sent, path)
    return Done(part_, f"find.{path}", searched=path) if verb == "find" else Done(part_, path)


def picked(choice: CodeChoice, path: str) -> str:
    """The value of the button that picks a code."""
    return f"pick {path} " + " ".join(quote(one or "", safe="") for one in choice.coding)


def _drop(part_: Tree, path: str) -> Done:
    where = path.rpartition(".")[0]
    focus = f"find.{where}" if where.rpartition(".")[2] in _CODE_LISTS else f"{where}.add"
    return Done(dropped(part_, path), focus)


def _append(part_: Tree, path: str, what: str) -> Done:
    if what == "first":
        return Done(placed(part_, path, {"what": "all", "parts": [NEW_ROW]}), f"{path}.parts.0.what")
    if what not in _NEW:
        return Done(part_)
    before = at(part_, path)
    place = len(before) if isinstance(before, list) else 0
    most = MOST_PARTS if path.endswith(".parts") else MOST_ROWS
    return Done(appended(part_, path, _NEW[what], most=most), f"{path}.{place}{_FIRST_FIELD.get(what, '')}")


def _day(tier: Tree) -> float:
    """What is no number comes last."""
    found = tier.get("from_days")
    return found if isinstance(found, int) else math.inf


def is_in_order(tiers: object) -> bool:
    """Whether no rung begins before the one above it."""
    days = [_day(tier) for tier in parts({"tiers": tiers}, "tiers")]
    return days == sorted(days)


def _by_hand(part_: Tree, sent: Mapping[str, str], path: str) -> Done:
    typed = _hand(sent, path)
    if not typed["system"] or not typed["code"]:
        return Done(part_, f"hand.{path}.code", by_hand=path)
    return Done(_with_code(part_, path, list(typed.values())), f"find.{path}")


def _hand(sent: Mapping[str, str], path: str) -> Mapping[str, str]:
    return {
        name: sent.get(f"hand.{path}.{name}", "").strip()[:_LONGEST_QUERY] for name in ("system", "code", "display")
    }


def _with_code(part_: Tree, path: str, values: Sequence[str]) -> Tree:
    if not is_code_list(path) or len(values) < 2:
        return part_
    coding = slim(dict(zip(("system", "code", "display"), values, strict=False)))
    return appended(part_, path, coding, most=MOST_ROWS)

"""What an editor does to the body of a draft: each operation gives a new body and leaves every other part as it was.

A draft may be incomplete or wrong, so nothing here asks whether a body is right (``program_check`` does), and a part
that is not what it should be is passed over. A step is known by its code, which never changes once it was given:
patients' milestones hang on it.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal, NamedTuple

from plugin.domain.errors import BadInput, UnknownName

Part = Mapping[str, object]
"""A step, a phase, a tier, or a whole body: JSON-able."""

STEPS, PHASES, TIERS = "milestones", "phases", "tiers"
MOST_STEPS, MOST_PHASES, MOST_TIERS = 200, 30, 20
"""Beyond these nobody reads a program any more; they also bound what a page has to draw."""
_LONGEST_CODE = 40
_LETTERS = 16

_APART = frozenset({"code", "version", PHASES, STEPS, TIERS})
"""What is not edited with the head."""


class Group(NamedTuple):
    """A phase with its steps, in order; ``code`` None holds the steps that are in no phase of the program."""

    code: str | None
    title: str
    steps: Sequence[Part]


def parts_of(body: Part, key: str) -> list[Part]:
    """The tables of a list; what is no table is passed over."""
    found = body.get(key)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list | tuple) else []


def code_of(part: Part) -> str:
    """A part's code; empty where it has none."""
    return text_of(part, "code")


def text_of(part: Part, key: str) -> str:
    """A text of a part; empty where there is none."""
    found = part.get(key)
    return found if isinstance(found, str) else ""


def step_of(body: Part, code: str) -> Part | None:
    """The step with this code."""
    return next((step for step in parts_of(body, STEPS) if code_of(step) == code), None)


def place_of(body: Part, code: str) -> int | None:
    """A step's index in the body's list, as faults name it."""
    return next((i for i, step in enumerate(_all(body, STEPS)) if _is(step, code)), None)


def head_of(body: Part) -> Part:
    """What a program says beside its phases and steps."""
    return {key: value for key, value in body.items() if key not in _APART}


def mark(part: object) -> str:
    """The same for equal content: whether somebody changed a part since a page was drawn."""
    text = json.dumps(part, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_LETTERS]


def outline(body: Part) -> list[Group]:
    """Phases in order with their steps; what is in none of them comes last."""
    phases = parts_of(body, PHASES)
    known = [code_of(phase) for phase in phases]
    steps = parts_of(body, STEPS)
    groups = [
        Group(code, text_of(phase, "title"), [step for step in steps if step.get("phase") == code])
        for code, phase in zip(known, phases, strict=True)
    ]
    loose = [step for step in steps if step.get("phase") not in known]
    return [*groups, Group(None, "", loose)] if loose or not groups else groups


# ------------------------------------------------------------------------------------------------------------- codes
def new_code(title: str, taken: Collection[str], *, fallback: str) -> str:
    """A short name made of a title, free among ``taken``: ``HbA1c at six weeks`` is ``hba1c-at-six-weeks``."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_CODE].strip("-") or fallback
    if slug not in taken:
        return slug
    return next(name for number in range(2, len(taken) + 3) if (name := f"{slug}-{number}") not in taken)


# ------------------------------------------------------------------------------------------------------------- steps
def with_step(body: Part, code: str, step: Part) -> Part:
    """The step with this code replaced, where it stands; its code stays. UnknownName when it is gone."""
    _known(body, code)
    kept = {**step, "code": code}
    return {**body, STEPS: [kept if _is(item, code) else item for item in _all(body, STEPS)]}


def with_new_step(body: Part, step: Part) -> Part:
    """A step added as the last of its phase."""
    _room(body, STEPS, MOST_STEPS, "steps")
    return {**body, STEPS: _placed(body, _all(body, STEPS), step, None)}


def without_step(body: Part, code: str) -> Part:
    """One step gone. Others that count from it keep doing so: the check says that they have lost their anchor."""
    _known(body, code)
    return {**body, STEPS: [item for item in _all(body, STEPS) if not _is(item, code)]}


def moved(body: Part, code: str, phase: str | None, before: str | None = None) -> Part:
    """A step in another place: of a phase, before another step of it or as its last. Its content stays, but the phase.
    None is where those stand that are in no phase."""
    step = _known(body, code)
    if phase is not None and phase not in map(code_of, parts_of(body, PHASES)):
        raise UnknownName("This phase is not there any more.")
    if before == code:
        return body
    rest = [item for item in _all(body, STEPS) if not _is(item, code)]
    return {**body, STEPS: _placed(body, rest, _in_phase(step, phase), before)}


def moved_up(body: Part, code: str) -> Part:
    """Before the step above it; the first of a phase becomes the last of the phase above. The first of all stays."""
    at, groups = _found(body, code)
    steps = [code_of(step) for step in groups[at].steps]
    index = steps.index(code)
    if index > 0:
        return moved(body, code, groups[at].code, steps[index - 1])
    return moved(body, code, groups[at - 1].code) if at > 0 else body


def moved_down(body: Part, code: str) -> Part:
    """After the step below it; the last of a phase becomes the first of the phase below. The last of all stays."""
    at, groups = _found(body, code)
    steps = [code_of(step) for step in groups[at].steps]
    index = steps.index(code)
    if index < len(steps) - 1:
        return moved(body, code, groups[at].code, steps[index + 2] if index + 2 < len(steps) else None)
    if at + 1 == len(groups) or groups[at + 1].code is None:
        return body
    below = groups[at + 1]
    return moved(body, code, below.code, code_of(below.steps[0]) if below.steps else None)


# ------------------------------------------------------------------------------------------------------------ phases
def with_new_phase(body: Part, title: str) -> Part:
    """A phase added as the last."""
    _room(body, PHASES, MOST_PHASES, "phases")
    code = new_code(title, {code_of(phase) for phase in parts_of(body, PHASES)}, fallback="phase")
    return {**body, PHASES: [*_all(body, PHASES), {"code": code, "title": title}]}


def with_phase_title(body: Part, code: str, title: str) -> Part:
    """A phase under another title."""
    return {
        **body,
        PHASES: [{**phase, "title": title} if _is(phase, code) else phase for phase in parts_of(body, PHASES)],
    }


def without_phase(body: Part, code: str) -> Part:
    """A phase gone; its steps go to the end of the one above, or to the beginning of the one below, or stand alone."""
    known = [code_of(phase) for phase in parts_of(body, PHASES)]
    if code not in known:
        raise UnknownName("This phase is not there any more.")
    at = known.index(code)
    rest = known[:at] + known[at + 1 :]
    heir = rest[max(0, at - 1)] if rest else None
    going = [code_of(step) for step in parts_of(body, STEPS) if step.get("phase") == code]
    first = next((code_of(step) for step in parts_of(body, STEPS) if step.get("phase") == heir), None)
    left: Part = {**body, PHASES: [phase for phase in _all(body, PHASES) if not _is(phase, code)]}
    for step in going:
        left = moved(left, step, heir, first if at == 0 and heir is not None else None)
    return left


def moved_phase(body: Part, code: str, by: int) -> Part:
    """A phase one place up (-1) or down (1), with its steps; at the end it stays."""
    phases = parts_of(body, PHASES)
    known = [code_of(phase) for phase in phases]
    if code not in known:
        raise UnknownName("This phase is not there any more.")
    at = known.index(code)
    to = min(max(0, at + by), len(phases) - 1)
    phases.insert(to, phases.pop(at))
    return {**body, PHASES: phases}


# --------------------------------------------------------------------------------------------- parts that are edited
class Where(NamedTuple):
    """What one form edits: a step by its code, the head of a program, or a whole ladder."""

    what: Literal["step", "head", "ladder"]
    code: str = ""


def part_at(body: Part, where: Where) -> Part | None:
    """As it stands; None where the step is gone."""
    if where.what == "step":
        return step_of(body, where.code)
    return head_of(body) if where.what == "head" else {key: body.get(key) for key in ("title", TIERS)}


def with_part(body: Part, where: Where, part: Part | None) -> Part:
    """With another content in the place of a part. A step that is gone is put back; None takes it away."""
    if where.what == "head":
        return _with_head(body, part or {})
    if where.what == "ladder":
        return _with_ladder(body, part or {})
    if part is None:
        return without_step(body, where.code)
    kept = {**part, "code": where.code}
    return with_step(body, where.code, kept) if step_of(body, where.code) else with_new_step(body, kept)


def restored(body: Part, before: Part, code: str) -> Part:
    """A step that was removed, where it stood in the body before: ahead of the first of the steps behind it that is still
    there in its phase."""
    step = step_of(before, code)
    if step is None:
        raise UnknownName("That step is not in the revision before.")
    if step_of(body, code) is not None:
        return body
    _room(body, STEPS, MOST_STEPS, "steps")
    mates = _mates(body, step)
    behind = [code_of(one) for one in parts_of(before, STEPS)]
    next_one = next((name for name in behind[behind.index(code) + 1 :] if name in mates), None)
    return {**body, STEPS: _placed(body, _all(body, STEPS), step, next_one)}


def _with_head(body: Part, head: Part) -> Part:
    kept = {key: value for key, value in body.items() if key in _APART}
    return {**kept, **{key: value for key, value in head.items() if key not in _APART}}


def _with_ladder(body: Part, ladder: Part) -> Part:
    """Its tiers are numbered from 1, as they stand."""
    tiers = parts_of(ladder, TIERS)
    if len(tiers) > MOST_TIERS:
        raise BadInput(f"A ladder can have {MOST_TIERS} tiers at most.")
    numbered = [{**tier, "number": number} for number, tier in enumerate(tiers, 1)]
    return {**body, "title": text_of(ladder, "title"), TIERS: numbered}


def copied(body: Part, code: str, title: str) -> Part:
    """A program or ladder of another name with the same content. It claims nothing yet: two programs that claim the same
    plans would quarrel over them."""
    return {key: value for key, value in {**body, "code": code, "title": title}.items() if key != "claims"}


# ------------------------------------------------------------------------------------------------------------- pieces
def _all(body: Part, key: str) -> list[object]:
    found = body.get(key)
    return list(found) if isinstance(found, list | tuple) else []


def _is(item: object, code: str) -> bool:
    return isinstance(item, Mapping) and item.get("code") == code


def _known(body: Part, code: str) -> Part:
    step = step_of(body, code)
    if step is None:
        raise UnknownName("This step is not there any more.")
    return step


def _found(body: Part, code: str) -> tuple[int, list[Group]]:
    _known(body, code)
    groups = outline(body)
    at = next(i for i, group in enumerate(groups) if any(code_of(step) == code for step in group.steps))
    return at, groups


def _in_phase(step: Part, phase: str | None) -> Part:
    if step.get("phase") == phase:
        return step
    rest = {key: value for key, value in step.items() if key != "phase"}
    return rest if phase is None else {**rest, "phase": phase}


def _placed(body: Part, steps: list[object], step: Part, before: str | None) -> list[object]:
    """Before another step; without one, behind the last of its phase, or at the end where that has none."""
    target = next((i for i, item in enumerate(steps) if before and _is(item, before)), None)
    if target is None:
        mates = _mates(body, step)
        places = [i for i, item in enumerate(steps) if isinstance(item, Mapping) and code_of(item) in mates]
        target = places[-1] + 1 if places else len(steps)
    return [*steps[:target], step, *steps[target:]]


def _mates(body: Part, step: Part) -> frozenset[str]:
    """The steps with which one stands together: of its phase, or of none that there is."""
    known = [code_of(phase) for phase in parts_of(body, PHASES)]
    phase = step.get("phase")
    is_loose = phase not in known
    return frozenset(
        code_of(one)
        for one in parts_of(body, STEPS)
        if (one.get("phase") not in known if is_loose else one.get("phase") == phase)
    )


def _room(body: Part, key: str, most: int, words: str) -> None:
    if len(_all(body, key)) >= most:
        raise BadInput(f"There can be {most} {words} at most.")


Change = Callable[[Part], Part]
"""An operation with everything but the body filled in: it is done on whatever revision is the newest."""

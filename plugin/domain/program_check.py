"""The rules of a right program: what can never happen, contradicts itself, or names what is not there.

The reader has seen by then that each value is of its kind. A fault that the reader told already is not told again, so
what stands in the place of a value that could not be read does no harm here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from plugin.domain.condition import Condition
from plugin.domain.condition_check import always_holds, never_holds
from plugin.domain.fault import Fault, Known, Severity
from plugin.domain.program import Anchor, CompletesWhen, MilestoneDefinition, Offset, Program
from plugin.domain.record import Coding
from plugin.domain.window_check import circle_faults, window_faults

_BY_CODE_ONLY = ("laboratory", "imaging")


def program_faults(program: Program, known: Known) -> Sequence[Fault]:
    """Everything that is wrong, or may be, with a program as such (D10 among it)."""
    by_code = {milestone.code: milestone for milestone in program.milestones if milestone.code}
    found: list[Fault] = [*_twice(program), *_whole(program, known)]
    for index, milestone in enumerate(program.milestones):
        path = f"milestones[{index}]"
        found.extend(_milestone(milestone, path, program, known))
        for name, offset in (("opens", milestone.opens), ("due", milestone.due)):
            if offset is not None:
                found.extend(_offset(milestone, offset, f"{path}.{name}", by_code))
    circles = list(circle_faults(program.milestones))
    found.extend(circles or window_faults(program.milestones))
    found.extend(_conditions(program, known))
    found.extend(_codes(program, known))
    return found


def _unsure(path: str, words: str) -> Fault:
    return Fault(path, words, Severity.UNSURE)


# ----------------------------------------------------------------------------------------------------------- the whole
def _whole(program: Program, known: Known) -> Iterator[Fault]:
    if not program.milestones:
        yield Fault("milestones", "A program needs at least one step.")
    if not (program.instantiates or program.plan_codes or program.order_codes):
        yield _unsure("claims", "It claims no plan and no order: only those whom somebody enrols will have it.")
    if any("|" in url for url in program.instantiates):
        yield Fault(
            "claims.instantiates", "Please leave the version away (what begins with |): every version is meant."
        )
    if known.ladders is not None and program.ladder not in known.ladders:
        yield Fault("ladder", f"There is no ladder {program.ladder!r}.")
    used = {milestone.phase for milestone in program.milestones}
    for index, phase in enumerate(program.phases):
        if phase.code not in used:
            yield _unsure(f"phases[{index}]", f"No step is in the phase “{phase.title}”.")


def _twice(program: Program) -> Iterator[Fault]:
    """Codes that stand twice, and titles by which nobody can tell two steps apart."""
    for key, codes in (
        ("milestones", [m.code for m in program.milestones]),
        ("phases", [p.code for p in program.phases]),
        ("flags", [f.code for f in program.flags]),
    ):
        for index in _repeated(codes):
            yield Fault(f"{key}[{index}].code", f"{codes[index]!r} is used more than once.")
    titles = [milestone.title for milestone in program.milestones]
    for index in _repeated(titles):
        yield _unsure(f"milestones[{index}].title", f"Another step is called “{titles[index]}”, too.")


def _repeated(names: Sequence[str]) -> Iterator[int]:
    """The places of those that stood before; what could not be read is empty."""
    seen: Counter[str] = Counter()
    for index, name in enumerate(names):
        seen[name] += 1
        if name and seen[name] > 1:
            yield index


# ------------------------------------------------------------------------------------------------------------ one step
def _milestone(milestone: MilestoneDefinition, path: str, program: Program, known: Known) -> Iterator[Fault]:
    if milestone.phase is not None and milestone.phase not in {phase.code for phase in program.phases}:
        yield Fault(f"{path}.phase", f"{milestone.phase!r} is no phase of this program.")
    if milestone.owner_role is not None and known.roles is not None and milestone.owner_role not in known.roles:
        yield Fault(f"{path}.owner", f"There is no role {milestone.owner_role!r} in the practice.")
    if milestone.codes and milestone.opens is None:
        yield Fault(f"{path}.opens", "Its codes count as evidence, so please say when its window opens.")
    if milestone.kind in _BY_CODE_ONLY and not milestone.codes:
        yield _unsure(f"{path}.codes", "Without a code, no result completes it unless it points to its order.")
    asks_list = milestone.completes_when is CompletesWhen.CHECKLIST
    if asks_list and not milestone.checklist:
        yield _unsure(f"{path}.checklist", "The checklist is empty: whoever closes it sees nothing to go through.")
    if milestone.checklist and not asks_list:
        yield _unsure(f"{path}.checklist", "Nobody is asked for it, unless the checklist is what completes the step.")
    yield from _repeat(milestone, path)


def _repeat(milestone: MilestoneDefinition, path: str) -> Iterator[Fault]:
    if milestone.repeat is None:
        return
    if milestone.opens is None and milestone.due is None:
        yield Fault(f"{path}.repeat", "It never begins: please say when the first one opens or is due.")
    opens, due, every = milestone.opens, milestone.due, milestone.repeat.every
    if opens and due and (opens.anchor, opens.of, opens.codes) == (due.anchor, due.of, due.codes):
        length = (due.days - opens.days) + 31 * (due.months - opens.months)
        if length > every.days + 31 * every.months > 0:
            yield _unsure(
                f"{path}.repeat", "The next one opens before this one is due: each is due the day before that."
            )


def _offset(
    milestone: MilestoneDefinition, offset: Offset, path: str, by_code: dict[str, MilestoneDefinition]
) -> Iterator[Fault]:
    """An anchor that is not there, or can never happen."""
    needs_step = offset.anchor in (Anchor.COMPLETION, Anchor.DUE)
    if offset.anchor is Anchor.FACT and not offset.codes:
        yield Fault(f"{path}.codes", "Please name the codes of what it is counted from.")
    if offset.codes and offset.anchor is not Anchor.FACT:
        yield _unsure(f"{path}.codes", "Codes only count when it is counted from something in the chart.")
    if offset.of is not None and not needs_step:
        yield _unsure(f"{path}.of", "Another step only counts when it is counted from its completion or due date.")
    if not needs_step:
        return
    other = by_code.get(offset.of or "")
    if other is None or offset.of == milestone.code:
        words = (
            "Please choose the step that it is counted from."
            if offset.of is None
            else f"{offset.of!r} is no other step of this program."
        )
        yield Fault(f"{path}.of", words)
    elif other.applies_if is not None and never_holds(other.applies_if):
        yield Fault(f"{path}.of", f"“{other.title}” applies to nobody, so this date never comes.")
    elif offset.anchor is Anchor.DUE and other.due is None:
        yield _unsure(
            f"{path}.of", f"“{other.title}” is due only where a patient's plan says so, and then only does this count."
        )


# ---------------------------------------------------------------------------------------------------------- conditions
def _conditions(program: Program, known: Known) -> Iterator[Fault]:
    for index, milestone in enumerate(program.milestones):
        if milestone.applies_if is not None:
            path = f"milestones[{index}].applies_if"
            if never_holds(milestone.applies_if):
                yield Fault(path, "This can never hold, so the step applies to nobody.")
            elif always_holds(milestone.applies_if):
                yield _unsure(path, "This always holds, so it can be left out.")
            yield from _programs_named(milestone.applies_if, path, program, known)
    for index, flag in enumerate(program.flags):
        path = f"flags[{index}].when"
        if never_holds(flag.when):
            yield Fault(path, "This can never hold, so the flag is never raised.")
        elif always_holds(flag.when):
            yield _unsure(path, "This always holds, so the flag is raised for everybody.")
        yield from _programs_named(flag.when, path, program, known)


def _programs_named(condition: Condition, path: str, program: Program, known: Known) -> Iterator[Fault]:
    for where, part in _parts(condition, path):
        if part.what != "in-program" or not part.program:
            continue
        if part.program == program.code:
            yield _unsure(f"{where}.program", "That is this program: it is so for each of its patients.")
        elif known.programs is not None and part.program not in known.programs:
            yield _unsure(f"{where}.program", f"There is no program {part.program!r} now.")


def _parts(condition: Condition, path: str) -> Iterator[tuple[str, Condition]]:
    yield path, condition
    for index, part in enumerate(condition.parts):
        yield from _parts(part, f"{path}.parts[{index}]")


# --------------------------------------------------------------------------------------------------------------- codes
def _codes(program: Program, known: Known) -> Iterator[Fault]:
    for path, codes in _coded(program):
        seen: set[tuple[str, str]] = set()
        for index, coding in enumerate(codes):
            pair = (coding.system, coding.code)
            if pair in seen:
                yield _unsure(f"{path}.codes[{index}]", f"{coding.code} stands here twice.")
            elif known.codes is not None and all(pair) and pair not in known.codes:
                yield _unsure(
                    f"{path}.codes[{index}]", f"{coding.code} is in no list, and was never seen in the charts."
                )
            seen.add(pair)


def _coded(program: Program) -> Iterator[tuple[str, Iterable[Coding]]]:
    for index, milestone in enumerate(program.milestones):
        path = f"milestones[{index}]"
        yield path, milestone.codes
        for name, offset in (("opens", milestone.opens), ("due", milestone.due)):
            if offset:
                yield f"{path}.{name}", offset.codes
        if milestone.applies_if:
            yield from ((where, part.codes) for where, part in _parts(milestone.applies_if, f"{path}.applies_if"))
    for index, item in enumerate(program.intake):
        yield f"intake[{index}]", item.codes
    for index, flag in enumerate(program.flags):
        yield from ((where, part.codes) for where, part in _parts(flag.when, f"flags[{index}].when"))

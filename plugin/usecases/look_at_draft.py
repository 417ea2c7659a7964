"""A draft as its editor sees it: in words, with everything that is wrong with it, whole or one part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from plugin.domain.account import SignedIn
from plugin.domain.condition_words import Names
from plugin.domain.configuration import LADDER, PROGRAM, ConfigDraft, ConfigVersion
from plugin.domain.fault import Fault, Known
from plugin.domain.ladder import Ladder
from plugin.domain.permissions import Action, Data, check_can
from plugin.domain.program import Program
from plugin.domain.program_edit import PHASES, STEPS, Part, Where, code_of, parts_of, text_of, with_part
from plugin.domain.program_words import Line, ladder_words, program_lines, step_lines
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.publish_form import names_of
from plugin.usecases.services import Services

Code = tuple[str, str]
Options = Sequence[tuple[str, str]]
_STEP = re.compile(r"milestones\[(\d{1,4})\]\.?", re.ASCII)
HEAD, WHOLE_LADDER = Where("head"), Where("ladder")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLook:
    """One part: ``faults`` with paths within it (``codes.0.code``), ``lines`` that say it in words, and what its form can
    offer. ``patients`` says how many patients have each code that the draft names."""

    faults: Sequence[Fault] = ()
    lines: Sequence[Line] = ()
    named: Sequence[Line] = ()
    """What it is called and where it stands: what ``lines`` do not say."""
    other_steps: Options = ()
    phases: Options = ()
    programs: Options = ()
    ladders: Options = ()
    patients: Mapping[Code, int] = field(default_factory=dict)

    @property
    def whole(self) -> Sequence[Line]:
        """All that is said of it."""
        return [*self.named, *self.lines]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLook:
    """The whole: ``program`` or ``ladder`` is what can be read of it, wrong as it may be; ``faults`` by the part that they
    are in, a step or the rest, with paths within it."""

    draft: ConfigDraft
    in_force: ConfigVersion | None
    program: Program | None
    ladder: Ladder | None
    faults: Mapping[Where, Sequence[Fault]]
    lines: Mapping[Where, Sequence[Line]]
    people: Mapping[str, str]
    """What they are called, by how versions and drafts name them."""

    @property
    def wrong(self) -> int:
        """How many things keep it from being published."""
        return sum(fault.is_wrong for faults in self.faults.values() for fault in faults)


class _Practice(NamedTuple):
    """What the practice has beside the draft."""

    current: Sequence[ConfigVersion]
    programs: Options
    ladders: Options
    patients: Mapping[Code, int]
    known: Known
    names: Names


def look_at_draft(services: Services, me: SignedIn, draft_id: int, languages: Mapping[str, str]) -> DraftLook:
    """The draft of this id. ``languages`` are their names by code. UnknownName when it was published or discarded."""
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    with services.database.begin(reading=True) as uow:
        draft = uow.drafts.get(draft_id)
        practice = _practice(services, uow, draft.body, languages)
        people = names_of(uow)
    found = (version for version in practice.current if (version.kind, version.code) == (draft.kind, draft.code))
    return DraftLook(
        draft=draft,
        in_force=next(found, None),
        program=services.catalog.program_so_far(draft.body) if draft.kind == PROGRAM else None,
        ladder=services.catalog.ladder_so_far(draft.body) if draft.kind == LADDER else None,
        faults=_faults(services, draft.kind, draft.body, practice.known),
        lines=_lines(services, draft.kind, draft.body, practice.names),
        people=people,
    )


def look_at_part(
    services: Services, me: SignedIn, draft: ConfigDraft, where: Where, part: Part, languages: Mapping[str, str]
) -> PartLook:
    """The draft as it would be with this content in the place of one part, and of that the part."""
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    body = with_part(draft.body, where, part)
    with services.database.begin(reading=True) as uow:
        practice = _practice(services, uow, body, languages)
    steps = [(code_of(step), text_of(step, "title") or "a step without a title") for step in parts_of(body, STEPS)]
    phases = [
        (code_of(phase), text_of(phase, "title") or "a phase without a title") for phase in parts_of(body, PHASES)
    ]
    return PartLook(
        faults=_faults(services, draft.kind, body, practice.known).get(where, ()),
        lines=_lines(services, draft.kind, body, practice.names).get(where, ()),
        named=[Line("Title", text_of(part, "title")), *(Line("Phase", t) for c, t in phases if c == part.get("phase"))],
        other_steps=[pair for pair in steps if pair[0] != where.code],
        phases=phases,
        programs=[pair for pair in practice.programs if pair[0] != draft.code],
        ladders=practice.ladders,
        patients=practice.patients,
    )


def _practice(services: Services, uow: UnitOfWork, body: Part, languages: Mapping[str, str]) -> _Practice:
    current = uow.configurations.current(services.clock())
    drafts = uow.drafts.all()
    programs, ladders = (
        {
            **{draft.code: text_of(draft.body, "title") or draft.code for draft in drafts if draft.kind == kind},
            **{one.code: text_of(one.body, "title") or one.code for one in current if one.kind == kind},
        }
        for kind in (PROGRAM, LADDER)
    )
    seen = uow.codes.among(frozenset(_codes_in(body)))
    were_counted = uow.codes.counted_at() is not None
    known = Known(
        codes=frozenset(seen) | _named(services, current) if were_counted else None,
        ladders=frozenset(one.code for one in current if one.kind == LADDER) or None,
        programs=frozenset(one.code for one in current if one.kind == PROGRAM) | {code_of(body)},
    )
    return _Practice(
        current,
        sorted(programs.items(), key=lambda pair: pair[1].casefold()),
        sorted(ladders.items(), key=lambda pair: pair[1].casefold()),
        {code: one.patients for code, one in seen.items()},
        known,
        Names(programs=programs, languages=languages, ladders=ladders),
    )


def _named(services: Services, current: Sequence[ConfigVersion]) -> frozenset[Code]:
    """The codes that the programs in force name."""
    programs = [services.catalog.program(version) for version in current if version.kind == PROGRAM]
    return frozenset((coding.system, coding.code) for program in programs for coding in program.named_codes())


def _codes_in(part: object) -> Iterator[Code]:
    """Whatever has a system and a code, wherever it stands."""
    todo = [part]
    while todo:
        here = todo.pop()
        if isinstance(here, Mapping):
            system, code = here.get("system"), here.get("code")
            if isinstance(system, str) and isinstance(code, str):
                yield system, code
            todo.extend(here.values())
        elif isinstance(here, list):
            todo.extend(here)


def _faults(services: Services, kind: str, body: Part, known: Known) -> Mapping[Where, Sequence[Fault]]:
    """By part, the paths within it with dots for brackets (``codes.0.code``)."""
    found: dict[Where, list[Fault]] = {}
    all_steps = body.get(STEPS)
    steps = all_steps if isinstance(all_steps, list) else []
    for fault in services.catalog.check(kind, body, known):
        where, path = WHOLE_LADDER if kind == LADDER else HEAD, fault.path
        in_step = _STEP.match(path)
        if in_step and int(in_step[1]) < len(steps) and isinstance(steps[int(in_step[1])], Mapping):
            where, path = Where("step", code_of(steps[int(in_step[1])])), path[in_step.end() :]
        dotted = re.sub(r"\[(\d+)\]", r".\1", path)
        found.setdefault(where, []).append(fault._replace(path=dotted))
    return found


def _lines(services: Services, kind: str, body: Part, names: Names) -> Mapping[Where, Sequence[Line]]:
    """What can be read of each part, in words."""
    if kind == LADDER:
        ladder = services.catalog.ladder_so_far(body)
        return {WHOLE_LADDER: [Line("", words) for words in ladder_words(ladder)] if ladder else []}
    program = services.catalog.program_so_far(body)
    if program is None:
        return {}
    steps = {Where("step", step.code): step_lines(step, program, names) for step in program.milestones}
    return {**steps, HEAD: program_lines(program, names)}

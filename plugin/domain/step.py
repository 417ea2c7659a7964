"""The steps of a plan: origins merged so that one step is one milestone, with its key (SEMANTICS O1-O3, O9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from plugin.domain.due import Bounds, Course, course_of
from plugin.domain.edited_step import Trace, pairs
from plugin.domain.origin import FINGERPRINT, Origin, OriginKind, SourceStatus
from plugin.domain.program import MilestoneDefinition
from plugin.domain.record import Coding, Identifier, KnownStep, Link

LOINC = "http://loinc.org"
_RESULT_CATEGORIES = {
    ("http://snomed.info/sct", "108252007"),
    ("http://snomed.info/sct", "363679005"),
}
_RESULT_WORDS = {"laboratory", "LAB", "imaging", "RAD"}


@dataclass(frozen=True, slots=True)
class Placed:
    """An origin with its course (when it is to happen) and its part of the key, numbered."""

    origin: Origin
    course: Course
    ident: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: what its origins say together. ``base`` is its key without the iteration."""

    base: str
    plan: str
    title: str
    source: str
    origins: tuple[Origin, ...]
    course: Course
    codes: frozenset[tuple[str, str]]
    code_texts: tuple[str, ...]
    """``system|code``, sorted."""
    refs: tuple[str, ...]
    identifiers: frozenset[Identifier]
    order: int
    definition: MilestoneDefinition | None = None
    appointment: str | None = None
    is_visit: bool = False
    may_be_visit: bool = False
    """It is one, or nobody says what it is."""
    is_result: bool = False
    outcomes: tuple[Link, ...] = ()
    outputs: tuple[Link, ...] = ()
    task: str | None = None

    @property
    def is_unread(self) -> bool:
        """O10: nothing but a reference that could not be read."""
        return all(origin.unread for origin in self.origins)

    def status_from(self, statuses: Iterable[SourceStatus]) -> SourceStatus:
        """O3: completed, then failed, then on-hold; cancelled only when all are."""
        said = list(statuses)
        for wins in (SourceStatus.COMPLETED, SourceStatus.FAILED, SourceStatus.ON_HOLD):
            if wins in said:
                return wins
        ended = {SourceStatus.CANCELLED, SourceStatus.IN_ERROR}
        if said and all(word in ended for word in said):
            return SourceStatus.IN_ERROR if set(said) == {SourceStatus.IN_ERROR} else SourceStatus.CANCELLED
        return SourceStatus.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Of what plan the steps are: the source's slug and the plan's id (for the keys), its own time, the practice's zone,
    and the milestones that were stored for it before. ``whose`` is the patient where the plan's id does not say it: all
    who are enrolled in a program have a plan of the same id, and a key belongs to one of them."""

    slug: str
    plan: str
    bounds: Bounds
    zone: ZoneInfo
    known: Sequence[KnownStep] = ()
    whose: str | None = None

    def base(self, ident: str) -> str:
        """A key without the iteration."""
        plan = self.plan if self.whose is None else f"{self.plan}@{self.whose}"
        return f"{self.slug}|{plan}|{ident}"


def steps_of(frame: Frame, origins: Sequence[Origin]) -> list[Step]:
    """Merged steps in the order of the plan; keys that were given before are kept (§4.1)."""
    given = _given(frame.known)
    courses = [(origin, course_of(origin.offers, frame.bounds, frame.zone)) for origin in origins]
    groups = _merged(_numbered(courses, frame, given))
    keys = _keys(frame, groups, given)
    return [_step(frame, key, group, index) for index, (key, group) in enumerate(zip(keys, groups, strict=True))]


def _given(known: Iterable[KnownStep]) -> dict[str, KnownStep]:
    """The first turn of each step that was stored before, by the key without the iteration."""
    given: dict[str, KnownStep] = {}
    for step in sorted(known, key=lambda k: k.iteration):
        given.setdefault(step.key.rpartition("|")[0], step)
    return given


def _numbered(
    courses: Sequence[tuple[Origin, Course]], frame: Frame, given: Mapping[str, KnownStep]
) -> Sequence[Placed]:
    """Equal idents in one plan are numbered by due date, then by order (O9)."""
    equal: dict[str, list[tuple[Origin, Course]]] = {}
    for origin, course in sorted(courses, key=lambda o: (o[1].due or date.max, o[0].place)):
        equal.setdefault(origin.ident, []).append((origin, course))
    placed: list[Placed] = []
    for ident, same in equal.items():
        names = _names(ident, [course.due for _, course in same], frame, given)
        placed += [Placed(origin, course, name) for (origin, course), name in zip(same, names, strict=True)]
    return sorted(placed, key=lambda p: (p.origin.kind, p.origin.place))


def _names(ident: str, dues: Sequence[date | None], frame: Frame, given: Mapping[str, KnownStep]) -> list[str]:
    """A number for each of several equal steps. One that was stored with the same due date keeps the number that it had,
    so that the others stay themselves when one of them is moved or taken away."""
    if len(dues) == 1 and frame.base(f"{ident}~2") not in given:
        return [ident]
    numbers = [ident, *(f"{ident}~{number}" for number in range(2, len(dues) + len(given) + 1))]
    before = {name: step for name in numbers if (step := given.get(frame.base(name)))}
    kept = [
        name if name in before and before[name].due == due else None for name, due in zip(numbers, dues, strict=False)
    ]
    for place, due in enumerate(dues):
        same = (name for name, step in before.items() if step.due == due and name not in kept)
        kept[place] = kept[place] or next(same, None)
    free = (n for n in numbers if n not in kept and not (n in before and _is_over(before[n])))
    return [name or next(free) for name in kept]


def _is_over(step: KnownStep) -> bool:
    return step.status in ("completed", "cancelled")


def _merged(placed: Sequence[Placed]) -> list[list[Placed]]:
    """O1: the strongest criterion decides, then the earliest due date; no two steps of one origin in a group."""
    if len({p.origin.kind for p in placed}) < 2:
        return [[p] for p in placed]
    pairs: list[tuple[int, list[date], list[str], int, int]] = []
    for i, one in enumerate(placed):
        for j in range(i + 1, len(placed)):
            other = placed[j]
            if one.origin.kind == other.origin.kind:
                continue
            strength = _criterion(one, other)
            if strength is not None:
                dues = sorted((one.course.due or date.max, other.course.due or date.max))
                pairs.append((strength, dues, [one.ident, other.ident], i, j))
    group_of = list(range(len(placed)))
    for _, _, _, i, j in sorted(pairs):
        a, b = group_of[i], group_of[j]
        kinds = [placed[k].origin.kind for k, g in enumerate(group_of) if g in (a, b)]
        if a != b and len(set(kinds)) == len(kinds):
            group_of = [a if g == b else g for g in group_of]
    groups: dict[int, list[Placed]] = {}
    for index, group in enumerate(group_of):
        groups.setdefault(group, []).append(placed[index])
    return sorted(groups.values(), key=lambda g: min((p.origin.place, p.origin.kind) for p in g))


def _criterion(one: Placed, other: Placed) -> int | None:
    """How two steps of different origins are one, strongest first; None when they are not."""
    a, b = one.origin, other.origin
    if a.own is not None and a.own == b.own:
        return 0
    if (b.own is not None and b.own in a.names) or (a.own is not None and a.own in b.names):
        return 1
    if a.identifiers & b.identifiers:
        return 2
    if _codes(a.codes) & _codes(b.codes) and one.course.overlaps(other.course):
        return 3
    return None


def _codes(codings: Iterable[Coding]) -> frozenset[tuple[str, str]]:
    return frozenset((c.system, c.code) for c in codings)


_KEY_ORDER = (OriginKind.PROGRAM, OriginKind.ORDER, OriginKind.REFERENCE, OriginKind.TASK, OriginKind.INLINE)


def _leading(group: Sequence[Placed]) -> Placed:
    """O2: key and source come from the program, else the reference, else the inline activity."""
    return min(group, key=lambda p: _KEY_ORDER.index(p.origin.kind))


def _keys(frame: Frame, groups: Sequence[Sequence[Placed]], given: Mapping[str, KnownStep]) -> list[str]:
    """Each step's key: as it was given before where any of its origins had one, carried over from a step that
    went where it is plain which one it was, else new."""
    keys: list[str | None] = []
    taken: set[str] = set()
    for group in groups:
        names = [frame.base(p.ident) for p in (_leading(group), *group)]
        key = next((name for name in names if name in given and name not in taken), None)
        keys.append(key)
        if key:
            taken.add(key)
    _carry_over({k: v for k, v in given.items() if k not in taken and not _is_over(v)}, groups, keys)
    return [key or frame.base(_leading(group).ident) for key, group in zip(keys, groups, strict=True)]


def _carry_over(gone: Mapping[str, KnownStep], groups: Sequence[Sequence[Placed]], keys: list[str | None]) -> None:
    """A step that had come to its end keeps its key to itself: what was said of it is not true of the new one."""
    if not gone:
        return
    before = {key: Trace(tuple(sorted(step.codes)), step.due, _words_of(key, step)) for key, step in gone.items()}
    fresh = {index: _trace(group) for index, group in enumerate(groups) if keys[index] is None}
    for index, key in pairs(before, fresh):
        keys[index] = key


def _words_of(key: str, step: KnownStep) -> str:
    """The title counts only where the key is a fingerprint of it: what has a name of its own keeps that."""
    return step.title if key.rpartition("|")[2].startswith(FINGERPRINT) else ""


def _trace(group: Sequence[Placed]) -> Trace:
    codes = sorted({f"{system}|{code}" for p in group for system, code in _codes(p.origin.codes)})
    lead = _leading(group)
    words = lead.origin.title if lead.ident.startswith(FINGERPRINT) else None
    return Trace(tuple(codes), lead.course.due, words or "")


def _step(frame: Frame, key: str, group: Sequence[Placed], index: int) -> Step:
    origins = tuple(p.origin for p in sorted(group, key=lambda p: p.origin.kind))
    lead = _leading(group).origin
    offers = [offer for origin in origins for offer in origin.offers]
    course = group[0].course if len(group) == 1 else course_of(offers, frame.bounds, frame.zone)
    codes = frozenset().union(*(_codes(origin.codes) for origin in origins))
    definition = next((o.definition for o in origins if o.definition), None)
    appointment = next((o.appointment for o in origins if o.appointment), None)
    is_visit = any(o.visit for o in origins) or bool(definition and definition.is_visit)
    is_result = not is_visit and appointment is None and _is_result(origins, codes, definition)
    return Step(
        base=key,
        plan=frame.plan,
        title=next((o.title for o in origins if o.title), None) or lead.fallback,
        source=lead.source,
        origins=origins,
        course=course,
        codes=codes,
        code_texts=tuple(sorted(f"{system}|{code}" for system, code in codes)),
        refs=tuple(dict.fromkeys(ref for origin in origins for ref in origin.refs)),
        identifiers=frozenset().union(*(origin.identifiers for origin in origins)),
        order=index,
        definition=definition,
        appointment=appointment,
        is_visit=is_visit,
        may_be_visit=is_visit or (not is_result and all(origin.untold for origin in origins)),
        is_result=is_result,
        outcomes=tuple(dict.fromkeys(link for origin in origins for link in origin.outcomes)),
        outputs=tuple(link for origin in origins for link in origin.outputs),
        task=next((o.own for o in origins if o.own and o.own.startswith("Task/")), None),
    )


def _is_result(
    origins: Sequence[Origin], codes: frozenset[tuple[str, str]], definition: MilestoneDefinition | None
) -> bool:
    """E6: a laboratory or imaging order, by its category, or by a LOINC code; or as the program says."""
    if definition is not None and definition.kind != "task":
        return definition.is_result
    if any(system == LOINC for system, _ in codes):
        return True
    return any(
        (c.system, c.code) in _RESULT_CATEGORIES or c.code in _RESULT_WORDS
        for origin in origins
        for concept in origin.categories
        for c in concept.codings
    )

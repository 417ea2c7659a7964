"""Remember one page of the feed: facts of tracked patients, statements of people who edited our Tasks, the cursor.

Everything that a page makes true is stored in one transaction. What the page refers to and no feed brings is read
before it, so that a crash in between loses nothing: the page comes again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from plugin.domain.assessment import ENDED
from plugin.domain.record import CarePlan, Coding, Fact, Patient
from plugin.domain.rules import Rules
from plugin.domain.source import Page, SetAside, Source
from plugin.usecases.edits import Edit, edits_in, take
from plugin.usecases.gone import forget, missed_by, named_in, still_there
from plugin.usecases.keeping import (
    BY_CODE,
    NOBODY,
    READ_BY_REFERENCE,
    codes_named_by,
    codes_of,
    is_ours,
    makes_a_plan,
    patients_of,
    pointers,
    points,
)
from plugin.usecases.linked import Linked, LinkReader
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.rules import rules_for
from plugin.usecases.services import Services

NO_PATIENT = "it names no patient"
IN_ERROR = "entered-in-error"

_PLANS_AND_PATIENTS = frozenset({"CarePlan", "Patient"})

Placed = tuple[Fact, Sequence[str]]
"""A fact and the tracked patients whose it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What became of one page. ``new`` are facts that were not stored yet in that version, ``gone`` those that the server
    has no more."""

    read: int
    new: int
    first_seen: int
    statements: int
    set_aside: int
    gone: int = 0

    def and_also(self, other: Ingested) -> Ingested:
        """With what was asked for on this page's account."""
        return replace(
            self,
            new=self.new + other.new,
            first_seen=self.first_seen + other.first_seen,
            statements=self.statements + other.statements,
            set_aside=self.set_aside + other.set_aside,
        )


def ingest(services: Services, source: Source, page: Page) -> Ingested:
    """Stores one page, and its cursor where it has one. Storing it again changes nothing. What should have come in it and
    did not is asked for by name, and forgotten where that finds nothing either."""
    missed = dict(missed_by(services, source, page))
    found = still_there(services, source, page, missed)
    beside = [ingest(services, source, replace(each, cursor=None, extent=None)) for each in found]
    for each in found:
        for ref in named_in(each):
            missed.pop(ref, None)
    done = _store(services, source, page, missed)
    for each_done in beside:
        done = done.and_also(each_done)
    return done


def _store(services: Services, source: Source, page: Page, gone: Mapping[str, str]) -> Ingested:
    if not page.facts:
        return _ingest_end(services, source, page, gone)
    ehr, now = services.ehr(source), services.clock()
    with services.database.begin(reading=True) as uow:
        rules = rules_for(services, uow, source, now)
    linked = LinkReader(services, source, ehr, rules).read(page.facts)
    edits = edits_in(services, source, ehr, page.facts)
    with services.database.begin() as uow:
        uow.sources.lock(source)
        done = _Ingestion(uow, source, rules, tuple(ehr.types), now).of(page, linked, edits)
        forgotten = forget(uow, source, gone, now)
        uow.commit()
    return replace(done, gone=forgotten)


def _ingest_end(services: Services, source: Source, page: Page, gone: Mapping[str, str]) -> Ingested:
    """A page without facts: each type's last one, most often."""
    now = services.clock()
    with services.database.begin() as uow:
        uow.sources.lock(source)
        _close(uow, source, page, now, aside=page.set_aside)
        forgotten = forget(uow, source, gone, now)
        uow.commit()
    aside = len(page.set_aside)
    return Ingested(read=page.read, new=0, first_seen=0, statements=0, set_aside=aside, gone=forgotten)


@dataclass(frozen=True, slots=True)
class _Ingestion:
    """One page within its transaction."""

    uow: UnitOfWork
    source: Source
    rules: Rules
    types: tuple[str, ...]
    now: datetime

    def of(self, page: Page, linked: Linked, edits: Sequence[Edit]) -> Ingested:
        facts = [_seen(fact, self.now) for fact in (*page.facts, *linked.facts) if not is_ours(fact)]
        facts = self._met(facts)
        named = self._patients_of(facts, linked)
        tracked, first_seen = self._track(facts, named)
        merged, unread = self._merge(facts, tracked)
        tracked |= merged
        aside = [*page.set_aside, *linked.set_aside, *_left_out(facts, named, tracked)]
        placed = [(fact, [p for p in named[fact.ref] if p == NOBODY or p in tracked]) for fact in facts]
        unread |= self._name_codes([(fact, whose) for fact, whose in placed if whose])
        kept = self._kept(placed, frozenset(linked.asked))
        stored = self.uow.facts.store(self.source, kept, self.now)
        if changed := stored.changed - {NOBODY}:
            self.uow.patients.mark(self.source, changed, self.now)
        if unread:
            self.uow.patients.want_read_back(self.source, sorted(unread), self.now)
        said = sum(take(self.uow, self.source, edit, self.now) for edit in edits)
        good = named.keys() - {record.ref for record in aside}
        _close(self.uow, self.source, page, self.now, aside=aside, good=sorted(good))
        return Ingested(
            read=page.read,
            new=stored.new,
            first_seen=first_seen,
            statements=said,
            set_aside=len(aside),
        )

    def _met(self, facts: Sequence[Fact]) -> list[Fact]:
        """A plan that had ended when it was first read says so, and says it in its later versions. One that is stored in
        this version stays as it is."""
        ended = {fact.ref: fact.version for fact in facts if isinstance(fact, CarePlan) and fact.status in ENDED}
        known = self.uow.facts.known(self.source, sorted(ended)) if ended else {}
        changed = [ref for ref, version in known.items() if version != ended[ref]]
        before = {plan.ref: plan for plan in self.uow.facts.get(self.source, changed)} if changed else {}
        met: dict[str, datetime | None] = dict.fromkeys(ended.keys() - known.keys(), self.now)
        for ref, plan in before.items():
            met[ref] = plan.met_ended if isinstance(plan, CarePlan) and plan.status in ENDED else None
        return [replace(f, met_ended=met[f.ref]) if isinstance(f, CarePlan) and f.ref in met else f for f in facts]

    def _patients_of(self, facts: Sequence[Fact], linked: Linked) -> dict[str, tuple[str, ...]]:
        """Whom each fact names; where it names nobody, those of what it points to, or on whose account it was read: a
        link alone may make it evidence (E8)."""
        named = {fact.ref: patients_of(fact) for fact in facts}
        orphans = {f.ref: pointers(f) for f in facts if not named[f.ref] and not isinstance(f, CarePlan)}
        targets = sorted({ref for refs in orphans.values() for ref in refs} - named.keys())
        stored = {f.ref: patients_of(f) for f in self.uow.facts.get(self.source, targets)} if targets else {}
        for ref, refs in orphans.items():
            whose = {p for target in refs for p in named.get(target, stored.get(target, ()))}
            named[ref] = tuple(sorted(whose.union(linked.asked.get(ref, ())) - {NOBODY}))
        return named

    def _track(self, facts: Sequence[Fact], named: dict[str, tuple[str, ...]]) -> tuple[frozenset[str], int]:
        """The tracked patients among those of these facts, and how many are new. The feed has gone past the facts of a
        new one, unless plans are all that has been read so far: it is read back before it is assessed."""
        refs = {p for patients in named.values() for p in patients if p != NOBODY}
        refs |= {fact.replaced_by for fact in facts if isinstance(fact, Patient) and fact.replaced_by}
        tracked = self.uow.patients.tracked(self.source, sorted(refs))
        planned = {p for fact in facts if makes_a_plan(fact, self.rules) for p in named[fact.ref]}
        if not planned - tracked:
            return tracked, 0
        read_back = self._has_begun([type_ for type_ in self.types if type_ != "CarePlan"])
        new = self.uow.patients.track(self.source, sorted(planned - tracked), self.now, read_back)
        return tracked | planned, len(new)

    def _has_begun(self, types: Sequence[str]) -> bool:
        """Whether the feed of one of these types has moved."""
        return not self.uow.sources.begun(self.source).isdisjoint(types)

    def _name_codes(self, placed: Sequence[Placed]) -> frozenset[str]:
        """Names the codes of steps and goals; patients of whom evidence was passed by for want of such a name."""
        naming = [(fact, whose, codes) for fact, whose in placed if (codes := codes_named_by(fact))]
        if not naming:
            return frozenset()
        all_codes = frozenset[Coding]().union(*(codes for _, _, codes in naming))
        is_late = self._has_begun([type_ for type_ in self.types if type_ in BY_CODE])
        late = self.uow.patients.names_codes(self.source, sorted(all_codes), is_late)
        concerned = [(fact.ref, whose, codes & late) for fact, whose, codes in naming if codes & late]
        if not concerned:
            return frozenset()
        before = {f.ref: codes_named_by(f) for f in self.uow.facts.get(self.source, [ref for ref, _, _ in concerned])}
        new = [whose for ref, whose, codes in concerned if codes - before.get(ref, frozenset())]
        return frozenset(patient for whose in new for patient in whose)

    def _kept(self, placed: Sequence[Placed], asked: frozenset[str]) -> list[Placed]:
        """What is stored: what a tracked patient's is and needed; and whatever is stored already, so that it follows its
        resource wherever that goes, to another code or another patient."""
        by_code = any(fact.type in BY_CODE for fact, _ in placed)
        codes = self.uow.patients.named_codes(self.source) if by_code else frozenset()
        kept: list[Placed] = []
        passed: list[Placed] = []
        for fact, whose in placed:
            needed = fact.ref in asked or self._is_needed(fact, codes)
            (kept if whose and needed else passed).append((fact, whose))
        if passed:
            known = self.uow.facts.known(self.source, [fact.ref for fact, _ in passed])
            kept += [(fact, whose) for fact, whose in passed if fact.ref in known]
        return kept

    def _is_needed(self, fact: Fact, codes: frozenset[tuple[str, str]]) -> bool:
        """Even though nothing asked for it by its name."""
        if fact.type in READ_BY_REFERENCE:
            return makes_a_plan(fact, self.rules)
        return fact.type not in BY_CODE or points(fact) or _is_named(fact, codes)

    def _merge(self, facts: Sequence[Fact], tracked: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
        """Merged records (S7), as far as one of the two is tracked: both are from now on. Beside them the survivors of
        which facts have been passed by; none as long as only plans and patients have been read, and the survivor was
        tracked. A version that was seen before says nothing new."""
        merged = {f.ref: f for f in facts if isinstance(f, Patient) and tracked.intersection((f.ref, f.replaced_by))}
        pairs = {ref: fact.replaced_by for ref, fact in merged.items() if fact.replaced_by}
        if not pairs:
            return frozenset(), frozenset()
        known = self.uow.facts.known(self.source, sorted(pairs))
        is_early = not self._has_begun([type_ for type_ in self.types if type_ not in _PLANS_AND_PATIENTS])
        new = {ref: survivor for ref, survivor in pairs.items() if known.get(ref) != merged[ref].version}
        if new:
            self.uow.patients.merge(self.source, new, self.now)
        unread = frozenset(survivor for survivor in new.values() if not (is_early and survivor in tracked))
        return frozenset((*pairs, *pairs.values())), unread


def _close(
    uow: UnitOfWork, source: Source, page: Page, now: datetime, *, aside: Sequence[SetAside], good: Sequence[str] = ()
) -> None:
    if good:
        uow.sources.clear_aside(source, good)
    if aside:
        uow.sources.set_aside(source, aside, now)
    if page.on_file:
        uow.on_file.add(source, page.on_file)
    if page.cursor is not None:
        uow.sources.move(source, page.type, page.cursor, now)


def _seen(fact: Fact, now: datetime) -> Fact:
    """Where the source's stamp does not say when a version came to be, it is our first sight of it (DESIGN §1); of one
    that is stored already the first sight stays."""
    return fact if fact.seen is not None else replace(fact, seen=now)


def _left_out(facts: Sequence[Fact], named: dict[str, tuple[str, ...]], tracked: frozenset[str]) -> list[SetAside]:
    """CarePlans that are not tracked, each with its reason: `milepost status` accounts for every one."""
    plans = [fact for fact in facts if isinstance(fact, CarePlan) and not tracked.intersection(named[fact.ref])]
    return [SetAside(plan.ref, plan.version, IN_ERROR if named[plan.ref] else NO_PATIENT) for plan in plans]


def _is_named(fact: Fact, codes: frozenset[tuple[str, str]]) -> bool:
    return any(code in codes for code in codes_of(fact))

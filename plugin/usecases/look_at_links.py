"""Who waits to be linked to the companion store, as a person sees it: both records side by side, and their decision.

What is decided is decided about what was on the screen: a form carries the mark of both records, and when one of them
has changed since, nothing is linked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plugin.domain.account import SignedIn
from plugin.domain.audit import AuditEntry
from plugin.domain.companion import LinkState, PatientLink, digest_of_identity, known_there, same_name
from plugin.domain.errors import MilepostError, Stale
from plugin.domain.permissions import Action, Data, check_can
from plugin.domain.record import Patient
from plugin.domain.source import Source
from plugin.usecases.link_patients import MILEPOST, link, link_question, look_again, unlink
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services

PAGE = 20
"""So many are shown at once: whoever has decided about them sees the next."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A record of the store that may be the same person's; ``mark`` is of both records as they are shown. ``differs`` says
    what is not the same: ``name``, ``birth-date``, ``identifiers``."""

    patient: Patient
    mark: str
    differs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A patient, how they stand to the store, and who there may be the same person. ``patient`` None: not read (yet)."""

    link: PatientLink
    patient: Patient | None
    candidates: Sequence[Candidate] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSheet:
    """``waiting`` of ``waiting_in_all``, longest first; ``decided`` by people lately. ``store_fault``: why the store could not
    be asked just now."""

    waiting: Sequence[LinkRow]
    waiting_in_all: int
    linked: int
    decided: Sequence[LinkRow]
    found: Sequence[LinkRow] | None = None
    """Those who are linked and were looked for; None: nobody was."""
    store_fault: str = ""


def sources_with_links(services: Services) -> Sequence[Source]:
    """EHRs whose patients are linked to a store, by slug."""
    with services.database.begin(reading=True) as uow:
        return [source for source in uow.sources.all() if source.sink == "companion" and source.companion]


def waiting_to_be_linked(services: Services, me: SignedIn) -> int:
    """How many, in all sources."""
    check_can(me.roles, Action.ACT, Data.PLAN)
    theirs = sources_with_links(services)
    with services.database.begin(reading=True) as uow:
        return sum(len(uow.companion_links.in_state(source, LinkState.TO_DO)) for source in theirs)


def look_at_links(services: Services, me: SignedIn, source: Source, text: str = "") -> LinkSheet:
    """As they stand now; with ``text``, also who is linked and has that name or number. One audit row: who was shown."""
    check_can(me.roles, Action.ACT, Data.PLAN)
    with services.database.begin(reading=True) as uow:
        waiting = uow.companion_links.in_state(source, LinkState.TO_DO)
        linked = uow.companion_links.in_state(source, LinkState.LINKED)
        by_people = [
            one for one in (*linked, *uow.companion_links.in_state(source, LinkState.REFUSED)) if _by_person(one)
        ]
        decided = sorted(by_people, key=lambda one: one.at, reverse=True)[:PAGE]
        wanted = _named(uow, source, linked, text)[:PAGE] if text else None
        shown = [*waiting[:PAGE], *decided, *(wanted or ())]
        ours = _records(uow, source, [one.patient for one in shown])
        store = uow.sources.get(source.companion) if source.companion else None
    theirs, fault = _theirs(services, store, shown)
    _note(services, me, source, ours)

    def row(one: PatientLink) -> LinkRow:
        return _row(one, ours, theirs, source.systems)

    return LinkSheet(
        waiting=[row(one) for one in waiting[:PAGE]],
        waiting_in_all=len(waiting),
        linked=len(linked),
        decided=[row(one) for one in decided],
        found=None if wanted is None else [row(one) for one in wanted],
        store_fault=fault,
    )


def decide_link(
    services: Services, me: SignedIn, source: Source, patient: str, store_ref: str, seen: str
) -> PatientLink:
    """These two are one person. Stale when one of the records says something else than what was on the screen; BadInput as
    ``link`` has it."""
    check_can(me.roles, Action.ACT, Data.PLAN)
    asked = link_question(services, source, patient)
    there = next((one for one in asked.candidates if one.ref == store_ref), None)
    if asked.patient is None or there is None or _mark(asked.patient, there) != seen:
        raise Stale("One of the two records has changed since the page was drawn. Look at both again.")
    return link(services, source, patient, store_ref, by=me.who, told=me.told)


def decide_none(services: Services, me: SignedIn, source: Source, patient: str) -> PatientLink:
    """This patient has no record in the store, and is not asked about again."""
    check_can(me.roles, Action.ACT, Data.PLAN)
    return unlink(services, source, patient, by=me.who, told=me.told, is_refused=True)


def undo_link(services: Services, me: SignedIn, source: Source, patient: str) -> PatientLink:
    """The decision was wrong: what was written about the other one says that it was entered in error, and the patient waits
    for a person again."""
    check_can(me.roles, Action.ACT, Data.PLAN)
    return unlink(services, source, patient, by=me.who, told=me.told)


def try_links_again(services: Services, me: SignedIn, source: Source) -> int:
    """Everybody who waits, by themselves; how many are linked now. One audit row of who asked for it."""
    check_can(me.roles, Action.ACT, Data.PLAN)
    linked = look_again(services, source)
    _write(services, me, source, "look-for-links", {"linked": linked})
    return linked


def _by_person(one: PatientLink) -> bool:
    return one.by != MILEPOST


def _theirs(
    services: Services, store: Source | None, shown: Sequence[PatientLink]
) -> tuple[Mapping[str, Patient], str]:
    """What the store says of all candidates, asked at once."""
    refs = sorted({ref for one in shown for ref in (*one.candidates, one.store_ref) if ref})
    if store is None or not refs:
        return {}, ""
    try:
        return {one.ref: one for one in services.companion(store).patients(refs)}, ""
    except MilepostError as error:
        return {}, str(error)


def _row(
    one: PatientLink, ours: Mapping[str, Patient], theirs: Mapping[str, Patient], systems: Mapping[str, str]
) -> LinkRow:
    patient = ours.get(one.patient)
    refs = (one.store_ref,) if one.store_ref else one.candidates
    there = [theirs[ref] for ref in refs if ref in theirs]
    return LinkRow(
        link=one,
        patient=patient,
        candidates=[
            Candidate(patient=each, mark=_mark(patient, each), differs=_differs(patient, each, systems))
            for each in there
        ],
    )


def _differs(ours: Patient | None, theirs: Patient, systems: Mapping[str, str]) -> frozenset[str]:
    """By the same measure by which they would be linked by themselves."""
    if ours is None:
        return frozenset()
    is_other = {
        "name": same_name(ours.family) != same_name(theirs.family),
        "birth-date": ours.birth_date != theirs.birth_date,
        "identifiers": set(known_there(ours.identifiers, systems)).isdisjoint(theirs.identifiers),
    }
    return frozenset(what for what, differs in is_other.items() if differs)


def _mark(ours: Patient | None, theirs: Patient) -> str:
    both = f"{'' if ours is None else digest_of_identity(ours)} {theirs.ref} {digest_of_identity(theirs)}"
    return hashlib.sha256(both.encode()).hexdigest()[:32]


def _named(uow: UnitOfWork, source: Source, linked: Sequence[PatientLink], text: str) -> Sequence[PatientLink]:
    """Those whose name has words that begin so, or who have this number."""
    words = text.casefold().split()
    found = []
    for start in range(0, len(linked), _AT_ONCE):
        some = linked[start : start + _AT_ONCE]
        known = _records(uow, source, [one.patient for one in some])
        found += [one for one in some if one.patient in known and _is_meant(known[one.patient], words)]
    return found


def _is_meant(patient: Patient, words: Sequence[str]) -> bool:
    has = [*(patient.name or "").casefold().replace(",", " ").split(), (patient.mrn or "").casefold()]
    return bool(words) and all(any(each.startswith(word) for each in has) for word in words)


def _records(uow: UnitOfWork, source: Source, refs: Sequence[str]) -> Mapping[str, Patient]:
    return {fact.ref: fact for fact in uow.facts.get(source, refs) if isinstance(fact, Patient)}


def _note(services: Services, me: SignedIn, source: Source, shown: Mapping[str, Patient]) -> None:
    if shown:
        _write(services, me, source, "read:links", {"patients": sorted(shown)})


def _write(services: Services, me: SignedIn, source: Source, action: str, detail: Mapping[str, object]) -> None:
    now, record = services.clock(), f"source/{source.slug}"
    with services.database.begin() as uow:
        uow.audit.write([AuditEntry(at=now, who=me.who, action=action, record=record, detail={**me.told, **detail})])
        uow.commit()

"""Link the patients of a source to those of its companion store: by themselves where nothing is left open, else by a
person.

Before anything is written, the records on both sides are looked at once more: where an identifier, the birth date or
the name has changed so that they agree no more, the link is suspended, and nothing further is written until a person
has said who is who. What a person decided is never undone by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from plugin.domain.audit import AuditEntry
from plugin.domain.companion import LinkState, Match, PatientLink, Why, digest_of_identity, known_there, match
from plugin.domain.errors import BadInput, UnknownName
from plugin.domain.record import Other, Patient
from plugin.domain.source import Source
from plugin.usecases.ports import Database, UnitOfWork
from plugin.usecases.services import Services
from plugin.usecases.sink_ports import Companion

MILEPOST = "milepost"
_NOT_LINKED = (LinkState.TO_DO, LinkState.REFUSED)
_FOR_A_PERSON = frozenset({Why.CHANGED, Why.GONE, Why.UNLINKED})
"""After these a person decides: that they agree again may be the next mistake."""


class LinkedPatients:
    """Who is who, for the sink of a source (fhir_adapters/sinks/companion.py). Each question is one reading."""

    def __init__(self, database: Database, source: Source) -> None:
        self._database = database
        self._source = source

    def in_store(self, patient: str) -> str | None:
        """The patient of the store who is linked to this one now."""
        with self._database.begin(reading=True) as uow:
            link = uow.companion_links.of(self._source, [patient]).get(patient)
        return link.store_ref if link is not None and link.state is LinkState.LINKED else None

    def in_source(self, refs: Sequence[str]) -> Mapping[str, str]:
        """Store's reference -> source's."""
        if not refs:
            return {}
        with self._database.begin(reading=True) as uow:
            return uow.companion_links.by_store(self._source, refs)

    def name_of(self, ref: str) -> str | None:
        """What somebody of the source is called, where that was read."""
        with self._database.begin(reading=True) as uow:
            found = uow.facts.get(self._source, [ref])
        return next((fact.name for fact in found if isinstance(fact, Other) and fact.name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkQuestion:
    """What a person sees who is to link a patient: the link as it stands, the patient's own record, and those of the store
    that may be the same person's. Either may be missing by now."""

    link: PatientLink
    patient: Patient | None
    candidates: tuple[Patient, ...]


def link_waiting(services: Services, source: Source, patients: Iterable[str]) -> None:
    """Before writing for these patients: links whoever can be linked, and suspends what holds no more. Nothing for a source
    without a companion store."""
    if source.sink != "companion" or source.companion is None:
        return
    wanted = sorted({patient for patient in patients if patient})
    if wanted:
        _Linking(services, source).of(wanted)


def look_again(services: Services, source: Source) -> int:
    """Everybody who waits to be linked is tried once more, since either side may have changed; what waited for those who
    could be linked is written. How many. What could not be taken off another's record at once is taken off now."""
    with services.database.begin(reading=True) as uow:
        waiting = [link.patient for link in uow.companion_links.in_state(source, LinkState.TO_DO)]
        store = None if source.companion is None else _store_of(uow, source)
        left = [link.patient for state in _NOT_LINKED for link in uow.companion_links.in_state(source, state)]
    if store is None or not left:
        return 0
    _take_off(services, source, store, left)
    link_waiting(services, source, waiting)
    return _write_for(services, source, waiting)


def links_to_do(services: Services, source: Source) -> Sequence[PatientLink]:
    """Whom a person has to link, longest waiting first, each with the reason."""
    with services.database.begin(reading=True) as uow:
        return uow.companion_links.in_state(source, LinkState.TO_DO)


def link_question(services: Services, source: Source, patient: str) -> LinkQuestion:
    """One of them, with what both sides say now. UnknownName for somebody who was never to be linked."""
    with services.database.begin(reading=True) as uow:
        link = uow.companion_links.of(source, [patient]).get(patient)
        store = _store_of(uow, source)
        ours = _records(uow, source, [patient]).get(patient)
    if link is None:
        raise UnknownName(f"Source {source.slug}: {patient} does not wait to be linked.")
    refs = [*link.candidates, *([link.store_ref] if link.store_ref else [])]
    found = services.companion(store).patients(refs) if refs else ()
    return LinkQuestion(link=link, patient=ours, candidates=tuple(found))


def link(
    services: Services,
    source: Source,
    patient: str,
    store_ref: str,
    *,
    by: str,
    told: Mapping[str, object] | None = None,
) -> PatientLink:
    """A person says who of the store this patient is. What waited is written at once. BadInput where that record is not
    there, was replaced, or is another patient's; and where this one is linked to another (that link is taken back first)."""
    with services.database.begin(reading=True) as uow:
        store = _store_of(uow, source)
        ours = _records(uow, source, [patient]).get(patient)
    theirs = next(iter(services.companion(store).patients([store_ref])), None)
    if theirs is None or theirs.replaced_by is not None:
        raise BadInput(f"{store_ref}: there is no such patient in {store.slug}, or the record was replaced by another.")
    _take_off(services, source, store, [patient])
    now = services.clock()
    linked = _linked(patient, theirs, ours, by=by, at=now)
    with services.database.begin() as uow:
        uow.sources.lock(source)
        before = uow.companion_links.of(source, [patient]).get(patient)
        if before is not None and before.store_ref not in (None, store_ref):
            raise BadInput(f"{patient}: is linked to {before.store_ref}; that has to be taken back first.")
        if uow.companion_links.save(source, [linked]):
            raise BadInput(f"{store_ref}: another patient of {source.slug} is linked to it.")
        uow.ledger.again(source, now, patients=[patient])
        uow.audit.write([_audit("link-patient", source, patient, now, by=by, told={**(told or {}), "to": store_ref})])
        uow.commit()
    services.jobs.deliver()
    return linked


def unlink(
    services: Services,
    source: Source,
    patient: str,
    *,
    by: str,
    told: Mapping[str, object] | None = None,
    is_refused: bool = False,
) -> PatientLink:
    """A person says that the two are not one. From then on nothing is written; what stands there about the other one says
    that it was entered in error. ``is_refused``: the patient is not to be linked at all, and nobody is asked again."""
    now = services.clock()
    state = LinkState.REFUSED if is_refused else LinkState.TO_DO
    with services.database.begin() as uow:
        uow.sources.lock(source)
        store = _store_of(uow, source)
        before = uow.companion_links.of(source, [patient]).get(patient)
        if before is None:
            raise UnknownName(f"Source {source.slug}: {patient} was never to be linked.")
        after = replace(before, state=state, why=Why.UNLINKED, by=by, at=now)
        uow.companion_links.save(source, [after])
        action = "refuse-link" if is_refused else "unlink-patient"
        detail = {**(told or {}), "was": before.store_ref}
        uow.audit.write([_audit(action, source, patient, now, by=by, told=detail)])
        uow.commit()
    _take_off(services, source, store, [patient])
    return replace(after, store_ref=None)


def _take_off(services: Services, source: Source, store: Source, patients: Sequence[str]) -> None:
    """What was written about the records of the store that these patients are not (any more). Until it is done nobody else
    gets such a record, and nothing is written for the patient. What we put right there is no person's word when it comes
    back."""
    with services.database.begin(reading=True) as uow:
        found = uow.companion_links.of(source, patients).values()
    for link in found:
        if link.to_take_off is None:
            continue
        standing = services.companion(store).disown(link.to_take_off, source)
        with services.database.begin() as uow:
            uow.sources.lock(source)
            for there in standing:
                uow.sent.adopt(source, there, services.clock())
            uow.companion_links.save(source, [replace(link, store_ref=None)])
            uow.commit()


def _write_for(services: Services, source: Source, patients: Sequence[str]) -> int:
    """What waited for these patients' links, as far as they are linked now, is tried at once."""
    now = services.clock()
    with services.database.begin() as uow:
        found = uow.companion_links.of(source, patients)
        linked = [patient for patient, link in found.items() if link.state is LinkState.LINKED]
        if linked:
            uow.ledger.again(source, now, patients=linked)
        uow.commit()
    return len(linked)


class _Linking:
    """One batch of patients: read here, asked for there, compared, stored. No transaction is open meanwhile."""

    def __init__(self, services: Services, source: Source) -> None:
        self._services = services
        self._source = source

    def of(self, patients: Sequence[str]) -> None:
        with self._services.database.begin(reading=True) as uow:
            links = uow.companion_links.of(self._source, patients)
            ours = _records(uow, self._source, patients)
            companion = self._services.companion(_store_of(uow, self._source))
        known = [link for link in links.values() if link.state is LinkState.LINKED]
        new = [patient for patient in patients if _is_open(links.get(patient))]
        self._keep([*self._looked_after(known, ours, companion), *self._tried(new, ours, links, companion)])

    def _looked_after(
        self, linked: Sequence[PatientLink], ours: Mapping[str, Patient], companion: Companion
    ) -> list[PatientLink]:
        """Those of these links that are another's by now: of which one side has changed."""
        refs = [link.store_ref for link in linked if link.store_ref]
        theirs = {one.ref: one for one in companion.patients(refs)} if refs else {}
        looked = ((link, self._compared(link, ours.get(link.patient), theirs)) for link in linked)
        return [after for before, after in looked if after != before]

    def _compared(self, link: PatientLink, ours: Patient | None, theirs: Mapping[str, Patient]) -> PatientLink:
        there = theirs.get(link.store_ref or "")
        if there is None:
            return self._suspended(link, Why.GONE)
        if ours is None:
            return link  # its record is being read anew; the link rests on what it said
        digests = digest_of_identity(ours), digest_of_identity(there)
        if digests == (link.ours, link.theirs):
            return link
        if match(ours, [there], self._source.systems).store_ref == there.ref:
            return replace(link, ours=digests[0], theirs=digests[1])
        return self._suspended(link, Why.CHANGED)

    def _tried(
        self,
        patients: Sequence[str],
        ours: Mapping[str, Patient],
        links: Mapping[str, PatientLink],
        companion: Companion,
    ) -> list[PatientLink]:
        systems = self._source.systems
        asked = {known for one in patients if one in ours for known in known_there(ours[one].identifiers, systems)}
        theirs = companion.patients_with(sorted(asked)) if asked else ()
        tried = [self._decided(one, ours.get(one), theirs) for one in patients]
        return [link for link in tried if not _says_the_same(link, links.get(link.patient))]

    def _decided(self, patient: str, ours: Patient | None, theirs: Sequence[Patient]) -> PatientLink:
        found: Match = match(ours, theirs, self._source.systems)
        now = self._services.clock()
        if found.store_ref is not None:
            there = next(one for one in theirs if one.ref == found.store_ref)
            return _linked(patient, there, ours, by=MILEPOST, at=now)
        why = found.why or Why.NONE_FOUND
        return PatientLink(patient=patient, state=LinkState.TO_DO, candidates=found.candidates, why=why, at=now)

    def _suspended(self, link: PatientLink, why: Why) -> PatientLink:
        candidates = tuple(dict.fromkeys((*([link.store_ref] if link.store_ref else []), *link.candidates)))
        changed = replace(link, state=LinkState.TO_DO, store_ref=None, candidates=candidates, why=why)
        return replace(changed, by=MILEPOST, at=self._services.clock())

    def _keep(self, changed: Sequence[PatientLink]) -> None:
        if not changed:
            return
        now = self._services.clock()
        with self._services.database.begin() as uow:
            uow.sources.lock(self._source)
            before = uow.companion_links.of(self._source, [link.patient for link in changed])
            fresh = [link for link in changed if _is_open(before.get(link.patient)) or _is_linked(before, link)]
            taken = uow.companion_links.save(self._source, fresh)
            uow.companion_links.save(self._source, [_taken(link) for link in taken])
            uow.audit.write([_audit_of(self._source, link, now) for link in fresh if link not in taken])
            uow.commit()


def _is_open(link: PatientLink | None) -> bool:
    """Nobody knows yet, and no person has been asked for good."""
    return link is None or (link.state is LinkState.TO_DO and link.why not in _FOR_A_PERSON)


def _is_linked(before: Mapping[str, PatientLink], link: PatientLink) -> bool:
    """Still; a person may have unlinked them while the other side was asked."""
    stands = before.get(link.patient)
    return stands is not None and stands.state is LinkState.LINKED


def _says_the_same(link: PatientLink, before: PatientLink | None) -> bool:
    """So that who waits keeps the day since when."""
    if before is None:
        return False
    return (link.state, str(link.why), link.candidates) == (before.state, before.why, before.candidates)


def _linked(patient: str, theirs: Patient, ours: Patient | None, *, by: str, at: datetime) -> PatientLink:
    return PatientLink(
        patient=patient,
        state=LinkState.LINKED,
        store_ref=theirs.ref,
        candidates=(theirs.ref,),
        by=by,
        at=at,
        ours="" if ours is None else digest_of_identity(ours),
        theirs=digest_of_identity(theirs),
    )


def _taken(link: PatientLink) -> PatientLink:
    return replace(link, state=LinkState.TO_DO, store_ref=None, why=Why.TAKEN, ours="", theirs="")


def _records(uow: UnitOfWork, source: Source, patients: Sequence[str]) -> dict[str, Patient]:
    return {fact.ref: fact for fact in uow.facts.get(source, patients) if isinstance(fact, Patient)}


def _store_of(uow: UnitOfWork, source: Source) -> Source:
    if source.companion is None:
        raise BadInput(f"Source {source.slug}: has no companion store.")
    return uow.sources.get(source.companion)


def _audit_of(source: Source, link: PatientLink, now: datetime) -> AuditEntry:
    if link.state is LinkState.LINKED:
        return _audit("link-patient", source, link.patient, now, by=link.by, told={"to": link.store_ref})
    return _audit("ask-link", source, link.patient, now, by=link.by, told={"why": str(link.why)})


def _audit(
    action: str, source: Source, patient: str, now: datetime, *, by: str, told: Mapping[str, object]
) -> AuditEntry:
    return AuditEntry(at=now, who=by, action=action, record=f"{source.slug}/{patient}", detail=dict(told))

"""Compare a source with what is stored, each night: what was deleted there, and what the feed has missed.

A feed by time cannot see two things: a deletion, and a resource whose transaction committed after the feed had gone
past its stamp (reference: HAPI stamps all of a transaction with its start). The first shows when all references of a
type are compared, the second when the days since the last comparison are read again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plugin.domain.source import OPENEMR, Cursor, Source
from plugin.usecases.gone import AT_ONCE, ask_by_name, forget, named_in
from plugin.usecases.ingest import ingest
from plugin.usecases.link_patients import look_again
from plugin.usecases.services import Services
from plugin.usecases.sources import subscribe
from plugin.usecases.sync import in_order

_LONGEST_TRANSACTION = timedelta(hours=1)
RECONCILED = "reconciled/"
"""Under this name and its own, a type's cursors keep where the last comparison stood."""
_TASK = "Task"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """Counts by type: what stands on the server and in storage, what was deleted there, what was read anew."""

    type: str
    on_server: int
    deleted: int
    missed: int


def reconcile(services: Services, source_id: int) -> Sequence[Reconciled]:
    """One source, type by type; nothing of one that is no EHR. Repeating it, at any time, harms nothing. A hook that
    somebody has taken away is registered again; who waits to be linked to a companion store is tried once more."""
    with services.database.begin(reading=True) as uow:
        source = uow.sources.by_id(source_id)
    if not source.is_ehr:
        return []
    done = _within_bounds(services, source) if source.kind == OPENEMR else _all_types(services, source)
    if any(result.deleted or result.missed for result in done):
        services.jobs.tick()
    subscribe(services, source)
    look_again(services, source)
    return done


def _all_types(services: Services, source: Source) -> list[Reconciled]:
    ehr = services.ehr(source)
    done = [_reconcile_type(services, source, type_) for type_ in in_order(ehr.types)]
    return done + [_reconcile_followed(services, source, type_) for type_ in ehr.followed]


def _within_bounds(services: Services, source: Source) -> list[Reconciled]:
    """OpenEMR 8.2 keeps a copy of every answer, so that nothing is read for comparing alone: the polls read whole lists,
    days and months, the deeper ones at night, and compare those themselves (gone.py). What is left are patients, of whom
    the polls read what has changed; what was set aside; and edits of our Tasks in a companion store."""
    done = [_compared(services, source, "Patient", keep=lambda refs: _on_file(services, source, refs))]
    with services.database.begin(reading=True) as uow:
        aside = [record.ref for record in uow.sources.aside(source)]
        standing = uow.facts.known(source, aside)
    for type_ in services.ehr(source).types:
        if type_ == _TASK:
            done.append(Reconciled(type=_TASK, on_server=0, deleted=0, missed=_read_again(services, source, _TASK)))
        elif type_ != "Patient" and (refs := [ref for ref in aside if ref.startswith(f"{type_}/")]):
            some = {ref: standing.get(ref) for ref in refs[:AT_ONCE]}
            gone = _delete(services, source, some)
            done.append(Reconciled(type=type_, on_server=len(some) - gone, deleted=gone, missed=0))
    return done


def _reconcile_type(services: Services, source: Source, type_: str) -> Reconciled:
    found = _compared(services, source, type_)
    return replace(found, missed=found.missed + _read_again(services, source, type_))


def _on_file(services: Services, source: Source, patients: Sequence[str]) -> None:
    """Whom the polls have missed is asked about from now on."""
    with services.database.begin() as uow:
        uow.on_file.add(source, patients)
        uow.commit()


def _compared(
    services: Services, source: Source, type_: str, *, keep: Callable[[Sequence[str]], None] = lambda refs: None
) -> Reconciled:
    """``keep`` is told of what is there, and nowhere with us."""
    stored = _stored(services, source, type_)
    on_server = 0
    late: list[str] = []
    for batch in services.ehr(source).references(type_):
        on_server += len(batch)
        if unknown := [ref for ref, _ in batch if ref not in stored]:
            keep(unknown)
        late += [ref for ref, version in batch if _is_missed(ref, version, stored)]
        for ref, _ in batch:
            stored.pop(ref, None)
    missed = _read(services, source, late)
    return Reconciled(type=type_, on_server=on_server, deleted=_delete(services, source, stored), missed=missed)


def _reconcile_followed(services: Services, source: Source, type_: str) -> Reconciled:
    """Of a type that is not read as a whole, what is stored is asked for by name."""
    stored = _stored(services, source, type_)
    deleted = _delete(services, source, stored)
    return Reconciled(type=type_, on_server=len(stored) - deleted, deleted=deleted, missed=0)


def _stored(services: Services, source: Source, type_: str) -> dict[str, str | None]:
    """What is stored, set aside or on file, with its version; None where there is none that counts."""
    with services.database.begin(reading=True) as uow:
        stored: dict[str, str | None] = {record.ref: None for record in uow.sources.aside(source, type_)}
        stored.update((ref, None) for ref in uow.on_file.patients(source) if type_ == "Patient")
        for refs in uow.facts.references(source, type_):
            stored.update(uow.facts.known(source, refs))
    return stored


def _is_missed(ref: str, version: str, stored: Mapping[str, str | None]) -> bool:
    """Stored in another version; or a plan that is neither stored nor set aside. Of other types much is not kept, so
    that what is not stored says nothing."""
    if ref not in stored:
        return ref.startswith("CarePlan/")
    return stored[ref] not in (None, version)


def _read(services: Services, source: Source, refs: Sequence[str]) -> int:
    changed = 0
    for start in range(0, len(refs), AT_ONCE):
        for page in services.ehr(source).read(refs[start : start + AT_ONCE]):
            changed += ingest(services, source, page).new
    return changed


def _read_again(services: Services, source: Source, type_: str) -> int:
    """Reads again what came since the last comparison, and an hour before it."""
    with services.database.begin(reading=True) as uow:
        reached = uow.sources.cursor(source, type_)
        before = uow.sources.cursor(source, RECONCILED + type_)
    if reached.watermark is None or not reached.complete:
        return 0
    found = 0
    if before.watermark is not None:
        since = datetime.fromisoformat(before.watermark) - _LONGEST_TRANSACTION
        again = Cursor(since.isoformat(timespec="milliseconds"), complete=True)
        for page in services.ehr(source).pages(type_, again):
            found += ingest(services, source, replace(page, cursor=None)).new
    with services.database.begin() as uow:
        uow.sources.move(source, RECONCILED + type_, Cursor(reached.watermark, complete=True), services.clock())
        uow.commit()
    return found


def _delete(services: Services, source: Source, missed: Mapping[str, str | None]) -> int:
    """Removes what is stored and was not seen on the server: asked for once more by name, since a resource that is
    changed while the references are read may be left out of them."""
    deleted = 0
    refs = list(missed)
    for start in range(0, len(refs), AT_ONCE):
        batch = refs[start : start + AT_ONCE]
        still = {ref for page in ask_by_name(services.ehr(source), batch) for ref in named_in(page)}
        deleted += _forget(services, source, {ref: missed[ref] for ref in batch if ref not in still})
    return deleted


def _forget(services: Services, source: Source, missed: Mapping[str, str | None]) -> int:
    now = services.clock()
    with services.database.begin() as uow:
        uow.sources.lock(source)
        gone = forget(uow, source, missed, now)
        uow.commit()
    return gone

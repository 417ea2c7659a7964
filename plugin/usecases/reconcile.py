"""Compare a source with what is stored, each night: what was deleted there, and what the feed has missed.

A feed by time cannot see two things: a deletion, and a resource whose transaction committed after the feed had gone
past its stamp (reference: HAPI stamps all of a transaction with its start). The first shows when all references of a
type are compared, the second when the days since the last comparison are read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plugin.domain.source import Cursor, Page, Source
from plugin.usecases.ingest import ingest
from plugin.usecases.keeping import NOBODY
from plugin.usecases.services import Services
from plugin.usecases.sources import subscribe
from plugin.usecases.sync import in_order

_LONGEST_TRANSACTION = timedelta(hours=1)
_MARK = "reconciled/"
_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """Counts by type: what stands on the server and in storage, what was deleted there, what was read anew."""

    type: str
    on_server: int
    deleted: int
    missed: int


def reconcile(services: Services, source_id: int) -> Sequence[Reconciled]:
    """One source, type by type. Repeating it, at any time, harms nothing. A hook that somebody has taken away is
    registered again."""
    with services.database.begin(reading=True) as uow:
        source = uow.sources.by_id(source_id)
    ehr = services.ehr(source)
    done = [_reconcile_type(services, source, type_) for type_ in in_order(ehr.types)]
    done += [_reconcile_followed(services, source, type_) for type_ in ehr.followed]
    if any(result.deleted or result.missed for result in done):
        services.jobs.tick()
    subscribe(services, source)
    return done


def _reconcile_type(services: Services, source: Source, type_: str) -> Reconciled:
    stored = _stored(services, source, type_)
    on_server = 0
    late: list[str] = []
    for batch in services.ehr(source).references(type_):
        on_server += len(batch)
        late += [ref for ref, version in batch if _is_missed(ref, version, stored)]
        for ref, _ in batch:
            stored.pop(ref, None)
    missed = _read(services, source, late) + _read_again(services, source, type_)
    return Reconciled(type=type_, on_server=on_server, deleted=_delete(services, source, list(stored)), missed=missed)


def _reconcile_followed(services: Services, source: Source, type_: str) -> Reconciled:
    """Of a type that is not read as a whole, what is stored is asked for by name."""
    stored = list(_stored(services, source, type_))
    deleted = _delete(services, source, stored)
    return Reconciled(type=type_, on_server=len(stored) - deleted, deleted=deleted, missed=0)


def _stored(services: Services, source: Source, type_: str) -> dict[str, str | None]:
    """What is stored or set aside, with its version; None where the version of what was set aside does not count."""
    with services.database.begin(reading=True) as uow:
        stored: dict[str, str | None] = {record.ref: None for record in uow.sources.aside(source, type_)}
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
    for start in range(0, len(refs), _AT_ONCE):
        for page in services.ehr(source).read(refs[start : start + _AT_ONCE]):
            changed += ingest(services, source, page).new
    return changed


def _read_again(services: Services, source: Source, type_: str) -> int:
    """Reads again what came since the last comparison, and an hour before it."""
    with services.database.begin(reading=True) as uow:
        reached = uow.sources.cursor(source, type_)
        before = uow.sources.cursor(source, _MARK + type_)
    if reached.watermark is None or not reached.complete:
        return 0
    found = 0
    if before.watermark is not None:
        since = datetime.fromisoformat(before.watermark) - _LONGEST_TRANSACTION
        again = Cursor(since.isoformat(timespec="milliseconds"), complete=True)
        for page in services.ehr(source).pages(type_, again):
            found += ingest(services, source, replace(page, cursor=None)).new
    with services.database.begin() as uow:
        uow.sources.move(source, _MARK + type_, Cursor(reached.watermark, complete=True), services.clock())
        uow.commit()
    return found


def _delete(services: Services, source: Source, gone: Sequence[str]) -> int:
    """Removes what is stored and was not seen on the server: asked for once more by name, since a resource that is
    changed while the references are read may be left out of them."""
    deleted = 0
    for start in range(0, len(gone), _AT_ONCE):
        batch = gone[start : start + _AT_ONCE]
        still = {ref for page in services.ehr(source).read(batch) for ref in _named_in(page)}
        deleted += _forget(services, source, [ref for ref in batch if ref not in still])
    return deleted


def _named_in(page: Page) -> set[str]:
    return {fact.ref for fact in page.facts} | {record.ref for record in page.set_aside}


def _forget(services: Services, source: Source, refs: Sequence[str]) -> int:
    now = services.clock()
    with services.database.begin() as uow:
        uow.sources.lock(source)
        concerned = uow.facts.delete(source, refs, now)
        uow.patients.mark(source, concerned - {NOBODY}, now)
        uow.sources.clear_aside(source, refs)
        uow.commit()
    return len(refs)

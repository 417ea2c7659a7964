"""What a server no longer has: missed in an answer that was complete, asked for once more by name, and then forgotten.

Between the answer and the question by name, and between that and the forgetting, others may store what is newer: so
only that version is forgotten which was missed, and no network is waited for within a transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from plugin.domain.errors import NotFhir
from plugin.domain.moment import days
from plugin.domain.record import Appointment, Fact
from plugin.domain.source import Extent, Page, Source, clinic_zone
from plugin.usecases.keeping import NOBODY, patients_of
from plugin.usecases.ports import Ehr, UnitOfWork
from plugin.usecases.services import Services

AT_ONCE = 200
"""So many are asked for by name in one go."""

_MIDNIGHT = time()
_ASKED_SURELY = frozenset({"CarePlan", "Appointment"})
"""Types that are always found by what they are asked by; and without which nothing is to be believed."""


def missed_by(services: Services, source: Source, page: Page) -> Mapping[str, str]:
    """What is stored within the extent of a page and did not come in it: reference -> version."""
    if page.extent is None:
        return {}
    since, until = _bounds(page.extent, clinic_zone(source, services.practice.zone))
    with services.database.begin(reading=True) as uow:
        stored = uow.facts.within(source, page.type, patients=page.extent.patients, since=since, until=until)
    came = named_in(page)
    return {ref: version for ref, version in stored.items() if ref not in came}


def ask_by_name(ehr: Ehr, refs: Sequence[str], at_once: int = AT_ONCE) -> Iterator[Page]:
    """Pages of those that are there all the same: moved beyond the extent, given to somebody else, or stored by others
    after the answer was made."""
    for start in range(0, len(refs), at_once):
        yield from ehr.read(refs[start : start + at_once])


def named_in(page: Page) -> frozenset[str]:
    """Everything that a page says is there, also what could not be mapped."""
    return frozenset((*(fact.ref for fact in page.facts), *(record.ref for record in page.set_aside)))


def still_there(services: Services, source: Source, page: Page, missed: Mapping[str, str]) -> Sequence[Page]:
    """By name. Where nothing at all came, although what is missed is there, where it should be, the answer did not mean that
    there is nothing (OpenEMR 8.2 answers so what it does not understand): NotFhir, at the first of them."""
    is_doubtful = page.type in _ASKED_SURELY and not (page.read or page.facts or page.set_aside)
    zone = clinic_zone(source, services.practice.zone)
    found: list[Page] = []
    for each in ask_by_name(services.ehr(source), sorted(missed), 1 if is_doubtful else AT_ONCE) if missed else ():
        if is_doubtful and page.extent and any(_is_within(fact, page.extent, zone) for fact in each.facts):
            raise NotFhir(f"{page.type}: the answer was empty, and what it leaves out is still there.")
        found.append(each)
    return found


def _is_within(fact: Fact, extent: Extent, zone: ZoneInfo) -> bool:
    if extent.patients is not None and extent.patients.isdisjoint(patients_of(fact)):
        return False
    when = days(fact.start, zone) if isinstance(fact, Appointment) and fact.start else None
    return (extent.first is None and extent.last is None) or (
        when is not None and when.within(extent.first, extent.last)
    )


def forget(uow: UnitOfWork, source: Source, missed: Mapping[str, str | None], now: datetime) -> int:
    """In the transaction that has the source's lock: forgets what was missed and asked for in vain, unless it stands in
    another version by now (None: no fact stood for it). History is kept, and the patients are marked. How many were
    forgotten."""
    standing = uow.facts.known(source, sorted(missed))
    gone = sorted(ref for ref, version in missed.items() if standing.get(ref) == version)
    if not gone:
        return 0
    concerned = uow.facts.delete(source, gone, now)
    uow.patients.mark(source, concerned - {NOBODY}, now)
    uow.sources.clear_aside(source, gone)
    uow.on_file.remove(source, [ref for ref in gone if ref.startswith("Patient/")])
    return len(gone)


def _bounds(extent: Extent, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """The first moment within, and the first after it: days begin at the clinic's midnight, also those of a change of
    clocks."""
    since = None if extent.first is None else datetime.combine(extent.first, _MIDNIGHT, zone)
    until = None if extent.last is None else datetime.combine(extent.last + timedelta(days=1), _MIDNIGHT, zone)
    return since, until

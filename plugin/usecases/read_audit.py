"""Read the audit log: a page of it, one row, all of it as a file. Whoever reads it is written down, too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from plugin.domain.account import SignedIn
from plugin.domain.audit import AuditEntry, AuditFilter, AuditRow
from plugin.domain.errors import BadInput
from plugin.domain.permissions import Action, Data, can, check_can
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services

PAGE = 50
_EXPORTED_AT_ONCE = 1_000
_HIGHEST = 2**63 - 1

Names = Mapping[str, str]
"""People's names by what the log calls them, as who did something and as a record; not everybody has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Rows, newest first; whether there are others on either side."""

    rows: Sequence[AuditRow]
    names: Names
    actions: Sequence[str]
    has_newer: bool
    has_older: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OneRow:
    """A row with what else is known of it; ``patient`` is its patient's number, for those who may see the patient."""

    row: AuditRow
    names: Names
    patient: int | None


def audit_page(
    services: Services,
    me: SignedIn,
    of: AuditFilter,
    *,
    older_than: int | None = None,
    newer_than: int | None = None,
) -> AuditPage:
    """A page, from either side. UnknownName when there is no row of that number."""
    check_can(me.roles, Action.READ, Data.AUDIT)
    with services.database.begin(reading=True) as uow:
        page = _page(uow, of, older_than, newer_than)
    _write_down(services, me, "read:audit", of)
    return page


def audit_row(services: Services, me: SignedIn, id_: int) -> OneRow:
    """One row. UnknownName when there is none of that number."""
    check_can(me.roles, Action.READ, Data.AUDIT)
    with services.database.begin(reading=True) as uow:
        row = uow.audit_log.get(_number(id_))
        patient = _patient(uow, row.entry.record) if can(me.roles, Action.READ, Data.PLAN) else None
        found = OneRow(row=row, names=_names(uow), patient=patient)
    _write_down(services, me, "read:audit", AuditFilter(record=f"audit/{id_}"))
    return found


def export_audit(services: Services, me: SignedIn, of: AuditFilter) -> Iterator[tuple[AuditRow, str]]:
    """Every row that fits, newest first, each with the person's name where it is known. That it was taken away is written
    down before the first row; rows that come later are not in it."""
    check_can(me.roles, Action.EXPORT, Data.AUDIT)
    now = services.clock()
    bounded = of if of.until is not None and of.until < now else replace(of, until=now)
    with services.database.begin(reading=True) as uow:
        names = _names(uow)
    _write_down(services, me, "export:audit", bounded)
    return _exported(services, bounded, names)


def record_of_patient(services: Services, number: int) -> str:
    """What the log calls a patient of whom we know our own number."""
    with services.database.begin(reading=True) as uow:
        found = uow.patients.reading_of(_number(number))
        if found is None:
            raise BadInput(f"There is no patient with the number {number}.")
        return f"{uow.sources.by_id(found[0]).slug}/{found[1]}"


def _page(uow: UnitOfWork, of: AuditFilter, older_than: int | None, newer_than: int | None) -> AuditPage:
    """One row more than is shown tells whether there are others. Where less than a page is left on the newer side, it is
    the first page: a page of three rows is nobody's wish."""
    if newer_than is not None:
        rows = uow.audit_log.newer(of, than=_number(newer_than), limit=PAGE + 1)
        if len(rows) > PAGE:
            return _as_page(uow, rows[-PAGE:], has_newer=True, has_older=True)
    than = None if older_than is None or newer_than is not None else _number(older_than)
    rows = uow.audit_log.older(of, than=than, limit=PAGE + 1)
    return _as_page(uow, rows[:PAGE], has_newer=than is not None, has_older=len(rows) > PAGE)


def _as_page(uow: UnitOfWork, rows: Sequence[AuditRow], *, has_newer: bool, has_older: bool) -> AuditPage:
    actions = uow.audit_log.actions()
    return AuditPage(rows=rows, names=_names(uow), actions=actions, has_newer=has_newer, has_older=has_older)


def _exported(services: Services, of: AuditFilter, names: Names) -> Iterator[tuple[AuditRow, str]]:
    """A page at a time: who takes it slowly keeps no transaction open."""
    than: int | None = None
    while True:
        with services.database.begin(reading=True) as uow:
            rows = uow.audit_log.older(of, than=than, limit=_EXPORTED_AT_ONCE)
        yield from ((row, names.get(row.entry.who, "")) for row in rows)
        if len(rows) < _EXPORTED_AT_ONCE:
            return
        than = rows[-1].id


def _names(uow: UnitOfWork) -> Names:
    """Two people of two EHRs may have the same reference there: then both are named."""
    known: dict[str, set[str]] = defaultdict(set)
    for person in uow.people.all():
        if person.name:
            known[person.who].add(person.name)
            known[f"person/{person.id}"].add(person.name)
    return {who: " or ".join(sorted(names)) for who, names in known.items()}


def _patient(uow: UnitOfWork, record: str) -> int | None:
    slug, _, ref = record.partition("/")
    source = next((source for source in uow.sources.all() if source.slug == slug), None)
    if source is None or not ref.startswith("Patient/"):
        return None
    tracked = uow.patients.look(source, ref)
    return None if tracked is None else tracked.row.id


def _number(number: int) -> int:
    """A number that is none of a row's in any database."""
    if not 0 < number <= _HIGHEST:
        raise BadInput(f"{number} is no row's number.")
    return number


def _write_down(services: Services, me: SignedIn, action: str, of: AuditFilter) -> None:
    wanted = {name: _plain(value) for name, value in asdict(of).items() if value is not None}
    entry = AuditEntry(
        at=services.clock(), who=me.who, action=action, record="audit", detail={**me.told, "filter": wanted}
    )
    with services.database.begin() as uow:
        uow.audit.write([entry])
        uow.commit()


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value

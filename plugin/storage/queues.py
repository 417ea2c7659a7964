"""The lists of work, gaps and patients: which lines, in which order, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    tuple_,
)

from plugin.domain.queue import (
    HIGHEST,
    NO_PROGRAM,
    OF_TIER,
    At,
    GapLine,
    Listing,
    OwnerName,
    PatientLine,
    Show,
    Wanted,
    Whom,
    Whose,
    WorkLine,
)
from plugin.domain.tally import ASLEEP, HELD, OF_GAP, Cell
from plugin.storage.codec import decode_milestone
from plugin.storage.queue_details import QueueDetails
from plugin.storage.tables import milestone, patient, patient_word, plan, work_item
from plugin.storage.transaction import AnyRow, Transaction, Value
from plugin.storage.work_items import SqlWorkItems

_WHOM = (patient.c.id.label("whom"), patient.c.source_id, patient.c.ref, patient.c.risk)
_IS_TRACKED = patient.c.tracked_at.is_not(None)
_OF = patient.alias("of_item")
_SOURCE_OF_ITEM = (
    select(_OF.c.source_id).where(_OF.c.id == work_item.c.patient_id).correlate(work_item).scalar_subquery()
)


class _Sheet(NamedTuple):
    """What a list is read from: its table, what tells its lines of one rank apart, and the columns it is narrowed by."""

    rank: ColumnElement[int]
    ties: tuple[ColumnElement[Value], ...]
    listed: ColumnElement[bool]
    whom: ColumnElement[int]


_WORK = _Sheet(work_item.c.rank, (work_item.c.id,), work_item.c.rank.is_not(None), work_item.c.patient_id)
_GAPS = _Sheet(
    milestone.c.rank, (milestone.c.patient_id, milestone.c.key), milestone.c.rank.is_not(None), milestone.c.patient_id
)
_PATIENTS = _Sheet(patient.c.rank, (patient.c.id,), _IS_TRACKED, patient.c.id)
_SHEETS = {Listing.WORK: _WORK, Listing.GAPS: _GAPS}


class SqlQueues:
    """The port ``Queues``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._details = QueueDetails(transaction)

    def work(self, wanted: Wanted, at: At | None, limit: int) -> tuple[Sequence[WorkLine], bool]:
        """See the port."""
        columns = (work_item.c.id, work_item.c.rank, work_item.c.program, work_item.c.stage)
        query = select(*columns, *_WHOM).join_from(work_item, patient, patient.c.id == work_item.c.patient_id)
        rows, has_more = self._page(query.where(self._of_work(wanted), _IS_TRACKED), wanted, _WORK, at, limit)
        return self._work_lines(rows), has_more

    def work_lines(self, ids: Sequence[int]) -> Sequence[WorkLine]:
        """See the port."""
        columns = (work_item.c.id, work_item.c.rank, work_item.c.program, work_item.c.stage)
        query = select(*columns, *_WHOM).join_from(work_item, patient, patient.c.id == work_item.c.patient_id)
        ours = work_item.c.practice_id == self._transaction.practice_id
        rows = self._transaction.rows(query.where(ours, self._transaction.among(work_item.c.id, ids)))
        found = {line.item.id: line for line in self._work_lines(rows)}
        return [found[id_] for id_ in ids if id_ in found]

    def gaps(self, wanted: Wanted, at: At | None, limit: int) -> tuple[Sequence[GapLine], bool]:
        """See the port."""
        columns = (milestone.c.rank, milestone.c.program, milestone.c.stage, milestone.c.body)
        query = select(*columns, *_WHOM).join_from(milestone, patient, patient.c.id == milestone.c.patient_id)
        rows, has_more = self._page(query.where(self._of_gaps(wanted)), wanted, _GAPS, at, limit)
        steps = [decode_milestone(row.body) for row in rows]
        who = self._details.patients([_whom(row) for row in rows])
        tried = self._details.tried([_whom(row) for row in rows])
        return [
            GapLine(
                step=step,
                whom=who[row.whom],
                rank=row.rank,
                program=row.program,
                stage=row.stage,
                tried=tried.get((row.whom, step.key), ()),
            )
            for row, step in zip(rows, steps, strict=True)
        ], has_more

    def patients(self, wanted: Wanted, at: At | None, limit: int) -> tuple[Sequence[PatientLine], bool]:
        """See the port."""
        columns = (patient.c.rank, patient.c.tier, patient.c.gaps, patient.c.due, patient.c.found_by)
        query = select(*columns, *_WHOM).where(self._of_patients(wanted))
        rows, has_more = self._page(query, wanted, _PATIENTS, at, limit)
        who = self._details.patients([_whom(row) for row in rows])
        plans = self._details.plans([row.whom for row in rows])
        return [
            PatientLine(
                whom=who[row.whom],
                rank=row.rank,
                tier=row.tier,
                gaps=row.gaps,
                due=row.due,
                plans=plans.get(row.whom, ()),
                is_assessed=row.found_by is not None,
            )
            for row in rows
        ], has_more

    def cells(
        self,
        listing: Listing,
        today: date,
        *,
        among: Sequence[int] | None = None,
        owner: Sequence[OwnerName] | None = None,
    ) -> Sequence[Cell]:
        """See the port. One look at an index that has all of it."""
        if listing is Listing.PATIENTS:
            return self._cells_of_plans(among)
        sheet = _SHEETS[listing]
        columns = sheet.whom.table.c
        owned, role = (columns.owner, columns.role) if sheet is _WORK else (columns.owner_ref, columns.owner_role)
        state = case((_sleeps(today), ASLEEP), else_=columns.state) if sheet is _WORK else columns.status
        cell = (_tier(sheet.rank), role, columns.program, columns.stage, state, owned.is_not(None))
        where = self._listed(sheet, among)
        if owner is not None:
            where = and_(where, _has_item(owner) if sheet is _WORK else _has_gap(owner))
        labelled = (column.label(f"c{number}") for number, column in enumerate(cell))
        cells = select(*labelled).where(where).subquery()
        rows = self._transaction.rows(select(*cells.c, func.count()).group_by(*cells.c))
        return [Cell(*row)._replace(is_named=bool(row[5])) for row in rows]

    def tiers(self, *, among: Sequence[int] | None = None) -> Mapping[int, int]:
        """See the port."""
        tiers = select(_tier(patient.c.rank).label("tier")).where(self._listed(_PATIENTS, among)).subquery()
        return self._transaction.pairs(select(tiers.c.tier, func.count()).group_by(tiers.c.tier))

    def find(self, words: Sequence[str], limit: int) -> Sequence[int]:
        """See the port. Each word is a range of the index; the longest, which fewest have, is looked for first."""
        first, *others = sorted(words, key=len, reverse=True)
        query = select(patient_word.c.patient_id).distinct().where(self._begins(patient_word, first))
        for number, word in enumerate(others):
            also = patient_word.alias(f"also{number}")
            same = and_(also.c.patient_id == patient_word.c.patient_id, self._begins(also, word))
            query = query.where(exists().where(same))
        return self._transaction.column(query.limit(limit))

    def _cells_of_plans(self, among: Sequence[int] | None) -> Sequence[Cell]:
        which = self._plans(None, None)
        if among is not None:
            which = and_(which, self._transaction.among(plan.c.patient_id, among))
        columns = (plan.c.tier, plan.c.program, plan.c.stage)
        rows = self._transaction.rows(select(*columns, func.count()).where(which).group_by(*columns))
        return [
            Cell(tier, None, program, stage, "", is_named=False, lines=count) for tier, program, stage, count in rows
        ]

    def _begins(self, words: FromClause, word: str) -> ColumnElement[bool]:
        begins = and_(words.c.word >= word, words.c.word < f"{word}\U0010ffff")
        return and_(words.c.practice_id == self._transaction.practice_id, begins)

    # ------------------------------------------------------------------------------------------------------- which lines
    def _of_work(self, wanted: Wanted) -> ColumnElement[bool]:
        c = work_item.c
        owner = [_has_item(wanted.owner)] if wanted.owner is not None else []
        narrow = _narrow(wanted, role=c.role, program=c.program, stage=c.stage, rank=c.rank)
        return and_(self._listed(_WORK, wanted.among), _shown_work(wanted), _whose_work(wanted), *owner, *narrow)

    def _of_gaps(self, wanted: Wanted) -> ColumnElement[bool]:
        c = milestone.c
        owner = [_has_gap(wanted.owner)] if wanted.owner is not None else []
        narrow = _narrow(wanted, role=c.owner_role, program=c.program, stage=c.stage, rank=c.rank)
        return and_(self._listed(_GAPS, wanted.among), _shown_gaps(wanted), _whose_gaps(wanted), *owner, *narrow)

    def _of_patients(self, wanted: Wanted) -> ColumnElement[bool]:
        parts = [self._listed(_PATIENTS, wanted.among)]
        if wanted.show is Show.TODO:
            parts.append(patient.c.rank < HIGHEST * OF_TIER)
        if wanted.tier is not None:
            parts.append(_is_of_tier(patient.c.rank, wanted.tier))
        if wanted.program is not None or wanted.stage is not None:
            parts.append(patient.c.id.in_(select(plan.c.patient_id).where(self._plans(wanted.program, wanted.stage))))
        return and_(*parts)

    def _plans(self, program: str | None, stage: str | None) -> ColumnElement[bool]:
        ours = and_(plan.c.practice_id == self._transaction.practice_id, plan.c.gone_at.is_(None))
        return and_(ours, *_is_program(plan.c.program, program), *([plan.c.stage == stage] if stage else []))

    def _listed(self, sheet: _Sheet, among: Sequence[int] | None) -> ColumnElement[bool]:
        ours = and_(sheet.whom.table.c.practice_id == self._transaction.practice_id, sheet.listed)
        return ours if among is None else and_(ours, self._transaction.among(sheet.whom, among))

    # ------------------------------------------------------------------------------------------------------------- pages
    def _page(
        self, query: Select[*tuple[Value, ...]], wanted: Wanted, sheet: _Sheet, at: At | None, limit: int
    ) -> tuple[Sequence[AnyRow], bool]:
        """One line more is asked for than is shown: it says whether there is another page. Of few patients, all lines are
        looked up and sorted: by the list's own index, PostgreSQL would go through everybody's until a page is full."""
        order = (sheet.rank if wanted.among is None else sheet.rank + 0, *sheet.ties)
        is_back = at is not None and at.is_back
        if at is not None:
            here = tuple_(*(literal(value, column.type) for value, column in zip(at, order, strict=False)))
            query = query.where(tuple_(*order) < here if is_back else tuple_(*order) > here)
        ordered = query.order_by(*(column.desc() if is_back else column for column in order)).limit(limit + 1)
        rows = self._transaction.rows(ordered)
        shown = rows[:limit]
        return list(reversed(shown)) if is_back else shown, len(rows) > limit

    def _work_lines(self, rows: Sequence[AnyRow]) -> list[WorkLine]:
        items = SqlWorkItems(self._transaction).by_number([row.id for row in rows])
        whom = [_whom(row) for row in rows]
        who, tried = self._details.patients(whom), self._details.tried(whom)
        steps = self._details.steps([items[row.id] for row in rows])
        return [
            WorkLine(
                item=items[row.id],
                whom=who[row.whom],
                rank=row.rank or 0,
                program=row.program,
                stage=row.stage,
                steps=steps.get(row.id, ()),
                tried=self._details.of_item(items[row.id], tried),
            )
            for row in rows
        ]


def _shown_work(wanted: Wanted) -> ColumnElement[bool]:
    state, sleeps = work_item.c.state, _sleeps(wanted.today)
    if wanted.show is Show.SNOOZED:
        return sleeps
    if wanted.show is Show.FREE:
        return or_(state == "open", and_(state == "snoozed", work_item.c.owner.is_(None), not_(sleeps)))
    return not_(sleeps) if wanted.show is Show.TODO else true()


def _sleeps(today: date) -> ColumnElement[bool]:
    return and_(work_item.c.state == "snoozed", work_item.c.until > today)


def _shown_gaps(wanted: Wanted) -> ColumnElement[bool]:
    if wanted.show is Show.TODO:
        return milestone.c.status.not_in(HELD)
    wants = OF_GAP.get(wanted.show)
    return milestone.c.status == wants if wants else true()


def _whose_work(wanted: Wanted) -> ColumnElement[bool]:
    """What is open in a role's queue is the role's, whomever the chart names for it."""
    owner = work_item.c.owner
    if wanted.whose is Whose.MINE:
        return _has_item(wanted.names)
    is_free = or_(owner.is_(None), _has_item(wanted.names), work_item.c.state == "open")
    return and_(_is_one_of(work_item.c.role, wanted.roles), is_free) if wanted.whose is Whose.ROLES else true()


def _whose_gaps(wanted: Wanted) -> ColumnElement[bool]:
    if wanted.whose is Whose.MINE:
        return _has_gap(wanted.names)
    is_of_role = and_(milestone.c.owner_ref.is_(None), _is_one_of(milestone.c.owner_role, wanted.roles))
    return is_of_role if wanted.whose is Whose.ROLES else true()


def _has_item(names: Sequence[OwnerName]) -> ColumnElement[bool]:
    return _is_theirs(work_item.c.owner, _SOURCE_OF_ITEM, names)


def _has_gap(names: Sequence[OwnerName]) -> ColumnElement[bool]:
    return _is_theirs(milestone.c.owner_ref, milestone.c.source_id, names)


def _is_theirs(
    owner: ColumnElement[str], source_id: ColumnElement[int], names: Sequence[OwnerName]
) -> ColumnElement[bool]:
    given = [name.who for name in names if name.source_id is None]
    in_charts = (and_(owner == who, source_id == where) for who, where in names if where is not None)
    return or_(_is_one_of(owner, given), *in_charts)


def _narrow(
    wanted: Wanted,
    *,
    role: ColumnElement[str],
    program: ColumnElement[str],
    stage: ColumnElement[str],
    rank: ColumnElement[int],
) -> list[ColumnElement[bool]]:
    parts = [role == wanted.role] if wanted.role is not None else []
    parts += _is_program(program, wanted.program)
    parts += [stage == wanted.stage] if wanted.stage is not None else []
    return [*parts, _is_of_tier(rank, wanted.tier)] if wanted.tier is not None else parts


def _is_one_of(column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    """As alternatives, not as a list: PostgreSQL would look a list up in the index value by value, which loses the order
    that the page is to have."""
    return or_(false(), *(column == value for value in values))


def _tier(rank: ColumnElement[int]) -> ColumnElement[int]:
    return HIGHEST - rank // OF_TIER


def _is_of_tier(rank: ColumnElement[int], tier: int) -> ColumnElement[bool]:
    """A range of the index."""
    first = (HIGHEST - tier) * OF_TIER
    return and_(rank >= first, rank < first + OF_TIER)


def _is_program(column: ColumnElement[str], program: str | None) -> list[ColumnElement[bool]]:
    if program is None:
        return []
    return [column.is_(None) if program == NO_PROGRAM else column == program]


def _whom(row: AnyRow) -> Whom:
    return Whom(row.whom, row.source_id, row.ref, row.risk)

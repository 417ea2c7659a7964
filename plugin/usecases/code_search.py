"""The codes that an editor picks from: a search over what programs name and what stands in the charts, and the daily
count of the latter (reading every fact takes minutes at 100,000 plans; a search must not)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from plugin.domain.configuration import PROGRAM
from plugin.domain.known_code import CodeChoice, Place, Tally, choices, searched
from plugin.domain.record import Coding
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services

SHOWN = 20
_LOOKED_AT = 500
_PAGE = 5_000
_EVERY = timedelta(hours=20)
"""Asked for once a day; a second request of the same day finds nothing to do."""


def find_codes(services: Services, query: str) -> Sequence[CodeChoice]:
    """The best few for a name or a code; none for an empty query."""
    words = searched(query)
    if not words:
        return []
    with services.database.begin(reading=True) as uow:
        seen = uow.codes.find(words, _LOOKED_AT)
        return choices(query, _named(services, uow), seen, SHOWN)


def count_codes(services: Services) -> bool:
    """Counts the charts' codes again; False when that was done less than a day ago. Page by page, each in a transaction of
    its own: what changes meanwhile is counted tomorrow."""
    now = services.clock()
    with services.database.begin(reading=True) as uow:
        before = uow.codes.counted_at()
    if before is not None and now - before < _EVERY:
        return False
    tally, place = Tally(), None
    while page := _page(services, place):
        for place, codings in page:
            tally.add(place, codings)
    with services.database.begin() as uow:
        uow.codes.keep(tally.seen(), now)
        uow.commit()
    return True


def _page(services: Services, after: Place | None) -> Sequence[tuple[Place, Sequence[Coding]]]:
    with services.database.begin(reading=True) as uow:
        return uow.codes.in_charts(after, _PAGE)


def _named(services: Services, uow: UnitOfWork) -> Iterator[Coding]:
    for version in uow.configurations.current(services.clock()):
        if version.kind != PROGRAM:
            continue
        program = services.catalog.program(version)
        yield from program.named_codes()
        yield from (Coding(*pair) for pair in sorted(program.plan_codes | program.order_codes))

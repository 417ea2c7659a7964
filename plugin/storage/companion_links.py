"""Patients of a source, and who of the companion store they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, delete, select

from plugin.domain.companion import LinkState, PatientLink
from plugin.domain.source import Source
from plugin.storage.codec import decode_strings, encode_json
from plugin.storage.sink_tables import companion_link
from plugin.storage.transaction import AnyRow, Transaction

_COLUMNS = ("source_id", "patient_ref", "state", "store_ref", "candidates", "why", "by", "at", "ours", "theirs")
_LINKED = companion_link.c.state == LinkState.LINKED.value


class SqlCompanionLinks:
    """The port ``CompanionLinks``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def of(self, source: Source, patients: Sequence[str]) -> Mapping[str, PatientLink]:
        """See the port."""
        found = self._find(source, self._transaction.among(companion_link.c.patient_ref, patients))
        return {link.patient: link for link in found}

    def by_store(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        """See the port."""
        found = self._find(source, _LINKED, self._transaction.among(companion_link.c.store_ref, refs))
        return {link.store_ref: link.patient for link in found if link.store_ref}

    def in_state(self, source: Source, state: LinkState) -> Sequence[PatientLink]:
        """See the port."""
        return self._find(source, companion_link.c.state == state.value)

    def save(self, source: Source, links: Sequence[PatientLink]) -> Sequence[PatientLink]:
        """See the port. The caller has locked the source, so that nobody else links meanwhile."""
        kept, taken = list[PatientLink](), list[PatientLink]()
        refs = [link.store_ref for link in links if link.store_ref]
        have = self._find(source, self._transaction.among(companion_link.c.store_ref, refs))
        theirs = {link.store_ref: link.patient for link in have}
        for link in links:
            whose = link.patient if link.store_ref is None else theirs.setdefault(link.store_ref, link.patient)
            (kept if whose == link.patient else taken).append(link)
        rows = [_values(source, link) for link in kept]
        self._transaction.put(companion_link, _COLUMNS, rows, key=_COLUMNS[:2], replace=_COLUMNS[2:])
        return taken

    def forget(self, source: Source) -> None:
        """See the port."""
        self._transaction.run(delete(companion_link).where(companion_link.c.source_id == source.id))

    def _find(self, source: Source, *which: ColumnElement[bool]) -> list[PatientLink]:
        query = select(*(companion_link.c[name] for name in _COLUMNS[1:]))
        query = query.where(companion_link.c.source_id == source.id, *which)
        order = (companion_link.c.at, companion_link.c.patient_ref)
        return [_link(row) for row in self._transaction.rows(query.order_by(*order))]


def _link(row: AnyRow) -> PatientLink:
    patient, state, store_ref, candidates, why, by, at, ours, theirs = row
    link = PatientLink(patient=patient, state=LinkState(state), store_ref=store_ref, why=why, by=by, at=at)
    return replace(link, candidates=decode_strings(candidates), ours=ours, theirs=theirs)


def _values(source: Source, link: PatientLink) -> tuple[object, ...]:
    what = (source.id, link.patient, link.state.value, link.store_ref, encode_json(list(link.candidates)))
    return (*what, str(link.why), link.by, link.at, link.ours, link.theirs)

"""The fake repository of earlier days: what was overwritten, and when what stands came to stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from plugin.domain.assessment import EffectKind
from plugin.domain.ledger import EffectState, LedgerRow
from plugin.domain.past import Past, is_about, item_as_of, read_together, row_as_of
from plugin.domain.record import Fact, KnownStep, Record
from plugin.domain.source import Source
from plugin.domain.work import WorkItem, WorkState
from tests.fake_tables import FactKey, Part, PastFact, Tables


class FakeHistory(Part):
    """The port ``History``."""

    def of_patient(self, source: Source, ref: str, moment: datetime) -> Past | None:
        group = self._group(source, ref)
        kept = [(key[2], fact) for key, fact in self._facts(moment) if key[0] == source.id and key[2] in group]
        survivor, together = read_together(ref, group, (fact for _, fact in kept))
        theirs = [fact for owner, fact in kept if owner in together]
        if not theirs:
            return None
        strange = {fact.ref for owner, fact in kept if owner not in together}
        ids = {id_ for id_ in group.values() if id_ is not None}
        known = list(self._known(ids, moment))
        said = [
            said
            for key, said in self._tables.statements.items()
            if key[0] == source.id and key[1] in together and self._tables.said_at[key] <= moment
        ]
        others = {step.key for step in known if step.plan in strange}
        moves = [move for id_ in ids for move in self._tables.moves.get(id_, ()) if move.at <= moment]
        return Past(
            record=Record.of(survivor, source.slug, theirs, said, known=known),
            effects=[row for row in self._effects(ids, moment) if row.plan not in strange],
            work=[item for item in self._work(ids, moment) if not is_about(item, others)],
            moves=moves[::-1],
        )

    def _group(self, source: Source, ref: str) -> Mapping[str, int | None]:
        patients = [known for known in self._tables.patients.values() if known.source_id == source.id]
        last = next((known.survivor for known in patients if known.ref == ref and known.survivor), ref)
        return {ref: None, **{known.ref: known.id for known in patients if last in (known.ref, known.survivor)}}

    def _facts(self, moment: datetime) -> Iterator[tuple[FactKey, Fact]]:
        yield from ((key, fact) for key, fact in self._tables.facts.items() if self._tables.fact_seen[key] <= moment)
        past = self._tables.past_facts.values()
        yield from ((one.key, one.fact) for one in past if one.seen_at <= moment < one.until)

    def _known(self, ids: set[int], moment: datetime) -> Iterator[KnownStep]:
        for (id_, key), step in self._tables.steps.items():
            before = [status for at, status in self._tables.statuses[id_, key] if at <= moment]
            past = (
                old
                for of, old, until in self._tables.past_steps.values()
                if (of, old.key) == (id_, key) and until > moment
            )
            if id_ in ids and before:
                yield replace(next(past, step), status=before[-1])

    def _effects(self, ids: set[int], moment: datetime) -> Iterator[LedgerRow]:
        for entry in self._tables.effects.values():
            if entry.row.patient_id in ids and self._tables.wanted_at[entry.row.key] <= moment:
                row = row_as_of(replace(entry.row, changed_at=entry.changed_at), moment)
                if row.kind is not EffectKind.WRITE or row.state is EffectState.FAILED:
                    yield row

    def _work(self, ids: set[int], moment: datetime) -> Iterator[WorkItem]:
        for name, item in self._tables.work.items():
            turns = [turn for turn in self._tables.worked[name] if turn[0] <= moment]
            if item.patient_id in ids and turns:
                at, state = turns[-1]
                listed = self._tables.listed[name].items()
                off = {step for (of, step), since in self._tables.taken_off.items() if of == name and since <= moment}
                steps = tuple((step, title) for step, title in listed if step not in off)
                yield item_as_of(replace(item, milestones=steps), state, at, moment)


def see(tables: Tables, key: FactKey, fact: Fact, at: datetime) -> None:
    """A version comes to stand in the place of the one before it."""
    forget(tables, key, at)
    tables.facts[key] = fact
    tables.fact_seen[key] = at


def forget(tables: Tables, key: FactKey, at: datetime) -> None:
    """What stood is past."""
    if key in tables.facts:
        past = PastFact(key, tables.facts.pop(key), tables.fact_seen.pop(key), at)
        tables.past_facts[len(tables.past_facts)] = past


def list_steps(tables: Tables, name: str, steps: Sequence[tuple[str, str]]) -> None:
    """A work item lists them, also again."""
    tables.listed[name] = {**tables.listed.get(name, {}), **dict(steps)}
    for step, _ in steps:
        tables.taken_off.pop((name, step), None)


def turn(tables: Tables, name: str, state: WorkState, at: datetime) -> None:
    """A work item comes to a state."""
    tables.worked[name] = (*tables.worked.get(name, ()), (at, state))

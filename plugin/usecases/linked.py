"""Read what a page refers to and no feed brings: the requests that a plan is made of, outcomes, members of a panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from plugin.domain.errors import Refused
from plugin.domain.record import Fact
from plugin.domain.rules import Rules
from plugin.domain.source import SetAside, Source
from plugin.usecases.keeping import is_ours, makes_a_plan, patients_of, read_by_reference
from plugin.usecases.ports import Ehr
from plugin.usecases.services import Services

_NOT_LET_IN = 401  # whatever else is asked, the answer is the same; a web page in place of an answer says no more
_DEEPEST = 5  # an action of a group names a request that has a focus that …: a circle ends here


@dataclass(frozen=True, slots=True)
class Linked:
    """Facts that were read because something refers to them. ``asked`` are the references that were asked for, with the
    patients on whose account."""

    facts: tuple[Fact, ...] = ()
    asked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    set_aside: tuple[SetAside, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkReader:
    """Reads links of one source, outside any transaction."""

    services: Services
    source: Source
    ehr: Ehr
    rules: Rules

    def read(self, facts: Sequence[Fact]) -> Linked:
        """What these facts refer to and is not stored yet, and what that refers to in turn. What the server refuses to
        give is set aside: its step stays a milestone whose reference is unread (O10)."""
        asked: dict[str, frozenset[str]] = {}
        planned = {p for fact in facts if makes_a_plan(fact, self.rules) for p in patients_of(fact)}
        found: list[Fact] = []
        aside: list[SetAside] = []
        latest = facts
        for _ in range(_DEEPEST):
            named = self._wanted(latest, asked, planned)
            wanted = self._missing({ref: who for ref, who in named.items() if ref not in asked})
            if not wanted:
                break
            asked |= wanted
            latest = self._read(sorted(wanted), aside)
            found += latest
        return Linked(tuple(found), asked, tuple(aside))

    def _wanted(
        self, facts: Sequence[Fact], asked: Mapping[str, frozenset[str]], planned: set[str]
    ) -> dict[str, frozenset[str]]:
        """What facts of tracked patients refer to; those with a plan on this page are about to be tracked."""
        referring = [
            (fact, patients_of(fact) or tuple(asked.get(fact.ref, ())), refs)
            for fact in facts
            if not is_ours(fact) and (refs := read_by_reference(fact))
        ]
        if not referring:
            return {}
        tracked = set(planned)
        others = {p for _, patients, _ in referring for p in patients} - tracked
        if others:
            with self.services.database.begin(reading=True) as uow:
                tracked |= uow.patients.tracked(self.source, sorted(others))
        wanted: dict[str, frozenset[str]] = {}
        for _, patients, refs in referring:
            for ref in refs if tracked.intersection(patients) else ():
                wanted[ref] = wanted.get(ref, frozenset()) | tracked.intersection(patients)
        return wanted

    def _missing(self, refs: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
        if not refs:
            return refs
        with self.services.database.begin(reading=True) as uow:
            known = uow.facts.known(self.source, sorted(refs))
        return {ref: who for ref, who in refs.items() if ref not in known}

    def _read(self, refs: Sequence[str], aside: list[SetAside]) -> list[Fact]:
        facts: list[Fact] = []
        try:
            for page in self.ehr.read(refs):
                facts += page.facts
                aside += page.set_aside
        except Refused as error:
            if error.status_code == _NOT_LET_IN:
                raise
            aside += [SetAside(ref, "", str(error)) for ref in refs]
        return facts

"""What there is at an OpenEMR, type by type: which parts are due, and their answers as pages of facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fhir_adapters.mapping import Mapped, MappingRules, map_resource
from fhir_adapters.servers.openemr.answers import Resource
from fhir_adapters.servers.openemr.mapping import ELSEWHERE, NO_PATIENT, Clinic, as_r4, is_elsewhere, is_of_nobody
from fhir_adapters.servers.openemr.parts import PARTS, Part
from fhir_adapters.servers.openemr.passes import Passes, Step
from fhir_adapters.servers.openemr.rhythm import Pace, Rhythm
from fhir_adapters.servers.openemr.state import Paces, paces_in, watermark_of
from plugin.domain.errors import CannotDo, NotGranted, SwitchedOff
from plugin.domain.record import Fact
from plugin.domain.source import Cursor, Page, SetAside

ESSENTIAL = frozenset({"Patient", "CarePlan", "Appointment"})
"""Without these nothing is tracked, or people are called who have long booked."""
_NOT_GRANTED = "this OpenEMR does not let us read the type: its scope was not granted, or the user may not see it"
_NOT_OFFERED = "this OpenEMR does not offer the type"


@dataclass(frozen=True, slots=True)
class Feed:
    passes: Passes
    rhythm: Rhythm
    rules: MappingRules
    clinic: Clinic
    clock: Callable[[], datetime]

    def pages_of(self, cursors: Mapping[str, Cursor]) -> Iterator[Page]:
        """Who is on file is known before plans are asked for: they can only be asked for by patients. The first time, the
        patients' own feed must not begin before that of the plans (whoever is tracked after it began is read back one by
        one), so that they are gone through once more."""
        order = list(cursors)
        met: list[str] = []
        if "CarePlan" in cursors and "Patient" in cursors:
            if _has_begun(cursors["Patient"]):
                order = ["Patient", *(type_ for type_ in order if type_ != "Patient")]
            else:
                yield from self._on_file(met)
        for type_ in order:
            for page in self._pages(type_, cursors[type_], met):
                met += page.on_file
                yield page

    def mapped(self, type_: str, resources: Sequence[Resource]) -> Page:
        """Facts of raw resources; what cannot be mapped is set aside, and stops nothing."""
        facts: list[Fact] = []
        aside: list[SetAside] = []
        left_out: dict[str, int] = {}
        for raw in resources:
            if is_elsewhere(raw, self.rules.resolve):
                aside.append(SetAside(f"{type_}/{raw.get('id')}", "", ELSEWHERE))
                continue
            if is_of_nobody(raw):
                left_out[NO_PATIENT] = left_out.get(NO_PATIENT, 0) + 1
                continue
            found = map_resource(as_r4(raw, self.clinic), self.rules, left_out)
            if isinstance(found, Mapped):
                facts.append(found.fact)
            else:
                aside.append(found)
        return Page(type=type_, facts=tuple(facts), set_aside=tuple(aside), left_out=left_out, read=len(resources))

    def _on_file(self, met: list[str]) -> Iterator[Page]:
        (part,) = PARTS["Patient"]
        for step in self.passes.over("Patient", part, Pace()):
            met += step.on_file
            yield Page(type="Patient", on_file=step.on_file)

    def _pages(self, type_: str, cursor: Cursor, met: Sequence[str]) -> Iterator[Page]:
        paces = paces_in(cursor.watermark)
        for part in PARTS.get(type_, ()):
            pace = paces.get(part.name, Pace())
            if not self.rhythm.is_due(part, pace, self.clock()):
                continue
            try:
                for step in self.passes.over(type_, part, pace, met):
                    yield self._page(type_, part, step, paces, cursor)
            except (NotGranted, CannotDo) as refusal:
                words = why_not(type_, refusal)
                paces.update({each.name: replace(pace, at=self.clock()) for each in PARTS[type_]})
                aside = (SetAside(type_, "", words),)
                yield Page(type=type_, set_aside=aside, cursor=_cursor(type_, paces, cursor))
                return

    def _page(self, type_: str, part: Part, step: Step, paces: Paces, cursor: Cursor) -> Page:
        if step.missed:
            for name, pace in paces.items():
                paces[name] = replace(pace, at=None)
        paces[part.name] = step.pace
        page = self.mapped(type_, step.resources)
        return replace(
            page,
            set_aside=(*page.set_aside, *step.aside),
            cursor=_cursor(type_, paces, cursor),
            extent=step.extent,
            on_file=step.on_file,
        )


def why_not(type_: str, refusal: NotGranted | CannotDo) -> str:
    """In words, where it is only that this type is not for us and the rest can go on; else the refusal is raised."""
    if type_ in ESSENTIAL or isinstance(refusal, SwitchedOff) or refusal.status_code is None:
        raise refusal
    return _NOT_GRANTED if isinstance(refusal, NotGranted) else _NOT_OFFERED


def _has_begun(cursor: Cursor) -> bool:
    return bool(paces_in(cursor.watermark))


def _cursor(type_: str, paces: Paces, before: Cursor) -> Cursor:
    is_complete = all(name in paces and paces[name].done for name in (part.name for part in PARTS[type_]))
    return Cursor(watermark_of(paces), complete=before.complete or is_complete)

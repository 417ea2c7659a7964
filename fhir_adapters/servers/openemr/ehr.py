"""An OpenEMR as the use cases see it: the port `Ehr`, reading here, writing through the sink that it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fhir_adapters.capability import Capability, capability_of, from_json
from fhir_adapters.ehr import rules_of
from fhir_adapters.mapping import Raw
from fhir_adapters.resources import Polled, polled
from fhir_adapters.servers.openemr import lookup
from fhir_adapters.servers.openemr.feed import Feed
from fhir_adapters.servers.openemr.kind import OPENEMR
from fhir_adapters.servers.openemr.mapping import Clinic
from fhir_adapters.servers.openemr.parts import PARTS
from fhir_adapters.servers.openemr.passes import Passes
from fhir_adapters.servers.openemr.rhythm import Rhythm
from fhir_adapters.servers.openemr.sink import ReadableSink
from fhir_adapters.writeback import Names
from plugin.domain.ledger import LedgerRow
from plugin.domain.record import Coding
from plugin.domain.source import Cursor, Draft, HowToTakeBack, Page, Source, Standing, TakenBack, Written

if TYPE_CHECKING:
    from fhir_adapters.servers.openemr.http import OpenEmrHttp
    from fhir_adapters.servers.openemr.memory import Memory
    from fhir_adapters.servers.openemr.sink import TaskSink

_TASK = "Task"
_FED = tuple(row.name for row in polled(Polled.EVERY, Polled.BY_CODE) if not row.elements)
"""What the feed of any server reads, in the order of a first sweep."""


class OpenEmr:
    """See plugin/usecases/ports.py. `clock`, and the clinic's zone in `rhythm`, say when it is working time there; `names`
    are the systems by which Milepost knows its own."""

    def __init__(
        self,
        http: OpenEmrHttp,
        source: Source,
        sink: TaskSink,
        memory: Memory,
        *,
        clock: Callable[[], datetime],
        zone: ZoneInfo,
        rhythm: Rhythm | None = None,
        names: Names | None = None,
    ) -> None:
        self._http = http
        self._sink = sink
        self._memory = memory
        self._capability = None if source.capability is None else from_json(source.capability)
        rhythm = rhythm or Rhythm(zone)
        rules = rules_of(http.base_url, names or Names(), aliases=source.link_aliases, seen=_never)
        passes = Passes(http, memory, rhythm, clock)
        self._feed = Feed(passes, rhythm, rules, Clinic(zone, http.base_url), clock)

    @property
    def types(self) -> Sequence[str]:
        return tuple(type_ for type_ in _FED if type_ not in self.not_offered)

    @property
    def followed(self) -> Sequence[str]:
        """None: a plan's activities refer to nothing there (OpenEMR 8.2)."""
        return ()

    @property
    def not_offered(self) -> Sequence[str]:
        """OpenEMR 8.2 has no Task, Flag or Consent (recordings 190-195). Tasks are read where the sink has them."""
        known: Capability | None = self._capability
        lacks = {type_ for type_ in _FED if type_ not in PARTS or (known is not None and type_ not in known.types)}
        if isinstance(self._sink, ReadableSink):
            lacks.discard(_TASK)
        return tuple(type_ for type_ in _FED if type_ in lacks)

    def probe(self) -> Mapping[str, object]:
        """Beside what it says: what its plans and visits do not tell (SEMANTICS S8, E12), what a day of reading may cost,
        and what we were not allowed."""
        said = capability_of(self._http.metadata(), OPENEMR, self._http.base_url).as_json()
        never = {"steps_have_no_status": True, "encounters_always_finished": True}
        most = {"bytes_per_day": self._feed.rhythm.allowance.bytes_per_day}
        return {**said, **never, **most, "lacking": list(self._http.lacking())}

    # --------------------------------------------------------------------------------------------------------- reading
    def pages(self, type_: str, cursor: Cursor) -> Iterator[Page]:
        return self.pages_of({type_: cursor})

    def pages_of(self, cursors: Mapping[str, Cursor]) -> Iterator[Page]:
        yield from self._feed.pages_of({type_: cursor for type_, cursor in cursors.items() if type_ != _TASK})
        if _TASK in cursors and isinstance(self._sink, ReadableSink):
            yield from self._sink.edits(cursors[_TASK])
        self._memory.settle()

    def read(self, refs: Sequence[str]) -> Iterator[Page]:
        yield from lookup.by_reference(self._feed, refs)
        tasks = [ref for ref in refs if ref.startswith(f"{_TASK}/")]
        if tasks and isinstance(self._sink, ReadableSink):
            yield from self._sink.read(tasks)

    def ordered(self, codes: Sequence[Coding]) -> Iterator[Page]:
        return lookup.ordered(self._feed, codes)

    def read_patient(self, patient: str, since: date | None) -> Iterator[Page]:
        yield from lookup.of_patient(self._feed, self.types, patient, since)
        self._memory.settle()

    def references(self, type_: str) -> Iterator[Sequence[tuple[str, str]]]:
        if type_ == _TASK:
            yield from ([(r.ref, r.version) for r in page if r.ref.startswith("Task/")] for page in self._sink.ours())
            return
        yield from lookup.references(self._feed, type_)
        self._memory.settle()

    def count(self, type_: str) -> int:
        return lookup.count(self._feed, type_)

    def subscribe(self, _endpoint: str, _secret: str) -> str | None:
        """OpenEMR 8.2 has no Subscription."""
        return None

    def close(self) -> None:
        self._http.close()

    # --------------------------------------------------------------------------------------------------------- writing
    def draft(self, row: LedgerRow) -> Draft | None:
        return self._sink.draft(row)

    def device(self) -> Draft:
        return self._sink.device()

    def accompanied(self, drafts: Sequence[Draft], at: datetime) -> Sequence[Draft]:
        return self._sink.accompanied(drafts, at)

    def write(self, drafts: Sequence[Draft]) -> Sequence[Written]:
        return self._sink.write(drafts)

    def authors(self, ref: str, version: str) -> Sequence[str]:
        return self._sink.authors(ref, version)

    def ours(self) -> Iterator[Sequence[Standing]]:
        return self._sink.ours()

    def standing(self, refs: Sequence[str]) -> Sequence[Standing]:
        return self._sink.standing(refs)

    def ours_by_type(self) -> Mapping[str, int]:
        return self._sink.ours_by_type()

    def take_back(self, how: HowToTakeBack) -> Iterator[TakenBack]:
        return self._sink.take_back(how)


def _never(_raw: Raw) -> datetime | None:
    """A fact came to be when we first saw it."""
    return None

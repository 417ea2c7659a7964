"""A companion store: what is written there, in whose words it refers to what only the source has, and what comes back.
Against a real HAPI: tests/live/fhir_adapters/test_companion.py."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from fhir_adapters.sinks import CompanionStore
from fhir_adapters.writeback import Names, owned_of
from plugin.domain.assessment import EffectKind
from plugin.domain.errors import CannotDo
from plugin.domain.ledger import EffectState, LedgerRow
from plugin.domain.record import Order
from plugin.domain.source import Cursor, Draft, Source
from tests.fhir_adapters.search_server import BASE, SearchServer, serving
from tests.fhir_adapters.writeback.contents import NOON, PATIENT, a_flag_content, a_gap_content, a_notice_content
from tests.fhir_adapters.writeback.contents import a_task_content as a_task

OPENEMR = "https://openemr.example/apis/default/fhir"
SOURCE = Source(id=1, slug="clinic", base_url=f"{OPENEMR}/", kind="openemr", sink="companion", companion="store")
STORE = Source(id=2, slug="store", base_url=BASE, use="store")


@dataclass
class Who:
    """The patient is s1 in the store, unless unlinked; nobody's name is known."""

    linked: dict[str, str] = field(default_factory=lambda: {PATIENT: "Patient/s1"})

    def in_store(self, patient: str) -> str | None:
        return self.linked.get(patient)

    def in_source(self, refs: Sequence[str]) -> Mapping[str, str]:
        return {there: here for here, there in self.linked.items() if there in refs}

    def name_of(self, ref: str) -> str | None:
        return None


@dataclass
class Shop:
    """A store, and the sink over it."""

    server: SearchServer
    sink: CompanionStore
    who: Who

    def draft(self, what: str, content: Mapping[str, object]) -> Draft:
        kind = EffectKind.NOTICE if what == "overdue" else EffectKind.WRITE
        row = LedgerRow(
            id=1, key=what, kind=kind, what=what, state=EffectState.CLAIMED, patient_id=1, source_id=1, content=content
        )
        draft = self.sink.draft(row)
        assert draft is not None
        return draft

    def put(self, draft: Draft, **changes: Any) -> None:
        """It stands there, as somebody may have changed it."""
        elements: dict[str, Any] = {name: part for name, part in draft.body.items() if name != "id"}
        self.server.put(draft.ref, **(elements | changes))


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A store of a practice."""
    server, who = SearchServer(), Who()
    with serving(server) as http:
        yield Shop(server, CompanionStore(http, store=STORE, source=SOURCE, names=Names(), patients=who), who)


def references(part: object) -> Iterator[str]:
    """All literal ones."""
    if isinstance(part, list):
        for item in part:
            yield from references(item)
    elif isinstance(part, dict):
        if "reference" in part:
            yield part["reference"]
        for value in part.values():
            yield from references(value)


@pytest.mark.parametrize(
    ("what", "content"),
    [
        ("task", a_task().as_json()),
        ("detected-issue", a_gap_content().as_json()),
        ("flag", a_flag_content().as_json()),
        ("overdue", a_notice_content().as_json()),
    ],
)
def test_literal_references_are_the_stores_and_ours(shop: Shop, what: str, content: Mapping[str, object]) -> None:
    """Its patient, our Device, our Task; whatever else is referred to is so by identifier."""
    found = set(references(shop.draft(what, content).body))

    assert found <= {"Patient/s1", "Device/milepost", a_gap_content().task}
    assert "Patient/s1" in found


def test_what_only_the_source_has(shop: Shop) -> None:
    """The source's base and the type as system, its id as value; in words, as far as they are known."""
    body = shop.draft("task", a_task().as_json()).body

    assert body["owner"] == {
        "type": "Practitioner",
        "identifier": {"system": f"{OPENEMR}/Practitioner", "value": "dr1"},
        "display": "Member of staff in the EHR",
    }
    assert body["meta"] == {
        "tag": [
            {"system": "https://milepost.example/tag", "code": "milepost"},
            {"system": "https://milepost.example/source", "code": "clinic"},
        ]
    }


def test_who_acted_is_somebody_of_the_source(shop: Shop) -> None:
    """In the Provenance as well; our own people are named as they are on any server."""
    draft = replace(shop.draft("task", a_task().as_json()), by="Practitioner/n1")

    (_, provenance) = shop.sink.accompanied([draft], NOON)

    agents: Any = provenance.body["agent"]
    assert agents[0]["who"]["identifier"] == {"system": f"{OPENEMR}/Practitioner", "value": "n1"}


def test_nothing_is_drafted_for_who_is_not_linked(shop: Shop) -> None:
    """It fails for this row, in words."""
    shop.who.linked.clear()

    with pytest.raises(CannotDo, match="link"):
        shop.draft("task", a_task().as_json())


def test_what_comes_back_is_of_the_sources_patient(shop: Shop) -> None:
    """An echo of ours is told as one; an owner of the store is named by a whole address."""
    draft = shop.draft("task", a_task().as_json())
    shop.put(draft)
    theirs: dict[str, Any] = {"for": {"reference": "Patient/s1"}}
    shop.server.put("Task/theirs", status="ready", **theirs)

    (page,) = shop.sink.edits(Cursor())

    (task,) = page.facts
    assert isinstance(task, Order)
    assert (task.ref, task.subject) == (draft.ref, PATIENT)
    assert draft.owned == owned_of(draft.body)
    assert page.cursor is not None
    assert page.cursor.complete

    shop.put(draft, owner={"reference": "Practitioner/7"})
    (page,) = shop.sink.read([draft.ref])
    (task,) = page.facts
    assert isinstance(task, Order)
    assert task.owner is not None
    assert task.owner.ref == f"{BASE}/Practitioner/7"

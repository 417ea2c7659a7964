"""A companion store on a real HAPI, which checks references: what stands there, comes back, and is taken off again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from deploy.hapi.server import HapiServer
from fhir_adapters.http import FhirHttp
from fhir_adapters.sinks import CompanionPatients, CompanionStore
from fhir_adapters.writeback import Names, draft_for, send
from plugin.domain.assessment import EffectKind, Milestone, Owner, PlanState
from plugin.domain.edit import Ours, owned_digest, statements_of_edit
from plugin.domain.errors import CannotDo
from plugin.domain.ledger import EffectState, LedgerRow
from plugin.domain.record import Identifier, Order, Patient, Said
from plugin.domain.source import Cursor, Draft, Source, Standing
from plugin.domain.writes import TaskContent, flag_content, gap_content, notice_content, task_content, task_ref
from tests.fhir_adapters.writeback.contents import MORNING, NOON, a_milestone
from tests.servers import FhirTag

pytestmark = pytest.mark.live

OPENEMR = "https://openemr.example/apis/default/fhir"
ADA = "Patient/a3485482-24af-481b-bf44-53d5f3d8918c"
PLAN = PlanState(plan="CarePlan/a3485482-e1-SK-7", patient=ADA, status="active", stage="follow-ups")
DOCTOR = "Practitioner/a3485482-01f2"
MRN = "https://clinic.example/mrn"


@dataclass
class Who:
    """Who is who: one patient, and the name of the doctor."""

    linked: dict[str, str] = field(default_factory=dict)

    def in_store(self, patient: str) -> str | None:
        return self.linked.get(patient)

    def in_source(self, refs: Sequence[str]) -> Mapping[str, str]:
        return {there: here for here, there in self.linked.items() if there in refs}

    def name_of(self, ref: str) -> str | None:
        return "Demo-Doctor" if ref == DOCTOR else None


@dataclass
class Practice:
    """An OpenEMR and its store; the tag of this test keeps it apart from others'."""

    http: FhirHttp
    code: str
    names: Names
    who: Who = field(default_factory=Who)

    def store(self, slug: str = "clinic") -> CompanionStore:
        """The sink of a source; each source of a test has its own tag."""
        source = Source(id=1, slug=f"{slug}-{self.code}", base_url=OPENEMR, kind="openemr", sink="companion")
        store = Source(id=2, slug="store", base_url=self.http.base_url, use="store")
        return CompanionStore(self.http, store=store, source=source, names=self.names, patients=self.who)

    @property
    def source(self) -> Source:
        return Source(id=1, slug=f"clinic-{self.code}", base_url=OPENEMR)

    @property
    def patients(self) -> CompanionPatients:
        store = Source(id=2, slug="store", base_url=self.http.base_url, use="store")
        return CompanionPatients(self.http, store=store, names=self.names)

    def register(self, name: str, **elements: Any) -> str:
        """A patient of the store."""
        ref = f"Patient/{name}-{self.code}"
        self.put(ref, **elements)
        return ref

    def put(self, ref: str, **elements: Any) -> None:
        type_, _, id_ = ref.partition("/")
        self.http.put(ref, {"resourceType": type_, "id": id_, **elements})

    def rows(self, milestone: Milestone, by: str | None = None, slug: str = "clinic") -> list[LedgerRow]:
        """One of each kind that is written."""
        task = task_content(milestone, PLAN, ADA)
        gap = gap_content(milestone, ADA)
        assert task is not None
        assert gap is not None
        notice = notice_content(f"{milestone.key}|t3", milestone, ADA, recipient=DOCTOR, sent=MORNING)
        contents = {
            "task": task.as_json(),
            "detected-issue": gap.as_json(),
            "flag": flag_content(f"{slug}-{self.code}", ADA, [milestone]).as_json(),
            "overdue": notice.as_json(),
        }
        return [_row(what, content, by) for what, content in contents.items()]

    def milestone(self, **changes: Any) -> Milestone:
        """The doctor's, in a plan that only OpenEMR has."""
        usual = {
            "key": f"clinic-{self.code}|{PLAN.plan}|hba1c",
            "plan": PLAN.plan,
            "owner": Owner(DOCTOR, None, "CarePlan.author"),
            "refs": (),
        }
        return a_milestone(**(usual | changes))

    def drafts(self, milestone: Milestone | None = None, by: str | None = None) -> list[Draft]:
        """All kinds, with Provenance."""
        rows = self.rows(milestone or self.milestone(), by)
        made = [draft for row in rows if (draft := self.store().draft(row)) is not None]
        return list(self.store().accompanied(made, NOON))

    @property
    def task(self) -> str:
        return task_ref(self.milestone().key)

    def edit(self, ref: str, **changes: Any) -> None:
        """Somebody changes a resource in the store."""
        self.http.put(ref, {**self.http.get(ref), **changes})

    def edits(self) -> list[Order]:
        """Our Tasks as they come back."""
        pages = self.store().edits(Cursor())
        return [fact for page in pages for fact in page.facts if isinstance(fact, Order)]


def _row(what: str, content: dict[str, object], by: str | None) -> LedgerRow:
    kind = EffectKind.NOTICE if what == "overdue" else EffectKind.WRITE
    state = EffectState.CLAIMED
    row = LedgerRow(id=1, key=what, kind=kind, what=what, state=state, patient_id=1, source_id=1, content=content)
    return replace(row, by=by)


@pytest.fixture
def practice(hapi: HapiServer, fhir_tag: FhirTag) -> Iterator[Practice]:
    """Ada is linked; the Device stands there."""
    http = FhirHttp(hapi.base_url)
    made = Practice(http, fhir_tag.code, Names(tags=((fhir_tag.system, fhir_tag.code),)))
    made.who.linked[ADA] = made.register("s1")
    assert [answer.error for answer in made.store().write([made.store().device()])] == [None]
    yield made
    http.close()


def test_everything_stands_there_as_it_was_sent(practice: Practice) -> None:
    """Of the patient who is linked; a second time it changes nothing. The doctor who acted is named, too."""
    drafts = practice.drafts(by=DOCTOR)

    first, second = practice.store().write(drafts), practice.store().write(drafts)

    assert [answer.error for answer in first] == [None] * len(drafts)
    assert second == first
    standing = practice.store().standing([draft.ref for draft in drafts if not draft.ref.startswith("Provenance/")])
    assert {there.ref: there.digest for there in standing}.items() <= {d.ref: d.digest for d in drafts}.items()
    task = practice.http.get(practice.task)
    assert task["for"] == {"reference": practice.who.linked[ADA]}
    assert task["owner"] == {
        "type": "Practitioner",
        "identifier": {"system": f"{OPENEMR}/Practitioner", "value": DOCTOR.partition("/")[2]},
        "display": "Demo-Doctor",
    }
    assert task["basedOn"][0]["display"] == "Care plan in the EHR"


def test_what_only_the_source_has_would_be_refused_as_a_literal_reference(practice: Practice) -> None:
    """The reason for logical references: this server checks each on write."""
    literal = draft_for(practice.rows(practice.milestone())[0], practice.names)

    (answer,) = send(practice.http, [literal])

    assert answer.error is not None
    assert "HAPI-1094" in answer.error


def test_a_patient_who_is_not_linked(practice: Practice) -> None:
    """Nothing of theirs is drafted, and the reason is said."""
    practice.who.linked.clear()

    with pytest.raises(CannotDo, match="not linked"):
        practice.drafts()


def test_our_own_writing_comes_back_as_an_echo(practice: Practice) -> None:
    """About the source's patient, and equal in what we own to what was sent."""
    drafts = practice.drafts()
    practice.store().write(drafts)

    (task,) = practice.edits()

    (sent,) = [draft for draft in drafts if draft.ref == practice.task]
    assert (task.subject, task.ours, owned_digest(task)) == (ADA, True, sent.owned)


def test_what_a_nurse_does_in_the_store_is_her_word(practice: Practice) -> None:
    """By the store's Provenance, which names somebody of the store by a whole address."""
    drafts = practice.drafts()
    practice.store().write(drafts)
    practice.put("Practitioner/nurse-" + practice.code)
    practice.edit(practice.task, status="completed")
    stood = practice.http.get(practice.task)["meta"]
    practice.put(
        f"Provenance/pv-{practice.code}",
        target=[{"reference": f"{practice.task}/_history/{stood['versionId']}"}],
        recorded=stood["lastUpdated"],
        agent=[{"who": {"reference": f"Practitioner/nurse-{practice.code}"}}],
    )

    (task,) = practice.edits()
    (by,) = practice.store().authors(task.ref, task.version)
    (sent,) = [draft for draft in drafts if draft.ref == practice.task]
    content = TaskContent.from_json(practice.rows(practice.milestone())[0].content or {})
    (said,) = statements_of_edit(task, Ours(digests=frozenset({sent.owned}), content=content), author=by, at=NOON)

    assert (said.said, said.by) == (Said.COMPLETED, f"{practice.http.base_url}/Practitioner/nurse-{practice.code}")


def test_somebody_of_the_store_as_owner_is_noted_and_nobody_else(practice: Practice) -> None:
    """The source does not know them, and may know another by the same id."""
    drafts = practice.drafts()
    practice.store().write(drafts)
    practice.put(f"Practitioner/n-{practice.code}")
    practice.edit(practice.task, owner={"reference": f"Practitioner/n-{practice.code}"})

    (task,) = practice.edits()
    (sent,) = [draft for draft in drafts if draft.ref == practice.task]
    content = TaskContent.from_json(practice.rows(practice.milestone())[0].content or {})
    (said,) = statements_of_edit(task, Ours(digests=frozenset({sent.owned}), content=content), author=None, at=NOON)

    assert said.said is Said.NOTE


def test_what_is_about_nobody_whom_we_know_is_left_out(practice: Practice) -> None:
    """And so is what is not ours: a Task of somebody else's, or of a patient who was unlinked."""
    practice.store().write(practice.drafts())
    practice.put(
        f"Task/other-{practice.code}",
        status="ready",
        intent="order",
        **{"for": {"reference": practice.who.linked[ADA]}},
    )
    assert [task.ref for task in practice.edits()] == [practice.task]

    practice.who.linked.clear()

    assert practice.edits() == []


def test_after_a_conflict_the_task_is_read_by_name(practice: Practice) -> None:
    """What stands there now, of the source's patient; other types are not asked for."""
    drafts = practice.drafts()
    practice.store().write(drafts)
    practice.edit(practice.task, status="on-hold")
    guarded = [replace(draft, if_match="1") for draft in practice.drafts(practice.milestone(title="Other"))[:1]]

    (answer,) = practice.store().write(guarded)

    assert answer.conflict
    (page,) = practice.store().read([practice.task, "DetectedIssue/mg-x"])
    assert [(fact.ref, fact.subject, fact.status) for fact in page.facts if isinstance(fact, Order)] == [
        (practice.task, ADA, "on-hold")
    ]


def test_a_lost_database_finds_what_is_of_its_source(practice: Practice) -> None:
    """Two sources in one store: each finds, counts and takes back its own."""
    practice.store().write(practice.drafts())
    other = practice.store("other")
    moved = [
        draft
        for row in practice.rows(practice.milestone(key=f"other-{practice.code}|x"), slug="other")
        if (draft := other.draft(row))
    ]
    other.write(moved)

    def found(store: CompanionStore) -> set[str]:
        return {there.ref for page in store.ours() for there in page}

    assert found(practice.store()).isdisjoint(found(other))
    assert practice.task in found(practice.store())
    assert other.ours_by_type()["Task"] == 1

    list(practice.store().take_back("cancel"))

    assert practice.http.get(practice.task)["status"] == "cancelled"
    assert all(practice.http.get(draft.ref)["status"] != "cancelled" for draft in moved if draft.ref.startswith("Task"))


def test_patients_of_the_store(practice: Practice) -> None:
    """By identifier, system and value; by reference. What means something else in a search is not asked for."""
    number = f"n-{practice.code}"
    ref = practice.register("s2", identifier=[{"system": MRN, "value": number}], birthDate="1968-03-14")
    practice.register("s3", identifier=[{"system": "https://other.example", "value": number}])
    asked = [Identifier(MRN, number), Identifier(MRN, "a,b|c"), Identifier(MRN, "nobody")]

    (found,) = practice.patients.patients_with(asked)

    assert isinstance(found, Patient)
    assert (found.ref, found.birth_date) == (ref, "1968-03-14")
    assert [one.ref for one in practice.patients.patients([ref, "Patient/gone-for-good"])] == [ref]


def test_taken_off_a_patient_who_was_linked_in_error(practice: Practice) -> None:
    """All of it is in error; said again it changes nothing. Then it can be written for the right one, over what we left."""
    practice.store().write(practice.drafts())
    wrong = practice.who.linked[ADA]

    standing = practice.patients.disown(wrong, practice.source)

    assert {there.ref.partition("/")[0] for there in standing} == {"Task", "DetectedIssue", "Flag", "Communication"}
    assert {practice.http.get(there.ref)["status"] for there in standing} == {"entered-in-error"}
    assert practice.patients.disown(wrong, practice.source) == standing
    (task,) = practice.edits()
    (left,) = [there for there in standing if there.ref == practice.task]
    assert (owned_digest(task), task.version) == (left.owned, left.version)

    practice.who.linked[ADA] = practice.register("s9")
    versions = {there.ref: there.version for there in standing}
    right = [replace(draft, if_match=versions.get(draft.ref)) for draft in practice.drafts()]
    assert [answer.error for answer in practice.store().write(right)] == [None] * len(right)
    assert practice.http.get(practice.task)["for"] == {"reference": practice.who.linked[ADA]}
    assert isinstance(standing[0], Standing)

"""From what the ledger wants to drafts: bodies with their digests, in the order in which servers can take them."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

import orjson

from fhir_adapters.mapping import Mapped, MappingRules, map_resource
from fhir_adapters.writeback.gap import care_gap_flag, detected_issue
from fhir_adapters.writeback.milestone_task import milestone_task
from fhir_adapters.writeback.model import Body
from fhir_adapters.writeback.names import Names
from fhir_adapters.writeback.notice import provider_notice
from fhir_adapters.writeback.provenance import device, provenance
from plugin.domain.edit import owned_digest
from plugin.domain.errors import CannotDo, PermanentFailure
from plugin.domain.record import Order
from plugin.domain.source import Draft
from plugin.domain.writes import FlagContent, GapContent, NoticeContent, TaskContent

# Referred to before referring: servers check references, and a batch may be halved anywhere.
_ORDER = ("Device", "Task", "DetectedIssue", "Flag", "Communication", "Provenance")
_UNGUARDED: Mapping[str, str] = MappingProxyType({})

_BUILDERS: Mapping[str, Callable[[Mapping[str, object], Names], Body]] = MappingProxyType(
    {
        "task": lambda content, names: milestone_task(TaskContent.from_json(content), names),
        "detected-issue": lambda content, names: detected_issue(GapContent.from_json(content), names),
        "flag": lambda content, names: care_gap_flag(FlagContent.from_json(content), names),
        "overdue": lambda content, names: provider_notice(NoticeContent.from_json(content), names),
    }
)


class Wanted(Protocol):
    """A row of the ledger, or an effect: of kind write, or the notice ``overdue``."""

    @property
    def what(self) -> str: ...

    @property
    def content(self) -> Mapping[str, object] | None: ...


def draft_for(wanted: Wanted, names: Names, versions: Mapping[str, str] = _UNGUARDED) -> Draft:
    """The resource that a wanted write is to leave on the server. ``versions`` are those that must stand there, by
    reference: what is not in it is written unguarded. Raises PermanentFailure for this one row."""
    build = _BUILDERS.get(wanted.what)
    if build is None or wanted.content is None:
        raise CannotDo(f"{wanted.what}: nothing is written to the EHR for this.")
    try:
        body = build(wanted.content, names)
    except (TypeError, ValueError):
        # The text of these errors repeats values.
        raise PermanentFailure(f"{wanted.what}: its stored content is incomplete.") from None
    return _draft(body, versions)


def drafts_for(rows: Iterable[Wanted], names: Names, versions: Mapping[str, str] = _UNGUARDED) -> list[Draft]:
    """All of them, patient by patient. Of two that want the same resource the later one counts."""
    drafts = {draft.ref: draft for draft in (draft_for(row, names, versions) for row in rows)}
    return in_order(drafts.values())


def in_order(drafts: Iterable[Draft]) -> list[Draft]:
    """Patients in the order in which they come, each one's resources with what is referred to first."""
    patients: dict[str, int] = {}
    placed = [
        (patients.setdefault(patient_of(draft), len(patients)), _ORDER.index(draft.ref.partition("/")[0]), draft)
        for draft in drafts
    ]
    return [draft for _, _, draft in sorted(placed, key=lambda place: place[:2])]


def device_draft(names: Names) -> Draft:
    """Milepost itself: to be sent once to each source, before anything else."""
    return _draft(device(names), _UNGUARDED)


def with_provenance(drafts: Sequence[Draft], names: Names, *, recorded: datetime) -> list[Draft]:
    """The drafts that go out, in order, each patient's followed by a Provenance of them: one for each person whose acts
    they carry out, and one of those that nobody's act brought. Give only those that really change. A Device is about
    nobody, and needs none."""
    patients: dict[str, list[Draft]] = {}
    for draft in in_order(drafts):
        patients.setdefault(patient_of(draft), []).append(draft)
    told = patients.pop("", [])
    for of_one in patients.values():
        told += of_one
        for person in dict.fromkeys(draft.by for draft in of_one):
            theirs = [draft for draft in of_one if draft.by == person]
            told.append(_draft(provenance(theirs, names, recorded=recorded, person=person), _UNGUARDED))
    return told


def patient_of(draft: Draft) -> str:
    """Whom a draft is about; a Device is about nobody."""
    for element in ("for", "patient", "subject"):
        subject = draft.body.get(element)
        if isinstance(subject, dict):
            return str(subject.get("reference", ""))
    return ""


def digest_of(body: Mapping[str, object]) -> str:
    """Of a body as it was sent or as it stands on a server. Without ``meta``: the server writes its own things there,
    and HAPI keeps every tag that anybody ever gave (8.8.0, seen 2026-11-25)."""
    content = {name: part for name, part in body.items() if name != "meta"}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def owned_of(body: Mapping[str, object]) -> str:
    """The digest of the fields that we own in a Task of ours, by the mapping that will read it back."""
    mapped = map_resource(body, MappingRules(), {})
    if not isinstance(mapped, Mapped) or not isinstance(mapped.fact, Order):
        raise TypeError("Only a Task has fields that we own beside others.")
    return owned_digest(mapped.fact)


def _draft(body: Body, versions: Mapping[str, str]) -> Draft:
    type_ = body["resourceType"]
    ref = f"{type_}/{body['id']}"
    owned = owned_of(body) if type_ == "Task" else ""
    return Draft(ref=ref, body=body, digest=digest_of(body), owned=owned, if_match=versions.get(ref))

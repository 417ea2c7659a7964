"""Who wrote: Milepost as a Device, and a Provenance for each patient and transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from fhir_adapters.writeback.model import Body, checked
from fhir_adapters.writeback.names import DEVICE, Names, anyone, reference
from plugin.domain.source import Draft
from plugin.domain.writes import derived_id

_PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def device(names: Names) -> Body:
    """Milepost itself. Servers check references, so it is written before anything refers to it. It is the same for all
    sources on one server, and so without their tags."""
    return checked(
        "Device",
        {
            "id": DEVICE.partition("/")[2],
            "meta": Names(names.base).meta,
            "status": "active",
            "deviceName": [{"name": "Milepost", "type": "user-friendly-name"}],
        },
    )


def provenance(written: Sequence[Draft], names: Names, *, recorded: datetime, person: str | None = None) -> Body:
    """Of one patient's drafts in one transaction. Its id is derived from what was written over what, so a repetition is
    no second one. ``person`` is the one who acted, where somebody did: a ``fhirUser``, or ``user:`` and our own number
    of somebody whom the EHR does not know by a resource."""
    agents = [_agent("assembler", reference(DEVICE))]
    if person is not None:
        agents.insert(0, _agent("author", _person(person, names)))
    return checked(
        "Provenance",
        {
            "id": derived_id("mv", *sorted(f"{draft.ref} {draft.if_match} {draft.digest}" for draft in written)),
            "meta": names.meta,
            "target": [reference(draft.ref) for draft in written],
            "recorded": recorded.isoformat(timespec="milliseconds"),
            "agent": agents,
        },
    )


def without_targets(body: Mapping[str, object], refs: frozenset[str]) -> Body | None:
    """The same Provenance without targets that were not written after all; None when none is left."""
    targets = body["target"]
    left = [target for target in targets if target["reference"] not in refs] if isinstance(targets, list) else []
    return {**body, "target": left} if left else None


def _person(person: str, names: Names) -> dict[str, object]:
    is_ours, _, number = person.partition("user:")
    return {"identifier": names.identifier("user", number)} if not is_ours and number else anyone(person)


def _agent(role: str, who: dict[str, object]) -> dict[str, object]:
    return {"type": {"coding": [{"system": _PARTICIPANT, "code": role}]}, "who": who}

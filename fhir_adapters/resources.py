"""What we read of R4 (4.0.1), type by type: search parameters, where the patient stands, which elements are dates.

The order is the order of a first sweep: facts are kept for patients with a tracked plan only, so what makes a plan
comes before what is evidence for one. One comment per exception.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType


class Polled(Enum):
    EVERY = "every"
    """All of them, by the feed."""
    BY_CODE = "by code"
    """Only what programs, steps of tracked plans, goals or conditions name; and what is linked, by reference."""
    ON_DEMAND = "on demand"
    """Only what something that we know refers to, by reference."""


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    name: str
    polled: Polled = Polled.EVERY
    patient_search: str | None = "patient"
    """The parameter that finds one patient's. None: it belongs to no patient."""
    patient_paths: tuple[str, ...] = ("subject",)
    """Where the reference to the patient stands; `*` goes through a list."""
    since_search: str | None = None
    """The date parameter by which a read-back is limited to the time of the plan. None: all of a patient's are read,
    because they may be older than the plan, carry no date, or are few."""
    code_search: str | None = None
    request_searches: Mapping[str, str] = field(default_factory=dict)
    """By which parameter those are found that point to a plan, order or Task of ours; the element it looks at."""
    date_paths: tuple[str, ...] = ()
    """When it happened or shall happen, the most telling first. Not when it was written down."""
    elements: tuple[str, ...] = ()
    """Where the rest must not reach us: what `_elements` asks for. None: the whole resource."""


_TABLE = (
    ResourceType(name="Patient", patient_search="_id", patient_paths=()),
    # A plan is read whatever its period says: many have none, and an open one has no end.
    ResourceType(
        name="CarePlan",
        code_search="category",
        request_searches={"activity-reference": "activity*.reference", "based-on": "basedOn*", "part-of": "partOf*"},
        date_paths=("period",),
    ),
    # Not in the Patient compartment (4.0.1). `period` is the executionPeriod; no parameter sees restriction.period.
    ResourceType(
        name="Task",
        patient_paths=("for",),
        code_search="code",
        request_searches={"based-on": "basedOn*", "focus": "focus", "part-of": "partOf*"},
        date_paths=("restriction.period", "executionPeriod"),
    ),
    # An order is often older than the plan it serves.
    ResourceType(
        name="ServiceRequest",
        code_search="code",
        request_searches={"based-on": "basedOn*", "replaces": "replaces*"},
        date_paths=("occurrencePeriod", "occurrenceDateTime", "occurrenceTiming"),
    ),
    # `based-on` is for ServiceRequests only; a link to a Task or CarePlan is in supportingInformation. `date` is the
    # start, which a proposed or waiting one does not have.
    ResourceType(
        name="Appointment",
        patient_paths=("participant*.actor",),
        code_search="appointment-type",
        request_searches={"based-on": "basedOn*", "supporting-info": "supportingInformation*"},
        date_paths=("start", "end"),
    ),
    ResourceType(
        name="Encounter",
        since_search="date",
        code_search="type",
        request_searches={"based-on": "basedOn*", "appointment": "appointment*"},
        date_paths=("period",),
    ),
    ResourceType(
        name="DiagnosticReport",
        since_search="date",
        code_search="code",
        request_searches={"based-on": "basedOn*"},
        date_paths=("effectiveDateTime", "effectivePeriod"),
    ),
    ResourceType(
        name="Procedure",
        since_search="date",
        code_search="code",
        request_searches={"based-on": "basedOn*", "part-of": "partOf*"},
        date_paths=("performedDateTime", "performedPeriod"),
    ),
    # R4 has no basedOn here: it is linked by an activity's outcomeReference only.
    ResourceType(
        name="Immunization",
        patient_paths=("patient",),
        since_search="date",
        code_search="vaccine-code",
        date_paths=("occurrenceDateTime",),
    ),
    # Its "code" is the questionnaire's canonical address, a reference to search, not a token.
    ResourceType(
        name="QuestionnaireResponse",
        since_search="authored",
        request_searches={"based-on": "basedOn*", "part-of": "partOf*"},
        date_paths=("authored",),
    ),
    ResourceType(name="Goal", date_paths=("statusDate", "startDate")),
    ResourceType(name="CareTeam", date_paths=("period",)),
    ResourceType(name="Flag", date_paths=("period",)),
    ResourceType(name="Consent", patient_paths=("patient",), date_paths=("dateTime",)),
    # Who works here: few, and known to no patient.
    ResourceType(name="Practitioner", patient_search=None, patient_paths=()),
    ResourceType(name="PractitionerRole", patient_search=None, patient_paths=(), date_paths=("period",)),
    # By far the most numerous; a practice's are mostly vital signs that no plan asks for.
    ResourceType(
        name="Observation",
        polled=Polled.BY_CODE,
        since_search="date",
        code_search="code",
        request_searches={"based-on": "basedOn*", "part-of": "partOf*"},
        date_paths=("effectiveDateTime", "effectivePeriod", "effectiveInstant"),
    ),
    # As far as a program's conditions name them; an old diagnosis counts.
    ResourceType(
        name="Condition", polled=Polled.BY_CODE, code_search="code", date_paths=("onsetDateTime", "onsetPeriod")
    ),
    # Where a program names a type of note. Never its content: neither the text nor the address of it.
    ResourceType(
        name="DocumentReference",
        polled=Polled.BY_CODE,
        since_search="date",
        code_search="type",
        request_searches={"related": "context.related*", "encounter": "context.encounter*"},
        date_paths=("context.period", "date"),
        elements=("identifier", "status", "docStatus", "type", "category", "subject", "date", "context"),
    ),
    ResourceType(
        name="CommunicationRequest",
        polled=Polled.ON_DEMAND,
        request_searches={"based-on": "basedOn*"},
        date_paths=("occurrencePeriod", "occurrenceDateTime"),
    ),
    # R4 has basedOn here, but no parameter for it; the same holds for RequestGroup.
    ResourceType(
        name="MedicationRequest",
        polled=Polled.ON_DEMAND,
        code_search="code",
        date_paths=("dispenseRequest.validityPeriod", "authoredOn"),
    ),
    ResourceType(name="NutritionOrder", polled=Polled.ON_DEMAND, patient_paths=("patient",), date_paths=("dateTime",)),
    ResourceType(
        name="DeviceRequest",
        polled=Polled.ON_DEMAND,
        code_search="code",
        request_searches={"based-on": "basedOn*"},
        date_paths=("occurrencePeriod", "occurrenceDateTime", "occurrenceTiming"),
    ),
    ResourceType(
        name="VisionPrescription", polled=Polled.ON_DEMAND, patient_paths=("patient",), date_paths=("dateWritten",)
    ),
    ResourceType(name="RequestGroup", polled=Polled.ON_DEMAND, code_search="code", date_paths=("authoredOn",)),
    # Of our Tasks that someone changed: who it was. A target is rarely the patient.
    ResourceType(
        name="Provenance",
        polled=Polled.ON_DEMAND,
        patient_paths=(),
        request_searches={"target": "target*"},
        date_paths=("recorded",),
    ),
)

RESOURCES: Mapping[str, ResourceType] = MappingProxyType({row.name: row for row in _TABLE})


def polled(*kinds: Polled) -> tuple[ResourceType, ...]:
    """The types that are read in one of these ways, in the order in which a first sweep reads them."""
    return tuple(row for row in _TABLE if row.polled in kinds)


def values_at(resource: Mapping[str, object], path: str) -> tuple[object, ...]:
    """What stands at a path of the table (`participant*.actor`); nothing where a part of it is missing or of another
    shape than R4 says."""
    found: list[object] = [resource]
    for name in path.split("."):
        steps = (value.get(name.removesuffix("*")) for value in found if isinstance(value, dict))
        found = list(_each(steps) if name.endswith("*") else (step for step in steps if step is not None))
    return tuple(found)


def _each(values: Iterable[object]) -> Iterable[object]:
    for value in values:
        if isinstance(value, list):
            yield from value

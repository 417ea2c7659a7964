"""The patient that is multiplied: a plan of four open milestones in three forms, and the chart around it."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from deploy.demo.generator.fhir import LOINC, SNOMED, TERMINOLOGY, Json, coding, concept, reference
from fhir_adapters.mapping import Mapped, MappingRules, map_resource, stamp_of
from plugin.domain.record import Fact

MARK = "AAAAAAA"
"""Stands in every reference where a patient's number is to be."""
PATIENT = f"Patient/bench-{MARK}"
_SUBJECT = reference(PATIENT)
_PRACTITIONER = reference("Practitioner/bench-coordinator", "Sample Coordinator")

A1C = concept(coding(LOINC, "4548-4", "Hemoglobin A1c"))
EYES = concept(coding(SNOMED, "308110009", "Diabetic eye examination"))
FOOT = concept(coding(SNOMED, "401191002", "Diabetic foot examination"))
CALL = concept(coding(SNOMED, "185317003", "Telephone encounter"))


def chart(first_due: date, written: datetime) -> Sequence[Fact]:
    """The facts. The first milestone is due on a day, the others one, two and three months later."""
    due = [first_due + timedelta(days=days) for days in (0, 30, 60, 90)]
    facts = []
    for resource in _resources(due):
        stamp = {"versionId": "1", "lastUpdated": written.isoformat(timespec="milliseconds")}
        mapped = map_resource({**resource, "meta": stamp}, MappingRules(seen=stamp_of), {})
        if not isinstance(mapped, Mapped):
            raise TypeError(f"a {resource['resourceType']} of the benchmark cannot be mapped: {mapped.reason}")
        facts.append(mapped.fact)
    return facts


def _resources(due: Sequence[date]) -> Iterator[Json]:
    start = due[0] - timedelta(days=60)
    yield _of("Patient", active=True, name=[{"family": "Benchmark", "given": ["Sample"]}], birthDate="1961-05-14")
    yield _plan(start, due)
    yield from _orders(start, due)
    yield from _history(start)


def _plan(start: date, due: Sequence[date]) -> Json:
    steps = [
        {"reference": reference(_ref("ServiceRequest", "order"))},
        {"reference": reference(_ref("Task", "task"))},
        _inline(FOOT, start, due[2]),
        _inline(CALL, start, due[3]),
    ]
    return _of(
        "CarePlan",
        subject=_SUBJECT,
        status="active",
        intent="plan",
        title="Diabetes care plan",
        period={"start": start.isoformat()},
        author=_PRACTITIONER,
        activity=steps,
    )


def _inline(code: Json, start: date, due: date) -> Json:
    period = {"start": start.isoformat(), "end": due.isoformat()}
    return {"detail": {"status": "not-started", "code": code, "scheduledPeriod": period, "performer": [_PRACTITIONER]}}


def _orders(start: date, due: Sequence[date]) -> Iterator[Json]:
    order = {"subject": _SUBJECT, "status": "active", "intent": "order", "code": A1C, "authoredOn": start.isoformat()}
    yield _of("ServiceRequest", "order", **order, occurrencePeriod={"end": due[0].isoformat()})
    task = {"for": _SUBJECT, "status": "requested", "intent": "order", "code": EYES, "owner": _PRACTITIONER}
    yield _of("Task", "task", **task, restriction={"period": {"end": due[1].isoformat()}})
    at = f"{due[1].isoformat()}T15:00:00Z"
    booking = {"status": "booked", "start": at, "supportingInformation": [reference(_ref("Task", "task"))]}
    yield _of("Appointment", "booking", **booking, participant=[{"actor": _SUBJECT, "status": "accepted"}])


def _history(start: date) -> Iterator[Json]:
    day = (start - timedelta(days=20)).isoformat()
    visit = coding(f"{TERMINOLOGY}/v3-ActCode", "AMB")
    for number in (1, 2):
        yield _of(
            "Encounter",
            f"visit{number}",
            subject=_SUBJECT,
            status="finished",
            **{"class": visit},
            period={"start": day},
        )
    yield _of(
        "Observation",
        "result",
        subject=_SUBJECT,
        status="final",
        code=A1C,
        effectiveDateTime=day,
        valueQuantity={"value": 8.1, "unit": "%"},
    )
    yield _of("Condition", "condition", subject=_SUBJECT, code=concept(coding(SNOMED, "44054006", "Diabetes type 2")))
    yield _of("Goal", "goal", subject=_SUBJECT, lifecycleStatus="active", description=concept(text="A1c below 7 %"))
    yield _of(
        "Consent",
        "consent",
        patient=_SUBJECT,
        status="active",
        scope=concept(coding(f"{TERMINOLOGY}/consentscope", "patient-privacy")),
        provision={"type": "permit"},
    )


def _ref(type_: str, which: str = "") -> str:
    return f"{type_}/bench-{MARK}{'-' if which else ''}{which}"


def _of(type_: str, which: str = "", /, **elements: object) -> Json:
    return {"resourceType": type_, "id": _ref(type_, which).partition("/")[2], **elements}

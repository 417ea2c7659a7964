"""Steps that stand in the plan by reference: orders, Tasks and everything else that a plan can point to."""

from collections.abc import Callable

from deploy.demo.generator.chart import Chart, Placed
from deploy.demo.generator.fhir import (
    ROLE_SYSTEM,
    SNOMED,
    Json,
    at,
    coding,
    concept,
    on,
    reference,
)
from deploy.demo.generator.inline import detail, schedule
from deploy.demo.generator.steps import Form, Kind, Source, Step

Placer = Callable[[Chart, Step, Source], Placed]

CATEGORY = {
    Kind.LAB: coding(SNOMED, "108252007", "Laboratory procedure"),
    Kind.REFERRAL: coding(SNOMED, "3457005", "Patient referral"),
    Kind.EDUCATION: coding(SNOMED, "409063005", "Counselling"),
}
REQUEST_WORDS = {
    Source.ACTIVE: ("active",),
    Source.DRAFT: ("draft",),
    Source.HELD: ("on-hold",),
    Source.COMPLETED: ("completed",),
    Source.CANCELLED: ("revoked", "entered-in-error"),
}
TASK_WORDS = {
    Source.ACTIVE: ("requested", "received", "accepted", "ready", "in-progress"),
    Source.DRAFT: ("draft",),
    Source.HELD: ("on-hold",),
    Source.COMPLETED: ("completed",),
    Source.CANCELLED: ("cancelled", "rejected", "entered-in-error"),
    Source.FAILED: ("failed",),
}
MEDICATION_WORDS = {**REQUEST_WORDS, Source.CANCELLED: ("stopped", "cancelled")}


def pointed_at(chart: Chart, target: str, step: Step) -> Json:
    """Puts a reference into the plan."""
    activity = {"reference": reference(target, step.item.title)}
    chart.activities.append(activity)
    return activity


def request_status(chart: Chart, source: Source) -> str:
    """A request's status word for what the source says."""
    return chart.word(f"request {source}", REQUEST_WORDS.get(source, REQUEST_WORDS[Source.ACTIVE]))


def occurrence(step: Step) -> Json:
    """The occurrence[x] of an order for its form."""
    due = step.due or step.opens
    if step.form in (Form.ORDER_DATE, Form.GROUP):
        return {"occurrenceDateTime": on(due)}
    if step.form is Form.ORDER_TIMING:
        return {"occurrenceTiming": {"event": [on(due)]}}
    return {"occurrencePeriod": {"start": on(step.opens), "end": on(due)}}


def service_request(chart: Chart, step: Step, source: Source) -> tuple[str, Json]:
    """Writes an order; gives its reference and its business identifier."""
    number = chart.run.business_id("order", f"{chart.serial}-{len(chart.resources)}")
    body: Json = {
        "identifier": [number],
        "status": request_status(chart, source),
        "intent": "order",
        "code": step.item.concept,
        "subject": reference(chart.patient),
        **occurrence(step),
        "authoredOn": at(chart.written, 12),
        "requester": reference(chart.provider),
    }
    if step.item.kind in CATEGORY:
        body["category"] = [concept(CATEGORY[step.item.kind])]
    if chart.rng.random() < 0.5:
        body["performer"] = [reference(chart.provider)]
    return chart.add("ServiceRequest", body), number


def place_order(chart: Chart, step: Step, source: Source) -> Placed:
    """An order that the plan names."""
    order, number = service_request(chart, step, source)
    return Placed(order=order, order_number=number, activity=pointed_at(chart, order, step))


def place_twice(chart: Chart, step: Step, source: Source) -> Placed:
    """One step, inline and as an order with the same code: one milestone."""
    chart.activities.append({"detail": {**detail(chart, step, source), **schedule(step)}})
    return place_order(chart, step, source)


def task_body(chart: Chart, step: Step, source: Source) -> Json:
    """What every Task of a step has; half of them an owner, the others a role."""
    due = step.due or step.opens
    body: Json = {
        "status": chart.word(f"task {source}", TASK_WORDS[source]),
        "intent": "order",
        "code": concept(
            coding("http://hl7.org/fhir/CodeSystem/task-code", "fulfill"), step.item.coding, text=step.item.title
        ),
        "for": reference(chart.patient),
        "authoredOn": at(chart.written, 12),
        "lastModified": at(chart.written, 12),
        "restriction": {"period": {"start": on(step.opens), "end": on(due)}},
    }
    if source is Source.COMPLETED:
        done = chart.past_day(step)
        body |= {"executionPeriod": {"start": at(done, 9), "end": at(done, 10)}, "lastModified": at(done, 11)}
    if chart.rng.random() < 0.5:
        body["owner"] = reference(chart.provider)
    else:
        body["performerType"] = [concept(coding(ROLE_SYSTEM, "coordinator"), text="Care coordinator")]
    return body


def place_task(chart: Chart, step: Step, source: Source) -> Placed:
    """A Task that the plan names, with the order behind it as its focus."""
    order, number = service_request(chart, step, Source.ACTIVE)
    body = {**task_body(chart, step, source), "focus": reference(order)}
    task = chart.add("Task", body)
    activity = pointed_at(chart, task, step)
    return Placed(order=order, order_number=number, task=task, activity=activity, body=chart.resources[-1])


def place_task_based_on(chart: Chart, step: Step, source: Source) -> Placed:
    """A Task that names the plan, and that the plan does not name."""
    task = chart.add("Task", {**task_body(chart, step, source), "basedOn": [reference(chart.plan)]})
    return Placed(task=task, body=chart.resources[-1])


def place_appointment(chart: Chart, step: Step, source: Source) -> Placed:
    """A step that is an appointment; the appointment is written with its outcome."""
    activity: Json = {}
    chart.activities.append(activity)
    return Placed(activity=activity)


def call_body(chart: Chart) -> Json:
    """A planned call, but for its status and its day."""
    return {
        "subject": reference(chart.patient),
        "recipient": [reference(chart.patient)],
        "sender": reference(chart.provider),
        "authoredOn": at(chart.written, 12),
        "payload": [{"contentString": "Call to ask how the plan is going."}],
    }


def place_communication(chart: Chart, step: Step, source: Source) -> Placed:
    """A planned call; it has no code of its own, so the plan's display names it."""
    planned = {"status": request_status(chart, source), "occurrenceDateTime": on(step.due or step.opens)}
    call = chart.add("CommunicationRequest", {**planned, **call_body(chart)})
    return Placed(activity=pointed_at(chart, call, step))


def place_medication(chart: Chart, step: Step, source: Source) -> Placed:
    """A prescription."""
    body = {
        "status": chart.word(f"medication {source}", MEDICATION_WORDS.get(source, ("active",))),
        "intent": "order",
        "medicationCodeableConcept": step.item.concept,
        "subject": reference(chart.patient),
        "authoredOn": at(chart.written, 12),
        "requester": reference(chart.provider),
        "dosageInstruction": [{"text": "One tablet with the evening meal"}],
    }
    return Placed(activity=pointed_at(chart, chart.add("MedicationRequest", body), step))


def place_nutrition(chart: Chart, step: Step, source: Source) -> Placed:
    """A diet order."""
    body = {
        "status": request_status(chart, source),
        "intent": "order",
        "patient": reference(chart.patient),
        "dateTime": at(chart.written, 12),
        "orderer": reference(chart.provider),
        "oralDiet": {"type": [step.item.concept]},
    }
    return Placed(activity=pointed_at(chart, chart.add("NutritionOrder", body), step))


def place_device(chart: Chart, step: Step, source: Source) -> Placed:
    """A device to be handed out by a day."""
    body = {
        "status": request_status(chart, source),
        "intent": "order",
        "codeCodeableConcept": step.item.concept,
        "subject": reference(chart.patient),
        "occurrenceDateTime": on(step.due or step.opens),
        "authoredOn": at(chart.written, 12),
        "requester": reference(chart.provider),
    }
    return Placed(activity=pointed_at(chart, chart.add("DeviceRequest", body), step))


def place_vision(chart: Chart, step: Step, source: Source) -> Placed:
    """A prescription for glasses."""
    lens = {"product": step.item.concept, "sphere": 1.25, "add": 2.0}
    body = {
        "status": "cancelled" if source is Source.CANCELLED else "active",
        "created": at(chart.written, 12),
        "patient": reference(chart.patient),
        "dateWritten": at(chart.written, 12),
        "prescriber": reference(chart.provider),
        "lensSpecification": [{**lens, "eye": "right"}, {**lens, "eye": "left"}],
    }
    return Placed(activity=pointed_at(chart, chart.add("VisionPrescription", body), step))


def place_group(chart: Chart, step: Step, source: Source) -> Placed:
    """A RequestGroup: the step with a day and its order, and a call about it without a day.

    Every action names a resource, as FHIR's rqg-1 asks.
    """
    order, number = service_request(chart, step, source)
    call = chart.add("CommunicationRequest", {"status": request_status(chart, source), **call_body(chart)})
    actions = [
        {
            "title": step.item.title,
            "code": [step.item.concept],
            "timingDateTime": on(step.due or step.opens),
            "resource": reference(order),
        },
        {"title": "Tell the patient the result", "resource": reference(call)},
    ]
    body = {
        "status": request_status(chart, source),
        "intent": "plan",
        "subject": reference(chart.patient),
        "authoredOn": at(chart.written, 12),
        "author": reference(chart.provider),
        "action": actions,
    }
    activity = pointed_at(chart, chart.add("RequestGroup", body), step)
    return Placed(order=order, order_number=number, activity=activity)


def place_unread(chart: Chart, step: Step, source: Source) -> Placed:
    """An order that lies in another system: named, numbered, and not to be read."""
    number = {"system": "https://elsewhere.example/order", "value": f"EXT-{chart.serial}"}
    activity = {"reference": {"type": "ServiceRequest", "identifier": number, "display": step.item.title}}
    chart.activities.append(activity)
    return Placed(activity=activity)


PLACERS: dict[Form, Placer] = {
    Form.TASK: place_task,
    Form.TASK_BASED_ON: place_task_based_on,
    Form.ORDER_PERIOD: place_order,
    Form.ORDER_DATE: place_order,
    Form.ORDER_TIMING: place_order,
    Form.NAMED_TWICE: place_twice,
    Form.APPOINTMENT: place_appointment,
    Form.COMMUNICATION: place_communication,
    Form.MEDICATION: place_medication,
    Form.NUTRITION: place_nutrition,
    Form.DEVICE: place_device,
    Form.VISION: place_vision,
    Form.GROUP: place_group,
    Form.UNREAD: place_unread,
}

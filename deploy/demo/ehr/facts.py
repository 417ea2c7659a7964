"""What a chart's tabs show: plain FHIR facts as rows of a table, nothing worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.demo.ehr.register import name_of
from deploy.demo.ehr.upstream import Json, Upstream

ROWS = "50"
LATEST = "15"
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a tab; the first column names the row."""

    title: str
    columns: Row
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of a chart."""

    id: str
    title: str
    tables: Sequence[Table]


def tabs(upstream: Upstream, patient: str) -> Sequence[Tab]:
    """Summary, plan documents and appointments of a patient."""
    names = {f"Practitioner/{one['id']}": name_of(one) for one in upstream.resources("Practitioner", ("_count", "200"))}
    return (
        Tab(
            "summary",
            "Summary",
            (_conditions(upstream, patient), _goals(upstream, patient), _results(upstream, patient)),
        ),
        Tab(
            "plans",
            "Plan documents",
            _plan_documents(upstream, patient),
        ),
        Tab("appointments", "Appointments", (_appointments(upstream, patient, names),)),
    )


def _conditions(upstream: Upstream, patient: str) -> Table:
    found = upstream.resources("Condition", ("patient", patient), ("_count", ROWS))
    rows = [(text(one.get("code")), text(one.get("clinicalStatus")), _day(one.get("onsetDateTime"))) for one in found]
    return Table("Conditions", ("Condition", "Status", "Since"), rows)


def _goals(upstream: Upstream, patient: str) -> Table:
    found = upstream.resources("Goal", ("patient", patient), ("_count", ROWS))
    rows = [
        (text(one.get("description")), str(one.get("lifecycleStatus", "")), text(one.get("achievementStatus")))
        for one in found
    ]
    return Table("Goals", ("Goal", "Status", "Achievement"), rows)


def _results(upstream: Upstream, patient: str) -> Table:
    found = upstream.resources("Observation", ("patient", patient), ("_sort", "-date"), ("_count", LATEST))
    rows = [(text(one.get("code")), _value(one), _day(one.get("effectiveDateTime"))) for one in found]
    return Table("Latest results", ("Result", "Value", "On"), rows)


def _plan_documents(upstream: Upstream, patient: str) -> Sequence[Table]:
    """Plans, and the orders and tasks that their activities point to."""
    found = {
        type_: upstream.resources(type_, ("patient", patient), ("_count", ROWS))
        for type_ in ("CarePlan", "ServiceRequest", "Task")
    }
    named = {
        f"{one['resourceType']}/{one['id']}": _about_order(one) for one in (*found["ServiceRequest"], *found["Task"])
    }
    return (
        *(_plan(plan, named) for plan in found["CarePlan"]),
        _orders(found["ServiceRequest"]),
        _tasks(found["Task"]),
    )


def _plan(plan: Json, named: Mapping[str, str]) -> Table:
    period = plan.get("period", {})
    span = " to ".join(filter(None, (_day(period.get("start")), _day(period.get("end")))))
    title = f"{plan.get('title') or text((plan.get('category') or [None])[0]) or 'Care plan'} ({plan.get('status')})"
    rows = [_activity(activity, named) for activity in plan.get("activity", ())]
    return Table(f"{title}, {span}" if span else title, ("Activity", "Status", "When"), rows)


def _activity(activity: Json, named: Mapping[str, str]) -> Row:
    detail = activity.get("detail")
    if detail is None:
        pointed = str(activity.get("reference", {}).get("reference", ""))
        return (named.get(pointed, pointed), "as ordered", "")
    when = detail.get("scheduledString") or detail.get("scheduledPeriod", {})
    due = when if isinstance(when, str) else _day(when.get("end") or when.get("start"))
    return (text(detail.get("code")) or str(detail.get("description", "")), str(detail.get("status", "")), due)


def _orders(found: Sequence[Json]) -> Table:
    rows = [
        (
            _about_order(one),
            str(one.get("status", "")),
            _day(one.get("occurrenceDateTime") or one.get("occurrencePeriod", {}).get("end")),
        )
        for one in found
    ]
    return Table("Orders", ("Order", "Status", "For"), rows)


def _tasks(found: Sequence[Json]) -> Table:
    rows = [
        (
            _about_order(one),
            " / ".join(filter(None, (str(one.get("status", "")), text(one.get("businessStatus"))))),
            _day(one.get("restriction", {}).get("period", {}).get("end")),
        )
        for one in found
    ]
    return Table("Tasks", ("Task", "Status", "Until"), sorted(rows, key=lambda row: row[2]))


def _about_order(one: Json) -> str:
    return str(one.get("description") or text(one.get("code")))


def _appointments(upstream: Upstream, patient: str, names: Mapping[str, str]) -> Table:
    found = upstream.resources("Appointment", ("patient", patient), ("_sort", "-date"), ("_count", ROWS))
    rows = [(_moment(one.get("start")), _about(one), _with(one, names), str(one.get("status", ""))) for one in found]
    return Table("Appointments", ("When", "What", "With", "Status"), rows)


def _about(appointment: Json) -> str:
    told = next(iter(appointment.get("serviceType") or ()), None) or appointment.get("appointmentType")
    return str(appointment.get("description") or text(told))


def _with(appointment: Json, names: Mapping[str, str]) -> str:
    actors = (one.get("actor", {}).get("reference", "") for one in appointment.get("participant", ()))
    return ", ".join(names[actor] for actor in actors if actor in names)


def text(concept: Json | None) -> str:
    """A CodeableConcept as a person reads it."""
    if not concept:
        return ""
    codings = concept.get("coding") or [{}]
    return str(concept.get("text") or codings[0].get("display") or codings[0].get("code", ""))


def _value(observation: Json) -> str:
    if "component" in observation:
        return " / ".join(filter(None, map(_value, observation["component"])))
    quantity = observation.get("valueQuantity")
    if quantity:
        return f"{quantity.get('value', '')} {quantity.get('unit', '')}".strip()
    if "valueInteger" in observation:
        return str(observation["valueInteger"])
    return str(observation.get("valueString") or text(observation.get("valueCodeableConcept")))


def _day(moment: object) -> str:
    return str(moment or "")[:10]


def _moment(moment: object) -> str:
    return str(moment or "")[:16].replace("T", " ")

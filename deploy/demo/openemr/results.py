"""What a chart says beside plan and calendar: problems, results, scores, procedures, answers, orders; resource by
resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from deploy.demo.generator.fhir import Json
from deploy.demo.openemr.chart import Chart
from deploy.demo.openemr.said import coded, first_day, references, wall
from deploy.demo.openemr.unsaid import Unsaid

_SURVEY = "survey"
_VITALS = "vital-signs"
_COLUMNS = {"8480-6": "bps", "8462-4": "bpd", "29463-7": "weight"}
"""A vitals form's column by LOINC code."""
_POUNDS = 2.2046226
_RESULT_STATUS = {"final": "final", "amended": "corrected", "preliminary": "preliminary"}
_POINTS = ("basedOn", "appointment", "result", "supportingInformation")
_LEFT_OUT = {
    "Consent": Unsaid.CONSENT,
    "Immunization": Unsaid.VACCINATION,
    "MedicationRequest": Unsaid.PRESCRIPTION,
    "NutritionOrder": Unsaid.PRESCRIPTION,
    "DeviceRequest": Unsaid.PRESCRIPTION,
    "VisionPrescription": Unsaid.PRESCRIPTION,
    "CommunicationRequest": Unsaid.PRESCRIPTION,
}


def enter_results(chart: Chart) -> None:
    """All of it, and what of it cannot be said."""
    for one in chart.found.values():
        _ENTERED.get(one["resourceType"], _nothing)(chart, one)
        if what := _LEFT_OUT.get(one["resourceType"]):
            chart.unsaid(what)
        chart.unsaid(
            Unsaid.LINK, any(name in one for name in _POINTS) and one["resourceType"] not in ("Task", "CarePlan")
        )


def _nothing(chart: Chart, one: Json) -> None:
    """Entered elsewhere, or not at all."""


def _problem(chart: Chart, one: Json) -> None:
    diagnosis, title = coded(one["code"])
    chart.desk.clinic.add_code(diagnosis.rpartition(":")[2], "SNOMED-CT")
    at = wall(one["recordedDate"])
    chart.desk.clinic.add_problem(
        chart.patient, title, diagnosis=diagnosis, begun=first_day(one["onsetDateTime"]), at=at
    )


def _observation(chart: Chart, one: Json) -> None:
    if one["status"] not in _RESULT_STATUS or "dataAbsentReason" in one:
        chart.unsaid(Unsaid.IN_ERROR)
        return
    category = one["category"][0]["coding"][0]["code"]
    at = wall(one["effectiveDateTime"])
    if category == _VITALS:
        chart.desk.clinic.record_vitals(chart.plan_visit, dict(_measured(one)), at=at)
    elif category == _SURVEY:
        code, name = coded(one["code"])
        bare = code.rpartition(":")[2]
        score = str(one["valueInteger"])
        chart.desk.clinic.record_score(chart.plan_visit, code=bare, name=name, value=score, at=at)
    else:
        _result(chart, one, at)


def _measured(one: Json) -> list[tuple[str, str]]:
    parts = [one, *one.get("component", ())]
    values = [(coded(part["code"])[0].rpartition(":")[2], part.get("valueQuantity")) for part in parts]
    return [
        (_COLUMNS[code], str(round(value["value"] * _POUNDS, 2) if value["unit"] == "kg" else value["value"]))
        for code, value in values
        if value and code in _COLUMNS
    ]


def _result(chart: Chart, one: Json, at: datetime) -> None:
    """A laboratory's: an order with its result. Of a panel the recorded clinic holds one text."""
    code, name = coded(one["code"])
    value = one.get("valueQuantity", {})
    panel = [f"LDL {part['valueQuantity']['value']} mg/dL" for part in one.get("component", ())]
    _laboratory(
        chart,
        one,
        at=at,
        code=code,
        name=one["code"].get("text", name),
        value=str(value.get("value", "")) or ", ".join(panel),
        units=value.get("unit", ""),
    )


def _report(chart: Chart, one: Json) -> None:
    """A laboratory's report without a result of its own is one; a specialist's is a letter, and no list has it."""
    if one["status"] != "final":
        chart.unsaid(Unsaid.IN_ERROR)
        return
    code, name = coded(one["code"])
    if not code.startswith("LOINC:"):
        chart.unsaid(Unsaid.REPORT)
    elif "result" not in one:
        title = one["code"].get("text", name)
        _laboratory(chart, one, at=wall(one["effectiveDateTime"]), code=code, name=title, value=one["conclusion"])


def _laboratory(chart: Chart, one: Json, *, at: datetime, code: str, name: str, value: str, units: str = "") -> None:
    clinic = chart.desk.clinic
    provider = chart.desk.user(next((each["reference"] for each in one.get("performer", ())), ""))
    ordered = clinic.order(chart.plan_visit, name, code=code, provider=provider, at=at)
    answered = clinic.record_result(ordered, value, units=units, at=at)
    if answered.result is not None:
        result = replace(answered.result, status=_RESULT_STATUS[one["status"]])
        clinic.orders[answered.id] = replace(answered, result=result)


def _procedure(chart: Chart, one: Json) -> None:
    code, _ = coded(one["code"])
    at = wall(one["performedPeriod"]["start"])
    chart.desk.clinic.record_procedure(chart.plan_visit, code=code, name=one["code"]["text"], at=at)


def _questionnaire(chart: Chart, one: Json) -> None:
    name = one["questionnaire"].rpartition("/")[2]
    answers = [(item["linkId"], item.get("text", ""), _answer(item["answer"][0])) for item in one["item"]]
    chart.desk.clinic.answer_questionnaire(
        chart.patient, name, name.upper(), answers, at=wall(one["authored"]), encounter=chart.plan_visit
    )


def _answer(answer: Json) -> str:
    coding = answer.get("valueCoding")
    return str(answer.get("valueInteger", "")) if coding is None else str(coding["display"])


def _order(chart: Chart, one: Json) -> None:
    """A laboratory's that waits for its result; nothing that a plan holds is lost with the others."""
    code, name = coded(one["code"])
    is_answered = any(one["id"] in ref for each in chart.found.values() for ref in _based_on(each))
    if not code.startswith("LOINC:"):
        chart.unsaid(Unsaid.REFERRAL)
    elif one["status"] == "active" and not is_answered:
        provider = chart.desk.user(one["requester"]["reference"])
        at = wall(one["authoredOn"])
        chart.desk.clinic.order(chart.plan_visit, one["code"].get("text", name), code=code, provider=provider, at=at)


def _based_on(one: Json) -> Sequence[str]:
    is_answer = one["resourceType"] in ("Observation", "DiagnosticReport", "QuestionnaireResponse")
    return list(references(one.get("basedOn"))) if is_answer else ()


_ENTERED: Mapping[str, Callable[[Chart, Json], None]] = {
    "Condition": _problem,
    "Observation": _observation,
    "DiagnosticReport": _report,
    "Procedure": _procedure,
    "QuestionnaireResponse": _questionnaire,
    "ServiceRequest": _order,
}

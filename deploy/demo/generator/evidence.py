"""Results, reports, procedures, vaccinations, questionnaires and encounters: what says that a step happened."""

from datetime import date

from deploy.demo.generator.chart import Chart
from deploy.demo.generator.fhir import CVX, LOINC, PRACTICE, TERMINOLOGY, Json, at, coding, concept, on, reference
from deploy.demo.generator.steps import A1C, KIDNEY, LIPIDS, Item

UNITS = "http://unitsofmeasure.org"
AMBULATORY = coding(f"{TERMINOLOGY}/v3-ActCode", "AMB", "ambulatory")
LAB_CATEGORY = concept(coding(f"{TERMINOLOGY}/observation-category", "laboratory", "Laboratory"))
VITALS_CATEGORY = concept(coding(f"{TERMINOLOGY}/observation-category", "vital-signs", "Vital Signs"))
SURVEY_CATEGORY = concept(coding(f"{TERMINOLOGY}/observation-category", "survey", "Survey"))


def quantity(value: float, unit: str, code: str = "") -> Json:
    """A UCUM quantity."""
    return {"value": value, "unit": unit, "system": UNITS, "code": code or unit}


def value_of(chart: Chart, item: Item) -> Json:
    """A plausible result for an item that is measured."""
    rng = chart.rng
    if item is A1C:
        return {"valueQuantity": quantity(round(rng.uniform(5.6, 9.6), 1), "%")}
    if item is KIDNEY:
        return {"valueQuantity": quantity(rng.randint(4, 90), "mg/g", "mg/g{creat}")}
    if item is LIPIDS:
        ldl = coding(LOINC, "13457-7", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation")
        return {"component": [{"code": concept(ldl), "valueQuantity": quantity(rng.randint(60, 190), "mg/dL")}]}
    return {"valueInteger": rng.randint(0, 14)}


def observation(chart: Chart, item: Item, day: date, *, status: str = "final", extra: Json | None = None) -> str:
    """A result under the item's code; `extra` takes the place of its value where it says that there is none."""
    extra = extra or {}
    body: Json = {
        "status": status,
        "category": [LAB_CATEGORY if item in (A1C, KIDNEY, LIPIDS) else SURVEY_CATEGORY],
        "code": item.concept,
        "subject": reference(chart.patient),
        "effectiveDateTime": at(day, 8, 15),
        "issued": at(day, 17),
        "performer": [reference(chart.provider)],
    }
    value = {} if "dataAbsentReason" in extra or "valueQuantity" in extra else value_of(chart, item)
    made = chart.add("Observation", {**body, **value, **extra})
    chart.count("evidence", f"Observation {status}{', no value' if 'dataAbsentReason' in extra else ''}")
    return made


def report(chart: Chart, item: Item, day: date, *, status: str = "final", extra: Json | None = None) -> str:
    """A DiagnosticReport under the item's code."""
    body: Json = {
        "status": status,
        "code": item.concept,
        "subject": reference(chart.patient),
        "effectiveDateTime": at(day, 8, 15),
        "issued": at(day, 17),
        "performer": [reference(chart.provider)],
    }
    chart.count("evidence", f"DiagnosticReport {status}")
    return chart.add("DiagnosticReport", {**body, **(extra or {})})


def procedure(chart: Chart, item: Item, day: date, extra: Json | None = None) -> str:
    """A completed Procedure under the item's code."""
    body: Json = {
        "status": "completed",
        "code": item.concept,
        "subject": reference(chart.patient),
        "performedPeriod": {"start": at(day, 10), "end": at(day, 10, 45)},
        "performer": [{"actor": reference(chart.provider)}],
    }
    chart.count("evidence", "Procedure completed")
    return chart.add("Procedure", {**body, **(extra or {})})


def immunization(chart: Chart, item: Item, day: date) -> str:
    """A completed Immunization under the item's CVX code."""
    body: Json = {
        "status": "completed",
        "vaccineCode": concept(coding(CVX, item.code, item.display), text=item.title),
        "patient": reference(chart.patient),
        "occurrenceDateTime": on(day),
        "primarySource": True,
        "lotNumber": f"SYN-{chart.serial}",
    }
    chart.count("evidence", "Immunization completed")
    return chart.add("Immunization", body)


def questionnaire(chart: Chart, day: date, order: str) -> str:
    """A completed PHQ-9 that answers an order; its ninth answer is always 0 here."""
    score = chart.rng.randint(0, 9)
    body: Json = {
        "questionnaire": f"{PRACTICE}/Questionnaire/phq-9",
        "basedOn": [reference(order)],
        "status": "completed",
        "subject": reference(chart.patient),
        "authored": at(day, 9, 30),
        "item": [
            {"linkId": "/44261-6", "text": "Total score", "answer": [{"valueInteger": score}]},
            {"linkId": "/44260-8", "text": "Thoughts of self-harm", "answer": [{"valueInteger": 0}]},
        ],
    }
    chart.count("evidence", "QuestionnaireResponse completed")
    return chart.add("QuestionnaireResponse", body)


def encounter(chart: Chart, day: date, item: Item | None = None, extra: Json | None = None) -> str:
    """A finished visit; with an item its type is the item's code."""
    body: Json = {
        "status": "finished",
        "class": AMBULATORY,
        "subject": reference(chart.patient),
        "participant": [{"individual": reference(chart.provider)}],
        "period": {"start": at(day, 9), "end": at(day, 9, 25)},
    }
    if item:
        body["type"] = [item.concept]
    chart.count("evidence", "Encounter finished")
    return chart.add("Encounter", {**body, **(extra or {})})

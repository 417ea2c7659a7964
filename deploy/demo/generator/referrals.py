"""Open referrals that no plan holds: to the eye clinic, to physical therapy, to a dietitian."""

from deploy.demo.generator.chart import Chart
from deploy.demo.generator.fhir import PRACTICE, SNOMED, at, coding, concept, days, reference
from deploy.demo.generator.showcase import is_full, more, takes

REFERRED_TO = (
    ("Eye clinic", coding(SNOMED, "308479007", "Referral to ophthalmologist")),
    ("Physical therapy", coding(SNOMED, "308447003", "Referral to physiotherapist")),
    ("Nutrition", coding(SNOMED, "103699006", "Referral to dietitian")),
)
OLDEST = 40


def add_referrals(chart: Chart) -> None:
    """One of the three for one patient in five; all of them in a full chart."""
    if not takes(chart, 5, 1):
        return
    chosen = REFERRED_TO if is_full(chart) else REFERRED_TO[chart.number % 3 :][:1]
    for place, code in chosen:
        day = chart.run.yesterday - days(more(chart, place).randrange(OLDEST))
        body = {
            "identifier": [
                {"system": f"{PRACTICE}/referral", "value": f"{chart.run.tag}{chart.serial}-{code['code']}"}
            ],
            "status": "active",
            "intent": "order",
            "priority": "routine",
            "category": [concept(coding(SNOMED, "3457005", "Patient referral"))],
            "code": concept(code, text=f"Referral: {place.lower()}"),
            "subject": reference(chart.patient),
            "authoredOn": at(day, 15),
            "requester": reference(chart.provider),
            "performer": [{"display": f"{place} (synthetic)"}],
        }
        chart.add("ServiceRequest", body)
        chart.count("referral", place)

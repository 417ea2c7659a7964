"""Patients with plainly synthetic names, and what stands in every chart: conditions, consent, team, first visit."""

from datetime import date
from enum import StrEnum

from deploy.demo.generator.chart import Chart
from deploy.demo.generator.evidence import encounter
from deploy.demo.generator.fhir import LOINC, OURS, SNOMED, TERMINOLOGY, Json, at, coding, concept, days, on, reference
from deploy.demo.generator.practice import PROVIDERS, team_body
from deploy.demo.generator.showcase import SHOWCASE, is_full

GIVEN = ("Testa-Ann", "Testo-Ben", "Dema-Cleo", "Demo-Dan", "Exa-Eve", "Exo-Finn", "Proba-Gia", "Probo-Hal")
CONDITIONS = (
    ("44054006", "Diabetes mellitus type 2"),
    ("38341003", "Hypertensive disorder"),
    ("396275006", "Osteoarthritis"),
    ("13645005", "Chronic obstructive lung disease"),
)
OWN_TEAM_EVERY = 5
LANGUAGES = (("en", "English"), ("es", "Spanish"), ("vi", "Vietnamese"))
OTHER_LANGUAGE_EVERY = 9
INTERPRETER = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"
YEAR_ONLY_EVERY = 23
NO_CONSENT_EVERY = 4


class Person(StrEnum):
    """What is particular about a patient."""

    ORDINARY = "active"
    DECEASED = "deceased"
    INACTIVE = "inactive"
    MERGED = "merged into another"


def family(chart: Chart) -> str:
    """A family name that nobody bears."""
    return f"Sampleton-{chart.number:04d}"


def born(chart: Chart) -> str:
    """A birth date of an adult, sometimes only its year."""
    day = date(chart.run.today.year - chart.rng.randint(31, 84), chart.rng.randint(1, 12), chart.rng.randint(1, 28))
    return str(day.year) if chart.number % YEAR_ONLY_EVERY == YEAR_ONLY_EVERY - 1 else on(day)


def telecom(chart: Chart, given: str) -> list[Json]:
    """A number of the range that is kept for fiction, and an address that is never delivered."""
    return [
        {"system": "phone", "value": f"+1-312-555-01{chart.number % 100:02d}", "use": "mobile"},
        {"system": "email", "value": f"{given}.{family(chart)}@example.test".lower()},
    ]


def particulars(chart: Chart, person: Person) -> Json:
    """What is particular: dead, gone, or the same as the patient before."""
    if person is Person.DECEASED:
        return {"deceasedDateTime": on(chart.run.yesterday)}
    if person is Person.INACTIVE:
        return {"active": False}
    if person is Person.MERGED and chart.partner:
        return {"active": False, "link": [{"other": reference(chart.partner), "type": "replaced-by"}]}
    return {}


def language_of(chart: Chart) -> tuple[str, str]:
    """English; one patient in nine speaks another language, and so does the one of the showcase."""
    if chart.number == SHOWCASE:
        return LANGUAGES[1]
    turn, place = divmod(chart.number, OTHER_LANGUAGE_EVERY)
    return LANGUAGES[1 + turn % 2] if place == OTHER_LANGUAGE_EVERY - 1 else LANGUAGES[0]


def interpreter(chart: Chart, language: tuple[str, str]) -> Json:
    """Needed for another language; of those with English some were asked and said no, the others never were."""
    needed = language != LANGUAGES[0]
    if not needed and chart.number % OTHER_LANGUAGE_EVERY != 0:
        chart.count("interpreter", "never asked")
        return {}
    chart.count("interpreter", f"{'needed' if needed else 'not needed'}, {language[1]}")
    return {"extension": [{"url": INTERPRETER, "valueBoolean": needed}]}


def add_patient(chart: Chart, person: Person) -> None:
    """Writes the patient."""
    given = GIVEN[chart.number % len(GIVEN)]
    language = language_of(chart)
    body: Json = {
        **interpreter(chart, language),
        "identifier": [
            {
                "use": "usual",
                "type": concept(coding(f"{TERMINOLOGY}/v2-0203", "MR", "Medical record number")),
                **chart.run.business_id("mrn", f"SYN-{chart.serial}"),
            }
        ],
        "active": True,
        "name": [{"use": "official", "family": family(chart), "given": [given]}],
        "telecom": telecom(chart, given),
        "gender": "female" if given.split("-")[0].endswith("a") else "male",
        "birthDate": born(chart),
        "communication": [{"language": concept(coding("urn:ietf:bcp:47", *language)), "preferred": True}],
        "generalPractitioner": [reference(chart.provider)],
        "managingOrganization": reference(f"Organization/{chart.run.id_of('organization')}"),
    }
    chart.add("Patient", {**body, **particulars(chart, person)}, chart.patient_id)
    chart.count("patient", person)


def add_condition(chart: Chart) -> str:
    """The condition for which there is a plan."""
    code, display = CONDITIONS[chart.number % len(CONDITIONS)]
    body = {
        "clinicalStatus": concept(coding(f"{TERMINOLOGY}/condition-clinical", "active")),
        "verificationStatus": concept(coding(f"{TERMINOLOGY}/condition-ver-status", "confirmed")),
        "category": [concept(coding(f"{TERMINOLOGY}/condition-category", "problem-list-item"))],
        "code": concept(coding(SNOMED, code, display), text=display),
        "subject": reference(chart.patient),
        "onsetDateTime": str(chart.start.year - chart.rng.randint(1, 12)),
        "recordedDate": on(chart.written - days(1)),
    }
    return chart.add("Condition", body)


def add_consent(chart: Chart) -> None:
    """Which channels the patient agreed to; one in four was never asked."""
    if chart.number % NO_CONSENT_EVERY == NO_CONSENT_EVERY - 1:
        return
    channels = [concept(coding(f"{OURS}/cs/channel", channel)) for channel in ("sms", "email")]
    body = {
        "status": "active",
        "scope": concept(coding(f"{TERMINOLOGY}/consentscope", "patient-privacy", "Privacy Consent")),
        "category": [concept(coding(LOINC, "59284-0", "Consent Document"))],
        "patient": reference(chart.patient),
        "dateTime": on(chart.written - days(1)),
        "policyRule": concept(coding(f"{TERMINOLOGY}/v3-ActCode", "OPTIN")),
        "provision": {"type": "permit", "code": channels[: 1 + chart.number % 2]},
    }
    chart.add("Consent", body)


def add_team(chart: Chart) -> str:
    """The provider's team; every fifth patient has a team of its own, and so has a full chart."""
    number = chart.number % PROVIDERS + 1
    if chart.number % OWN_TEAM_EVERY and not is_full(chart):
        return f"CareTeam/{chart.run.id_of('team', str(number))}"
    body = team_body(chart.run, number, "A team of one patient")
    return chart.add("CareTeam", {**body, "subject": reference(chart.patient)})


def add_first_visit(chart: Chart) -> str:
    """The visit on the day before the plan begins, at which it was made."""
    day = chart.written - days(1)
    return encounter(chart, day, extra={"reasonCode": [concept(text="Yearly review")]})


def written_at(chart: Chart) -> str:
    """The instant at which the plan was written."""
    return at(chart.written, 12)

"""The practice itself: organization, four providers and those around them, their roles and their care teams."""

from deploy.demo.generator.chart import Run
from deploy.demo.generator.fhir import ROLE_SYSTEM, SNOMED, TERMINOLOGY, Json, coding, concept, reference

PROVIDERS = 4
# id, name, role in the practice, how SNOMED CT calls that occupation and its specialty
INTERNAL, GENERAL = ("419192003", "Internal medicine"), ("394814009", "General practice")
STAFF = (
    ("provider-1", ("Testa", "Samplewright"), "provider", ("158965000", "Medical practitioner"), INTERNAL),
    ("provider-2", ("Testo", "Mockridge"), "provider", ("158965000", "Medical practitioner"), GENERAL),
    ("provider-3", ("Dema", "Fixtureau"), "provider", ("158965000", "Medical practitioner"), INTERNAL),
    ("provider-4", ("Demo", "Placeholt"), "provider", ("158965000", "Medical practitioner"), GENERAL),
    ("coordinator-1", ("Exa", "Stubbins"), "coordinator", ("768820003", "Care coordinator"), None),
    ("coach-1", ("Exo", "Dummerly"), "coach", ("159026005", "Dietitian"), ("722164000", "Dietetics and nutrition")),
    ("scheduler-1", ("Proba", "Specimen"), "scheduler", ("159561009", "Receptionist"), None),
)

NAMES = {key: " ".join(name) for key, name, *_ in STAFF}


def organization(run: Run) -> Json:
    """The practice as an organization."""
    return {
        "resourceType": "Organization",
        "id": run.id_of("organization"),
        "identifier": [run.business_id("organization", "SYN-ORG")],
        "active": True,
        "type": [concept(coding(f"{TERMINOLOGY}/organization-type", "prov", "Healthcare Provider"))],
        "name": "Sampleton Chronic Care (synthetic)",
        "telecom": [{"system": "phone", "value": "+1-312-555-0100", "use": "work"}],
        "address": [{"line": ["1 Example Plaza"], "city": "Sampleton", "state": "IL", "country": "US"}],
    }


def staff(run: Run) -> list[Json]:
    """Each person with the role in the practice."""
    made: list[Json] = []
    for place, (key, (given, family), role, (code, occupation), specialty) in enumerate(STAFF, start=1):
        person = run.id_of(key)
        made.append(
            {
                "resourceType": "Practitioner",
                "id": person,
                "identifier": [run.business_id("staff", f"SYN-{key}")],
                "active": True,
                "name": [{"family": family, "given": [given]}],
                "telecom": [
                    {"system": "phone", "value": f"+1-312-555-01{place:02d}", "use": "work"},
                    {"system": "email", "value": f"{given}.{family}@example.test".lower(), "use": "work"},
                ],
            }
        )
        made.append(
            {
                "resourceType": "PractitionerRole",
                "id": run.id_of("role", key),
                "active": True,
                "practitioner": reference(f"Practitioner/{person}"),
                "organization": reference(f"Organization/{run.id_of('organization')}"),
                "code": [concept(coding(ROLE_SYSTEM, role), coding(SNOMED, code, occupation), text=role)],
                **({"specialty": [concept(coding(SNOMED, *specialty))]} if specialty else {}),
            }
        )
    return made


def team_member(run: Run, key: str, role: str) -> Json:
    """One participant of a care team, by name."""
    member = reference(f"Practitioner/{run.id_of(key)}", NAMES[key])
    return {"role": [concept(coding(ROLE_SYSTEM, role), text=role)], "member": member}


def team_body(run: Run, number: int, name: str) -> Json:
    """A care team around the provider of that number."""
    return {
        "status": "active",
        "name": name,
        "participant": [
            team_member(run, f"provider-{number}", "provider"),
            team_member(run, "coordinator-1", "coordinator"),
            team_member(run, "coach-1", "coach"),
            team_member(run, "scheduler-1", "scheduler"),
        ],
        "managingOrganization": [reference(f"Organization/{run.id_of('organization')}")],
    }


def teams(run: Run) -> list[Json]:
    """One team for each provider, shared by the patients who have none of their own."""
    return [
        {"resourceType": "CareTeam", "id": run.id_of("team", str(number)), **team_body(run, number, f"Team {number}")}
        for number in range(1, PROVIDERS + 1)
    ]


def practice_resources(run: Run) -> list[Json]:
    """Everything that is not about one patient, in an order in which nothing refers to what follows."""
    return [run.mark(resource) for resource in (organization(run), *staff(run), *teams(run))]

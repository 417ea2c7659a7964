"""One patient with everything that a panel can show, plainly synthetic: a plan in phases, something of each kind in it,
and what happened to it day by day until the morning of 22 June 2026."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from fhir_adapters.bundle import read_bundle
from plugin.domain.launch import PanelSession
from plugin.domain.program import Anchor, MilestoneDefinition, Offset, Phase, Program, Repeat
from plugin.domain.record import Coding, Fact, Said, Statement
from plugin.usecases.deliver import deliver
from plugin.usecases.keeping import patients_of
from plugin.usecases.reassess import reassess
from tests.builders import CHICAGO, World
from tests.charts import A1C, LOINC, P1, SNOMED, Json, booking, coming, concept, done, order, plan, result, step
from tests.fake_launch import NURSE
from tests.fakes import FakeCatalog
from tests.tabs import an_issuer

TODAY = date(2026, 6, 22)
"""A Monday. The 6-week HbA1c is 12 days late."""
STARTED = "2026-04-29"
MORNINGS = (1, 11, 18, 20, TODAY.day)
"""Of June: tiers are entered, a visit was missed, one's outcome was not recorded."""
PROGRAMS = "https://milepost.example/cs/program"
PHQ9 = concept("44261-6", "PHQ-9 total", LOINC)
GAD7 = concept("70274-6", "GAD-7 total", LOINC)
PCL5 = concept("101698-9", "PCL-5 total", LOINC)
WEIGHT = concept("29463-7", "Body weight", LOINC)
REFERRAL = concept("3457005", "Patient referral")
EYE = concept("308479007", "Ophthalmology referral")


def program() -> Program:
    """Type 2 diabetes in three phases."""
    return Program(
        code="diabetes",
        version="3",
        title="Type 2 diabetes, chronic care",
        plan_codes=frozenset({(PROGRAMS, "diabetes")}),
        phases=(Phase("assessment", "Assessment"), Phase("treatment", "Treatment"), Phase("review", "Review")),
        milestones=(
            _step(
                "intake",
                "Intake and consent",
                "assessment",
                "questionnaire",
                opens=0,
                due=14,
                owner="coordinator",
                codes=(_CONSENT,),
            ),
            _step("baseline", "Baseline labs reviewed", "assessment", "laboratory", opens=0, due=13, codes=(_A1C,)),
            _step("hba1c", "6-week HbA1c", "treatment", "laboratory", opens=14, due=42, codes=(_A1C,)),
            _step("therapy", "Physical therapy 2 of 3", "treatment", "visit", opens=30, due=62, codes=(_THERAPY,)),
            _step("eye", "Ophthalmology referral", "treatment", "referral", opens=20, due=60, codes=(_EYE,)),
            _step("check", "90-day medication check", "review", "medication", opens=63, due=77, codes=(_CHECK,)),
            replace(
                _step("weight", "Weight at home", "review", "task", opens=0, due=27, codes=(_WEIGHT,)),
                repeat=Repeat(Offset(days=28), 12),
            ),
        ),
    )


_CONSENT = Coding(SNOMED, "182771004")
_A1C = Coding(LOINC, "4548-4")
_WEIGHT = Coding(LOINC, "29463-7")
_THERAPY = Coding(SNOMED, "91251008")
_EYE = Coding(SNOMED, "308479007")
_CHECK = Coding(SNOMED, "182836005")


def _step(  # a milestone in one line
    code: str, title: str, phase: str, kind: str, *, opens: int, due: int, owner: str = "provider",
    codes: tuple[Coding, ...] = (),
) -> MilestoneDefinition:  # fmt: skip
    return MilestoneDefinition(
        code=code,
        title=title,
        phase=phase,
        kind=kind,
        codes=codes,
        opens=Offset(Anchor.PLAN_START, days=opens),
        due=Offset(Anchor.PLAN_START, days=due),
        owner_role=owner,
    )


def chart(name: str = "Test-Rivera, Ana") -> list[Json]:
    """The resources of ``Patient/p1``, as the EHR has them on that morning."""
    return [
        {
            "resourceType": "Patient",
            "id": "p1",
            "name": [{"text": name}],
            "birthDate": "1961-04-02",
            "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": "DEMO-00412"}],
            "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "es"}]}}],
            "extension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired", "valueBoolean": True}
            ],
        },
        *_people(),
        plan(
            step("ServiceRequest/eye"),
            step("ServiceRequest/therapy"),
            start=STARTED,
            title="Type 2 diabetes, chronic care",
            category=[concept("diabetes", system=PROGRAMS)],
            goal=[{"reference": "Goal/a1c"}, {"reference": "Goal/weight"}],
            careTeam=[{"reference": "CareTeam/t1"}],
            author={"reference": "Practitioner/adeyemi"},
        ),
        order(
            "eye", EYE, authoredOn="2026-05-04", category=[REFERRAL], performer=[{"display": "Eye Clinic Northside"}]
        ),
        order("therapy", concept("91251008", "Physical therapy"), authoredOn="2026-05-04"),
        booking("2026-06-11T10:30:00-05:00", "noshow", on="ServiceRequest/therapy", seen="2026-06-11T12:00:00-05:00"),
        booking(
            "2026-06-25T10:30:00-05:00",
            id_="a2",
            on="ServiceRequest/therapy",
            participant=[coming(), {"actor": {"reference": "Practitioner/osei"}, "status": "accepted"}],
        ),
        booking("2026-06-17T09:00:00-05:00", id_="a3", on="ServiceRequest/eye"),
        done("2026-05-05", concept("182771004", "Consent form signed")),
        *_results(),
        _goal("a1c", "HbA1c below 7 %", A1C, 7, "%", "2026-09-30"),
        _goal("weight", "Lose weight", WEIGHT, 80, "kg", "2026-12-31"),
    ]


def _people() -> list[Json]:
    def person(id_: str, name: str) -> Json:
        return {"resourceType": "Practitioner", "id": id_, "name": [{"text": name}]}

    def member(id_: str, role: str, title: str) -> Json:
        codings = [{"system": "https://milepost.example/cs/role", "code": role, "display": title}]
        return {"member": {"reference": f"Practitioner/{id_}"}, "role": [{"coding": codings}]}

    members = [
        member("adeyemi", "provider", "Provider"),
        member("cho", "coordinator", "Care coordinator"),
        member("osei", "therapist", "Physical therapist"),
    ]
    return [
        person("adeyemi", "Dr. Demo Adeyemi"),
        person("cho", "M. Test Cho"),
        person("osei", "R. Sample Osei"),
        {"resourceType": "CareTeam", "id": "t1", "status": "active", "subject": P1, "participant": members},
    ]


def _results() -> list[Json]:
    def numbers(code: Json, prefix: str, *found: tuple[str, float], unit: str = "{score}") -> Iterable[Json]:
        for index, (on, value) in enumerate(found):
            quantity = {"value": value, "unit": unit}
            yield result(on, code, id_=f"{prefix}{index}", valueQuantity=quantity)

    return [
        *numbers(A1C, "a", ("2026-01-19", 8.4), ("2026-03-02", 8.5), ("2026-05-05", 8.4), unit="%"),
        *numbers(PHQ9, "p", ("2026-01-17", 17), ("2026-03-14", 14), ("2026-04-28", 12), ("2026-06-09", 7)),
        *numbers(GAD7, "g", ("2026-01-17", 12), ("2026-04-28", 6), ("2026-06-09", 0)),
        *numbers(PCL5, "c", ("2026-04-28", 45), ("2026-06-09", 38)),
        *numbers(WEIGHT, "w", ("2026-05-03", 86), ("2026-06-01", 85), unit="kg"),
    ]


def _goal(id_: str, title: str, measure: Json, value: float, unit: str, due: str) -> Json:
    target = {"measure": measure, "detailRange": {"high": {"value": value, "unit": unit}}, "dueDate": due}
    achievement = {"coding": [{"code": "no-change" if id_ == "a1c" else "improving"}]}
    return {
        "resourceType": "Goal",
        "id": id_,
        "lifecycleStatus": "active",
        "description": {"text": title},
        "subject": P1,
        "startDate": "2026-01-01",
        "achievementStatus": achievement,
        "target": [target],
    }


def crisis() -> Json:
    """An answer to the question about death or self-harm that nobody may miss."""
    return result("2026-06-09", concept("44260-8", system=LOINC), id_="item9", valueQuantity={"value": 1})


def said() -> list[Statement]:
    """What people said until that morning."""

    def at(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=CHICAGO).astimezone(UTC)

    return [
        Statement(
            id="say-1",
            said=Said.CONTACT,
            by="Practitioner/cho",
            at=at("2026-06-12T09:20"),
            outcome="reached-barrier",
            reason="transport",
            note="Her lift fell through; she will take the bus.",
        ),
    ]


def facts_of(resources: Sequence[Json], source: str = "main") -> list[Fact]:
    """As the mapping reads them."""
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    return list(read_bundle(json.dumps(bundle).encode()).facts)


def stored(
    world: World, facts: Sequence[Fact], statements: Sequence[Statement] = (), patient: str = "Patient/p1"
) -> None:
    """Keeps facts, and says what was said, without a sweep."""
    now = world.clock()
    with world.database.begin() as uow:
        uow.patients.track(world.source, [patient], now, read_back=False)
        uow.facts.store(world.source, [(fact, patients_of(fact)) for fact in facts], now)
        uow.sources.read_ok(world.source, now)
        for statement in statements:
            uow.statements.add(world.source, patient, statement, now)
        uow.commit()


def lived(world: World, facts: Sequence[Fact], statements: Sequence[Statement] = ()) -> None:
    """The world's clock goes from 1 June to the morning of ``TODAY``, and on each morning on which something comes to be
    otherwise Milepost does its work."""
    waiting = sorted(statements, key=lambda statement: statement.at)
    for day in MORNINGS:
        now = world.clock.now = datetime(2026, 6, day, 13, 30, tzinfo=UTC)
        if day == MORNINGS[0]:
            stored(world, facts)
        with world.database.begin() as uow:
            for statement in [s for s in waiting if s.at <= now]:
                uow.statements.add(world.source, "Patient/p1", statement, now)
            uow.patients.mark_all(now)
            uow.sources.read_ok(world.source, now - timedelta(seconds=40))
            uow.commit()
        waiting = [s for s in waiting if s.at > now]
        reassess(world.services, now)
        deliver(world.services)


def a_world(**parts: object) -> World:
    """With the program that the chart needs, and the EHR that it is opened from."""
    world = World(catalog=FakeCatalog({"diabetes": program()}), **parts)  # type: ignore[arg-type]  # parts of a World
    with world.database.begin() as uow:
        issuer = uow.issuers.add(an_issuer(), world.clock())
        uow.people.seen(replace(NURSE, oidc_issuer=issuer.oidc_issuer, fhir_user="Practitioner/cho"), world.clock())
        uow.commit()
    return world


def full_world(resources: Sequence[Json] | None = None, **parts: object) -> World:
    """A practice in which ``Patient/p1`` has lived to that morning."""
    world = a_world(**parts)
    lived(world, facts_of(chart() if resources is None else resources), said())
    return world


def a_session(world: World, patient: str = "Patient/p1", *roles: str) -> PanelSession:
    """A panel of that patient, opened now; without roles by a coordinator."""
    return PanelSession(
        launch=f"ehr.{patient.partition('/')[2]}",
        issuer="ehr",
        source_id=world.source.id,
        patient=patient,
        person_id=1,
        who="Practitioner/cho",
        name="M. Test Cho",
        roles=roles or ("coordinator",),
        scopes=(),
        opened_at=world.clock(),
        ends_at=world.clock() + timedelta(hours=8),
    )

"""Plainly synthetic patients, plans and what goes with them; and a world of fakes in which use cases run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast
from zoneinfo import ZoneInfo

from plugin.domain.assessment import Milestone
from plugin.domain.calendar import Practice
from plugin.domain.program import Anchor, MilestoneDefinition, Offset, Program
from plugin.domain.record import (
    FACT_TYPES,
    Activity,
    Appointment,
    CarePlan,
    Coding,
    Concept,
    Detail,
    Event,
    Goal,
    GoalTarget,
    Link,
    Moment,
    Order,
    Participant,
    Patient,
    Schedule,
    Statement,
)
from plugin.domain.source import Source
from plugin.usecases.ports import Database, Ehr, UnitOfWork
from plugin.usecases.publish import publish_shipped
from plugin.usecases.services import Services
from plugin.usecases.sweep import Swept, sweep
from tests.fake_audit import FakeHeads
from tests.fake_launch import FakeLaunches, FakeSmart
from tests.fake_sign_in import FakeCodes, FakePasswords, FakeSignIns
from tests.fake_sinks import FakeCompanion
from tests.fake_staff import FakeStaff
from tests.fake_storage import FakeDatabase
from tests.fakes import (
    FakeCatalog,
    FakeCipher,
    FakeClock,
    FakeEhr,
    FakeJobs,
    FakeMetrics,
    FakeProcesses,
    FakeServer,
    Faults,
)

LOINC = "http://loinc.org"
HBA1C = Coding(LOINC, "4548-4", "Hemoglobin A1c")
WEIGHT = Coding(LOINC, "29463-7", "Body weight")
SELF_CARE = Coding("http://snomed.info/sct", "384758001", "Self-care interventions")
CHICAGO = ZoneInfo("America/Chicago")


def a_patient(number: int | str = 1, *, replaced_by: str | None = None, active: bool = True) -> Patient:
    """``Patient/p1``."""
    return Patient(ref=f"Patient/p{number}", replaced_by=replaced_by, active=active)


def an_activity(place: int = 0, *, code: Coding = HBA1C, due: str | None = None, opens: str | None = None) -> Activity:
    """An inline step."""
    schedule = Schedule(start=_moment(opens), end=_moment(due))
    return Activity(place=place, detail=Detail(concept=Concept((code,)), status="not-started", schedule=schedule))


def a_step(ref: str, place: int = 0) -> Activity:
    """A step that refers to a resource."""
    return Activity(place=place, link=Link(ref))


def a_plan(  # a keyword for each part that a test may care about
    number: int | str = 1,
    *,
    patient: int | str | None = None,
    status: str = "active",
    activities: Sequence[Activity] | None = None,
    due: str = "2026-06-30",
    start: str = "2026-06-01",
) -> CarePlan:
    """``CarePlan/cp1`` of ``Patient/p1``: one HbA1c."""
    return CarePlan(
        ref=f"CarePlan/cp{number}",
        subject=f"Patient/p{number if patient is None else patient}",
        status=status,
        intent="plan",
        start=Moment(start),
        activities=tuple(activities) if activities is not None else (an_activity(due=due),),
    )


def an_order(
    number: int | str = 1,
    *,
    patient: int | str = 1,
    code: Coding = HBA1C,
    status: str = "active",
    type_: str = "ServiceRequest",
) -> Order:
    """``ServiceRequest/sr1`` of ``Patient/p1``."""
    return Order(
        ref=f"{type_}/sr{number}",
        subject=f"Patient/p{patient}",
        status=status,
        intent="order",
        concept=Concept((code,)),
    )


def a_result(
    number: int | str = 1,
    *,
    patient: int | str | None = 1,
    code: Coding = HBA1C,
    on: str = "2026-06-10",
    based_on: str = "",
) -> Event:
    """``Observation/o1``, final."""
    return Event(
        ref=f"Observation/o{number}",
        subject=None if patient is None else f"Patient/p{patient}",
        status="final",
        concepts=(Concept((code,)),),
        start=Moment(on),
        based_on=(Link(based_on),) if based_on else (),
    )


def a_booking(
    number: int | str = 1, *, patients: Sequence[int | str] = (1,), status: str = "booked", order: str = ""
) -> Appointment:
    """``Appointment/a1``."""
    return Appointment(
        ref=f"Appointment/a{number}",
        status=status,
        start=Moment("2026-06-20T10:00:00-05:00"),
        participants=tuple(Participant(f"Patient/p{patient}") for patient in patients),
        based_on=(Link(order),) if order else (),
    )


def a_goal(number: int | str = 1, *, patient: int | str = 1, code: Coding = WEIGHT) -> Goal:
    """``Goal/g1`` with a target."""
    target = GoalTarget(measure=Concept((code,)))
    return Goal(ref=f"Goal/g{number}", subject=f"Patient/p{patient}", status="active", targets=(target,))


def a_program(**changes: object) -> Program:
    """One milestone, the HbA1c at six weeks; it claims orders for self-care."""
    step = MilestoneDefinition(
        code="hba1c",
        title="HbA1c at six weeks",
        kind="laboratory",
        codes=(HBA1C,),
        opens=Offset(Anchor.PLAN_START, days=28),
        due=Offset(Anchor.PLAN_START, days=42),
        owner_role="provider",
    )
    program = Program(
        code="chronic-care",
        version="1",
        title="Chronic care",
        order_codes=frozenset({(SELF_CARE.system, SELF_CARE.code)}),
        milestones=(step,),
    )
    return replace(program, **changes)  # type: ignore[arg-type]  # keywords of a Program


@dataclass
class World:
    """A practice of fakes with one source; ``services`` is what the use cases get. The database may be a real one."""

    database: Database = field(default_factory=FakeDatabase)
    clock: FakeClock = field(default_factory=FakeClock)
    server: FakeServer = field(default_factory=FakeServer)
    catalog: FakeCatalog = field(default_factory=FakeCatalog)
    jobs: FakeJobs = field(default_factory=FakeJobs)
    metrics: FakeMetrics = field(default_factory=FakeMetrics)
    processes: FakeProcesses = field(default_factory=FakeProcesses)
    smart: FakeSmart = field(default_factory=FakeSmart)
    launches: FakeLaunches = field(default_factory=FakeLaunches)
    heads: FakeHeads = field(default_factory=FakeHeads)
    companion: FakeCompanion = field(default_factory=FakeCompanion)
    staff: FakeStaff = field(default_factory=FakeStaff)
    sign_ins: FakeSignIns = field(default_factory=FakeSignIns)

    def __post_init__(self) -> None:
        self.ehr = FakeEhr(self.server)
        self.services = self.with_faults(None)
        with self.database.begin() as uow:
            wanted = Source(id=0, slug="main", base_url="http://127.0.0.1/fhir", hook_path="path", hook_secret="secret")
            self.source = uow.sources.add(wanted, self.clock())
            uow.commit()
        publish_shipped(self.services)

    def with_faults(self, faults: Faults | None) -> Services:
        """The services, with a fault before the database and the EHR."""
        database: Database = self.database
        ehr: Ehr = self.ehr
        if faults is not None:
            database, ehr = cast(Database, faults.before(database)), cast(Ehr, faults.before(ehr))
        return Services(
            database=database,
            ehr=lambda source: ehr,
            companion=lambda store: self.companion,
            staff=lambda source: self.staff,
            catalog=self.catalog,
            practice=Practice(CHICAGO),
            jobs=self.jobs,
            metrics=self.metrics,
            processes=self.processes,
            clock=self.clock,
            token=lambda: "token",
            smart=self.smart,
            launches=self.launches,
            sign_ins=self.sign_ins,
            passwords=FakePasswords(),
            one_time_codes=FakeCodes(),
            heads=self.heads,
            cipher=FakeCipher(),
            jwks=lambda: {"keys": []},
            public_url="https://milepost.test",
        )

    def look(self) -> UnitOfWork:
        """At what is stored."""
        return self.database.begin(reading=True)

    def now_source(self) -> Source:
        """The source as it is stored now."""
        with self.look() as uow:
            return uow.sources.by_id(self.source.id)

    def sweep(self, services: Services | None = None, *, write: bool = True) -> Swept:
        """Everything once."""
        return sweep(services or self.services, self.now_source(), write=write)

    def kept(self) -> set[str]:
        """References of all facts that are stored."""
        with self.look() as uow:
            return {ref for type_ in FACT_TYPES for refs in uow.facts.references(self.source, type_) for ref in refs}

    def is_tracked(self, patient: str) -> bool:
        """Whether a patient is."""
        with self.look() as uow:
            return bool(uow.patients.tracked(self.source, [patient]))

    def milestones(self, patient: str = "Patient/p1") -> list[Milestone]:
        """A patient's milestones, as stored."""
        with self.look() as uow:
            plans = uow.plans.of_patient(self.source, patient, self.clock().date())
        return [milestone for plan in plans for milestone in plan.milestones]

    def statuses(self, patient: str = "Patient/p1") -> list[str]:
        """Their statuses."""
        return [milestone.status.value for milestone in self.milestones(patient)]

    def effects(self) -> dict[str, dict[str, int]]:
        """kind -> state -> count."""
        with self.look() as uow:
            return {kind: dict(states) for kind, states in uow.ledger.summary().items()}

    def work(self) -> dict[str, dict[str, int]]:
        """role -> kind -> how many are open."""
        with self.look() as uow:
            return {role: dict(kinds) for role, kinds in uow.work_items.summary().items()}

    def statements(self, patient: str = "Patient/p1") -> list[Statement]:
        """What people said of a patient."""
        with self.look() as uow:
            return list(uow.statements.of_patient(self.source, patient))

    def tasks(self) -> dict[str, str]:
        """Our Tasks on the server, with their statuses."""
        written = self.server.written.items()
        return {ref: str(draft.body["status"]) for ref, draft in written if ref.startswith("Task/")}


def _moment(text: str | None) -> Moment | None:
    return None if text is None else Moment(text)

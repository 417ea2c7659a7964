"""Charts that hypothesis draws: plans in every form, with what may have become of their steps, around one summer."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from plugin.domain.assess import assess
from plugin.domain.assessment import Assessment
from plugin.domain.calendar import Practice
from plugin.domain.condition import Condition
from plugin.domain.program import AlertFlag, Anchor, CompletesWhen, MilestoneDefinition, Offset, Program, Repeat
from plugin.domain.record import Coding, Said, Statement
from plugin.domain.rules import Rules, SourceTraits
from tests.charts import (
    A1C,
    LIPIDS,
    LOINC,
    P1,
    SNOMED,
    THERAPY,
    VISIT,
    Json,
    because,
    booking,
    coming,
    concept,
    done,
    order,
    patient,
    plan,
    record_of,
    result,
    step,
    task,
    visit,
)
from tests.generated_programs import conditions, leaves

MIDSUMMER = date(2026, 6, 20)
ZONES = ["America/Chicago", "UTC", "Asia/Kolkata", "Pacific/Auckland", "America/Santiago"]
CODES = [A1C, LIPIDS, VISIT, THERAPY]
PLAN_STATUS = ["active"] * 8 + ["draft", "on-hold", "revoked", "completed", "unknown"]
VISIT_STATUS = ["booked"] * 3 + ["fulfilled"] * 2 + ["noshow"] * 2 + ["cancelled"] * 3 + ["arrived", "entered-in-error"]

days_ = st.integers(-50, 50).map(lambda n: (MIDSUMMER + timedelta(days=n)).isoformat())
instants = st.integers(-50 * 96, 50 * 96).map(lambda n: datetime(2026, 6, 20, tzinfo=UTC) + timedelta(minutes=15 * n))
texts_of_instants = instants.map(lambda at: at.isoformat())
dates = st.one_of(days_, texts_of_instants, st.sampled_from(["2026-06", "2026-05", "2026"]))
codes = st.sampled_from(CODES)


@st.composite
def schedules(draw: st.DrawFn, stem: str) -> Json:
    """A choice of times."""
    form = draw(st.sampled_from(["none", "period", "end", "start", "date", "events", "bounds"]))
    if form == "period":
        first, last = sorted((draw(days_), draw(days_)))
        return {f"{stem}Period": {"start": first, "end": last}}
    if form == "end":
        return {f"{stem}Period": {"end": draw(dates)}}
    if form == "start":
        return {f"{stem}Period": {"start": draw(days_)}}
    if form == "date":
        named = draw(days_)
        return {"scheduledString": named} if stem == "scheduled" else {f"{stem}DateTime": named}
    if form == "events":
        return {f"{stem}Timing": {"event": draw(st.lists(days_, min_size=1, max_size=3))}}
    if form == "bounds":
        repeat = {"period": draw(st.integers(1, 3)), "periodUnit": draw(st.sampled_from(["wk", "mo"])), "count": 4}
        return {f"{stem}Timing": {"repeat": repeat | {"boundsPeriod": {"start": draw(days_)}}}}
    return {}


@st.composite
def plans(draw: st.DrawFn, id_: str) -> Json:
    """A plan with a few steps of its own and references to orders, a Task, an appointment, and nothing."""
    activities: list[Json] = []
    for _ in range(draw(st.integers(0, 3))):
        status = draw(st.sampled_from(["not-started"] * 5 + ["in-progress", "completed", "cancelled", "on-hold"]))
        detail: Json = {
            "code": draw(codes),
            "status": status,
            "kind": draw(st.sampled_from(["ServiceRequest", "Appointment"])),
        }
        activity: Json = {"detail": detail | draw(schedules("scheduled"))}
        if draw(st.integers(0, 9)) == 0:
            activity["outcomeReference"] = [{"reference": draw(st.sampled_from(["Encounter/e0", "Encounter/nowhere"]))}]
        activities.append(activity)
    refs = ["ServiceRequest/sr0", "ServiceRequest/sr1", "Task/t0", "Appointment/a0", "RequestGroup/rg0", "Task/nowhere"]
    activities += [step(ref) for ref in draw(st.lists(st.sampled_from(refs), max_size=3))]
    more: Json = {"status": draw(st.sampled_from(PLAN_STATUS)), "start": draw(st.one_of(st.none(), days_))}
    if draw(st.integers(0, 2)) == 0:
        more["category"] = [concept("p", system="urn:p")]
    if draw(st.booleans()):
        more["meta"] = {"lastUpdated": draw(texts_of_instants), "versionId": "1"}
    return plan(*activities, id_=id_, **more)


@st.composite
def orders(draw: st.DrawFn, number: int) -> Json:
    """An order of any standing."""
    status = draw(st.sampled_from(["active"] * 5 + ["completed", "revoked", "on-hold", "draft"]))
    more: Json = draw(schedules("occurrence"))
    if draw(st.booleans()):
        more["authoredOn"] = draw(dates)
    return order(f"sr{number}", draw(codes), status=status, **more)


@st.composite
def tasks(draw: st.DrawFn) -> Json:
    """Somebody's Task, perhaps of the plan, perhaps for an order."""
    more: Json = {"status": draw(st.sampled_from(["requested"] * 3 + ["completed", "failed", "on-hold", "cancelled"]))}
    if draw(st.booleans()):
        more["basedOn"] = [{"reference": "CarePlan/cp0"}]
    if draw(st.booleans()):
        more["focus"] = {"reference": "ServiceRequest/sr0"}
    if draw(st.booleans()):
        more["lastModified"] = draw(dates)
    return task("t0", due=draw(st.one_of(st.none(), days_)), **more)


@st.composite
def bookings(draw: st.DrawFn, number: int) -> Json:
    """An appointment in any status, linked in any way."""
    more: Json = draw(
        st.sampled_from(
            [
                {},
                {"on": "ServiceRequest/sr1"},
                {"on": None},
                {"on": None, "serviceType": [VISIT]},
                {"on": None, "serviceType": [THERAPY]},
                {"on": None, "supportingInformation": [{"reference": "CarePlan/cp0"}], "serviceType": [THERAPY]},
                {"participant": [coming(), coming("Patient/p2")]},
                {"participant": [coming(status="declined"), coming("Patient/p2")]},
            ]
        )
    )
    status = draw(st.sampled_from(VISIT_STATUS))
    if status == "cancelled" and draw(st.booleans()):
        more = more | {"cancelationReason": because(draw(st.sampled_from(["prov", "pat-dec", "pat"])))}
    seen = draw(st.one_of(st.none(), texts_of_instants))
    return booking(draw(texts_of_instants), status, id_=f"a{number}", seen=seen, **more)


@st.composite
def events(draw: st.DrawFn, number: int) -> Json:
    """Something that happened, or is said to."""
    kind = draw(st.sampled_from(["result", "done", "visit"]))
    more: Json = draw(
        st.sampled_from(
            [
                {},
                {},
                {"basedOn": [{"reference": "ServiceRequest/sr0"}]},
                {"basedOn": [{"reference": "CarePlan/cp0"}]},
                {"status": "entered-in-error"},
            ]
        )
    )
    if kind == "result":
        return result(draw(st.one_of(st.none(), dates)), draw(codes), id_=f"o{number}", **more)
    if kind == "done":
        return done(draw(dates), draw(codes), id_=f"pr{number}", **more)
    of = draw(st.one_of(st.none(), st.sampled_from(["Appointment/a0", "Appointment/a1"])))
    return visit(draw(days_), id_=f"e{number}", of=of, type=[draw(codes)], **more)


def _program() -> Program:
    """Steps that wait for each other, repeat, depend on age, ask for more than the event, and are celebrated."""
    lab = (Coding(LOINC, "4548-4"),)
    therapy = (Coding(SNOMED, "91251008"),)
    after_lab = Offset(Anchor.COMPLETION, days=3, of="lab")
    return Program(
        code="p",
        version="1",
        title="P",
        plan_codes=frozenset({("urn:p", "p")}),
        milestones=(
            MilestoneDefinition(
                code="lab",
                title="Lab",
                kind="laboratory",
                codes=lab,
                opens=Offset(),
                due=Offset(days=14),
                celebrate=True,
            ),
            MilestoneDefinition(
                code="talk",
                title="Talk",
                kind="visit",
                opens=after_lab,
                due=Offset(Anchor.COMPLETION, days=10, of="lab"),
                completes_when=CompletesWhen.REVIEWED,
            ),
            MilestoneDefinition(
                code="pt",
                title="Therapy",
                codes=therapy,
                opens=Offset(days=1),
                due=Offset(days=9),
                repeat=Repeat(Offset(days=12), 3),
            ),
            MilestoneDefinition(
                code="old", title="For the older", due=Offset(days=20), applies_if=Condition("age-at-least", years=65)
            ),
        ),
    )


PROGRAM = _program()


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """The same program with flags, and with a step for those of whom something or other holds."""
    if draw(st.integers(0, 2)) > 0:
        return PROGRAM
    flags = (AlertFlag("one", "One", draw(leaves())), AlertFlag("other", "Other", draw(conditions())))
    for_some = MilestoneDefinition(code="some", title="For some", due=Offset(days=30), applies_if=draw(leaves()))
    return replace(PROGRAM, flags=flags, milestones=(*PROGRAM.milestones, for_some))


@st.composite
def known(draw: st.DrawFn) -> list[Json]:
    """What conditions ask for beside results and visits: an illness, a flag, a language."""
    ill: Json = {"resourceType": "Condition", "id": "c0", "subject": P1, "code": concept("44054006", system=SNOMED)}
    flag: Json = {
        "resourceType": "Flag",
        "id": "f0",
        "status": "active",
        "subject": P1,
        "code": concept("f", system="urn:f"),
    }
    began, ended = sorted((draw(days_), draw(days_)))
    return [ill | {"onsetDateTime": draw(dates)}, flag | {"period": {"start": began, "end": ended}}]


class Drawn:
    """A chart, what people said of it, and the rules of its practice."""

    def __init__(self, resources: Sequence[Json], statements: Sequence[Statement], rules: Rules) -> None:
        self.resources, self.statements, self.rules = resources, statements, rules
        self.record = record_of(resources, statements)

    def __repr__(self) -> str:
        """What a failure shows: enough to make a case of it."""
        told = "".join(f"\n  {statement}" for statement in self.statements)
        chart = "".join(f"\n  {json.dumps(resource)}" for resource in self.resources)
        return f"{self.rules.practice.zone.key}, {self.rules.traits}{chart}{told}\n"

    def at(self, moment: datetime) -> Assessment:
        """What is true then."""
        return assess(self.record, self.rules, moment)


@st.composite
def _resources(draw: st.DrawFn) -> list[Json]:
    born = (MIDSUMMER + timedelta(days=draw(st.integers(-20, 20)))).replace(year=1961)
    person: Json = {"birthDate": born.isoformat()}
    fate = draw(st.integers(0, 11))
    person |= {"deceasedDateTime": draw(dates)} if fate == 0 else {"active": False} if fate == 1 else {}
    group: Json = {"resourceType": "RequestGroup", "id": "rg0", "status": "active", "intent": "order", "subject": P1}
    actions: list[Json] = [
        {"title": "Read the leaflet", "timingDateTime": draw(days_)},
        {"resource": {"reference": "ServiceRequest/sr1"}},
    ]
    return [
        patient(**person, meta={"lastUpdated": draw(texts_of_instants)}),
        *(draw(plans(f"cp{n}")) for n in range(draw(st.integers(1, 2)))),
        *(draw(orders(n)) for n in range(2)),
        draw(tasks()),
        group | {"action": actions},
        *(draw(bookings(n)) for n in range(draw(st.integers(0, 3)))),
        *(draw(events(n)) for n in range(draw(st.integers(0, 3)))),
        *(draw(known()) if draw(st.booleans()) else ()),
    ]


@st.composite
def _statements(draw: st.DrawFn, keys: Sequence[str]) -> tuple[Statement, ...]:
    told: list[Statement] = []
    for number in range(draw(st.integers(0, 2)) if keys else 0):
        what = draw(
            st.sampled_from(
                [
                    Said.HOLD,
                    Said.COMPLETED,
                    Said.NOT_APPLICABLE,
                    Said.REASSIGN,
                    Said.CONFIRM,
                    Said.REVIEWED,
                    Said.CONTACT,
                ]
            )
        )
        until = MIDSUMMER + timedelta(days=draw(st.integers(-40, 40))) if what is Said.HOLD else None
        more: dict[str, Any] = {"target": "Encounter/e0" if what is Said.CONFIRM else "role:coach"}
        more |= {"outcome": "reached-booked"} if what is Said.CONTACT else {}
        key, at = draw(st.sampled_from(keys)), draw(instants)
        told.append(Statement(id=f"s{number}", said=what, by="nurse", at=at, milestone=key, until=until, **more))
    if draw(st.integers(0, 5)) == 0:
        told.append(Statement(id="en", said=Said.ENROL, by="nurse", at=draw(instants), target="p"))
    return tuple(told)


@st.composite
def charts(draw: st.DrawFn) -> Drawn:
    """Everything about one patient."""
    resources = tuple(draw(_resources()))
    holidays = frozenset({MIDSUMMER + timedelta(days=draw(st.integers(-30, 30)))})
    practice = Practice(ZoneInfo(draw(st.sampled_from(ZONES))), holidays=holidays)
    traits = SourceTraits(True, True) if draw(st.integers(0, 5)) == 0 else SourceTraits()
    rules = Rules(practice, (draw(programs()),), traits=traits)
    now = datetime(2026, 6, 20, tzinfo=UTC)
    keys = sorted(m.key for m in assess(record_of(resources), rules, now).milestones)
    return Drawn(resources, draw(_statements(keys)), rules)

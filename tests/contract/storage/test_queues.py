"""The port Queues: the same lines, in the same order, from the fake and on both databases."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from plugin.domain.assessment import Alert, EffectKind, Gap, Owner, Status
from plugin.domain.queue import NO_PROGRAM, At, Listing, OwnerName, Show, Wanted, Whose
from plugin.domain.record import Moment, Patient, Said, Statement
from plugin.domain.search import search_words
from plugin.domain.source import Source
from plugin.domain.tracking import Outcome, PatientRow
from plugin.domain.work import WorkItem, claimed, finished, released, snoozed
from plugin.usecases.ports import Database
from plugin.usecases.tallies import Tallies
from tests.contract.storage.given import (
    LATER,
    NOW,
    TODAY,
    a_plan,
    a_source,
    a_step,
    an_effect,
    an_outcome,
    kept,
    saved,
    tracked,
)

ME, OTHER = "user:1", "user:2"
EVERYBODYS = Wanted(who=ME, roles=("coordinator",), today=TODAY)
NAMES = {1: ("Ana Test-Rivera", "DEMO-00412", "1961-04-02"), 2: ("Ken Sample-Ito", "DEMO-00077", "1948")}


Narrowed = Sequence[tuple[Mapping[str, object], Sequence[str]]]
GAPS_NARROWED: Narrowed = [
    ({"tier": 3}, ["k3"]),
    ({"program": "chronic-care"}, ["k1", "k2"]),
    ({"program": NO_PROGRAM}, ["k3"]),
    ({"stage": "assignment"}, ["k3"]),
    ({"role": "coordinator"}, ["k3", "k2"]),
    ({"owner": (OwnerName("Practitioner/x"),)}, ["k1"]),
    ({"whose": Whose.ROLES}, ["k3", "k2"]),
    ({"whose": Whose.MINE}, []),
    ({"whose": Whose.MINE, "known_as": (OwnerName("Practitioner/x"),)}, ["k1"]),
    ({"show": Show.TODO}, ["k3", "k1"]),
    ({"show": Show.BOOKED}, ["k2"]),
    ({"show": Show.ON_HOLD}, []),
    ({"words": ("rivera", "ana")}, ["k1", "k2"]),
    ({"words": ("ken",), "tier": 3, "stage": "assignment"}, ["k3"]),
    ({"words": ("ken",), "tier": 2}, []),
]
SEARCHED: Mapping[str, Sequence[str]] = {
    "riv": ["Patient/p1"],
    "RIVERA Ána": ["Patient/p1"],
    "vera": [],
    "DEMO-00412": ["Patient/p1"],
    "00077": ["Patient/p2"],
    "4/2/1961": ["Patient/p1"],
    "1961-04-02": ["Patient/p1"],
    "demo": ["Patient/p2", "Patient/p1"],
    "100%": [],
}
PATIENTS_NARROWED: Narrowed = [
    ({}, ["Patient/p2", "Patient/p1", "Patient/p3"]),
    ({"show": Show.TODO}, ["Patient/p2", "Patient/p1"]),
    ({"tier": 0}, ["Patient/p3"]),
    ({"program": "chronic-care"}, ["Patient/p1", "Patient/p3"]),
    ({"program": "chronic-care", "stage": "closure"}, ["Patient/p3"]),
    ({"stage": "review"}, []),
]
WORK_NARROWED: Narrowed = [
    ({"whose": Whose.MINE}, ["b"]),
    ({"whose": Whose.ROLES}, []),
    ({"whose": Whose.ROLES, "roles": ("coordinator", "scheduler")}, ["b"]),
    ({"show": Show.TODO}, ["c", "b"]),
    ({"show": Show.FREE}, ["c"]),
    ({"show": Show.SNOOZED}, ["a"]),
    ({"show": Show.TODO, "today": TODAY + timedelta(days=3)}, ["c", "b", "a"]),
    ({"role": "provider"}, ["c"]),
    ({"owner": (OwnerName(OTHER),)}, ["a"]),
    ({"owner": (OwnerName(OTHER), OwnerName(ME))}, ["b", "a"]),
    ({"whose": Whose.MINE, "known_as": (OwnerName(OTHER),)}, ["b", "a"]),
    ({"tier": 2}, ["a"]),
    ({"words": ("rivera",)}, ["a"]),
    ({"program": "chronic-care", "stage": "follow-ups"}, ["a"]),
]


@pytest.fixture
def source(any_database: Database) -> Source:
    """A stored source, read completely."""
    with any_database.begin() as unit:
        unit.sources.read_ok(unit.sources.add(a_source(), NOW), NOW)
        source = unit.sources.get("clinic")
        unit.commit()
    return source


def practice(database: Database, source: Source) -> Sequence[PatientRow]:
    """Three patients: p1 is at tier 2 in a program, p2 at tier 3 without one, p3 has nothing late."""
    rows = tracked(database, source, "Patient/p1", "Patient/p2", "Patient/p3")
    with database.begin() as unit:
        for number, (name, mrn, born) in NAMES.items():
            fact = Patient(ref=f"Patient/p{number}", name=name, mrn=mrn, birth_date=Moment(born))
            unit.facts.store(source, kept(fact, patients=(fact.ref,)), NOW)
        unit.commit()
    late = a_step("k1", tier=2, due=date(2026, 6, 4), days_past_due=12, owner=Owner("Practitioner/x", None, "program"))
    booked = a_step("k2", tier=1, due=date(2026, 6, 14), status=Status.SCHEDULED, booked_for="2026-06-20")
    quiet = a_step("k4", tier=0, due=date(2026, 7, 14), gap=Gap.NONE, days_past_due=0)
    alerts = (Alert("high-risk", "High risk"),)
    one = a_plan(late, booked, program="chronic-care", stage="follow-ups", alerts=alerts, patient="Patient/p1")
    two = a_plan(
        a_step("k3", tier=3, due=date(2026, 5, 28), plan="CarePlan/c2"), plan="CarePlan/c2", patient="Patient/p2"
    )
    three = a_plan(quiet, plan="CarePlan/c3", patient="Patient/p3", program="chronic-care", stage="closure")
    words = ["ana test rivera demo 00412 demo00412 19610402", "ken sample ito demo 00077 demo00077 1948", ""]
    saved(
        database,
        *(
            an_outcome(row, plan, found_by=found_by, digest=f"d{row.id}")
            for row, plan, found_by in zip(rows, (one, two, three), words, strict=True)
        ),
    )
    return rows


def asked(database: Database, narrow: Mapping[str, object]) -> Wanted:
    """With the patients whom a search finds, as the use case looks for them."""
    wanted = replace(EVERYBODYS, **narrow)  # type: ignore[arg-type]  # keywords of Wanted
    with database.begin(reading=True) as unit:
        return replace(wanted, among=tuple(unit.queues.find(wanted.words, 10))) if wanted.words else wanted


def keys(database: Database, wanted: Wanted, at: At | None = None, limit: int = 50) -> list[str]:
    """The gaps that a list shows."""
    with database.begin(reading=True) as unit:
        return [line.step.key for line in unit.queues.gaps(wanted, at, limit)[0]]


def refs(database: Database, wanted: Wanted, at: At | None = None, limit: int = 50) -> list[str]:
    """The patients that a list shows."""
    with database.begin(reading=True) as unit:
        return [line.whom.ref for line in unit.queues.patients(wanted, at, limit)[0]]


def test_gaps_by_tier_then_risk_then_due(any_database: Database, source: Source) -> None:
    """The top line is the right one to take; each says who, and where it belongs. Narrowed by each filter, and by several."""
    practice(any_database, source)

    with any_database.begin(reading=True) as unit:
        lines, has_more = unit.queues.gaps(EVERYBODYS, None, 50)

    shown = {str(narrow): keys(any_database, asked(any_database, narrow)) for narrow, _ in GAPS_NARROWED}

    assert [line.step.key for line in lines] == ["k3", "k1", "k2"]
    assert not has_more
    assert shown == {str(narrow): expected for narrow, expected in GAPS_NARROWED}
    assert [(line.whom.patient.name, line.whom.risk) for line in lines if line.whom.patient] == [
        ("Ken Sample-Ito", 0),
        ("Ana Test-Rivera", 1),
        ("Ana Test-Rivera", 1),
    ]
    assert [(line.program, line.stage) for line in lines][:2] == [(None, "assignment"), ("chronic-care", "follow-ups")]


def test_patients(any_database: Database, source: Source) -> None:
    """The worst off first, whoever has nothing late last; each says tier, number of gaps, since when, and the plans. A
    search finds by name, MRN and date of birth: case and accents do not matter, the beginning of a word is enough."""
    practice(any_database, source)

    shown = {str(narrow): refs(any_database, asked(any_database, narrow)) for narrow, _ in PATIENTS_NARROWED}
    found = {text: refs(any_database, asked(any_database, {"words": search_words(text)})) for text in SEARCHED}
    tracked(any_database, source, "Patient/p9")
    with any_database.begin(reading=True) as unit:
        lines, _ = unit.queues.patients(EVERYBODYS, None, 50)

    assert shown == {str(narrow): expected for narrow, expected in PATIENTS_NARROWED}
    assert found == SEARCHED
    assert [plan.program for plan in lines[1].plans] == ["chronic-care"]
    assert [(line.tier, line.gaps, line.due, line.is_assessed) for line in lines] == [
        (3, 1, date(2026, 5, 28), True),
        (2, 2, date(2026, 6, 4), True),
        (0, 0, date(2026, 7, 14), True),
        (0, 0, None, False),
    ]


def test_counts(any_database: Database, source: Source) -> None:
    """Each sum is what there would be with the other filters as they are."""
    practice(any_database, source)

    with any_database.begin(reading=True) as unit:
        found = Tallies().counts(
            unit, Listing.GAPS, replace(EVERYBODYS, among=tuple(unit.queues.find(("ken",), 9))), NOW
        )
        gaps = Tallies().counts(unit, Listing.GAPS, replace(EVERYBODYS, program="chronic-care"), NOW)
        people = Tallies().counts(unit, Listing.PATIENTS, replace(EVERYBODYS, stage="closure"), NOW)

    assert (gaps.total, gaps.tiers, gaps.programs) == (2, {2: 1, 1: 1}, {"chronic-care": 2, NO_PROGRAM: 1})
    assert (found.total, found.tiers) == (1, {3: 1})
    assert gaps.whose == {Whose.ALL: 2, Whose.ROLES: 1}
    assert (people.total, people.tiers) == (1, {0: 1})
    assert people.programs == {"chronic-care": 1}
    assert people.stages == {"follow-ups": 1, "assignment": 1, "closure": 1}


def test_pages_there_and_back(any_database: Database, source: Source) -> None:
    """Forward by where a page ended, and back by where it began; lines that vanish in between neither hide nor repeat any."""
    practice(any_database, source)
    with any_database.begin(reading=True) as unit:
        first, has_more = unit.queues.gaps(EVERYBODYS, None, 1)
    end = At(first[0].rank, first[0].whom.id, first[0].step.key)

    with any_database.begin(reading=True) as unit:
        second, more = unit.queues.gaps(EVERYBODYS, end, 1)
        start = At(second[0].rank, second[0].whom.id, second[0].step.key, is_back=True)
        back, before = unit.queues.gaps(EVERYBODYS, start, 1)
        rest, none = unit.queues.gaps(EVERYBODYS, end, 5)

    assert [lines[0].step.key for lines in (first, second, back)] == ["k3", "k1", "k3"]
    assert [line.step.key for line in rest] == ["k1", "k2"]
    assert (has_more, more, before, none) == (True, True, False, False)


def test_only_the_latest_turn_is_a_line(any_database: Database, source: Source) -> None:
    """Of a step that repeats, earlier turns were missed and are nobody's decision any more; a closed gap is none."""
    (row,) = tracked(any_database, source, "Patient/p1")
    turns = [a_step(f"t{n}", iteration=n, repeats=True, source="CarePlan/c1#activity[0]") for n in (1, 2)]
    saved(any_database, an_outcome(row, a_plan(*turns)))
    assert keys(any_database, EVERYBODYS) == ["t2"]

    done = replace(turns[1], status=Status.COMPLETED, gap=Gap.CLOSED)
    saved(any_database, an_outcome(row, a_plan(turns[0], done), digest="d2"))

    assert keys(any_database, EVERYBODYS) == []


def test_a_plan_that_is_gone_leaves_the_list(any_database: Database, source: Source) -> None:
    """With its plan a gap goes, though nobody closed it."""
    row = practice(any_database, source)[1]

    saved(any_database, an_outcome(row, digest="d9", found_by="ken"))

    assert keys(any_database, EVERYBODYS) == ["k1", "k2"]


def test_a_stage_that_changes_alone(any_database: Database, source: Source) -> None:
    """A step that is as it was stands where its plan and its patient stand now."""
    (row,) = tracked(any_database, source, "Patient/p1")
    saved(any_database, an_outcome(row, a_plan(a_step(), stage="assignment")))

    alert = (Alert("a", "A"),)
    saved(any_database, an_outcome(row, a_plan(a_step(), stage="follow-ups", alerts=alert), digest="d2"))

    with any_database.begin(reading=True) as unit:
        (line,), _ = unit.queues.gaps(EVERYBODYS, None, 5)
        assert (line.stage, line.whom.risk) == ("follow-ups", 1)


def test_a_failed_assessment_keeps_what_is_known(any_database: Database, source: Source) -> None:
    """Name and place stay until the patient can be assessed again."""
    row = practice(any_database, source)[1]

    saved(any_database, an_outcome(row, failed="It cannot be read.", retry_at=LATER))

    assert refs(any_database, asked(any_database, {"words": ("ken",)})) == ["Patient/p2"]
    assert refs(any_database, EVERYBODYS)[0] == "Patient/p2"


def test_somebody_who_is_called_otherwise(any_database: Database, source: Source) -> None:
    """The new name is found, the old one no longer; also where nothing else has changed."""
    practice(any_database, source)
    with any_database.begin() as unit:
        unit.patients.mark(source, ["Patient/p2"], NOW)
        (row,) = unit.patients.claim_due(NOW, 5)
        unit.plans.save([an_outcome(row, unchanged=True, found_by="ken demo ito 1948")], NOW)
        unit.commit()

    found = {
        word: set(refs(any_database, asked(any_database, {"words": (word,)}))) for word in ("sample", "demo", "1948")
    }

    assert row.found_by == "ken sample ito demo 00077 demo00077 1948"
    assert found == {"sample": set(), "demo": {"Patient/p1", "Patient/p2"}, "1948": {"Patient/p2"}}


# ------------------------------------------------------------------------------------------------------------------ work
def work(database: Database, source: Source) -> dict[str, WorkItem]:
    """What the practice has to do: a call for p1, an outcome to record for p2, a review of p2's plan."""
    rows = {row.ref: row.id for row in practice(database, source)}
    call = WorkItem(
        key="a", kind="overdue", patient_id=rows["Patient/p1"], role="coordinator", owner=None, due_at=NOW, priority=1,
        milestones=(("k1", "HbA1c"), ("k2", "Referral")),
    )  # fmt: skip
    desk = replace(call, key="b", kind="rebook", patient_id=rows["Patient/p2"], role="scheduler", priority=0)
    desk = replace(desk, milestones=(("k3", "Visit"),), due_at=LATER)
    pair = replace(desk, key="c", kind="two-missed-in-a-row", role="provider", due_at=NOW)
    pair = replace(pair, milestones=(("CarePlan/c2", "two missed"),))
    with database.begin() as unit:
        for item in (call, desk, pair):
            unit.work_items.open(item, NOW)
        found = unit.work_items.by_number(range(1, 10))
        unit.commit()
    return {item.key: item for item in found.values()}


def row_of(item: WorkItem) -> PatientRow:
    """The patient of the first item, as locked for an assessment."""
    return PatientRow(id=item.patient_id, source_id=1, ref="Patient/p1", next_change_at=None)


def moved(database: Database, before: WorkItem, after: WorkItem) -> WorkItem:
    """Somebody made it so."""
    with database.begin() as unit:
        stored = unit.work_items.move(before, after, LATER)
        unit.commit()
    return stored


def listed(database: Database, wanted: Wanted) -> Sequence[str]:
    """The keys of the work that a list shows."""
    with database.begin(reading=True) as unit:
        return [line.item.key for line in unit.queues.work(wanted, None, 50)[0]]


def test_work_stands_where_its_steps_stand(any_database: Database, source: Source) -> None:
    """The tier is that of the worst step that it lists, or of the patient's where it lists none; then what is due first."""
    work(any_database, source)

    with any_database.begin(reading=True) as unit:
        lines, _ = unit.queues.work(EVERYBODYS, None, 50)

    assert [(line.item.key, line.item.priority) for line in lines] == [("c", 3), ("b", 3), ("a", 2)]
    assert [[step.key for step in line.steps] for line in lines] == [[], ["k3"], ["k1", "k2"]]
    assert [(line.program, line.stage) for line in lines][1:] == [(None, "assignment"), ("chronic-care", "follow-ups")]


def test_work_follows_an_assessment(any_database: Database, source: Source) -> None:
    """A gap that goes on climbing takes its open work along."""
    row = row_of(work(any_database, source)["a"])

    worse = a_step("k1", tier=4, due=date(2026, 5, 1))
    saved(any_database, an_outcome(row, a_plan(worse, a_step("k2")), digest="d7"))

    assert listed(any_database, EVERYBODYS) == ["a", "c", "b"]


def test_work_narrowed(any_database: Database, source: Source) -> None:
    """One's own, that of one's roles which nobody else has, what nobody has, what sleeps until its day."""
    items = work(any_database, source)
    moved(any_database, items["b"], claimed(items["b"], ME))
    theirs = moved(any_database, items["a"], claimed(items["a"], OTHER))
    moved(any_database, theirs, snoozed(theirs, OTHER, until=TODAY + timedelta(days=3), reason="away", note=None))

    shown = {str(narrow): listed(any_database, asked(any_database, narrow)) for narrow, _ in WORK_NARROWED}

    with any_database.begin(reading=True) as unit:
        two = replace(EVERYBODYS, roles=("coordinator", "scheduler"), show=Show.TODO)
        counts = Tallies().counts(unit, Listing.WORK, two, NOW)

    assert shown == {str(narrow): expected for narrow, expected in WORK_NARROWED}
    assert counts.whose == {Whose.ALL: 2, Whose.MINE: 1, Whose.ROLES: 1}


def test_work_that_is_over_leaves_the_list(any_database: Database, source: Source) -> None:
    """Done or withdrawn, it stands in no list and is counted nowhere; its own page still tells of it. What is taken back
    stands where it stood."""
    items = work(any_database, source)
    done = finished(items["a"], ME, outcome="seen-to", reason=None, note=None, next_on=None)
    done = moved(any_database, items["a"], done)
    with any_database.begin() as unit:
        unit.work_items.withdraw_step(items["b"].patient_id, "k3", ["rebook"], LATER)
        unit.commit()

    assert listed(any_database, EVERYBODYS) == ["c"]
    with any_database.begin(reading=True) as unit:
        counts = Tallies().counts(unit, Listing.WORK, EVERYBODYS, NOW)
        gone, over = unit.queues.work_lines([items["b"].id, 9_999, items["a"].id])
    assert (counts.total, counts.tiers, counts.roles) == (1, {3: 1}, {"provider": 1})
    assert (gone.item.state, gone.item.milestones) == ("withdrawn", items["b"].milestones)
    assert (over.item.state, over.item.outcome, over.item.by) == ("done", "seen-to", ME)

    moved(any_database, done, released(done, ME))

    assert listed(any_database, EVERYBODYS) == ["c", "a"]


def test_a_reference_is_somebody_only_in_its_own_source(any_database: Database, source: Source) -> None:
    """Another EHR's person of the same reference has nothing here, in no list and no count."""
    items = work(any_database, source)
    moved(any_database, items["a"], claimed(items["a"], "Practitioner/x"))

    def theirs(source_id: int) -> list[object]:
        names = (OwnerName("Practitioner/x", source_id),)
        mine = replace(EVERYBODYS, whose=Whose.MINE, known_as=names)
        narrowed = (mine, replace(mine, whose=Whose.ROLES), replace(EVERYBODYS, owner=names))
        with any_database.begin(reading=True) as unit:
            cells = [unit.queues.cells(listing, TODAY, owner=names) for listing in (Listing.WORK, Listing.GAPS)]
        lines = [sum(cell.lines for cell in of_one) for of_one in cells]
        return [*(listed(any_database, wanted) for wanted in narrowed), keys(any_database, mine), *lines]

    assert theirs(source.id) == [["a"], ["a"], ["a"], ["k1"], 1, 1]
    assert theirs(source.id + 1) == [[], [], [], [], 0, 0]


def test_what_was_tried(any_database: Database, source: Source) -> None:
    """Contacts that stand and what was sent, of the line's own steps, oldest first; one call about two steps is one."""
    items = work(any_database, source)
    row = row_of(items["a"])
    sent = an_effect("m1", kind=EffectKind.MESSAGE, what="overdue", milestone="k1")
    saved(any_database, replace(_again(row), ledger=an_outcome(row, create=(sent,)).ledger))
    with any_database.begin() as unit:
        (effect,) = [e for e in unit.ledger.of_patients([row.id])[row.id] if e.key == "m1"]
        unit.ledger.done([effect.id], NOW)
        for id_, key, said, target in (
            ("s1", "k1", Said.CONTACT, None),
            ("s2", "k2", Said.CONTACT, None),
            ("s3", "k1", Said.CONTACT, None),
            ("s4", "k1", Said.UNDO, "s3"),
        ):
            at = LATER if id_ in ("s1", "s2") else LATER + timedelta(hours=1)
            outcome = "no-answer" if said is Said.CONTACT else None
            new = Statement(id=id_, said=said, by=ME, at=at, milestone=key, target=target, outcome=outcome)
            unit.statements.add(source, "Patient/p1", new, at)
        unit.commit()

    with any_database.begin(reading=True) as unit:
        line = next(line for line in unit.queues.work(EVERYBODYS, None, 50)[0] if line.item.id == items["a"].id)
        gaps = {line.step.key: line.tried for line in unit.queues.gaps(EVERYBODYS, None, 50)[0]}

    assert [(tried.kind, tried.outcome) for tried in line.tried] == [
        (EffectKind.MESSAGE, None),
        (None, "no-answer"),
    ]
    assert [tried.outcome for tried in gaps["k2"]] == ["no-answer"]


def _again(row: PatientRow) -> Outcome:
    """An assessment of two gaps."""
    return an_outcome(row, a_plan(a_step("k1", tier=2), a_step("k2"), program="chronic-care"), digest="d8")
